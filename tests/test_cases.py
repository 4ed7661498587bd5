"""The documented cases: derived from the schemas, each wrong in one field or in none."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases import all_cases, cases_for
from conformance.cases.model import Authorization, Case, Depth
from conformance.cases.schema_keywords import UnknownKeywordError, condition_names, is_constraint
from conformance.cases.valid import DerivationError
from conformance.errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path


from tests.cases import CASES, EDITION, LEAD, NAMES, cases_of, reading
from tests.contract import changed_edition

FAULTS = {"json-malformed", "body-array", "content-type-text", "method-get", "model-unknown"}
MOST_ACCEPTED = {"dall-e": 12, "gpt-image": 18, "qwen-image": 6}


def of_parameters(case: Case) -> bool:
    """Say whether a refused case is wrong in a parameter, not in its key or transport."""
    return not (case.billed or case.body is None or case.id in FAULTS) and (
        case.authorization is Authorization.VALID
    )


BILLED = [case for case in CASES if case.billed]
REFUSED = [case for case in CASES if of_parameters(case)]


def differences(left: Any, right: Any) -> set[str]:
    """Name the fields in which two bodies differ."""
    absent = object()
    names = left.keys() | right.keys()
    # true is another value than 1, as in JSON
    pairs = {each: (left.get(each, absent), right.get(each, absent)) for each in names}
    return {each for each, (mine, other) in pairs.items() if repr(mine) != repr(other)}


def test_billed_case_breaks_nothing() -> None:
    assert [case.path for case in BILLED if EDITION.read(case.body).violations] == []


def test_refused_case_breaks_one_parameter_of_an_accepted_control() -> None:
    for case in REFUSED:
        control = cases_of(case.model)[str(case.control)]
        broken = {each.parameter for each in EDITION.read(case.body).violations}
        assert broken == {case.parameter}, case.path
        assert reading(control) == "accepted", case.path
        assert len(differences(case.body, control.body)) == 1, case.path


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
    usual = filter(Depth.STANDARD.includes, cases_of(model).values())
    accepted = [case for case in usual if reading(case) == "accepted"]
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
