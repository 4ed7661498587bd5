"""Verdicts that came, went or changed, and what class of change each is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.findings import BROKEN, DECIDED, SEVERITY, Finding, Verdict
from conformance.reports.drift.baseline import Before, Key, finding_key
from conformance.reports.drift.model import Change, Kind
from conformance.reports.grouping import level_rank
from conformance.results.conclusion import Reasons
from conformance.results.run_file import Run

_CHANCE = frozenset({Verdict.UNAVAILABLE, Verdict.FLAKY})
_FIXED_SOURCES = frozenset({"cassette", "reference", "foreign"})
ABSENT = "absent"


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


def verdict_changes(
    found: Before, new: Run, whole: bool, absent: Collection[tuple[str, ...]] = ()
) -> tuple[list[Change], int, int]:
    """Give the changed verdicts, how many were compared, and how many others explain.

    ``whole`` says that both sides judged all there was, so that what is missing came or went.
    ``absent`` are models, each after its provider, whose findings are not told one by one.
    """
    now = {finding_key(each): each for each in new.findings}
    turns = [
        Turn(kind, before, after, kind is Kind.REGRESSION and confirmed(after, new))
        for key, after in now.items()
        if (kind := kind_of(before := found.findings.get(key), after)) and (before or whole)
    ]
    if whole:
        gone = {key for key in found.newest - now.keys() if key[:2] not in absent}
        turns += [Turn(Kind.INFORMATION, found.findings[key], None) for key in sorted(gone)]
    reasons = Reasons(found.findings.values()), Reasons(new.findings)
    telling = [each for each in turns if not _explained(each, *reasons)]
    compared = sum(_decided(key, found.findings, now) for key in now.keys() & found.findings.keys())
    return list(_grouped(telling)), compared, len(turns) - len(telling)


def _decided(key: Key, *sides: Mapping[Key, Finding]) -> bool:
    return all(each[key].verdict in DECIDED for each in sides)


def kind_of(before: Finding | None, after: Finding) -> Kind | None:
    """Give the class of one finding's change; None where it stays what it was.

    A regression is a promise that was kept and is broken, without a known deviation.
    """
    if before is None:
        return Kind.INFORMATION
    if word(before) == word(after):
        return None
    if after.verdict is Verdict.PASS and (before.verdict in BROKEN or before.excused):
        return Kind.FIXED
    if after.verdict in BROKEN and not after.excused and before.verdict is Verdict.PASS:
        return Kind.REGRESSION
    chance = after.verdict in _CHANCE or (
        before.verdict in _CHANCE and after.verdict is Verdict.PASS
    )
    return Kind.NOISE if chance and not after.excused else Kind.INFORMATION


def confirmed(finding: Finding, run: Run) -> bool:
    """Whether a regression is no accident.

    Its exchange was made again at least twice and broke the promise each time, or its answer is
    the same each time: a cassette's, the reference provider's, or a foreign recording's.
    """
    if finding.repeats is not None and finding.repeats >= 2:
        return True
    name = f"{finding.provider}/{finding.model}/{finding.case}"
    exchange = run.exchanges.get(name)
    if exchange is not None:
        return exchange["provenance"] in _FIXED_SOURCES
    modes = {each["id"]: each["mode"] for each in run.header["providers"]}
    return modes.get(finding.provider) == "replay"


def word(finding: Finding | None) -> str:
    """Name a verdict as reports do."""
    return ABSENT if finding is None else finding.state.label


def _explained(turn: Turn, before: Reasons, now: Reasons) -> bool:
    """Whether a promise could not be judged, then or now, because of what was broken there."""
    sides = ((turn.before, before), (turn.after, now))
    return turn.kind is Kind.INFORMATION and any(
        reasons.stand_at(turn.finding) if each is None else reasons.explain(each)
        for each, reasons in sides
    )


def _grouped(turns: Iterable[Turn]) -> Iterator[Change]:
    groups: dict[tuple[object, ...], list[Turn]] = {}
    for each in turns:
        groups.setdefault(_group(each), []).append(each)
    ranked = sorted(groups.values(), key=lambda group: level_rank(group[0].finding.level))
    yield from map(_change, ranked)


def _group(turn: Turn) -> tuple[object, ...]:
    """An outage is told by its reason, everything else by the promise it is about."""
    finding = turn.finding
    outage = finding.verdict is Verdict.UNAVAILABLE and turn.kind is Kind.NOISE
    subject = finding.message if outage else finding.clause
    before = "" if outage else word(turn.before)
    return turn.kind, finding.provider, subject, before, word(turn.after)


def _change(turns: Sequence[Turn]) -> Change:
    first = max(turns, key=_weight).finding
    kind, after = turns[0].kind, word(turns[0].after)
    outage = after == Verdict.UNAVAILABLE.value and kind is Kind.NOISE
    sure = [each for each in turns if each.confirmed]
    repeats = [each.finding.repeats or 0 for each in sure]
    return Change(
        kind=kind,
        what="verdict",
        provider=first.provider,
        subject="" if outage else first.clause,
        level="" if outage else first.level,
        before="" if outage else word(turns[0].before),
        after=after,
        models=tuple(dict.fromkeys(each.finding.model for each in turns)),
        cases=tuple(dict.fromkeys(each.finding.case for each in turns)),
        count=len(turns),
        message=said(first),
        confirmed=bool(sure),
        sure=len(sure),
        repeats=max(repeats, default=0) or None,
    )


def _weight(turn: Turn) -> tuple[bool, int]:
    return turn.confirmed, SEVERITY[turn.finding.verdict]


def said(finding: Finding) -> str:
    """Say what a finding came to, in one line."""
    parts = [finding.message] if finding.message else []
    parts += [f"expected {finding.expected}"] if finding.expected else []
    parts += [f"observed {finding.observed}"] if finding.observed else []
    if finding.rate is not None:
        parts.append(f"broken {finding.rate:.0%} of the time")
    return "; ".join(parts)
