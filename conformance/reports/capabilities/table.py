"""The capability table: what every provider makes of every value, model by model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.findings import Finding
from conformance.reports.capabilities.answers import (
    DECIDED,
    SILENT,
    Evidence,
    JudgedGeneration,
    ModelAnswers,
    Word,
)
from conformance.reports.grouping import group_by
from conformance.results.reach import ColumnKey
from conformance.results.records import ValueRecord
from conformance.results.run_file import Run
from conformance.results.selection import columns_of, extent

Value = tuple[tuple[str, str], ...]
"""A parameter with its value; several, where the contract forbids them together."""


_DIGITS = 10  # of a number that values are put in order by


@dataclass(frozen=True, slots=True)
class Capability:
    """What one provider makes of one value: the worst that was decided, and why."""

    word: Word
    why: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def times(self) -> tuple[int, int]:
        """In how many exchanges it is this word, and how many decided anything."""
        words = Counter(proof.word for proof in self.evidence if proof.word in DECIDED)
        return words[self.word], words.total()

    @property
    def always(self) -> bool:
        """Return whether all exchanges that decided something agree."""
        return self.word not in DECIDED or len(set(self.times)) == 1


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One value and its cells, one for every side."""

    parameter: str
    value: str
    standing: str
    cells: tuple[Capability, ...]
    standings: tuple[str, ...]  # for every side, empty where no document of its edition knows it

    @property
    def differs(self) -> bool:
        """Return whether sides that decided it have different words."""
        return len({cell.word for cell in self.cells if cell.word in DECIDED}) > 1

    @property
    def asked(self) -> bool:
        """Return whether any side was asked."""
        return any(cell.word not in SILENT for cell in self.cells)

    @property
    def why_not(self) -> str:
        """Why nobody was asked: the reason of the first side that could have been."""
        reasons = [cell.why for cell in self.cells if cell.word is Word.NOT_ASKED]
        return reasons[0] if reasons else self.cells[0].why


@dataclass(frozen=True, slots=True)
class ModelTable:
    """The values of one model, and who was asked for them."""

    model: str
    sides: tuple[str, ...]
    rows: tuple[ValueRow, ...]

    @property
    def differing(self) -> int:
        """How many values the sides treat differently."""
        return sum(row.differs for row in self.rows)

    @property
    def by_parameter(self) -> dict[str, list[ValueRow]]:
        """The values that anybody was asked for, by parameter."""
        return group_by((row for row in self.rows if row.asked), lambda row: row.parameter)

    @property
    def not_asked(self) -> dict[str, list[ValueRow]]:
        """The values that nobody was asked for, by the reason."""
        return group_by((row for row in self.rows if not row.asked), lambda row: row.why_not)

    def counts(self, side: int) -> dict[Word, int]:
        """Count the words of one side."""
        counts = Counter(row.cells[side].word for row in self.rows)
        return {word: counts[word] for word in Word if counts[word]}


@dataclass(frozen=True, slots=True)
class Side:
    """One provider's answers about one model, and the runs they are of."""

    label: str
    answers: ModelAnswers
    runs: tuple[Run, ...]
    values: Mapping[Value, ValueRecord]

    @property
    def edition(self) -> str:
        """The edition by which they were judged."""
        return self.runs[0].header.edition.id

    @property
    def standings(self) -> dict[Value, str]:
        """The values of the contract and those that were asked for, with their standing."""
        standings = {value: record.standing for value, record in self.values.items()}
        for generation in self.answers.generations:
            if generation.exchange.expected in ("accepted", "open"):
                standing = "documented" if generation.exchange.expected == "accepted" else "open"
                for pair in generation.exchange.asks.items():
                    standings.setdefault((pair,), standing)
        return standings


