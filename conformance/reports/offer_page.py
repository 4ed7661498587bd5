"""Models side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.reports.console_text import Paper
from conformance.reports.side_by_side import (
    ModelOffers,
    Offer,
    answered_of,
    latency_of,
    price_of,
)
from conformance.reports.wording import first_try, retried

TITLE = "Model by model, side by side"
COLUMNS = ("model", "provider", "MUST", "decided", "first try", "answered")


class OfferPage(Paper):
    """Offers on one console."""

    def print(self, models: Sequence[ModelOffers]) -> None:
        """Print a row for each provider of each model, and below them what takes more room."""
        self._title(TITLE)
        offers = [offer for model in models for offer in model.offers]
        self._grid(COLUMNS, map(_cells, offers))
        for offer in offers:
            self._details(offer)

    def _details(self, offer: Offer) -> None:
        name = f"{offer.model}, {offer.label}: "
        said = f"latency {latency_of(offer)}; price an image {price_of(offer)}"
        self._line((name, "bold"), said, indent=2, lines=3)
        if offer.measures.retries.failed.hits:
            again = f"first try: {retried(offer.measures.retries)}"
            self._line((again, "yellow"), indent=6, lines=3)


def _cells(offer: Offer) -> tuple[str, ...]:
    kept = offer.kept
    counts = (f"{kept.kept}/{kept.total}", f"{kept.decided}/{kept.total}")
    return offer.model, offer.label, *counts, first_try(offer.measures.retries), answered_of(offer)
