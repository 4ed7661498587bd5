"""The documented cases, near misses and edges: each wrong in one field or in none, and sent so."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from functools import cache, reduce
from operator import getitem
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases.documented import all_cases, cases_for
from conformance.cases.invalid import nearly
from conformance.cases.model import UNKNOWN_MODEL, Authorization, Case, Depth
from conformance.cases.request import build_request, curl
from conformance.cases.schema_keywords import UnknownKeywordError, condition_names, is_constraint
from conformance.cases.valid import DerivationError
from conformance.contract import load_edition
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange
from conformance.exchange.sent_request import read_request
from tests.contract import changed_edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EDITION = load_edition()
NAMES = [*EDITION.models, "gpt-image-2"]
LEAD = NAMES[0]
FAULTS = {
    "json-malformed": "json",
    "body-array": "not-object",
    "content-type-text": "content-type",
    "method-get": "method",
    "model-unknown": "model-unknown",
}
MOST_ACCEPTED = {"dall-e": 12, "gpt-image": 18, "qwen-image": 6}


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases of all models."""
    return all_cases(EDITION, NAMES)


@cache
def cases_of(model: str) -> dict[str, Case]:
    """Return the cases of one model by id."""
    return {case.id: case for case in cases() if case.model == model}


def expectation_of(case: Case) -> str | None:
    """Return what the edition expects of a case's body."""
    return EDITION.read(case.body).expectation if case.body is not None else None


def of_parameters(case: Case) -> bool:
    """Return whether a refused case is wrong in a parameter, not in its key or transport."""
    return not (case.billed or case.body is None or case.id in FAULTS) and (
        case.authorization is Authorization.VALID
    )


def differing_fields(left: Any, right: Any) -> set[str]:
    """Return the fields in which two bodies differ; true is another value than 1, as in JSON."""
    one, two = ({name: repr(value) for name, value in body.items()} for body in (left, right))
    return {name for name, _ in one.items() ^ two.items()}


def test_billed_case_breaks_nothing() -> None:
    paid = [case for case in cases() if case.billed]
    assert [case.path for case in paid if EDITION.read(case.body).violations] == []


def test_refused_case_breaks_one_parameter_of_an_accepted_control() -> None:
    for case in filter(of_parameters, cases()):
        control = cases_of(case.model)[str(case.control)]
        assert EDITION.read(case.body).breaks_only(str(case.parameter)), case.path
        assert expectation_of(control) == "accepted", case.path
        assert len(differing_fields(case.body, control.body)) == 1, case.path


@pytest.mark.parametrize("model", NAMES)
def test_every_breakable_rule_is_broken_by_a_case(model: str) -> None:
    schema = EDITION.model(model)
    cases = [case for case in cases_for(EDITION, schema, lead=True) if of_parameters(case)]
    violations = [violation for case in cases for violation in EDITION.read(case.body).violations]
    rules = {
        (rule.parameter, rule.keyword)
        for rule in schema.rules
        if rule.keyword in condition_names(schema) or is_constraint(schema, rule)
    }
    assert rules <= {(violation.parameter, violation.keyword) for violation in violations}
    assert len(rules) > 8


@pytest.mark.parametrize("model", NAMES)
def test_documented_values_are_all_sent_in_few_requests(model: str) -> None:
    schema = EDITION.model(model)
    paid = [case for case in cases_of(model).values() if case.billed]
    pairs = {pair for case in paid for pair in (case.body or {}).items()}
    for name in schema.parameters:
        for value in schema.documented(name):
            assert value == schema.default(name) or (name, value) in pairs
    usual = filter(Depth.STANDARD.includes, paid)
    accepted = sum(expectation_of(case) == "accepted" for case in usual)
    assert 0 < accepted <= MOST_ACCEPTED[schema.family]


def test_ids_are_unique_file_names_and_stay() -> None:
    assert all_cases(EDITION, NAMES) == cases()
    assert len({case.path for case in cases()}) == len(cases())
    assert all(re.fullmatch(r"[a-z0-9_.-]+", case.id) for case in cases())
    ids = (  # cassettes are named after them
        "baseline models-list url-1024x1024 b64_json-1792x1024 quality-hd prompt-missing n-negative"
        " n-many size-outside-enum size-null conformance_unknown"
    )
    assert {*ids.split()} <= cases_of("dall-e-3").keys()


