"""What a request costs: as the provider's file says, and as the answer's own usage says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.cases.model import Operation

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.contract import Model

DEAREST = 0.25
"""US dollars an image where a paid provider's file has no price at all: more than OpenAI's list
price of any documented quality and size (6,240 image tokens at 40 USD a million)."""

PARTIAL_TOKENS = 100
"""Image tokens that OpenAI counts for every partial image of a stream, as recorded."""

BYTES_A_TOKEN = 3
"""Bytes of a prompt that are taken for one token; English has four, other scripts fewer."""

_KINDS = ("text", "image")
_MOST_TOKENS = 10**9  # more is no usage but a mistake, or an attack on the ledger
_USUAL = ("medium", "standard")  # what `auto` is taken for


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one request will cost, in US dollars, and whether a price stands behind it."""

    usd: float
    known: bool = True
    basis: str = ""


FREE = Estimate(0.0, True, "not billed")


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one provider, with their source and date; US dollars."""

    source: str = ""
    date: str = ""
    image: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    tokens: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    free: bool = False

    def estimate(self, case: Case, model: Model) -> Estimate:
        """Price a case before it is sent; what should be refused, or lists models, is free."""
        if not case.billed or case.operation is not Operation.GENERATE:
            return FREE
        return self.if_answered(case.body or {}, model)

    def if_answered(self, body: Mapping[str, Any], model: Model) -> Estimate:
        """Price a body that is answered with images: the price of one, times `n`, and the prompt.

        It is what a request that should be refused costs when it is not. A price that is not
        known counts as the dearest of the model, of the provider, or as `DEAREST`, and says so.
        """
        if self.free:
            return FREE
        each, known, basis = self._image(model, body)
        usd = each * _count(body) + self._prompt(model.name, body)
        return Estimate(round(usd, 6), known, basis)

    def dearest(self, model: str) -> float:
        """Give the most that one image of a model can cost by the file, or by `DEAREST`."""
        if self.free:
            return 0.0
        listed = self.image.get(model) or {
            f"{name} {key}": usd for name, known in self.image.items() for key, usd in known.items()
        }
        return max(listed.values(), default=DEAREST)

    def actual(self, model: str, usage: object) -> float | None:
        """Price what an answer says it used; None where it, or the file, does not say."""
        rates = self.tokens.get(model)
        if self.free:
            return 0.0
        if rates is None or not isinstance(usage, Mapping):
            return None
        sides = [_side(usage, side, rates) for side in ("input", "output")]
        if any(each is None for each in sides) or not sides[1]:
            return None  # a picture that used nothing says as little as none at all
        return round(sum(each or 0 for each in sides) / 1_000_000, 6)

    def _image(self, model: Model, body: Mapping[str, Any]) -> tuple[float, bool, str]:
        listed = self.image.get(model.name, {})
        for key in _keys(model, body):
            if key in listed:
                return listed[key] + self._partials(model.name, body), True, key
        return self.dearest(model.name), False, "no price is known: the dearest is taken"

    def _partials(self, model: str, body: Mapping[str, Any]) -> float:
        partials = body.get("partial_images") if body.get("stream") else 0
        rate = self.tokens.get(model, {}).get("output_image", 0.0)
        return _natural(partials) * PARTIAL_TOKENS * rate / 1_000_000

    def _prompt(self, model: str, body: Mapping[str, Any]) -> float:
        size = len(str(body.get("prompt") or "").encode())
        rate = self.tokens.get(model, {}).get("input_text", 0.0)
        return math.ceil(size / BYTES_A_TOKEN) * rate / 1_000_000


def _keys(model: Model, body: Mapping[str, Any]) -> Iterator[str]:
    """Give the names under which a price may stand, the most exact first."""
    quality = body.get("quality") or model.default("quality") or "auto"
    size = body.get("size") or model.default("size") or "auto"
    grades = _USUAL if quality == "auto" else (quality,)
    yield from (f"{grade} {size}" for grade in grades)
    yield from grades
    yield str(size)
    yield "default"


def _count(body: Mapping[str, Any]) -> int:
    wanted = body.get("n")
    return wanted if isinstance(wanted, int) and wanted > 0 else 1


def _side(usage: Mapping[str, Any], side: str, rates: Mapping[str, float]) -> float | None:
    """Price the tokens of one side, in millionths.

    What the details leave of the whole is of the dearest kind. None where that does not add up:
    a bill is not made of numbers that contradict each other.
    """
    own = {kind: rates[f"{side}_{kind}"] for kind in _KINDS if f"{side}_{kind}" in rates}
    given = usage.get(f"{side}_tokens_details")
    details = given if isinstance(given, Mapping) else {}
    counts = {kind: details.get(f"{kind}_tokens", 0) for kind in own}
    if not all(_is_natural(each) for each in counts.values()):
        return None
    told = sum(map(_natural, counts.values()))
    whole = usage.get(f"{side}_tokens", told if details else None)
    if not _is_natural(whole) or _natural(whole) < told:
        return None
    listed = sum(rate * _natural(counts[kind]) for kind, rate in own.items())
    return listed + max(own.values()) * (_natural(whole) - told)


def _is_natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS


def _natural(value: Any) -> int:
    return int(value) if _is_natural(value) else 0
