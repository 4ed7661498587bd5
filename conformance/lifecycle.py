"""When a model begins and ends at a provider, and where it stands on a day."""

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
    """Where a model stands on a day; a deprecated one is still served."""

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
        """Return where the model stands on a day."""
        if self.until is not None and day >= self.until:
            return LifecycleState.RETIRED
        if self.deprecated is not None and day >= self.deprecated:
            return LifecycleState.DEPRECATED
        return LifecycleState.ACTIVE


ENDLESS = Lifecycle()
"""The lifecycle of a model without documented dates."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A model on the day by which it is judged."""

    lifecycle: Lifecycle
    day: date

    @property
    def state(self) -> LifecycleState:
        """Where the model stands on this day."""
        return self.lifecycle.state(self.day)

    @property
    def retired(self) -> bool:
        """Return whether it has ended, so that nothing is asked of it but whether it has."""
        return self.state is LifecycleState.RETIRED

    @property
    def words(self) -> str:
        """Say that the model has ended, or soon will; empty where there is nothing to say."""
        until, instead = self.lifecycle.until, self.lifecycle.replaced_by
        if until is None or until - self.day > SOON:
            return ""
        replaced = f"; replaced by {' or '.join(instead)}" if instead else ""
        days = (until - self.day).days
        if days <= 0:
            return f"retired on {until}{replaced}"
        return f"ends on {until}, in {days} day{'' if days == 1 else 's'}{replaced}"

    def must_be_served(self, answered: date) -> bool:
        """Return whether its dates promise it on the day of an answer.

        Only a model with an end is promised: from its first day until that end.
        """
        since, until = self.lifecycle.since, self.lifecycle.until
        return until is not None and answered < until and (since is None or self.day >= since)

    def ends_before(self, answered: date) -> bool:
        """Return whether it ended during the run, on or before the day of an answer."""
        return not self.retired and self.lifecycle.state(answered) is LifecycleState.RETIRED


def read_lifecycle(entry: Mapping[str, Any], source: str, retrieved: str) -> Lifecycle:
    """Read the dates of a model from an edition or a provider's file.

    Raises ValueError for what is no date, and for dates that are not in order.
    """
    names = ("since", "deprecated", "until")
    dates = {name: date.fromisoformat(entry[name]) for name in names if name in entry}
    for (one, earlier), (other, later) in pairwise(dates.items()):
        if earlier > later:
            raise ValueError(f"{one} {earlier} is after {other} {later}")
    replaced_by = tuple(entry.get("replaced_by", ()))
    return Lifecycle(**dates, replaced_by=replaced_by, source=source, retrieved=retrieved)


def lifecycle_in(records: Mapping[str, Lifecycle], model: str) -> Lifecycle | None:
    """Return the dates of a model; a dated snapshot without its own has those of its model."""
    return records.get(model) or records.get(_SNAPSHOT.sub("", model))
