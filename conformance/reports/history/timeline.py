"""Since when each verdict holds, how often it changed, and how often it was an accident."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from conformance.errors import ConformanceError, UnknownNameError
from conformance.findings import NOT_JUDGED, STATES, TELLING, State, Verdict, state_of
from conformance.output.globs import matches, unmatched
from conformance.output.printing import printable
from conformance.reports.grouping import group_by
from conformance.reports.measures import Rate
from conformance.reports.summary import Summary
from conformance.results.baselines import run_files
from conformance.results.reach import LEVELS, NO_FINDING
from conformance.results.records import ClauseRecord
from conformance.results.run_file import RunFileError
from conformance.results.run_states import RunStates, StatesReader

_TELLING = {state.letter: state for state in TELLING}
_CLASS = re.escape("".join(_TELLING))
# one verdict, for as long as only nights that decided nothing stand between its nights
_SPELL = re.compile(rf"([{_CLASS}])(?:[^{_CLASS}]*\1)*")
_NOT_TELLING = re.compile(rf"[^{_CLASS}]+")
# a letter before another one that stands alone: the next but one is the same again
_FLIP = re.compile(r"(.)(?=(?!\1)(.)\1)")
_FLAKY = state_of(Verdict.FLAKY).letter
_OPEN = (Verdict.UNAVAILABLE, Verdict.NOT_TESTABLE, Verdict.NOT_RUN)
MARKS = str.maketrans({state_of(verdict).letter: NOT_JUDGED for verdict in _OPEN})
"""Why a night judged nothing is left out of a row of nights."""
_SILENT = NO_FINDING + NOT_JUDGED + state_of(Verdict.HARNESS_ERROR).letter
_GRAVITY = NO_FINDING + "".join(state.letter for state in reversed(STATES)).translate(MARKS)
"""Letters from the least to the gravest: a night that decided nothing hides none that did."""


_AHEAD = timedelta(days=1)  # that clocks of machines may differ

LeftOut = tuple[str, str]
"""A file that is left out, and why."""


class HistoryError(ConformanceError):
    """A folder that holds no history."""


@dataclass(frozen=True, slots=True)
class Spell:
    """Nights in a row with one verdict; those that decided nothing do not end it."""

    state: State
    first: str
    last: str
    nights: int


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
    retired: str = ""  # the day on which the models ended, so that it is not asked any more

    @property
    def changed(self) -> bool:
        """Return whether it was ever different, or by accident."""
        return len(self.spells) > 1 or self.flakes.hits > 0

    @property
    def now(self) -> Spell | None:
        """What holds now, and since when; None where no night decided it."""
        return self.spells[-1] if self.spells else None


@dataclass(frozen=True, slots=True)
class Nights:
    """The runs of one provider."""

    provider: str
    started: tuple[str, ...]
    incomplete: int  # runs that were cut off
    parts: int  # runs that came to their end, and judged no more than a part of a model
    editions: tuple[str, ...]
    tools: tuple[str, ...]
    retired: Mapping[str, str]  # models that have ended, each with the day


@dataclass(frozen=True, slots=True)
class History:
    """The runs of a folder over time."""

    nights: tuple[Nights, ...]
    timelines: tuple[Timeline, ...]
    unchanged: int  # promises, on a model each, that never changed and still are judged
    silent: int  # promises, on a model each, whose newest nights could not judge them
    unjudged: int  # promises, on a model each, that no night could judge
    problems: tuple[LeftOut, ...]


def history(folder: Path, provider: str = "*", clauses: str = "*", every: bool = False) -> History:
    """Return the history of the runs in a folder; with `every`, also of what never changed.

    Raises `HistoryError` for a folder without any run, and `UnknownNameError` for a glob of
    clauses that none of them has.
    """
    runs, problems = runs_of(folder)
    providers: dict[str, list[RunStates]] = {}
    for run in runs:
        for name in dict.fromkeys(name for name, _ in run.states):
            if matches(name, provider):
                providers.setdefault(name, []).append(run)
    if not providers:
        why = "; {}: {}".format(*problems[0]) if problems else ""
        what = "run file" if provider == "*" else f"run of a provider {provider!r}"
        raise HistoryError(f"{folder}: holds no {what}{why}")
    known = {clause.id for runs in providers.values() for run in runs for clause in run.clauses}
    if (stray := unmatched(clauses, known)) is not None:
        raise UnknownNameError("clause", stray, known, str(folder))
    timelines: list[Timeline] = []
    unchanged = unjudged = 0
    for name in sorted(providers):
        found = list(timelines_of(name, providers[name], clauses))
        news = [timeline for timeline in found if timeline.changed or timeline.silence]
        rest = [timeline for timeline in found if not (timeline.changed or timeline.silence)]
        unchanged += _columns(timeline for timeline in rest if timeline.now)
        unjudged += _columns(timeline for timeline in rest if not timeline.now)
        timelines += sorted(found if every else news, key=_newest, reverse=True)
    return History(
        nights=tuple(_nights(name, providers[name]) for name in sorted(providers)),
        timelines=tuple(timelines),
        unchanged=unchanged,
        silent=_columns(timeline for timeline in timelines if timeline.silence),
        unjudged=unjudged,
        problems=tuple(problems),
    )


def _columns(timelines: Iterable[Timeline]) -> int:
    """Count promises on a model each."""
    return sum(len(timeline.models) for timeline in timelines)


def runs_of(folder: Path) -> tuple[list[RunStates], list[LeftOut]]:
    """Return the runs of a folder in the order of their start, and the files that are left out.

    Raises `HistoryError` for what is no folder.
    """
    if not folder.is_dir():
        raise HistoryError(f"{folder}: is no folder; name the one that holds the run files")
    runs: dict[str, RunStates] = {}
    problems: list[LeftOut] = []
    reader = StatesReader()
    for path in run_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            run = reader.read(path)
        except RunFileError as error:
            problems.append((name, str(error)))
            continue
        if reason := _date_fault(run.started):
            problems.append((name, reason))
        else:
            runs[name] = run
    copies = dict(_copies(runs))
    names = sorted(runs.keys() - copies.keys(), key=lambda name: (runs[name].started, name))
    return [runs[name] for name in names], sorted([*problems, *copies.items()])


def _date_fault(started: str) -> str:
    """Return why a run cannot be put in order: no date, or one that is yet to come."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return f"it started on {printable(started, 40)!r}, which is no date; correct its first line"
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC) + _AHEAD:
        return ""
    return f"it started on {printable(started, 40)}, which is yet to come; a clock was wrong"


