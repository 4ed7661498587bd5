"""A model that is neither served nor listed: what a user who named it wrongly needs to know."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.strict import printable

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.exchange.outcome import Outcome
    from conformance.providers import Provider

_MOST_NEAR = 3
_MOST_NAMED = 8


def missing_model_message(
    provider: Provider, model: str, outcome: Outcome, listed: Collection[str] | None
) -> str:
    """Return what the provider says, which models it lists, and where its name for one stands."""
    name = provider.models.get(model, model)
    status = f"HTTP {outcome.status}"
    said = f"{status}: {printable(outcome.said, 200)}" if outcome.said else status
    asked = f"model {model}" if name == model else f"model {model}, as {name!r},"
    told = f"provider {provider.id!r}: {asked} is not served ({said})"
    where = Path(provider.file).name or "the provider's file"
    return f"{told}; {_served(name, listed)}look at [models] in {where}"


def _served(name: str, listed: Collection[str] | None) -> str:
    """Name the listed models most like the one that was asked for, else the first of all."""
    if listed is None:
        return ""
    if not listed:
        return "no model is listed there; "
    near = difflib.get_close_matches(name, sorted(listed), n=_MOST_NEAR, cutoff=0.5)
    shown = near or sorted(listed)[:_MOST_NAMED]
    more = len(listed) - len(shown)
    names = ", ".join(printable(each, 80) for each in shown)
    return f"served there: {names}{f' and {more} more' if more else ''}; "
