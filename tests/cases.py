"""The documented cases that tests ask of, and editions with a change in them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from conformance.cases import all_cases
from conformance.contract import DEFAULT_EDITION, load_edition, schemas_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.cases.model import Case
    from conformance.contract import Edition

EDITION = load_edition()
NAMES = [*EDITION.models, "gpt-image-2"]
CASES = all_cases(EDITION, NAMES)
LEAD = NAMES[0]


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


def ids(cases: list[Case]) -> list[str]:
    """Name cases for pytest."""
    return [case.path for case in cases]
