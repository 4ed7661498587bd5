"""Prices of requests: estimates by the provider's file, actual cost by the answer's usage."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from conformance.cases.model import Case, Operation
from conformance.contract import Model

DEAREST = 0.45
"""US dollars per image if a paid provider's file has no price: more than the published price of
any documented quality and size (gpt-image-2, high, 3840x2160: 0.401)."""

PARTIAL_TOKENS = 100  # image tokens that OpenAI counts per partial image of a stream, as recorded

BYTES_A_TOKEN = 3  # bytes of a prompt counted as one token; English has four, other scripts fewer

_KINDS = ("text", "image")
_MOST_TOKENS = 10**9  # more is a mistake, or an attack on the ledger
_SIZE = re.compile(r"\d+x\d+")


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated cost of one request in US dollars, and whether its price is known."""

    usd: float
    known: bool = True


FREE = Estimate(0.0)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one provider, with their source and date; US dollars."""

    source: str = ""
    date: str = ""
    image: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    tokens: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    free: bool = False

    def estimate(self, case: Case, model: Model) -> Estimate:
        """Price a case before it is sent; refusals and model lists are free."""
        if not case.billed or case.operation is not Operation.GENERATE:
            return FREE
        return self.if_answered(case.body or {}, model)

    def if_answered(self, body: Mapping[str, Any], model: Model) -> Estimate:
        """Price a body that is answered with images: the price of one times `n`, and the prompt.

        A request that should be refused costs this if it is not. An unknown price counts as the
        highest of the model, of the provider, or as `DEAREST`, and is marked as unknown.
        """
        if self.free:
            return FREE
        image = _image(self.image.get(model.name, {}), model, body)
        image = image or Estimate(self.dearest(model.name), known=False)
        tokens, requested_n = self.tokens.get(model.name, {}), body.get("n")
        partials = _natural(body.get("partial_images")) if body.get("stream") else 0
        prompt = math.ceil(len(str(body.get("prompt") or "").encode()) / BYTES_A_TOKEN)
        partial_tokens = partials * PARTIAL_TOKENS
        usd_per_image = image.usd + partial_tokens * tokens.get("output_image", 0.0) / 1_000_000
        count = requested_n if isinstance(requested_n, int) and requested_n > 0 else 1
        usd = usd_per_image * count + prompt * tokens.get("input_text", 0.0) / 1_000_000
        return Estimate(round(usd, 6), image.known)

    def dearest(self, model: str) -> float:
        """Return the highest price of one image of a model by the file, or `DEAREST`."""
        if self.free:
            return 0.0
        prices = self.image.get(model) or {
            f"{name} {key}": usd
            for name, prices_of_model in self.image.items()
            for key, usd in prices_of_model.items()
        }
        return max(prices.values(), default=DEAREST)

    def actual(self, model: str, usage: object) -> float | None:
        """Price the usage of an answer; None if the answer or the file does not say."""
        rates = self.tokens.get(model)
        if self.free:
            return 0.0
        if rates is None or not isinstance(usage, Mapping):
            return None
        sides = [_side(usage, side, rates) for side in ("input", "output")]
        if any(cost is None for cost in sides) or not sides[1]:
            return None  # usage without output is no usage
        return round(sum(cost or 0 for cost in sides) / 1_000_000, 6)


def _image(prices: Mapping[str, float], model: Model, body: Mapping[str, Any]) -> Estimate | None:
    """Price one image by a file's prices of its model; None if no price is for it.

    `auto` without a price of its own is painted as the provider likes: at the dearest listed
    quality or size, for all that is known.
    """
    quality = str(body.get("quality") or model.default("quality") or "auto")
    size = str(body.get("size") or model.default("size") or "auto")
    own_key = _key(prices, quality, size)
    if own_key is not None and "auto" in own_key.split():
        return Estimate(prices[own_key])
    parts = {part for key in prices for part in key.split()} - {"default"}
    sizes = {part for part in parts if _SIZE.fullmatch(part)} if size == "auto" else ()
    grades = {part for part in parts if not _SIZE.fullmatch(part)} if quality == "auto" else ()
    likely = (_key(prices, *pair) for pair in product((quality, *grades), (size, *sizes)))
    usd = max((prices[key] for key in likely if key is not None), default=None)
    if usd is None:
        return None
    return Estimate(usd, known=own_key is not None and prices[own_key] == usd)


def _key(prices: Mapping[str, float], quality: str, size: str) -> str | None:
    """Return the most specific key of the price of an image."""
    keys = (f"{quality} {size}", quality, size, "default")
    return next((key for key in keys if key in prices), None)


def _side(usage: Mapping[str, Any], side: str, rates: Mapping[str, float]) -> float | None:
    """Price the tokens of one side, in millionths.

    What the details leave of the whole is of the dearest kind. None where that does not add up:
    a bill is not made of numbers that contradict each other.
    """
    rates_by_kind = {kind: rates[f"{side}_{kind}"] for kind in _KINDS if f"{side}_{kind}" in rates}
    member = usage.get(f"{side}_tokens_details")
    details = member if isinstance(member, Mapping) else {}
    counts = {kind: details.get(f"{kind}_tokens", 0) for kind in rates_by_kind}
    if not all(_is_natural(count) for count in counts.values()):
        return None
    detailed = sum(map(_natural, counts.values()))
    total = usage.get(f"{side}_tokens", detailed if details else None)
    if not _is_natural(total) or _natural(total) < detailed:
        return None
    detailed_cost = sum(rate * _natural(counts[kind]) for kind, rate in rates_by_kind.items())
    return detailed_cost + max(rates_by_kind.values()) * (_natural(total) - detailed)


def _is_natural(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_TOKENS


def _natural(value: Any) -> int:
    return int(value) if _is_natural(value) else 0
