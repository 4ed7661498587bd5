"""When a model begins and ends at a provider, and what holds of that on a day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

SOON = timedelta(days=30)
"""For so long before its end a model's column and the plan say that it ends."""

_SNAPSHOT = re.compile(r"-\d{4}-\d\d-\d\d$", re.ASCII)


class LifecycleState(StrEnum):
    """What a model is on a day; a deprecated one is still served."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The dates of one model at one provider, all in UTC, and who says them."""

    since: date | None = None
    deprecated: date | None = None
    """When its end was announced, or it was called deprecated."""
    until: date | None = None
    """The day on which it ends: the first of which nobody may expect that it is served."""
    replaced_by: tuple[str, ...] = ()
    source: str = ""
    retrieved: str = ""

    def state(self, day: date) -> LifecycleState:
        """Return what the model is on a day."""
        if self.until is not None and day >= self.until:
            return LifecycleState.RETIRED
        if self.deprecated is not None and day >= self.deprecated:
            return LifecycleState.DEPRECATED
        return LifecycleState.ACTIVE

    def promises(self, day: date) -> bool:
        """Return whether the model must be served on a day: one with an end, before it."""
        has_begun = self.since is None or day >= self.since
        return has_begun and self.until is not None and day < self.until

    def standing(self, day: date) -> str:
        """Say that the model has ended, or soon will; empty where there is nothing to say."""
        if self.until is None or self.until - day > SOON:
            return ""
        instead = f"; replaced by {' or '.join(self.replaced_by)}" if self.replaced_by else ""
        left = (self.until - day).days
        if left <= 0:
            return f"retired on {self.until}{instead}"
        return f"ends on {self.until}, in {left} day{'' if left == 1 else 's'}{instead}"


ENDLESS = Lifecycle()
"""Of a model whose dates nobody says."""


def read_lifecycle(entry: Mapping[str, Any], source: str, retrieved: str) -> Lifecycle:
    """Read the dates of a model from an edition or a provider's file.

    Raises ValueError for what is no date, and for dates that are not in order.
    """
    names = ("since", "deprecated", "until")
    dates = {name: date.fromisoformat(entry[name]) for name in names if name in entry}
    known = list(dates.items())
    for (one, earlier), (other, later) in pairwise(known):
        if earlier > later:
            raise ValueError(f"{one} {earlier} is after {other} {later}")
    replaced_by = tuple(entry.get("replaced_by", ()))
    return Lifecycle(**dates, replaced_by=replaced_by, source=source, retrieved=retrieved)


def lifecycle_in(records: Mapping[str, Lifecycle], model: str) -> Lifecycle | None:
    """Return the dates of a model; a dated snapshot without its own has those of its model."""
    return records.get(model) or records.get(_SNAPSHOT.sub("", model))
