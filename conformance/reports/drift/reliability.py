"""What fails now and then: the rate of it against the rate of the nights before.

A clause that is broken in a share of its exchanges, and requests that must be sent again. Judged
case by case, it would by chance be a regression, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.findings import BROKEN, Finding, Verdict
from conformance.reports.costs import sent_once
from conformance.reports.drift.model import ChangeKind, DriftChange
from conformance.reports.grouping import group_by
from conformance.reports.measures import Rate, Retries, measures_of
from conformance.results.run_file import Run

Subject = tuple[str, str, str]
"""A clause on a model of a provider."""


_LAST = 3
"""Requests in a row of which none was answered; a live run gives up after more."""


@dataclass(slots=True)
class _Tally:
    """The exchanges of one clause on one model, those that broke it, and an example of them."""

    hits: int = 0
    of: int = 0
    flaky: bool = False
    broken: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding and the exchanges that were made again for it."""
        exchanges = 1 + (finding.repeats or 0)  # each repeat is an exchange of its own
        if finding.verdict is Verdict.FLAKY and finding.rate is not None:
            self.hits += round(finding.rate * exchanges)
            self.flaky = True
        elif finding.verdict in BROKEN:
            self.hits += exchanges
        elif finding.verdict is not Verdict.PASS:
            return
        self.of += exchanges
        if finding.verdict is not Verdict.PASS:
            self.broken.append(finding)

    @property
    def rate(self) -> Rate:
        """How often it was broken."""
        return Rate(self.hits, self.of)


def became_unreliable(bases: Sequence[Run], new: Run) -> list[DriftChange]:
    """Return what fails now and then, and surely more often than on the nights before."""
    return [*_clauses(bases, new), *_requests(bases, new)]


def subject_of(finding: Finding) -> Subject:
    """Return the clause of a finding, on its model."""
    return finding.provider, finding.model, finding.clause


def subjects_of(changes: Iterable[DriftChange]) -> frozenset[Subject]:
    """Return the clauses on models that some changes are about: no single case of them decides."""
    return frozenset(
        (change.provider, model, change.subject) for change in changes for model in change.models
    )


def _clauses(bases: Sequence[Run], new: Run) -> Iterator[DriftChange]:
    """Yield the clauses of which a finding was flaky, and more are broken than were before."""
    before, now = _tallies(bases), _tallies([new])
    for subject, tally in now.items():
        earlier = before.get(subject, _Tally())
        if tally.flaky and _is_worse(earlier.rate, tally.rate):
            provider, model, clause = subject
            yield DriftChange(
                kind=ChangeKind.UNRELIABLE,
                what="reliability",
                provider=provider,
                subject=clause,
                level=tally.broken[0].level,
                before=share_of(earlier.rate),
                after=share_of(tally.rate),
                models=(model,),
                cases=tuple(dict.fromkeys(finding.case for finding in tally.broken)),
                count=len(tally.broken),
                message=tally.broken[0].message,
                confirmed=True,
            )


def _tallies(runs: Iterable[Run]) -> dict[Subject, _Tally]:
    tallies: dict[Subject, _Tally] = {}
    for run in runs:
        for finding in run.findings:
            if not finding.excused:
                tallies.setdefault(subject_of(finding), _Tally()).add(finding)
    return tallies


def _is_worse(before: Rate, now: Rate) -> bool:
    """Return whether the intervals of two rates leave no doubt; what was not judged is no rate."""
    return before.of > 0 and now.interval[0] > before.interval[1]


def _requests(bases: Sequence[Run], new: Run) -> Iterator[DriftChange]:
    """Yield providers of which more attempts fail than did before.

    Where all of them fail, or the last before the run ended, it is an outage, which leaves the
    night undecided.
    """
    before, now = _retries(bases), _retries([new])
    unanswering = _unanswering_at_the_end(new)
    for provider, retries in now.items():
        earlier = before.get(provider)
        is_outage = retries.failed.hits == retries.failed.of or provider in unanswering
        if earlier is not None and not is_outage and _is_worse(earlier.failed, retries.failed):
            yield DriftChange(
                kind=ChangeKind.UNRELIABLE,
                what="reliability",
                provider=provider,
                subject="requests",  # and no clause
                before=share_of(earlier.failed),
                after=share_of(retries.failed),
                count=retries.failed.hits,
                message="; ".join(f"{why} ({count})" for why, count in retries.reasons.items()),
                confirmed=True,
            )


def _unanswering_at_the_end(run: Run) -> set[str]:
    """Return the providers that answered none of the last requests before the rest was not sent.

    That a part was not run does not say so alone: a budget, or the user, may have ended the run.
    """
    unfinished = {
        finding.provider for finding in run.findings if finding.verdict is Verdict.NOT_RUN
    }
    sent = (
        exchange for exchange in run.exchanges.values() if exchange.sent_at and exchange.was_sent
    )
    in_order = sorted(sent, key=lambda exchange: str(exchange.sent_at))
    by_provider = group_by(in_order, lambda exchange: exchange.provider)
    return {
        name
        for name in unfinished & by_provider.keys()
        if all(exchange.outcome == "unavailable" for exchange in by_provider[name][-_LAST:])
    }


def _retries(runs: Sequence[Run]) -> Mapping[str, Retries]:
    providers = group_by(sent_once(runs), lambda exchange: exchange.provider)
    return {name: measures_of(sent).retries for name, sent in providers.items()}


def share_of(rate: Rate) -> str:
    """Write a rate with its interval, as what failed of what was tried."""
    low, high = rate.interval
    return f"{rate.hits} of {rate.of} failed ({low:.0%} to {high:.0%})"
