"""By what an answer shows that a parameter took effect: the clauses that read it, and its trait."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance.results.records import ExchangeRecord, ImageRecord

Trait = Callable[[ExchangeRecord], str | None]
"""What came, in a word that two answers can be compared by; None where it could not be seen."""


def _one(values: Iterable[str | None]) -> str | None:
    """Return what all images share, or all that they are; None if one could not be read."""
    listed = list(values)
    known = sorted({value for value in listed if value is not None})
    return " and ".join(known) if known and None not in listed else None


def _of_images(read: Callable[[ImageRecord], str | None]) -> Trait:
    return lambda exchange: _one(map(read, exchange.images))


def _count(exchange: ExchangeRecord) -> str | None:
    return str(len(exchange.images)) if exchange.images else None


def _pixels(image: ImageRecord) -> str | None:
    return f"{image.width}x{image.height}" if image.width and image.height else None


def _alpha(image: ImageRecord) -> str | None:
    if image.alpha is None:
        return None
    return "an alpha channel" if image.alpha else "no alpha channel"


def _member(exchange: ExchangeRecord) -> str | None:
    shape = exchange.shape or ()
    members = [name for name in ("url", "b64_json") if f"data[].{name}:string" in shape]
    return members[0] if len(members) == 1 else None


def _streamed(exchange: ExchangeRecord) -> str | None:
    if not exchange.shape:
        return None
    return "true" if any(path.startswith("<") for path in exchange.shape) else "false"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one parameter shows in an answer."""

    clauses: frozenset[str]
    """They pass if what came is what was asked for."""
    trait: Trait = lambda _: None
    in_words: bool = True
    """Whether the trait is in the words of the request, so that both can be compared."""


NOTHING = Reading(frozenset())
"""Of a parameter whose effect no answer shows."""

_SIZES = frozenset({"image.size-as-asked", "stream.size-as-asked"})
READINGS = {
    "n": Reading(frozenset({"count.as-asked"}), _count),
    "size": Reading(_SIZES, _of_images(_pixels)),
    "output_format": Reading(
        frozenset({"image.type-as-asked", "stream.format-as-asked"}),
        _of_images(lambda image: image.type),
    ),
    "background": Reading(
        frozenset(
            {"image.alpha-when-transparent", "image.transparent-pixels", "image.opaque-when-asked"}
        ),
        _of_images(_alpha),
        in_words=False,
    ),
    "response_format": Reading(
        frozenset({"format.url-when-asked", "format.b64-when-asked"}),
        _member,
    ),
    "quality": Reading(frozenset({"extras.quality-as-asked"})),
    "stream": Reading(frozenset({"stream.content-type", "stream.completed"}), _streamed),
    "partial_images": Reading(frozenset({"stream.partial-count"})),
}
"""Of the echoes of an answer only that of quality counts: no picture shows it."""
