"""Who has a model, side by side: what a buyer compares, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import to_builtins

from conformance.output.counting import dollars, join_names, write_count
from conformance.output.tables import Paper
from conformance.reports.formatting import duration
from conformance.reports.grouping import group_by
from conformance.reports.measures import Latency, Measures, Rate, Retries, measures_of
from conformance.results.reach import NOTHING, ColumnKey, Kept
from conformance.results.records import ExchangeRecord

_COLUMNS = ("model", "provider", "MUST", "decided", "first try", "answered")
_WIDE = 120  # units of a plot, and what is left free at its ends
_EDGE = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """One model at one provider: the MUSTs that are kept, and what its requests show."""

    label: str
    model: str
    kept: Kept
    measures: Measures


@dataclass(frozen=True, slots=True)
class ModelOffers:
    """Everybody who has a model."""

    model: str
    offers: tuple[Offer, ...]

    @property
    def slowest(self) -> float:
        """The longest time that any plot shows, in seconds."""
        qualities = (quality for offer in self.offers for quality in offer.measures.qualities)
        return max((quality.latency.p90 for quality in qualities if quality.latency), default=0.0)

    def position(self, seconds: float) -> float:
        """Return where a time stands on the axis that all offers share."""
        share = seconds / self.slowest if self.slowest else 0.0
        return round(_EDGE + share * (_WIDE - 2 * _EDGE), 1)


def model_offers(
    kept: Mapping[ColumnKey, Mapping[str, Kept]], sent: Mapping[ColumnKey, Sequence[ExchangeRecord]]
) -> tuple[ModelOffers, ...]:
    """Set side by side what some providers offer, by label and model; `kept` then by level."""
    offers = [
        Offer(*column, levels.get("MUST", NOTHING), measures_of(sent.get(column, [])))
        for column, levels in kept.items()
    ]
    models = group_by(offers, lambda offer: offer.model)
    return tuple(ModelOffers(model, tuple(of_model)) for model, of_model in models.items())


def as_json(offers: Sequence[ModelOffers]) -> list[dict[str, Any]]:
    """Return offers as JSON values."""
    return [
        {
            "column": offer.label,
            "model": offer.model,
            "kept": to_builtins(offer.kept),
            "latency": to_builtins(offer.measures.latency),
            "qualities": to_builtins(offer.measures.qualities),
            "availability": {
                "answered": offer.measures.availability.answered,
                "total": offer.measures.availability.total,
            },
            "retries": retries_as_json(offer.measures.retries),
        }
        for model in offers
        for offer in model.offers
    ]


def retries_as_json(retries: Retries) -> dict[str, Any]:
    """Return retries as JSON values."""

    def as_values(rate: Rate) -> dict[str, Any]:
        low, high = rate.interval
        return {"count": rate.hits, "of": rate.of, "interval": [round(low, 4), round(high, 4)]}

    return {
        "first": as_values(retries.first),
        "failed": as_values(retries.failed),
        "reasons": dict(retries.reasons),
    }


def time_of(latency: Latency) -> str:
    """Write median and p90; of a single request only its time."""
    p90 = f", p90 {duration(latency.p90)}" if latency.count > 1 else ""
    return duration(latency.median) + p90


def latency_of(offer: Offer) -> str:
    """Write median and p90 by quality."""
    latencies = ((quality.name, quality.latency) for quality in offer.measures.qualities)
    times = [f"{name} {time_of(latency)}" for name, latency in latencies if latency]
    return "; ".join(times) or "not measured"


def price_of(offer: Offer) -> str:
    """Write the price of an image by quality."""
    per_image = ((quality.name, quality.per_image) for quality in offer.measures.qualities)
    prices = [f"{name} {dollars(price)}" for name, price in per_image if price is not None]
    return "; ".join(prices) or "not known"


def answered_of(offer: Offer) -> str:
    """Write how many requests were answered with a decision."""
    availability = offer.measures.availability
    return f"{availability.answered} of {availability.total} ({availability.rate:.0%})"


def first_try(retries: Retries) -> str:
    """Say how many requests were answered at the first try."""
    if not retries.known:
        return "not known"
    first = retries.first
    return f"{first.hits} of {write_count(first.of, 'request')} answered ({first.share:.0%})"


def retried(retries: Retries) -> str:
    """Say how many first tries were answered, how many attempts failed, and why."""
    reasons = [f"{reason} ({count})" for reason, count in retries.reasons.items()]
    failed = f"{retries.failed.hits} of {write_count(retries.failed.of, 'attempt')} came to nothing"
    reasons_text = f"; sent again after {join_names(reasons, 3)}" if reasons else ""
    return f"{first_try(retries)}; {failed}{reasons_text}"


def print_offers(paper: Paper, models: Sequence[ModelOffers]) -> None:
    """Print a row for each provider of each model, and below them what takes more room."""
    paper.title("Model by model, side by side")
    offers = [offer for model in models for offer in model.offers]
    rows = []
    for offer in offers:
        kept, retries = offer.kept, offer.measures.retries
        counts = (f"{kept.kept}/{kept.total}", f"{kept.decided}/{kept.total}")
        first = f"{retries.first.share:.0%} of {retries.first.of}" if retries.known else "not known"
        answered = (first, answered_of(offer))
        rows.append((offer.model, offer.label, *counts, *answered))
    paper.grid(_COLUMNS, rows, names=2)
    for offer in offers:
        name = f"{offer.model}, {offer.label}: "
        numbers = f"latency by quality: {latency_of(offer)}; price an image: {price_of(offer)}"
        paper.line((name, "bold"), numbers, indent=2)
        if offer.measures.retries.failed.hits:
            first_tries = f"first try: {retried(offer.measures.retries)}"
            paper.line((first_tries, "yellow"), indent=6)
