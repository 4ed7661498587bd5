"""The documented cases, and the HTTP requests and curl lines made of them."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases import all_cases, build_request, cases_for, curl
from conformance.cases.accepted import DerivationError
from conformance.cases.keywords import UnknownKeywordError, condition_names, is_constraint
from conformance.cases.model import UNKNOWN_KEY, UNKNOWN_MODEL, Authorization, Case
from conformance.contract import DEFAULT_EDITION, load_edition, schemas_directory
from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.model import Exchange, Request
from conformance.exchange.sent import read_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.contract import Edition

EDITION = load_edition()
NAMES = [*EDITION.models, "gpt-image-2"]
CASES = all_cases(EDITION, NAMES)
LEAD = NAMES[0]
BASE_URL, KEY = "https://images.example/v1", "sk-secret-0123456789abcdef"
FAULTS = {"json-malformed", "body-array", "content-type-text", "method-get", "model-unknown"}
MOST_ACCEPTED = {"dall-e": 12, "gpt-image": 18, "qwen-image": 6}


def changed_edition(directory: Path, model: str, change: Callable[[Any], object]) -> Edition:
    """Copy the edition, let `change` edit the request schema of one model, and load the copy."""
    folder = directory / DEFAULT_EDITION
    shutil.copytree(schemas_directory() / DEFAULT_EDITION, folder)
    file = folder / "request" / f"{model}.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    change(schema)
    file.write_text(json.dumps(schema), encoding="utf-8")
    return load_edition(DEFAULT_EDITION, directory)


def cases_of(model: str) -> dict[str, Case]:
    """Give the cases of one model by id."""
    return {case.id: case for case in CASES if case.model == model}


def reading(case: Case) -> str | None:
    """Say what the edition expects of a case's body."""
    return EDITION.read(case.body).expectation if case.body is not None else None


def of_parameters(case: Case) -> bool:
    """Say whether a refused case is wrong in a parameter, not in its key or transport."""
    return not (case.billed or case.body is None or case.id in FAULTS) and (
        case.authorization is Authorization.VALID
    )


def ids(cases: list[Case]) -> list[str]:
    """Name cases for pytest."""
    return [case.path for case in cases]


BILLED = [case for case in CASES if case.billed]
REFUSED = [case for case in CASES if of_parameters(case)]


def differences(left: Any, right: Any) -> set[str]:
    """Name the fields in which two bodies differ."""
    absent = object()
    names = left.keys() | right.keys()
    return {each for each in names if left.get(each, absent) != right.get(each, absent)}


@pytest.mark.parametrize("case", BILLED, ids=ids(BILLED))
def test_billed_case_breaks_nothing(case: Case) -> None:
    assert EDITION.read(case.body).violations == ()


@pytest.mark.parametrize("case", REFUSED, ids=ids(REFUSED))
def test_refused_case_breaks_one_parameter_of_an_accepted_control(case: Case) -> None:
    control = cases_of(case.model)[str(case.control)]
    broken = {each.parameter for each in EDITION.read(case.body).violations}
    assert broken == {case.parameter}
    assert reading(control) == "accepted"
    assert len(differences(case.body, control.body)) == 1


@pytest.mark.parametrize("model", NAMES)
def test_every_breakable_rule_is_broken_by_a_case(model: str) -> None:
    found = EDITION.find(model)
    assert found is not None
    cases = [case for case in cases_for(EDITION, found, lead=True) if of_parameters(case)]
    broken = {
        (each.parameter, each.keyword)
        for case in cases
        for each in EDITION.read(case.body).violations
    }
    crossing = condition_names(found)
    rules = {
        (rule.parameter, rule.keyword)
        for rule in found.rules
        if rule.keyword in crossing or is_constraint(found, rule)
    }
    assert rules <= broken
    assert len(rules) > 8


@pytest.mark.parametrize("model", NAMES)
def test_documented_values_are_all_sent(model: str) -> None:
    found = EDITION.find(model)
    assert found is not None
    bodies = [case.body or {} for case in cases_of(model).values() if case.billed]
    wanted = {
        (name, value)
        for name in found.parameters
        for value in found.documented(name)
        if value != found.default(name)
    }
    assert wanted <= {(name, value) for body in bodies for name, value in body.items()}