def _copies(runs: dict[str, RunStates]) -> Iterator[LeftOut]:
    """Yield the files of a run that another file has as well.

    The whole one counts, else the longest, whatever their names.
    """
    worth = {name: (run.complete, run.findings) for name, run in runs.items()}
    for names in group_by(runs, lambda name: runs[name].id).values():
        # of equal copies the first by name, on whatever machine
        best, *others = sorted(sorted(names), key=worth.__getitem__, reverse=True)
        for name in others:
            remark = ""
            if runs[name].interrupted and worth[name] < worth[best]:
                count, total = runs[name].findings, runs[best].findings
                remark = f", cut off after {count} of {total} findings"
            yield name, f"a copy of {best}{remark}"


def _nights(provider: str, runs: Sequence[RunStates]) -> Nights:
    return Nights(
        provider=provider,
        started=tuple(run.started for run in runs),
        incomplete=sum(run.interrupted for run in runs),
        parts=sum(not run.interrupted and run.is_part(provider) for run in runs),
        editions=tuple(
            dict.fromkeys(run.editions[provider] for run in runs if provider in run.editions)
        ),
        tools=tuple(dict.fromkeys(run.tool for run in runs)),
        retired={model: day for (name, model), day in runs[-1].retired.items() if name == provider},
    )


def _newest(timeline: Timeline) -> tuple[bool, str]:
    """Put first what changed last; then what is not judged any more: an outage has much of it."""
    if timeline.changed and timeline.now:
        return True, timeline.now.first
    return False, timeline.silence.since if timeline.silence else ""


