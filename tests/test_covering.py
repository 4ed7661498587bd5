"""Covering rows: every feasible combination is in them, and few of them are dear."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases.covering import covering_rows
from conformance.cases.parameter_space import LEFT_OUT, Space, space_of
from conformance.cases.schema_keywords import UnknownKeywordError
from conformance.contract import load_edition
from tests.contract import changed_edition

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.cases.parameter_space import Row

EDITION = load_edition()
MODEL = EDITION.models["gpt-image-1.5"]
SMALL = Space(
    {"quality": ("low", "high"), "format": ("png", "jpeg"), "background": ("clear", "opaque")},
    {("format", "background"): frozenset(itertools.product(("png",), ("clear", "opaque")))
     | {("jpeg", "opaque")}},
)  # fmt: skip


@pytest.fixture(autouse=True)
def _fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search no longer than these small spaces need."""
    monkeypatch.setattr("conformance.cases.covering._STEPS", 2000)


def dear(row: Row) -> float:
    return 1.0 if "high" in row else 0.1


def covered_by(space: Space, rows: list[Row], strength: int) -> set[Any]:
    return {combination for row in rows for combination in space.combinations(row, strength)}


def test_feasible_combinations_are_those_of_valid_rows() -> None:
    every = [row for row in itertools.product(*SMALL.levels.values()) if SMALL.valid(row)]
    assert len(every) == 6
    for strength in (1, 2, 3):
        assert SMALL.feasible(strength) == covered_by(SMALL, every, strength)


@pytest.mark.parametrize("strength", [1, 2, 3])
@pytest.mark.parametrize("name", ["dall-e-2", "qwen-image"])
def test_rows_have_every_combination_that_is_feasible(name: str, strength: int) -> None:
    space = space_of(EDITION, EDITION.models[name])
    rows = covering_rows(space, strength, lambda _: 1.0)
    most = min(strength, len(space.names))
    assert space.feasible(most) == covered_by(space, rows, most)
    assert all(map(space.valid, rows))


def test_dear_rows_are_as_few_as_can_be_and_come_last() -> None:
    rows = covering_rows(SMALL, 2, dear)
    assert [dear(row) for row in rows] == [0.1, 0.1, 0.1, 1.0, 1.0]  # two formats, with high
    assert covering_rows(SMALL, 2, dear) == rows


def test_what_is_covered_already_is_not_asked_for_again() -> None:
    first = covering_rows(SMALL, 2, dear)
    left = covering_rows(SMALL, 2, dear, covered_by(SMALL, first[:-1], 2), first[:-1])
    assert len(left) == 1
    assert covering_rows(SMALL, 2, dear, covered_by(SMALL, first, 2), first) == []


def test_values_are_the_documented_ones() -> None:
    levels = space_of(EDITION, MODEL).levels
    assert levels["quality"] == (LEFT_OUT, *MODEL.documented("quality"))
    assert levels["n"] == (LEFT_OUT, 1, 2)  # never the ten that are allowed: they are paid for
    assert levels["output_compression"] == (LEFT_OUT, 0, 50, 100)
    assert "response_format" not in levels  # sources disagree about it


def test_only_what_the_contract_has_accepted_is_combined() -> None:
    space = space_of(EDITION, MODEL)
    rows = covering_rows(space, 1, lambda _: 1.0)
    bodies = [{"model": MODEL.name, "prompt": "A kite", **space.fragment(row)} for row in rows]
    assert {EDITION.read(body).expectation for body in bodies} == {"accepted"}


@pytest.mark.parametrize("value", [None, 7, "huge"])
def test_body_with_another_value_is_no_row(value: Any) -> None:
    space = space_of(EDITION, MODEL)
    assert space.row({"size": value}) is None
    assert space.row({"size": "auto"}) is not None
    known = space.combinations_in({"size": value}, 1)
    assert space.names.index("size") not in {at for combination in known for at, _ in combination}


def test_new_parameter_is_combined_and_an_unknown_keyword_is_an_error(tmp_path: Path) -> None:
    def add(schema: Any) -> None:
        added = {"type": ["integer", "null"], "minimum": 7, "maximum": 9, "citations": []}
        schema["properties"].update(steps=added)

    edition = changed_edition(tmp_path, "dall-e-2", add)
    levels = space_of(edition, edition.models["dall-e-2"]).levels
    assert levels["steps"] == (LEFT_OUT, 7, 9)
    edition = changed_edition(
        tmp_path / "x", "dall-e-2", lambda schema: schema["properties"]["n"].update(multipleOf=2)
    )
    with pytest.raises(UnknownKeywordError, match="multipleOf"):
        space_of(edition, edition.models["dall-e-2"])