def test_only_the_lead_asks_what_no_model_changes() -> None:
    ids = {*FAULTS, "model-omitted", "model-not-string"}
    ids |= {f"authentication-{kind.value}" for kind in Authorization if kind.value != "valid"}
    assert ids <= cases_of(LEAD).keys()
    assert not any(ids & cases_of(model).keys() for model in NAMES[1:])


def test_controls_come_down_to_model_and_prompt_and_the_list() -> None:
    for case in cases():
        if case.control is not None:
            assert cases_of(case.model)[case.control].control in (None, "models-list")
    for model in NAMES:
        baseline = cases_of(model)["baseline"]
        assert ({*(baseline.body or {})}, baseline.control) == ({"model", "prompt"}, "models-list")


JPEG = {"output_format": "jpeg"}
# model, id, what is sent, and the control where it is not the baseline
WRONG_VALUES: list[tuple[str, str, dict[str, Any], str]] = [
    ("dall-e-2", "n-string-2", {"n": "2"}, "n-2"),
    ("gpt-image-1", "n-true", {"n": True}, ""),
    ("dall-e-2", "n-huge", {"n": 10**20}, ""),
    ("dall-e-2", "n-1.5", {"n": 1.5}, ""),
    ("dall-e-2", "n-0", {"n": 0}, ""),
    ("dall-e-3", "n-above-maximum", {"n": 2}, ""),
    ("gpt-image-1", "output_compression-above-maximum", {"output_compression": 101} | JPEG, ""),
    ("gpt-image-1.5", "output_compression-string-50", {"output_compression": "50"} | JPEG,
     "output_compression-50"),
    ("gpt-image-1.5", "partial_images-true", {"partial_images": True}, "partial_images-2"),
    ("gpt-image-1.5", "stream-string-true", {"stream": "true"}, "stream"),
    ("gpt-image-1.5", "stream-1", {"stream": 1}, "stream"),
    ("gpt-image-1.5", "background-transparent-output_format-jpeg",
     {"background": "transparent"} | JPEG, "output_format-jpeg"),
    ("gpt-image-1", "output_format-near-miss", {"output_format": "PNG"}, ""),
    ("gpt-image-1", "quality-of-another-model", {"quality": "hd"}, ""),
    ("dall-e-3", "size-of-another-model", {"size": "512x512"}, ""),
    ("dall-e-3", "size-near-miss", {"size": "1024x1000"}, ""),
    ("dall-e-2", "size-huge", {"size": "100000x100000"}, ""),
    ("qwen-image", "prompt-null", {"prompt": None}, ""),
]  # fmt: skip
LEGAL_VALUES: list[tuple[str, str, dict[str, Any]]] = [
    ("dall-e-2", "n-10", {"n": 10}),
    ("dall-e-3", "n-1", {"n": 1}),
    ("gpt-image-1", "output_compression-0", {"output_compression": 0} | JPEG),
    ("gpt-image-1", "output_compression-100", {"output_compression": 100} | JPEG),
    ("gpt-image-1", "partial_images-3", {"partial_images": 3, "stream": True}),
    ("gpt-image-1.5", "background-transparent-n-3", {"background": "transparent", "n": 3}),
]


def test_wrong_value_is_sent_and_judged_against_the_one_it_is_taken_for() -> None:
    for model, id_, part, control in WRONG_VALUES:
        case = cases_of(model)[id_]
        assert repr({name: (case.body or {})[name] for name in part}) == repr(part)
        assert expectation_of(case) == "refused", id_
        assert not control or case.control == control, id_


def test_legal_edge_is_sent_to_who_asks_thoroughly() -> None:
    for model, id_, part in LEGAL_VALUES:
        case = cases_of(model)[id_]
        assert part.items() <= (case.body or {}).items()
        legal = (expectation_of(case), case.billed, case.depth)
        assert legal == ("accepted", True, Depth.THOROUGH), id_


def test_what_nobody_promises_is_asked_and_left_open() -> None:
    names = [
        *((model, "prompt-empty") for model in NAMES),
        ("gpt-image-1.5", "response_format-url"),
    ]
    assert {expectation_of(cases_of(model)[id_]) for model, id_ in names} == {"open"}


def test_what_costs_more_is_not_standard() -> None:
    thorough_cases = [case for case in cases() if case.depth is Depth.THOROUGH]
    assert {case.id for case in thorough_cases if not case.billed} == {"n-huge", "n-string-2"}