@pytest.mark.parametrize("model", NAMES)
def test_accepted_requests_are_few(model: str) -> None:
    found = EDITION.find(model)
    assert found is not None
    accepted = [case for case in cases_of(model).values() if reading(case) == "accepted"]
    assert 0 < sum(case.billed for case in accepted) <= MOST_ACCEPTED[found.family]


def test_ids_are_unique_file_names() -> None:
    assert len({case.path for case in CASES}) == len(CASES)
    assert all(re.fullmatch(r"[a-z0-9_.-]+", case.id) for case in CASES)


def test_ids_that_cassettes_are_named_after_stay() -> None:
    known = {"baseline", "models-list", "url-1024x1024", "b64_json-1792x1024", "quality-hd"}
    known |= {"prompt-missing", "prompt-too-long", "n-0", "n-negative", "n-1.5", "n-many"}
    known |= {"n-above-maximum", "size-outside-enum", "size-null", "conformance_unknown"}
    assert known <= cases_of("dall-e-3").keys()


def test_gpt_image_ids_stay() -> None:
    known = {"background-transparent", "output_format-webp", "output_compression-50", "n-2"}
    known |= {"stream", "partial_images-2", "stream-not-boolean", "response_format-url"}
    assert known <= cases_of("gpt-image-1.5").keys()


def test_derivation_is_stable() -> None:
    assert all_cases(EDITION, NAMES) == CASES


def test_only_the_lead_asks_what_no_model_changes() -> None:
    shared = {*FAULTS, "model-omitted", "model-not-string"}
    shared |= {f"authentication-{each.value}" for each in Authorization if each.value != "valid"}
    assert shared <= cases_of(LEAD).keys()
    assert not any(shared & cases_of(model).keys() for model in NAMES[1:])


def test_controls_exist_and_are_no_circle() -> None:
    for case in CASES:
        if case.control is not None:
            control = cases_of(case.model)[case.control]
            assert control.control in (None, "models-list")


@pytest.mark.parametrize("model", NAMES)
def test_baseline_is_model_and_prompt_and_follows_the_list(model: str) -> None:
    baseline = cases_of(model)["baseline"]
    assert baseline.body is not None
    assert baseline.body.keys() == {"model", "prompt"}
    assert baseline.control == "models-list"


def test_transparent_jpeg_is_judged_against_jpeg_alone() -> None:
    case = cases_of("gpt-image-1.5")["background-transparent-output_format-jpeg"]
    assert case.control == "output_format-jpeg"


def test_compression_is_sent_with_a_format_that_has_one() -> None:
    for id_ in ("output_compression-50", "output_compression-above-maximum"):
        body = cases_of("gpt-image-1")[id_].body
        assert body is not None
        assert body["output_format"] == "jpeg"


@pytest.mark.parametrize(
    ("model", "id_", "n"),
    [
        ("dall-e-3", "n-above-maximum", 2),
        ("qwen-image", "n-above-maximum", 2),
        ("dall-e-2", "n-above-maximum", 11),
        ("dall-e-2", "n-0", 0),
        ("dall-e-2", "n-1.5", 1.5),
    ],
)
def test_wrong_n_is_just_outside_the_range(model: str, id_: str, n: float) -> None:
    body = cases_of(model)[id_].body
    assert body is not None
    assert body["n"] == n


@pytest.mark.parametrize("model", ["dall-e-3", "qwen-image"])
def test_n_2_is_not_sent_where_one_is_the_maximum(model: str) -> None:
    assert "n-2" not in cases_of(model)


@pytest.mark.parametrize("id_", ["response_format-url", "response_format-b64_json"])
def test_gpt_image_response_format_is_left_open(id_: str) -> None:
    assert reading(cases_of("gpt-image-1.5")[id_]) == "open"


def test_prompt_too_long_is_one_character_over() -> None:
    body = cases_of("dall-e-3")["prompt-too-long"].body
    assert body is not None
    assert len(body["prompt"]) == 4001


def test_unknown_model_name_is_named() -> None:
    with pytest.raises(UnknownNameError, match="dall-e-3"):
        all_cases(EDITION, ["dalle-3"])


