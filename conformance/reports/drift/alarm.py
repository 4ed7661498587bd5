"""Who is to be told of a regression: a provider, and what is broken, by a stable name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.findings import Finding, Verdict
from conformance.reports.drift.model import Change, Drift, Kind


@dataclass(frozen=True, slots=True)
class Alarm:
    """The regressions of one provider that decide; none, if all is well."""

    provider: str
    clauses: tuple[str, ...]
    regressions: tuple[Change, ...]
    waiting: tuple[str, ...]  # clauses with a regression that does not decide yet
    kept: tuple[str, ...]  # clauses that held wherever they were judged, or are excused
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
    return [_alarm(each.id, wrong, found) for each in found.new.header.providers]


def _alarm(provider: str, wrong: Sequence[Change], found: Drift) -> Alarm:
    mine = tuple(each for each in wrong if each.provider == provider)
    clauses = {each.subject for each in mine}
    worse = [each for each in found.of(Kind.REGRESSION) if each.provider == provider]
    return Alarm(
        provider=provider,
        clauses=tuple(sorted(clauses)),
        regressions=mine,
        waiting=tuple(sorted({each.subject for each in worse} - clauses)),
        kept=tuple(sorted(_kept(each for each in found.new.findings if each.provider == provider))),
        judged=not found.unjudged,
    )


def _kept(findings: Iterable[Finding]) -> set[str]:
    """Give the clauses of which nothing is open and nothing broken but what is excused."""
    seen: dict[str, bool] = {}
    for each in findings:
        good = each.excused or each.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED)
        seen[each.clause] = seen.get(each.clause, True) and good
    return {clause for clause, good in seen.items() if good}
