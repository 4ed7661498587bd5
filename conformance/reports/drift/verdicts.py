"""Verdicts that came, went or changed, and what class of change each is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from conformance.findings import BROKEN, SEVERITY, Finding, Verdict
from conformance.reports.drift.model import ABSENT, Baseline, ChangeKind, DriftChange
from conformance.reports.drift.outliers import Subject, subject_of
from conformance.reports.grouping import group_by
from conformance.results.conclusion import Reasons
from conformance.results.reach import LEVELS, ColumnKey
from conformance.results.run_file import Run

_CHANCE = frozenset({Verdict.UNAVAILABLE, Verdict.FLAKY})
_FIXED_SOURCES = frozenset({"cassette", "reference", "foreign"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One finding before and after; at least one of them is there."""

    kind: ChangeKind
    before: Finding | None
    after: Finding | None
    confirmed: bool = False

    @property
    def finding(self) -> Finding:
        """The finding to report: the later one, if it is there."""
        finding = self.after or self.before
        assert finding is not None
        return finding

    @property
    def is_of_the_run(self) -> bool:
        """Return whether an outage or the end of the run left it undecided.

        Reports name the reason, and not each clause.
        """
        outage = self.finding.verdict is Verdict.UNAVAILABLE and self.kind is ChangeKind.NOISE
        return outage or (self.after is not None and self.after.verdict is Verdict.NOT_RUN)


def verdict_changes(
    baseline: Baseline,
    new: Run,
    both_whole: bool,
    absent: Collection[ColumnKey],
    arrived: Collection[ColumnKey],
    unreliable: Collection[Subject],
    flaky: Collection[str],
) -> tuple[list[DriftChange], int]:
    """Return the changed verdicts, and how many more are explained by what is broken.

    A clause that became `unreliable` on a model is reported as that; what follows from the `flaky`
    exchanges that broke it is counted.

    `both_whole` is whether both sides judged all there was, so that what is missing came or went.
    The findings of `absent` models are not reported one by one, nor those of models that `arrived`
    where nothing is broken.
    """
    now = {finding.id: finding for finding in new.findings}
    turns = []
    for name, after in now.items():
        before = baseline.findings.get(name)
        kind = kind_of(before, after)
        is_news = both_whole and (after.column not in arrived or after.verdict in BROKEN)
        if kind is not None and (before is not None or is_news):
            confirmed = kind is ChangeKind.REGRESSION and is_confirmed(after, new)
            turns.append(Turn(kind, before, after, confirmed))
    if both_whole:
        vanished = [baseline.findings[name] for name in baseline.newest - now.keys()]
        vanished.sort(key=lambda finding: (*finding.column, finding.case, finding.clause))
        reported = [finding for finding in vanished if finding.column not in absent]
        turns += [Turn(ChangeKind.INFORMATION, finding, None) for finding in reported]
    reasons = Reasons(baseline.findings.values()), Reasons(new.findings)
    unexplained = (turn for turn in turns if not _is_explained(turn, *reasons))
    telling = [turn for turn in unexplained if not _is_of_chance(turn, unreliable, flaky)]
    groups = group_by(telling, _what_is_one_change).values()
    in_order = sorted(groups, key=lambda group: LEVELS.index(group[0].finding.level))
    return list(map(_change, in_order)), len(turns) - len(telling)


def flaky_exchanges(new: Run, unreliable: Collection[Subject]) -> set[str]:
    """Return the paths of exchanges that broke a clause which became unreliable."""
    not_passed = (finding for finding in new.findings if finding.verdict is not Verdict.PASS)
    return {finding.path for finding in not_passed if subject_of(finding) in unreliable}


def kind_of(before: Finding | None, after: Finding) -> ChangeKind | None:
    """Return the class of one finding's change; None where it stays what it was.

    A regression is a promise that was kept and is broken, without a known deviation.
    """
    if before is None:
        return ChangeKind.INFORMATION
    if before.state == after.state:
        return None
    if after.verdict is Verdict.PASS and (before.verdict in BROKEN or before.excused):
        return ChangeKind.FIXED
    if after.verdict in BROKEN and not after.excused and before.verdict is Verdict.PASS:
        return ChangeKind.REGRESSION
    # an outage begins or ends by chance; what it hid may be news
    chance = after.verdict in _CHANCE or (
        before.verdict in _CHANCE and after.verdict is Verdict.PASS
    )
    return ChangeKind.NOISE if chance and not after.excused else ChangeKind.INFORMATION


def is_confirmed(finding: Finding, run: Run) -> bool:
    """Return whether a regression is no accident.

    Its exchange was made again at least twice and broke the promise each time, or its answer is
    the same each time: a cassette's, the reference provider's, or a foreign recording's.
    """
    if finding.repeats is not None and finding.repeats >= 2:
        return True
    exchange = run.exchanges.get(finding.path)
    if exchange is not None:
        return exchange.provenance in _FIXED_SOURCES
    modes = {provider.id: provider.mode for provider in run.header.providers}
    return modes.get(finding.provider) == "replay"


def word(finding: Finding | None) -> str:
    """Name a verdict as reports do."""
    return finding.state.label if finding else ABSENT


def _is_of_chance(turn: Turn, unreliable: Collection[Subject], flaky: Collection[str]) -> bool:
    """Return whether a change is of a clause that became unreliable, or only follows from it."""
    after = turn.after
    if after is None:
        return turn.finding.path in flaky
    unreliably = subject_of(after) in unreliable and after.verdict is not Verdict.PASS
    follows = after.path in flaky or after.control_path in flaky
    return (unreliably and not after.excused) or (follows and after.verdict is Verdict.NOT_TESTABLE)


def _is_explained(turn: Turn, before: Reasons, now: Reasons) -> bool:
    """Return whether what was broken, then or now, is why a promise could not be judged."""
    sides = ((turn.before, before), (turn.after, now))
    return turn.kind is ChangeKind.INFORMATION and any(
        reasons.stand_at(turn.finding) if finding is None else reasons.explain(finding)
        for finding, reasons in sides
    )


def _what_is_one_change(turn: Turn) -> tuple[object, ...]:
    """Return what turns have in common that are reported as one change."""
    finding, of_run = turn.finding, turn.is_of_the_run
    subject = finding.message if of_run else finding.clause
    before = "" if of_run else word(turn.before)
    return turn.kind, finding.provider, subject, before, word(turn.after)


def _change(turns: Sequence[Turn]) -> DriftChange:
    gravest = max(turns, key=lambda turn: (turn.confirmed, SEVERITY[turn.finding.verdict]))
    of_run = gravest.is_of_the_run
    confirmed = [turn for turn in turns if turn.confirmed]
    finding = gravest.finding
    parts = [finding.message] if finding.message else []
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"observed {finding.observed}"] if finding.observed else []
    parts += [f"broken {finding.rate:.0%} of the time"] if finding.rate is not None else []
    return DriftChange(
        kind=gravest.kind,
        what="verdict",
        provider=finding.provider,
        subject="" if of_run else finding.clause,
        level="" if of_run else finding.level,
        before="" if of_run else word(gravest.before),
        after=word(gravest.after),
        models=tuple(dict.fromkeys(turn.finding.model for turn in turns)),
        cases=tuple(dict.fromkeys(turn.finding.case for turn in turns)),
        count=len(turns),
        message="; ".join(parts),
        confirmed=bool(confirmed),
        sure=len(confirmed),
        repeats=max((turn.finding.repeats or 0 for turn in confirmed), default=0) or None,
    )
