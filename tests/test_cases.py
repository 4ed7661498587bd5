"""The documented cases, near misses and edges: each wrong in one field or in none."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases import all_cases, cases_for
from conformance.cases.model import Authorization, Case, Depth
from conformance.cases.near_misses import nearly
from conformance.cases.schema_keywords import UnknownKeywordError, condition_names, is_constraint
from conformance.cases.valid import DerivationError, slug
from conformance.errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path


from tests.cases import CASES, EDITION, LEAD, NAMES, cases_of, reading
from tests.contract import changed_edition

FAULTS = {"json-malformed", "body-array", "content-type-text", "method-get", "model-unknown"}
MOST_ACCEPTED = {"dall-e": 12, "gpt-image": 18, "qwen-image": 6}


def of_parameters(case: Case) -> bool:
    """Return whether a refused case is wrong in a parameter, not in its key or transport."""
    return not (case.billed or case.body is None or case.id in FAULTS) and (
        case.authorization is Authorization.VALID
    )


BILLED = [case for case in CASES if case.billed]
REFUSED = [case for case in CASES if of_parameters(case)]


def differing(left: Any, right: Any) -> set[str]:
    """Return the fields in which two bodies differ; true is another value than 1, as in JSON."""
    mine, others = ({name: repr(value) for name, value in body.items()} for body in (left, right))
    return {name for name, _ in mine.items() ^ others.items()}


def test_billed_case_breaks_nothing() -> None:
    assert [case.path for case in BILLED if EDITION.read(case.body).violations] == []


def test_refused_case_breaks_one_parameter_of_an_accepted_control() -> None:
    for case in REFUSED:
        control = cases_of(case.model)[str(case.control)]
        read = EDITION.read(case.body)
        assert read.breaks_only(str(case.parameter)), case.path
        assert reading(control) == "accepted", case.path
        assert len(differing(case.body, control.body)) == 1, case.path


@pytest.mark.parametrize("model", NAMES)
def test_every_breakable_rule_is_broken_by_a_case(model: str) -> None:
    known = EDITION.model(model)
    cases = [case for case in cases_for(EDITION, known, lead=True) if of_parameters(case)]
    broken = {
        (violation.parameter, violation.keyword)
        for case in cases
        for violation in EDITION.read(case.body).violations
    }
    crossing = condition_names(known)
    rules = {
        (rule.parameter, rule.keyword)
        for rule in known.rules
        if rule.keyword in crossing or is_constraint(known, rule)
    }
    assert rules <= broken
    assert len(rules) > 8


@pytest.mark.parametrize("model", NAMES)
def test_documented_values_are_all_sent(model: str) -> None:
    known = EDITION.model(model)
    bodies = [case.body or {} for case in cases_of(model).values() if case.billed]
    wanted = {
        (name, value)
        for name in known.parameters
        for value in known.documented(name)
        if value != known.default(name)
    }
    assert wanted <= {(name, value) for body in bodies for name, value in body.items()}


@pytest.mark.parametrize("model", NAMES)
def test_accepted_requests_are_few(model: str) -> None:
    known = EDITION.model(model)
    usual = filter(Depth.STANDARD.includes, cases_of(model).values())
    accepted = [case for case in usual if reading(case) == "accepted"]
    assert 0 < sum(case.billed for case in accepted) <= MOST_ACCEPTED[known.family]


def test_ids_are_unique_file_names() -> None:
    assert len({case.path for case in CASES}) == len(CASES)
    assert all(re.fullmatch(r"[a-z0-9_.-]+", case.id) for case in CASES)


@pytest.mark.parametrize(
    ("model", "ids"),
    [
        (
            "dall-e-3",
            (
                "baseline models-list url-1024x1024 b64_json-1792x1024 quality-hd prompt-missing "
                "prompt-too-long n-0 n-negative n-1.5 n-many n-above-maximum size-outside-enum "
                "size-null conformance_unknown"
            ),
        ),
        (
            "gpt-image-1.5",
            (
                "background-transparent output_format-webp output_compression-50 n-2 stream "
                "partial_images-2 stream-not-boolean response_format-url"
            ),
        ),
    ],
)
def test_ids_that_cassettes_are_named_after_stay(model: str, ids: str) -> None:
    assert {*ids.split()} <= cases_of(model).keys()


def test_derivation_is_stable() -> None:
    assert all_cases(EDITION, NAMES) == CASES


def test_only_the_lead_asks_what_no_model_changes() -> None:
    shared = {*FAULTS, "model-omitted", "model-not-string"}
    shared |= {f"authentication-{kind.value}" for kind in Authorization if kind.value != "valid"}
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


@pytest.mark.parametrize("model", ["dall-e-3", "qwen-image"])
def test_n_2_is_not_sent_where_one_is_the_maximum(model: str) -> None:
    assert "n-2" not in cases_of(model)


@pytest.mark.parametrize("id_", ["response_format-url", "response_format-b64_json"])
def test_gpt_image_response_format_is_left_open(id_: str) -> None:
    assert reading(cases_of("gpt-image-1.5")[id_]) == "open"


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
    edition = changed_edition(tmp_path, "dall-e-3", lambda schema: schema.update(allOf=[rule]))
    with pytest.raises(DerivationError, match="moot"):
        all_cases(edition, ["dall-e-3"])


def test_new_parameter_needs_no_code(tmp_path: Path) -> None:
    added = {"type": "string", "enum": ["plain", "ornate"], "default": "plain", "citations": []}
    edition = changed_edition(
        tmp_path, "dall-e-3", lambda schema: schema["properties"].update(frame=added)
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


WRONG: list[tuple[str, str, str, Any]] = [
    ("dall-e-2", "n-string-2", "n", "2"),
    ("dall-e-3", "n-string-1", "n", "1"),
    ("gpt-image-1", "n-true", "n", True),
    ("dall-e-2", "n-huge", "n", 10**20),
    ("gpt-image-1.5", "output_compression-string-50", "output_compression", "50"),
    ("gpt-image-1.5", "partial_images-true", "partial_images", True),
    ("gpt-image-1.5", "stream-string-true", "stream", "true"),
    ("gpt-image-1.5", "stream-1", "stream", 1),
    ("qwen-image", "prompt-null", "prompt", None),
    ("dall-e-3", "user-null", "user", None),
    ("gpt-image-1", "quality-of-another-model", "quality", "hd"),
    ("dall-e-3", "size-of-another-model", "size", "512x512"),
    ("dall-e-3", "size-near-miss", "size", "1024x1000"),
    ("gpt-image-1", "output_format-near-miss", "output_format", "PNG"),
    ("dall-e-2", "size-huge", "size", "100000x100000"),
    ("dall-e-3", "n-above-maximum", "n", 2),
    ("qwen-image", "n-above-maximum", "n", 2),
    ("dall-e-2", "n-above-maximum", "n", 11),
    ("dall-e-2", "n-0", "n", 0),
    ("dall-e-2", "n-1.5", "n", 1.5),
]
LEGAL: list[tuple[str, str, dict[str, Any]]] = [
    ("dall-e-2", "n-10", {"n": 10}),
    ("gpt-image-1", "n-10", {"n": 10}),
    ("dall-e-3", "n-1", {"n": 1}),
    ("gpt-image-1", "output_compression-0", {"output_compression": 0, "output_format": "jpeg"}),
    ("gpt-image-1", "output_compression-100", {"output_compression": 100, "output_format": "jpeg"}),
    ("gpt-image-1", "partial_images-3", {"partial_images": 3, "stream": True}),
    ("gpt-image-1.5", "background-transparent-n-3", {"background": "transparent", "n": 3}),
]


@pytest.mark.parametrize(("model", "id_", "name", "value"), WRONG, ids=slug)
def test_wrong_value_is_sent(model: str, id_: str, name: str, value: Any) -> None:
    case = cases_of(model)[id_]
    assert repr((case.body or {})[name]) == repr(value)
    assert reading(case) == "refused"


@pytest.mark.parametrize(("model", "id_", "added"), LEGAL, ids=slug)
def test_legal_edge_is_sent_to_who_asks_thoroughly(
    model: str, id_: str, added: dict[str, Any]
) -> None:
    case = cases_of(model)[id_]
    assert added.items() <= (case.body or {}).items()
    assert (reading(case), case.billed, case.depth) == ("accepted", True, Depth.THOROUGH)


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3", "gpt-image-1"])
def test_longest_prompt_has_the_documented_length(model: str) -> None:
    longest, longer = (
        cases_of(model)[id_].body or {} for id_ in ("prompt-longest", "prompt-too-long")
    )
    assert len(longest["prompt"]) == EDITION.models[model].parameters["prompt"]["maxLength"]
    assert len(longer["prompt"]) == len(longest["prompt"]) + 1


@pytest.mark.parametrize("model", NAMES)
def test_empty_prompt_is_asked_though_nobody_promises_anything(model: str) -> None:
    assert reading(cases_of(model)["prompt-empty"]) == "open"


def test_closed_list_is_tried_with_a_word_and_a_near_miss() -> None:
    for model, known in EDITION.models.items():
        listed = [name for name, schema in known.parameters.items() if "enum" in schema]
        for name in set(listed) - {"model"}:
            assert {f"{name}-outside-enum", f"{name}-near-miss"} <= cases_of(model).keys()


def test_fine_fault_comes_after_coarser_ones_of_its_depth() -> None:
    for case in CASES:
        own = cases_of(case.model)
        names = list(own)
        for earlier in case.after:
            assert names.index(earlier) < names.index(case.id), case.path
            assert case.depth.includes(own[earlier]), case.path
        assert not case.after or case.depth.includes(own[str(case.control)]), case.path


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3", "gpt-image-1.5"])
def test_huge_size_is_last_and_followed_by_a_sign_of_life(model: str) -> None:
    *_, huge, life = cases_of(model).values()
    assert (huge.id, life.id) == ("size-huge", "prompt-missing-after-size-huge")
    assert huge.id in life.after


def test_value_that_is_taken_for_another_is_judged_against_that_one() -> None:
    controls = {id_: cases_of("gpt-image-1.5")[id_].control for _, id_, *_ in WRONG[4:8]}
    assert controls == {
        "output_compression-string-50": "output_compression-50",
        "partial_images-true": "partial_images-2",
        "stream-string-true": "stream",
        "stream-1": "stream",
    }


@pytest.mark.parametrize(
    ("right", "wrong"), [("1024x1024", "1024x1000"), ("640x400", "640x390"), ("png", "PNG")]
)
def test_nearly_right_has_the_form_of_what_is_right(right: str, wrong: str) -> None:
    assert nearly(right) == wrong


def test_new_list_is_tried_without_code(tmp_path: Path) -> None:
    added = {"type": "string", "enum": ["1x2", "3x4"], "citations": []}
    edition = changed_edition(
        tmp_path, "dall-e-3", lambda schema: schema["properties"].update(ratio=added)
    )
    cases = {case.id: case.body or {} for case in all_cases(edition, ["dall-e-3"])}
    assert cases["ratio-huge"]["ratio"] == "100000x100000"
    assert {"ratio-near-miss", "ratio-null"} <= cases.keys()


def test_what_costs_more_is_not_standard() -> None:
    deep = [case for case in CASES if case.depth is Depth.THOROUGH]
    assert {case.id for case in deep if not case.billed} == {"n-huge", "n-string-2"}