def test_longest_prompt_has_the_documented_length() -> None:
    for model in ("dall-e-2", "dall-e-3", "gpt-image-1"):
        ids = ("prompt-longest", "prompt-too-long")
        lengths = [len((cases_of(model)[id_].body or {})["prompt"]) for id_ in ids]
        most = EDITION.models[model].parameters["prompt"]["maxLength"]
        assert lengths == [most, most + 1]


def test_closed_list_is_tried_with_a_word_and_a_near_miss() -> None:
    for model, schema in EDITION.models.items():
        names = [name for name, rule in schema.parameters.items() if "enum" in rule]
        for name in set(names) - {"model"}:
            assert {f"{name}-outside-enum", f"{name}-near-miss"} <= cases_of(model).keys()
    assert nearly("640x400") == "640x390"


def test_fine_fault_comes_after_coarser_ones_of_its_depth() -> None:
    for case in cases():
        own = cases_of(case.model)
        names = list(own)
        for earlier in case.after:
            assert names.index(earlier) < names.index(case.id), case.path
            assert case.depth.includes(own[earlier]), case.path
        assert not case.after or case.depth.includes(own[str(case.control)]), case.path


def test_huge_size_is_last_and_followed_by_a_sign_of_life() -> None:
    for model in ("dall-e-2", "dall-e-3", "gpt-image-1.5"):
        *_, huge, life = cases_of(model).values()
        assert (huge.id, life.id) == ("size-huge", "prompt-missing-after-size-huge")
        assert huge.id in life.after


# ------------------------------------------------------------------ other schemas


def set_in(*names: str, **values: Any) -> Callable[[Any], object]:
    """Return an edit that sets members of the object at a path."""
    return lambda schema: reduce(getitem, names, schema).update(values)


