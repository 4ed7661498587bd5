"""Models side by side, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

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
        grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for heading in COLUMNS:
            grid.add_column(self._text(heading), no_wrap=True)
        offers = [offer for model in models for offer in model.offers]
        for offer in offers:
            kept, measures = offer.kept, offer.measures
            counts = (f"{kept.kept}/{kept.total}", f"{kept.decided}/{kept.total}")
            rates = (first_try(measures.retries), answered_of(offer))
            grid.add_row(*map(self._text, (offer.model, offer.label, *counts, *rates)))
        self._whole_table(grid)
        for offer in offers:
            self._details(offer)

    def _details(self, offer: Offer) -> None:
        name = self._text(f"{offer.model}, {offer.label}: ", "bold")
        said = f"latency {latency_of(offer)}; price an image {price_of(offer)}"
        self._line(name, self._text(said), indent=2, lines=3)
        if offer.measures.retries.failed.hits:
            again = f"first try: {retried(offer.measures.retries)}"
            self._line(self._text(again, "yellow"), indent=6, lines=3)
