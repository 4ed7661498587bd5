"""Who is to be told of a regression: a provider, and what is broken, by a stable name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.reports.drift.model import Change, Drift


@dataclass(frozen=True, slots=True)
class Alarm:
    """The regressions of one provider that decide; none, if all is well."""

    provider: str
    clauses: tuple[str, ...]
    regressions: tuple[Change, ...]
    judged: bool

    @property
    def fingerprint(self) -> str:
        """The same for the same provider and clauses, whatever night, model or case it is."""
        text = "\n".join([self.provider, *self.clauses])
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    @property
    def title(self) -> str:
        """The title of an issue."""
        first, more = self.clauses[0], len(self.clauses) - 1
        return f"{self.provider} no longer keeps {first}" + (f" and {more} more" if more else "")


def alarms(found: Drift, unconfirmed_too: bool = False) -> Sequence[Alarm]:
    """Give an alarm for each provider of the new run, in its order."""
    wrong = found.regressions(unconfirmed_too)
    providers = [str(each["id"]) for each in found.new.header["providers"]]
    mine = {name: [each for each in wrong if each.provider == name] for name in providers}
    return [_alarm(name, mine[name], found) for name in providers]


def _alarm(provider: str, wrong: Sequence[Change], found: Drift) -> Alarm:
    return Alarm(
        provider=provider,
        clauses=tuple(sorted({each.subject for each in wrong})),
        regressions=tuple(wrong),
        judged=not found.unjudged,
    )