def sides_of(runs: Sequence[Run]) -> dict[ColumnKey, Side]:
    """Gather what some runs asked of every model of every provider, under the provider's name."""
    generations = group_by(_generations(runs), lambda generation: generation.exchange.column)
    sides: dict[ColumnKey, Side] = {}
    for column in dict.fromkeys(column for run in runs for column in columns_of(run)):
        runs_of_model = tuple(run for run in runs if column in columns_of(run))
        values = (value for run in runs_of_model for value in run.header.values)
        # a run file may be anybody's: its header may hold a value of no parameter
        values_of_model = {
            value.asks: value for value in values if value.asks and value.model == column[1]
        }
        answers = ModelAnswers(generations.get(column, []))
        sides[column] = Side(column[0], answers, runs_of_model, values_of_model)
    return sides


def model_tables(sides: Mapping[ColumnKey, Side]) -> tuple[ModelTable, ...]:
    """Return a table for each model, with all sides that have it; no cell lacks a reason."""
    tables = []
    for model, columns in group_by(sides, lambda column: column[1]).items():
        own_sides = [sides[column] for column in columns]
        standings = [side.standings for side in own_sides]
        standing_by_value: dict[Value, str] = {}
        for side_standings in standings:
            for value, standing in side_standings.items():
                standing_by_value.setdefault(value, standing)
        rows = tuple(
            ValueRow(
                parameter=" + ".join(name for name, _ in value),
                value=" + ".join(text for _, text in value),
                standing=standing,
                cells=tuple(_capability(side, value, own_sides) for side in own_sides),
                standings=tuple(side_standings.get(value, "") for side_standings in standings),
            )
            for value, standing in _sort_values(standing_by_value)
        )
        if rows:
            tables.append(ModelTable(model, tuple(side.label for side in own_sides), rows))
    return tuple(tables)


def _generations(runs: Sequence[Run]) -> Iterator[JudgedGeneration]:
    """Yield all generations, each once: a run that resumes another keeps its exchanges."""
    keys: set[tuple[str, str]] = set()
    for index, run in enumerate(runs):
        findings: dict[str, dict[str, Finding]] = {}
        for finding in run.findings:
            findings.setdefault(finding.path, {})[finding.clause] = finding
        for path, exchange in run.exchanges.items():
            key = (exchange.run or run.header.id, path)
            if exchange.expected is not None and key not in keys:
                keys.add(key)
                yield JudgedGeneration(exchange, findings.get(path, {}), index)


def _sort_values(standings: Mapping[Value, str]) -> Iterable[tuple[Value, str]]:
    """Return values parameter by parameter, numbers by their size; several together come last."""
    names = list(dict.fromkeys(value[0][0] for value in standings))

    def rank(entry: tuple[Value, str]) -> tuple[int, int, int]:
        ((name, text), *more) = entry[0]
        # a run file may be anybody's: `int` raises for superscripts, and for thousands of digits
        number = int(text) if text.isdecimal() and len(text) < _DIGITS else 0
        return len(more), names.index(name), number

    return sorted(standings.items(), key=rank)


def _capability(side: Side, value: Value, sides: Sequence[Side]) -> Capability:
    evidence = side.answers.evidence_of(dict(value))
    evidence.sort(key=lambda proof: list(Word).index(proof.word))
    if evidence:
        return Capability(evidence[0].word, evidence[0].why, tuple(evidence))
    # a value that only another edition names is no gap of this provider's
    others = (other.values for other in sides if other.edition != side.edition)
    if value not in side.values and any(value in values for values in others):
        return Capability(Word.NOT_IN_EDITION, f"{side.edition} does not name it for this model")
    return Capability(Word.NOT_ASKED, _why_not(side, value))


def _why_not(side: Side, value: Value) -> str:
    """Say why nobody asked for a value."""
    record = side.values.get(value)
    if record is None:
        return "no document knows it for this model"
    if any(run.foreign for run in side.runs):
        return "no recording asks for it"
    if record.depth is None and record.standing == "default":
        return "the default: requests without it are judged instead"
    if record.depth is None:
        return "no request of the plan asks for it"
    if part := next(filter(None, map(extent, side.runs)), ""):
        return f"left out: the run was for {part}"
    if any(run.interrupted for run in side.runs):
        return "the run ended before it"
    if record.depth == "thorough":
        return "only asked with --depth thorough"
    return "the run left it out"
