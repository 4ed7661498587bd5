"""A model that is not there for this account: what its user needs to know."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path

from conformance.exchange.outcome import Outcome, Result
from conformance.output.printing import printable
from conformance.providers import Provider

_MOST_NEAR = 3
_MOST_NAMED = 8


def why_missing(
    provider: Provider, model: str, outcome: Outcome, listed_models: Collection[str] | None
) -> str | None:
    """Return what the provider says of a model and where to look; None if it is there.

    One that is listed and not served is the provider's own fault, unless this account may not.
    """
    name = provider.models.get(model, model)
    is_gone = outcome.result is Result.NOT_SERVED
    subject = f"model {model}" if name == model else f"model {model}, as {name!r},"
    if outcome.forbidden or (is_gone and outcome.status == 403):
        sentence = f"{subject} is not open to this account ({_answer_of(outcome)})"
        return f"provider {provider.id!r}: {sentence}; look at the account and where you send from"
    if not is_gone or name in (listed_models or ()):
        return None
    where = f"[models] in {Path(provider.file).name}" if provider.file else "--models"
    sentence = f"{subject} is not served ({_answer_of(outcome)})"
    served = _names_served(name, listed_models)
    ended = f", or say when it ended in [lifecycle.{model!r}]" if provider.file else ""
    return f"provider {provider.id!r}: {sentence}; {served}look at {where}{ended}"


def _answer_of(outcome: Outcome) -> str:
    status = f"HTTP {outcome.status}"
    return f"{status}: {printable(outcome.said, 200)}" if outcome.said else status


def _names_served(name: str, listed_models: Collection[str] | None) -> str:
    """Name the listed models most like the one that was asked for, else the first of all."""
    if listed_models is None:
        return ""
    if not listed_models:
        return "no model is listed there; "
    near = difflib.get_close_matches(name, sorted(listed_models), n=_MOST_NEAR, cutoff=0.5)
    shown_names = near or sorted(listed_models)[:_MOST_NAMED]
    more = len(listed_models) - len(shown_names)
    names = ", ".join(printable(name, 80) for name in shown_names)
    return f"served there: {names}{f' and {more} more' if more else ''}; "
