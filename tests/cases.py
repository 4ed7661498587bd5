"""The documented cases of the default edition, by model and id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases import all_cases
from conformance.contract import load_edition

if TYPE_CHECKING:
    from conformance.cases.model import Case

EDITION = load_edition()
NAMES = [*EDITION.models, "gpt-image-2"]
CASES = all_cases(EDITION, NAMES)
LEAD = NAMES[0]


def cases_of(model: str) -> dict[str, Case]:
    """Return the cases of one model by id."""
    return {case.id: case for case in CASES if case.model == model}


def reading(case: Case) -> str | None:
    """Return what the edition expects of a case's body."""
    return EDITION.read(case.body).expectation if case.body is not None else None


def ids(cases: list[Case]) -> list[str]:
    """Return names of cases for pytest."""
    return [case.path for case in cases]
