"""Fine faults and legal edges: what servers coerce, borrow, round, or refuse at the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases import all_cases
from conformance.cases.model import Depth
from conformance.cases.near_misses import nearly
from conformance.cases.valid import slug
from tests.cases import CASES, EDITION, NAMES, cases_of, reading
from tests.contract import changed_edition

if TYPE_CHECKING:
    from pathlib import Path


DEEP = [case for case in CASES if case.depth is Depth.THOROUGH]
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
def test_near_miss_is_sent(model: str, id_: str, name: str, value: Any) -> None:
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
    body = cases_of(model)["prompt-longest"].body or {}
    assert len(body["prompt"]) == EDITION.models[model].parameters["prompt"]["maxLength"]


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
        tmp_path, "dall-e-3", lambda each: each["properties"].update(ratio=added)
    )
    cases = {case.id: case.body or {} for case in all_cases(edition, ["dall-e-3"])}
    assert cases["ratio-huge"]["ratio"] == "100000x100000"
    assert {"ratio-near-miss", "ratio-null"} <= cases.keys()


def test_what_costs_more_is_not_standard() -> None:
    assert {case.id for case in DEEP if not case.billed} == {"n-huge", "n-string-2"}
