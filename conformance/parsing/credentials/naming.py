"""Whether the programs that credentials name are the model that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

_FAMILIES = (
    "gpt-image", "dall-e", "qwen-image", "grok-imagine", "seedream", "imagen",
    "firefly", "midjourney", "stable-diffusion", "flux",
)  # fmt: skip
_ONLY_WITH_VERSION = "flux"  # a word that other programs have in their names
_SPELLINGS = {"dalle": "dall-e", "gptimage": "gpt-image"}
_SEPARATORS = re.compile(r"[\s_/·-]+")
_VERSION = re.compile(r"[-.]?v?(\d{1,2}(?:[.-]\d{1,2})*)(?![\d])")
_TIERS = frozenset(
    {"mini", "nano", "lite", "flare", "sunburst", "pro", "plus", "max", "turbo", "fast", "ultra"}
)


class Painter(StrEnum):
    """Who painted a picture, by its credentials."""

    ASKED = "asked"
    ANOTHER = "another"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class _Model:
    """A model as far as its name says which it is."""

    family: str
    version: tuple[int, ...] | None  # the first two numbers
    tier: str


def painter_of(programs: Iterable[str], model_names: Sequence[str]) -> Painter:
    """Compare the programs that credentials name with the requested model, by any of its names.

    They name another model only if they do so clearly, and none of them is the requested one.
    """
    requested = [model for name in model_names if (model := _model(name))]
    models = [model for name in programs if (model := _model(name))]
    if not requested:
        return Painter.UNCLEAR
    order = (Painter.ASKED, Painter.UNCLEAR, Painter.ANOTHER)  # the first of several wins
    answers = {
        min((_compare(model, name) for name in requested), key=order.index) for model in models
    }
    decided = answers - {Painter.UNCLEAR}
    return decided.pop() if len(decided) == 1 else Painter.UNCLEAR


def _compare(painter: _Model, requested: _Model) -> Painter:
    if painter.family != requested.family:
        return Painter.ANOTHER
    if painter.version is None or requested.version is None:
        return Painter.UNCLEAR
    if painter.version != requested.version:
        return Painter.ANOTHER
    if painter.tier == requested.tier:
        return Painter.ASKED
    return Painter.ANOTHER if painter.tier else Painter.UNCLEAR


def _model(name: str) -> _Model | None:
    """Read a name such as `gpt-image 2.0` or `gpt-image-2.5-flare`; None for no known model."""
    text = _SEPARATORS.sub("-", name[:200].lower())
    for spelling, right in _SPELLINGS.items():
        text = re.sub(rf"(?<![a-z0-9]){spelling}(?![a-z])", right, text)
    for family in _FAMILIES:
        match = re.search(rf"(?<![a-z0-9]){family}(?![a-z])", text)
        if match is None:
            continue
        number = _VERSION.match(text, match.end())
        if number is None and family == _ONLY_WITH_VERSION:
            continue
        rest = text[number.end() if number else match.end() :]
        word = re.match(r"-([a-z]+)", rest)
        tier = word[1] if word and word[1] in _TIERS else ""
        # 2 is 2.0, and 2.0.1 is still the same model
        version = (*map(int, re.split("[.-]", number[1])), 0)[:2] if number else None
        return _Model(family, version, tier)
    return None
