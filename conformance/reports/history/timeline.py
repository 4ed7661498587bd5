"""Since when each verdict holds, how often it changed, and how often it was an accident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

from conformance.reports.grouping import level_rank
from conformance.reports.history.index import HistoryError, Index, Progress, open_index
from conformance.reports.history.states import MARKS, State

_Z = 1.959964  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Spell:
    """Nights in a row with one verdict; those that could not tell do not end it."""

    state: State
    first: str
    last: str
    nights: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something occurred, with its 95 % interval by Wilson's score."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end, from 0 to 1; of nothing at all, everything is possible."""
        if not self.of:
            return 0.0, 1.0
        share, total, square = self.hits / self.of, self.of, _Z * _Z
        middle = share + square / (2 * total)
        room = _Z * sqrt(share * (1 - share) / total + square / (4 * total * total))
        scale = 1 + square / total
        return max((middle - room) / scale, 0.0), min((middle + room) / scale, 1.0)

    @property
    def share(self) -> float:
        """The share, from 0 to 1."""
        return self.hits / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Silence:
    """The newest nights, of which none could judge a promise that was judged before."""

    since: str
    nights: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """One promise of one provider over all nights, on models for which it is the same."""

    provider: str
    clause: str
    level: str
    models: tuple[str, ...]
    spells: tuple[Spell, ...]
    flakes: Rate
    unjudged: int  # nights
    marks: str  # a letter a night of the provider; a blank where there was none
    silence: Silence | None

    @property
    def changed(self) -> bool:
        """Whether it was ever different, or by accident."""
        return len(self.spells) > 1 or self.flakes.hits > 0

    @property
    def now(self) -> Spell | None:
        """What holds now, and since when; None where no night could tell."""
        return self.spells[-1] if self.spells else None