CHANGES: dict[str, Any] = {
    "of a parameter": lambda schema: schema["properties"]["n"].update(multipleOf=2),
    "type array": lambda schema: schema["properties"].update(tags={"type": "array"}),
    "of the body": lambda schema: schema.update(minProperties=3),
    "in an open question": lambda schema: schema["properties"]["n"].update(
        open=[{"question": "model-omitted", "keywords": {"multipleOf": 2}}]
    ),
    "in a rule": lambda schema: schema.update(allOf=[{"dependentRequired": {"n": ["size"]}}]),
    "pattern without values": lambda schema: schema["properties"].update(
        code={"type": "string", "pattern": "^[a-z]$"}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_unknown_keyword_is_an_error(tmp_path: Path, change: Any) -> None:
    edition = changed_edition(tmp_path, "dall-e-3", change)
    with pytest.raises(UnknownKeywordError, match=r"dall-e-3: .* uses '"):
        all_cases(edition, ["dall-e-3"])


def test_rule_that_cannot_be_broken_alone_is_an_error(tmp_path: Path) -> None:
    never = {"if": {"properties": {"n": {"minimum": 5}}, "required": ["n"]}}
    rule = {"title": "moot", **never, "then": {"required": ["prompt"]}, "citations": []}
    edition = changed_edition(tmp_path, "dall-e-3", lambda each: each.update(allOf=[rule]))
    with pytest.raises(DerivationError, match="moot"):
        all_cases(edition, ["dall-e-3"])


def test_new_parameter_needs_no_code(tmp_path: Path) -> None:
    added = {"type": "string", "enum": ["plain", "ornate"], "default": "plain", "citations": []}
    edition = changed_edition(
        tmp_path, "dall-e-3", lambda each: each["properties"].update(frame=added)
    )
    names = {case.id for case in all_cases(edition, ["dall-e-3"])}
    assert {"frame-ornate", "frame-outside-enum", "frame-not-string"} <= names
    assert "frame-plain" not in names


def test_new_size_is_crossed_with_the_formats(tmp_path: Path) -> None:
    def add(schema: Any) -> None:
        size = schema["properties"]["size"]
        size["enum"].append("640x480")
        size["open"][0]["keywords"]["enum"].append("640x480")

    edition = changed_edition(tmp_path, "dall-e-2", add)
    names = {case.id for case in all_cases(edition, ["dall-e-2"])}
    assert {"url-640x480", "b64_json-640x480"} <= names


def test_cases_do_not_import_hypothesis() -> None:
    code = "import sys, conformance.cases; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SENDABLE = list(cases_of(LEAD).values())


def sent(case: Case, served_as: str | None = None) -> Exchange:
    """Give a case as an exchange without an answer."""
    made = build_request(case, base_url=BASE_URL, key=KEY, served_as=served_as)
    request = Request(made.method, made.url, made.headers, made.body)
    return Exchange("any", case.model, case.id, request, None, served_as=served_as)


@pytest.mark.parametrize("case", SENDABLE, ids=ids(SENDABLE))
def test_what_is_sent_reads_as_what_was_meant(case: Case) -> None:
    for served_as in (None, "vendor/painter"):
        read = read_request(sent(case, served_as), EDITION)
        if case.billed:
            assert read.expectation == reading(case)
        else:
            assert read.expectation == ("refused" if case.control else "accepted")
        assert read.authorization is case.authorization


@pytest.mark.parametrize(
    ("id_", "fault"),
    [
        ("json-malformed", "json"),
        ("body-array", "not-object"),
        ("method-get", "method"),
        ("content-type-text", "content-type"),
        ("model-unknown", "model-unknown"),
    ],
)
def test_faulty_request_has_one_fault(id_: str, fault: str) -> None:
    assert read_request(sent(cases_of(LEAD)[id_]), EDITION).faults == {fault}


HEADERS = {
    Authorization.VALID: f"Bearer {KEY}",
    Authorization.MISSING: None,
    Authorization.MALFORMED: "Bearer",
    Authorization.UNKNOWN: f"Bearer {UNKNOWN_KEY}",
}


@pytest.mark.parametrize("authorization", HEADERS)
def test_authorization_header(authorization: Authorization) -> None:
    case = Case("any", LEAD, body={}, authorization=authorization)
    headers = dict(build_request(case, base_url=BASE_URL, key=KEY).headers)
    assert headers.get("authorization") == HEADERS[authorization]


def test_wrong_scheme_never_holds_the_key() -> None:
    case = Case("any", LEAD, body={}, authorization=Authorization.WRONG_SCHEME)
    header = dict(build_request(case, base_url=BASE_URL, key=KEY).headers)["authorization"]
    scheme, _, text = header.partition(" ")
    assert scheme == "Basic"
    assert KEY.encode() not in base64.b64decode(text)


def test_model_list_is_a_bare_get() -> None:
    made = build_request(cases_of(LEAD)["models-list"], base_url=f"{BASE_URL}/", key=KEY)
    assert (made.method, made.url, made.body) == ("GET", f"{BASE_URL}/models", b"")
    assert "content-type" not in dict(made.headers)


def test_equal_bodies_give_equal_bytes() -> None:
    body = {"size": None, "prompt": "등대 \U0001f6b2", "n": 2, "model": LEAD}
    made = [
        build_request(Case("any", LEAD, body=each), base_url=BASE_URL, key=KEY).body
        for each in (body, dict(reversed(body.items())))
    ]
    assert made[0] == made[1]
    assert made[0].decode() == (
        f'{{"model":"{LEAD}","prompt":"등대 \U0001f6b2","n":2,"size":null}}'
    )


@pytest.mark.parametrize("id_", ["baseline", "json-malformed", "body-array"])
def test_model_is_sent_under_the_name_it_is_served_as(id_: str) -> None:
    request = sent(cases_of(LEAD)[id_], "vendor/painter").request
    assert b'"model":"vendor/painter"' in request.body
    assert LEAD.encode() not in request.body


def test_unknown_model_is_not_renamed() -> None:
    body = sent(cases_of(LEAD)["model-unknown"], "vendor/painter").request.body
    assert json.loads(body)["model"] == UNKNOWN_MODEL


def run_curl(line: str) -> list[str]:
    """Let a shell read a curl line, and give the words curl would have been given."""
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
SHOWN = [*(case for case in SENDABLE if case.id != "prompt-too-long"), TRICKY]


@pytest.mark.parametrize("case", SHOWN, ids=ids(SHOWN))
def test_curl_line_sends_the_same_request(case: Case) -> None:
    line = curl(case, base_url=BASE_URL, key_variable="THE_KEY", served_as="vendor/painter")
    made = build_request(case, base_url=BASE_URL, key=KEY, served_as="vendor/painter")
    words = run_curl(line)
    wanted = ["-sS", "-X", made.method, made.url]
    wanted += [word for header in made.headers for word in ("-H", ": ".join(header))]
    wanted += ["--data-raw", made.body.decode()] if made.body else []
    assert words == wanted
    assert KEY not in line


def test_curl_line_cuts_a_long_prompt_and_says_so() -> None:
    line = curl(cases_of("dall-e-3")["prompt-too-long"], base_url=BASE_URL)
    assert "# prompt is cut here: the request has 4001 characters of it" in line
    assert len(line) < 700


def test_curl_line_shows_nothing_invisible() -> None:
    body = {"model": LEAD, "prompt": "a \u202e lantern"}
    line = curl(Case("any", LEAD, body=body), base_url=BASE_URL, key_variable="THE_KEY")
    assert "\u202e" not in line
    assert json.loads(run_curl(line)[-1]) == body


def test_curl_line_keeps_curl_from_adding_a_content_type() -> None:
    case = Case("any", LEAD, body={}, content_type=None)
    assert "content-type:" in run_curl(curl(case, base_url=BASE_URL))


@pytest.mark.parametrize("name", ["A B", "", "$(id)", 'X"', "1A"])
def test_curl_line_refuses_what_no_shell_could_expand(name: str) -> None:
    with pytest.raises(ConformanceError, match="environment variable"):
        curl(TRICKY, base_url=BASE_URL, key_variable=name)