def timelines_of(provider: str, runs: Sequence[RunStates], glob: str) -> Iterator[Timeline]:
    """Yield the promises of a provider, MUST first; models with the same nights share one."""
    # runs of one suite and edition share one tuple of clauses: a year has a handful of them
    layouts = {id(run.clauses): run.clauses for run in runs}
    levels = {clause.id: clause.level for layout in layouts.values() for clause in layout}
    positions = {key: _positions(layout, levels) for key, layout in layouts.items()}
    models_by_row: dict[tuple[str, str, str], list[str]] = {}
    ended = runs[-1].retired if runs else {}
    for model in sorted({model for run in runs for name, model in run.states if name == provider}):
        column = provider, model
        nights = [_aligned(run.states.get(column, ""), positions[id(run.clauses)]) for run in runs]
        for clause, letters in zip(levels, zip(*nights, strict=True), strict=True):
            marks = "".join(letters).translate(MARKS)
            if not marks.isspace() and matches(clause, glob):
                # a model that has ended and is still asked is not over
                retired = ended.get(column, "") if marks.endswith(NO_FINDING) else ""
                models_by_row.setdefault((clause, marks, retired), []).append(model)
    started = [run.started for run in runs]
    rows = sorted(models_by_row, key=lambda row: (LEVELS.index(levels[row[0]]), row[0]))
    for clause, marks, retired in rows:
        spells = tuple(_spells(marks, started))
        flakes, unjudged = _flakes(marks)
        yield Timeline(
            provider=provider,
            clause=clause,
            level=levels[clause],
            models=tuple(models_by_row[clause, marks, retired]),
            spells=spells,
            flakes=flakes,
            unjudged=unjudged,
            marks=marks,
            silence=_silence(marks, started) if spells and not retired else None,
            retired=retired,
        )


def _silence(marks: str, started: Sequence[str]) -> Silence | None:
    """Return the nights at the end that could not judge; a flaky one did."""
    judged = len(marks.rstrip(_SILENT))
    return Silence(started[judged], len(marks) - judged) if judged < len(marks) else None


def _positions(layout: Sequence[ClauseRecord], levels: Mapping[str, str]) -> Sequence[int]:
    """Return where in the letters of a run each clause stands, -1 for one that it does not know."""
    position_of = {clause.id: position for position, clause in enumerate(layout)}
    positions = [position_of.get(clause, -1) for clause in levels]
    in_order = range(len(positions))
    return in_order if positions == list(in_order) else positions


def _aligned(states: str, positions: Sequence[int]) -> str:
    """Return the letters of a run in the order of all clauses."""
    if not states:
        return NO_FINDING * len(positions)
    if isinstance(positions, range):  # as in most runs of a year: nothing is to be moved
        return states
    padded = states + NO_FINDING  # which the place -1 then stands for
    return "".join(map(padded.__getitem__, positions))


def _spells(marks: str, started: Sequence[str]) -> Iterator[Spell]:
    for spell in _SPELL.finditer(marks):
        yield Spell(
            _TELLING[spell[1]],
            first=started[spell.start()],
            last=started[spell.end() - 1],
            nights=spell[0].count(spell[1]),
        )


def _flakes(marks: str) -> tuple[Rate, int]:
    """Return how many nights were an accident, and how many decided nothing.

    An accident is a flaky night, and one that alone differs from the night before and after it.
    """
    flaky, telling = marks.count(_FLAKY), _NOT_TELLING.sub("", marks)
    flips = len(_FLIP.findall(telling))
    unjudged = len(marks) - marks.count(NO_FINDING) - len(telling) - flaky
    return Rate(flips + flaky, len(telling) + flaky), unjudged


def squeezed(marks: str, width: int) -> str:
    """Fit a row of nights into a width: each letter the gravest of its nights."""
    if len(marks) <= width:
        return marks
    edges = [round(index * len(marks) / width) for index in range(width + 1)]
    parts = [marks[start:end] for start, end in pairwise(edges)]
    return "".join(max(part, key=_GRAVITY.index) for part in parts)


def with_history(summary: Summary, folder: Path) -> Summary:
    """Add the history of a folder of nights, up to the newest run of the summary.

    Raises `HistoryError` for a folder without any run.
    """
    newest = max(run.header.started for run in summary.merged.runs)
    changes = {}
    for timeline in history(folder, every=True).timelines:
        spells = [(spell.first, spell.state.label) for spell in timeline.spells]
        if timeline.silence is not None:
            spells.append((timeline.silence.since, "not judged"))
        if until := tuple(spell for spell in spells if spell[0] <= newest):
            for model in timeline.models:
                changes[timeline.provider, model, timeline.clause] = until
    return replace(summary, spells=changes)
