"""What the proof asks beyond the documented cases, so that every clause has something to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cases.model import Case
from conformance.cases.valid import MODELS_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.contract import Edition

_PROMPT = "A small red sailing boat on a calm sea, seen from the shore"


def family_names(edition: Edition) -> tuple[str, ...]:
    """Give a model for every family that covers more ids than the edition names."""
    return ("gpt-image-2",) if edition.find("gpt-image-2") else ()


def supplementary_cases(edition: Edition, models: Sequence[str]) -> Iterator[Case]:
    """Ask streams for a size: no documented case combines the two."""
    for name in models:
        model = edition.find(name)
        sizes = [each for each in model.documented("size") if each != "auto"] if model else []
        if model is not None and "stream" in model.parameters and len(sizes) > 1:
            body = {"model": name, "prompt": _PROMPT, "stream": True, "size": sizes[1]}
            yield Case("stream-size", name, body=body, control=MODELS_LIST, billed=True)