@dataclass(frozen=True, slots=True)
class Nights:
    """The runs of one provider."""

    provider: str
    started: tuple[str, ...]
    incomplete: int
    editions: tuple[str, ...]
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The runs of a folder over time."""

    folder: str
    nights: tuple[Nights, ...]
    timelines: tuple[Timeline, ...]
    unchanged: int  # promises, on a model each, that never changed and still are judged
    silent: int  # promises, on a model each, whose newest nights could not judge them
    problems: tuple[tuple[str, str], ...]  # files that are left out, and why
    notes: tuple[str, ...]


def history(
    folder: Path,
    provider: str = "*",
    clauses: str = "*",
    every: bool = False,
    progress: Progress | None = None,
) -> History:
    """Tell the history of the runs in a folder; with ``every``, also of what never changed.

    Raises `HistoryError` for a folder without any run.
    """
    with open_index(folder, *([progress] if progress else [])) as index:
        nights = [each for each in _nights(index) if fnmatchcase(each.provider, provider)]
        if not nights:
            raise HistoryError(f"{folder}: holds no run of a provider {provider!r}{_why(index)}")
        newest = {each.provider: each.started[-1] for each in nights}
        chosen, unchanged = _chosen(index, newest, clauses, every)
        _mark(index, chosen, {each.provider: each.started for each in nights})
        return History(
            folder=str(folder),
            nights=tuple(nights),
            timelines=tuple(_timelines(chosen, nights)),
            unchanged=unchanged,
            silent=sum(each.silence is not None for each in chosen),
            problems=tuple((path, why) for path, why in index.rows(_PROBLEMS)),
            notes=tuple(index.notes),
        )


_PROBLEMS = "SELECT path, problem FROM runs WHERE problem IS NOT NULL ORDER BY path"
_NIGHTS = """
SELECT provider, run, started, complete, edition, tool
FROM nights JOIN runs USING (run) ORDER BY provider, started, run
"""
_PROMISES = """
SELECT promise, provider, clause, level, model, judged, flakes, unjudged
FROM promises JOIN flakes USING (promise) ORDER BY provider, clause, model
"""
_ALL_SPELLS = "SELECT promise, state, first, last, nights FROM spells ORDER BY promise, first"
_CELLS = """
SELECT promise, list(started), list(state) FROM cells JOIN runs USING (run)
WHERE promise IN (SELECT unnest($promises)) GROUP BY promise
"""


@dataclass(slots=True)
class _Promise:
    """One promise on one model, as the index has it."""

    number: int
    provider: str
    clause: str
    level: str
    model: str
    flakes: Rate
    unjudged: int
    spells: tuple[Spell, ...] = ()
    marks: str = ""
    silence: Silence | None = None


def _why(index: Index) -> str:
    problems = index.rows(_PROBLEMS)
    return f"; {problems[0][0]}: {problems[0][1]}" if problems else ""


def _nights(index: Index) -> Iterator[Nights]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for provider, *rest in index.rows(_NIGHTS):
        found.setdefault(provider, []).append(tuple(rest))
    for provider, rows in found.items():
        yield Nights(
            provider=provider,
            started=tuple(started for _, started, *_ in rows),
            incomplete=sum(not complete for _, _, complete, *_ in rows),
            editions=tuple(dict.fromkeys(row[3] for row in rows)),
            tools=tuple(dict.fromkeys(row[4] for row in rows)),
        )


def _chosen(
    index: Index, newest: Mapping[str, str], clauses: str, every: bool
) -> tuple[list[_Promise], int]:
    """Give the promises to be told of, and how many never changed up to the newest night."""
    spells: dict[int, list[Spell]] = {}
    for number, state, first, last, nights in index.rows(_ALL_SPELLS):
        spells.setdefault(number, []).append(Spell(State(state), first, last, nights))
    found, unchanged = [], 0
    for number, provider, clause, level, model, judged, hits, unjudged in index.rows(_PROMISES):
        if provider not in newest or not fnmatchcase(clause, clauses):
            continue
        mine = tuple(spells.get(number, ()))
        quiet = bool(mine) and mine[-1].last < newest[provider]
        still = len(mine) <= 1 and not hits and not quiet
        unchanged += still
        if every or not still:
            rate = Rate(hits, judged)
            found.append(_Promise(number, provider, clause, level, model, rate, unjudged, mine))
    return found, unchanged


def _timelines(chosen: Iterable[_Promise], nights: Iterable[Nights]) -> Iterator[Timeline]:
    """Tell promises with the same history as one, those first that changed last."""
    groups: dict[tuple[str, str, str, tuple[Spell, ...]], list[_Promise]] = {}
    for each in chosen:
        key = (each.provider, each.clause, each.marks, each.spells)
        groups.setdefault(key, []).append(each)
    order = {each.provider: place for place, each in enumerate(nights)}
    found = list(map(_timeline, groups.values()))
    found.sort(key=lambda each: (level_rank(each.level), each.clause))
    found.sort(key=_newest, reverse=True)
    yield from sorted(found, key=lambda each: order[each.provider])


def _newest(timeline: Timeline) -> tuple[bool, str]:
    """Put first what changed last; then what is not judged any more: an outage has much of it."""
    if timeline.changed and timeline.now:
        return True, timeline.now.first
    return False, timeline.silence.since if timeline.silence else ""


def _timeline(group: Sequence[_Promise]) -> Timeline:
    first = group[0]
    return Timeline(
        provider=first.provider,
        clause=first.clause,
        level=first.level,
        models=tuple(each.model for each in group),
        spells=first.spells,
        flakes=first.flakes,
        unjudged=first.unjudged,
        marks=first.marks,
        silence=first.silence,
    )


def _mark(index: Index, promises: Sequence[_Promise], started: Mapping[str, Sequence[str]]) -> None:
    """Write a letter for each night of a promise's provider."""
    numbers = [each.number for each in promises]
    cells = {
        number: dict(zip(nights, states, strict=True))
        for number, nights, states in index.rows(_CELLS, {"promises": numbers})
    }
    for each in promises:
        mine = cells.get(each.number, {})
        each.marks = "".join(_LETTERS[mine.get(night)] for night in started[each.provider])
        if each.spells:
            each.silence = _silence(each.marks, started[each.provider])


def _silence(marks: str, started: Sequence[str]) -> Silence | None:
    """Give the nights at the end that could not judge; a flaky one did."""
    judged = len(marks.rstrip(_NOT_JUDGED))
    return Silence(started[judged], len(marks) - judged) if judged < len(marks) else None


_NOT_JUDGED = " ?!"

_LETTERS: dict[int | None, str] = {int(state): letter for state, letter in MARKS.items()}
_LETTERS[None] = " "


def squeezed(marks: str, width: int) -> str:
    """Fit a row of nights into a width: each letter the gravest of its nights."""
    if len(marks) <= width:
        return marks
    edges = [round(place * len(marks) / width) for place in range(width + 1)]
    parts = [marks[start:end] for start, end in pairwise(edges)]
    return "".join(max(part, key=_GRAVITY.index) for part in parts)


_GRAVITY = " -?.~kd!F"
"""Letters from the least to the gravest; a night that could not tell hides none that could."""