QUESTION = {"question": "model-omitted", "keywords": {"multipleOf": 2}}
CHANGES = {
    "of a parameter": set_in("properties", "n", multipleOf=2),
    "type array": set_in("properties", tags={"type": "array"}),
    "of the body": set_in(minProperties=3),
    "in an open question": set_in("properties", "n", open=[QUESTION]),
    "in a rule": set_in(allOf=[{"dependentRequired": {"n": ["size"]}}]),
    "pattern without values": set_in("properties", code={"type": "string", "pattern": "^[a-z]$"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_unknown_keyword_is_an_error(tmp_path: Path, change: Callable[[Any], object]) -> None:
    edition = changed_edition(tmp_path, "dall-e-3", change)
    with pytest.raises(UnknownKeywordError, match=r"dall-e-3: .* uses '"):
        all_cases(edition, ["dall-e-3"])


def test_rule_that_cannot_be_broken_alone_is_an_error(tmp_path: Path) -> None:
    never = {"if": {"properties": {"n": {"minimum": 5}}, "required": ["n"]}}
    rule = {"title": "moot", **never, "then": {"required": ["prompt"]}, "citations": []}
    edition = changed_edition(tmp_path, "dall-e-3", set_in(allOf=[rule]))
    with pytest.raises(DerivationError, match="moot"):
        all_cases(edition, ["dall-e-3"])


def test_new_parameter_list_and_size_need_no_code(tmp_path: Path) -> None:
    frame = {"type": "string", "enum": ["plain", "ornate"], "default": "plain", "citations": []}
    ratio = {"type": "string", "enum": ["1x2", "3x4"], "citations": []}

    def add(schema: Any) -> None:
        schema["properties"].update(frame=frame, ratio=ratio)
        size = schema["properties"]["size"]
        size["enum"].append("640x480")
        size["open"][0]["keywords"]["enum"].append("640x480")

    edition = changed_edition(tmp_path, "dall-e-2", add)
    cases = {case.id: case.body or {} for case in all_cases(edition, ["dall-e-2"])}
    assert {"frame-ornate", "frame-outside-enum", "frame-not-string"} <= cases.keys()
    assert "frame-plain" not in cases
    assert {"ratio-near-miss", "url-640x480", "b64_json-640x480"} <= cases.keys()
    assert cases["ratio-huge"]["ratio"] == "100000x100000"


# ------------------------------------------------------------------ as requests and curl lines

BASE_URL, KEY = "https://images.example/v1", "sk-secret-0123456789abcdef"


def exchange_of(case: Case, served_as: str | None = None) -> Exchange:
    """Return a case as an exchange without an answer."""
    request = build_request(case, base_url=BASE_URL, key=KEY, served_as=served_as)
    return Exchange("any", case.model, case.id, request, None, served_as=served_as)


@pytest.mark.parametrize("served_as", [None, "vendor/painter"])
def test_what_is_sent_reads_as_what_was_meant(served_as: str | None) -> None:
    for case in cases_of(LEAD).values():
        sent = read_request(exchange_of(case, served_as), EDITION)
        other = "refused" if case.control else "accepted"
        assert sent.expectation == (expectation_of(case) if case.billed else other), case.id
        assert sent.authorization is case.authorization, case.id
        assert sent.faults == ({FAULTS[case.id]} if case.id in FAULTS else set()), case.id


def test_wrong_scheme_never_holds_the_key() -> None:
    case = Case("any", LEAD, body={}, authorization=Authorization.WRONG_SCHEME)
    header = dict(build_request(case, base_url=BASE_URL, key=KEY).headers)["authorization"]
    scheme, _, text = header.partition(" ")
    assert scheme == "Basic"
    assert KEY.encode() not in base64.b64decode(text)


def test_model_list_is_a_bare_get() -> None:
    request = build_request(cases_of(LEAD)["models-list"], base_url=f"{BASE_URL}/", key=KEY)
    assert (request.method, request.url, request.body) == ("GET", f"{BASE_URL}/models", b"")
    assert "content-type" not in dict(request.headers)


def test_equal_bodies_give_equal_bytes() -> None:
    body = {"size": None, "prompt": "등대 \U0001f6b2", "n": 2, "model": LEAD}
    for equal_body in (body, dict(reversed(body.items()))):
        request = build_request(Case("any", LEAD, body=equal_body), base_url=BASE_URL, key=KEY)
        text = f'{{"model":"{LEAD}","prompt":"등대 \U0001f6b2","n":2,"size":null}}'
        assert request.body.decode() == text


def test_model_is_sent_under_the_name_it_is_served_as() -> None:
    for id_ in ("baseline", "json-malformed", "body-array"):
        body = exchange_of(cases_of(LEAD)[id_], "vendor/painter").request.body
        assert b'"model":"vendor/painter"' in body
        assert LEAD.encode() not in body
    unknown = exchange_of(cases_of(LEAD)["model-unknown"], "vendor/painter").request.body
    assert json.loads(unknown)["model"] == UNKNOWN_MODEL


def run_curl(line: str) -> list[str]:
    """Let a shell read a curl line, and return the words that curl would have been given."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\nunset HOME\n{line}"
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("bash is not installed, so no shell can read the line")
    run = subprocess.run(
        [shell, "-c", script], env={"THE_KEY": KEY}, capture_output=True, check=True
    )
    return run.stdout.decode().split("\0")[:-1]


TRICKY = Case(
    "tricky", LEAD, body={"model": LEAD, "prompt": 'it\'s "$HOME" `id` $(id) \\ !! \n @x'}
)


def test_curl_line_sends_the_same_request() -> None:
    cut_cases = {"prompt-too-long", "prompt-longest"}
    for case in [*cases_of(LEAD).values(), TRICKY]:
        line = curl(case, base_url=BASE_URL, key_variable="THE_KEY", served_as="vendor/painter")
        request = build_request(case, base_url=BASE_URL, key=KEY, served_as="vendor/painter")
        words = ["-sS", "-X", request.method, "--url", request.url]
        words += [word for header in request.headers for word in ("-H", ": ".join(header))]
        words += ["--data-raw", request.body.decode()] if request.body else []
        assert case.id in cut_cases or run_curl(line) == words
        assert KEY not in line


def test_curl_line_cuts_a_long_prompt_and_says_so() -> None:
    line = curl(cases_of("dall-e-3")["prompt-too-long"], base_url=BASE_URL)
    assert "# prompt is cut here: the request has 4001 characters of it" in line
    assert len(line) < 700


def test_curl_line_shows_nothing_invisible_and_keeps_curl_from_adding_a_content_type() -> None:
    body = {"model": LEAD, "prompt": "a \u202e lantern"}
    line = curl(Case("any", LEAD, body=body), base_url=BASE_URL, key_variable="THE_KEY")
    assert "\u202e" not in line
    assert json.loads(run_curl(line)[-1]) == body
    case = Case("any", LEAD, body={}, content_type=None)
    assert "content-type:" in run_curl(curl(case, base_url=BASE_URL))


def test_curl_line_refuses_what_no_shell_could_expand() -> None:
    for name in ("A B", "", "$(id)", "1A"):
        with pytest.raises(ConformanceError, match="environment variable"):
            curl(TRICKY, base_url=BASE_URL, key_variable=name)
