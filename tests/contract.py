"""The models of the contract by short names, small requests, and editions with a change in them."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from conformance.contract import DEFAULT_EDITION, schemas_directory
from conformance.contract.loading import read_edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.contract import Edition

D2, D3, G1, MINI, G15 = "dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"
QWEN, G2 = "qwen-image", "gpt-image-2"
NAMED = (D2, D3, G1, MINI, G15, QWEN)
GPT = (G1, MINI, G15, G2)


def small_body(model: str, **parameters: Any) -> dict[str, Any]:
    """Return a small request body for a model."""
    return {"model": model, "prompt": "a boat", **parameters}


def change(path: Path, edit: Callable[[Any], object]) -> None:
    """Edit one JSON file in place."""
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def set_member(path: Path, place: str, value: object) -> None:
    """Set what stands at a place in a JSON file, like `properties/n/maximum`; None removes it."""
    *steps, last = place.split("/")

    def set_last(content: Any) -> None:
        for step in steps:
            content = content[int(step) if step.isdigit() else step]
        if value is None:
            del content[last]
        else:
            content[int(last) if last.isdigit() else last] = value

    change(path, set_last)


def copy_edition(directory: Path, name: str = "second-2027-01-01") -> Path:
    """Copy the default edition into a directory, under another id."""
    folder = directory / name
    shutil.copytree(schemas_directory() / DEFAULT_EDITION, folder)
    change(folder / "edition.json", lambda content: content.update(id=name))
    return folder


def changed_edition(directory: Path, model: str, edit: Callable[[Any], object]) -> Edition:
    """Load a copy of the default edition in which the request schema of one model is edited."""
    folder = copy_edition(directory, DEFAULT_EDITION)
    change(folder / "request" / f"{model}.json", edit)
    return read_edition(folder)
