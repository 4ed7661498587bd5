"""Verdicts that came, went or changed, and what class of change each is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.findings import BROKEN, SEVERITY, Finding, Verdict
from conformance.reports.drift.baseline import Before
from conformance.reports.drift.model import ABSENT, Change, Kind
from conformance.reports.grouping import level_rank
from conformance.results.conclusion import Reasons
from conformance.results.reach import Column
from conformance.results.run_file import Run

_CHANCE = frozenset({Verdict.UNAVAILABLE, Verdict.FLAKY})
_FIXED_SOURCES = frozenset({"cassette", "reference", "foreign"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One finding before and after; at least one of them is there."""

    kind: Kind
    before: Finding | None
    after: Finding | None
    confirmed: bool = False

    @property
    def finding(self) -> Finding:
        """The finding that speaks: the later one, if it is there."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def is_outage(self) -> bool:
        """Whether the provider did not decide; it is reported by its reason, not by clause."""
        return self.finding.verdict is Verdict.UNAVAILABLE and self.kind is Kind.NOISE


def verdict_changes(
    found: Before, new: Run, whole: bool, absent: Collection[Column] = ()
) -> tuple[list[Change], int]:
    """Return the changed verdicts, and how many more are explained by what is broken.

    `whole` is whether both sides judged all there was, so that what is missing came or went.
    The findings of `absent` models are not reported one by one.
    """
    now = {each.id: each for each in new.findings}
    turns = [
        Turn(kind, before, after, kind is Kind.REGRESSION and is_confirmed(after, new))
        for name, after in now.items()
        if (kind := kind_of(before := found.findings.get(name), after)) and (before or whole)
    ]
    if whole:
        gone = [found.findings[name] for name in found.newest - now.keys()]
        gone.sort(key=lambda each: (each.provider, each.model, each.case, each.clause))
        shown = [each for each in gone if (each.provider, each.model) not in absent]
        turns += [Turn(Kind.INFORMATION, each, None) for each in shown]
    reasons = Reasons(found.findings.values()), Reasons(new.findings)
    telling = [each for each in turns if not _is_explained(each, *reasons)]
    return list(_grouped(telling)), len(turns) - len(telling)


def kind_of(before: Finding | None, after: Finding) -> Kind | None:
    """Return the class of one finding's change; None where it stays what it was.

    A regression is a promise that was kept and is broken, without a known deviation.
    """
    if before is None:
        return Kind.INFORMATION
    if before.state == after.state:
        return None
    if after.verdict is Verdict.PASS and (before.verdict in BROKEN or before.excused):
        return Kind.FIXED
    if after.verdict in BROKEN and not after.excused and before.verdict is Verdict.PASS:
        return Kind.REGRESSION
    chance = after.verdict in _CHANCE or (
        before.verdict in _CHANCE and after.verdict is Verdict.PASS
    )
    return Kind.NOISE if chance and not after.excused else Kind.INFORMATION


def is_confirmed(finding: Finding, run: Run) -> bool:
    """Return whether a regression is no accident.

    Its exchange was made again at least twice and broke the promise each time, or its answer is
    the same each time: a cassette's, the reference provider's, or a foreign recording's.
    """
    if finding.repeats is not None and finding.repeats >= 2:
        return True
    exchange = run.exchanges.get(f"{finding.provider}/{finding.model}/{finding.case}")
    if exchange is not None:
        return exchange.provenance in _FIXED_SOURCES
    modes = {each.id: each.mode for each in run.header.providers}
    return modes.get(finding.provider) == "replay"


def word(finding: Finding | None) -> str:
    """Name a verdict as reports do."""
    return finding.state.label if finding else ABSENT


def _is_explained(turn: Turn, before: Reasons, now: Reasons) -> bool:
    """Return whether what was broken, then or now, is why a promise could not be judged."""
    sides = ((turn.before, before), (turn.after, now))
    return turn.kind is Kind.INFORMATION and any(
        reasons.stand_at(turn.finding) if each is None else reasons.explain(each)
        for each, reasons in sides
    )


def _grouped(turns: Iterable[Turn]) -> Iterator[Change]:
    groups: dict[tuple[object, ...], list[Turn]] = {}
    for each in turns:
        finding, outage = each.finding, each.is_outage
        subject = finding.message if outage else finding.clause
        before = "" if outage else word(each.before)
        key = (each.kind, finding.provider, subject, before, word(each.after))
        groups.setdefault(key, []).append(each)
    yield from map(
        _change, sorted(groups.values(), key=lambda group: level_rank(group[0].finding.level))
    )


def _change(turns: Sequence[Turn]) -> Change:
    first = max(turns, key=lambda each: (each.confirmed, SEVERITY[each.finding.verdict]))
    outage = first.is_outage
    sure = [each for each in turns if each.confirmed]
    return Change(
        kind=first.kind,
        what="verdict",
        provider=first.finding.provider,
        subject="" if outage else first.finding.clause,
        level="" if outage else first.finding.level,
        before="" if outage else word(first.before),
        after=word(first.after),
        models=tuple(dict.fromkeys(each.finding.model for each in turns)),
        cases=tuple(dict.fromkeys(each.finding.case for each in turns)),
        count=len(turns),
        message=said(first.finding),
        confirmed=bool(sure),
        sure=len(sure),
        repeats=max((each.finding.repeats or 0 for each in sure), default=0) or None,
    )


def said(finding: Finding) -> str:
    """Return what a finding says, in one line."""
    parts = [finding.message] if finding.message else []
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"observed {finding.observed}"] if finding.observed else []
    if finding.rate is not None:
        parts.append(f"broken {finding.rate:.0%} of the time")
    return "; ".join(parts)
