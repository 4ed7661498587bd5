"""The table *promise x run -> state*: what one run says of every promise, read from its ends.

A run that came to its end says it in its footer, in letters for the clauses of its header. Of a
run that was cut off it is decided here, by the same rule; but what was kept so far may have been
broken by the rest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from conformance.findings import STATES, Verdict, state_of
from conformance.results.conclusion import binding, explanations, explanations_in_recordings
from conformance.results.editions import editions_of
from conformance.results.reach import (
    NO_FINDING,
    ColumnKey,
    Explanations,
    ModelReach,
    Promise,
    promises_of,
    states_of,
)
from conformance.results.records import ClauseRecord, RunFooter, RunHeader
from conformance.results.run_file import Run, read_run
from conformance.results.selection import begun_whole

_PASS, _NOT_RUN = (state_of(verdict).letter for verdict in (Verdict.PASS, Verdict.NOT_RUN))
_LETTERS = frozenset({NO_FINDING, *(state.letter for state in STATES)})
_HEAD, _TAIL = 1 << 18, 1 << 15
"""Bytes in which the first line and the last are looked for; they have about 130,000 and 5,000."""
_CLAUSES = b'"clauses":['


@dataclass(frozen=True, slots=True)
class RunStates:
    """One run in the table: its promises by provider and model, a letter for each clause."""

    id: str
    started: str
    tool: str
    editions: Mapping[str, str]  # of the contract that judged each provider
    complete: bool
    interrupted: bool
    findings: int
    clauses: tuple[ClauseRecord, ...]
    states: Mapping[ColumnKey, str]
    retired: Mapping[ColumnKey, str] = field(default_factory=dict)
    """The models that had ended, each with the day."""
    parts: frozenset[ColumnKey] = frozenset()
    """The models that were judged, and not as a whole."""

    def is_part(self, provider: str) -> bool:
        """Return whether less was judged than there is, of a model of a provider."""
        return not self.complete or any(name == provider for name, _ in self.parts)


class _RawClauses(msgspec.Struct, tag="run"):
    """A header as far as its clauses, which are left as they are written."""

    clauses: msgspec.Raw


_HEADERS = msgspec.json.Decoder(RunHeader)
_RAW_CLAUSES = msgspec.json.Decoder(_RawClauses)
_FOOTERS = msgspec.json.Decoder(RunFooter)


class StatesReader:
    """Reads what run files say of every promise.

    Nearly all of a header are its clauses, the same in every run of one suite and edition: they
    are parsed again only where they are others than those of the file before.
    """

    def __init__(self) -> None:
        self._known = b""
        self._clauses: tuple[ClauseRecord, ...] = ()

    def read(self, path: Path) -> RunStates:
        """Return the states of a run; raises `RunFileError` for what is no run file.

        What stands between header and footer is read only where the footer does not say enough.
        """
        try:
            first, last = _read_ends(path)
            header, footer = self._read_header(first), _FOOTERS.decode(last)
        except (OSError, ValueError, RecursionError):
            return states_in(read_run(path))  # or say what is wrong
        states = {model.column: model.states for model in footer.reach}
        # else the file was edited, or another tool wrote it: what it found decides
        if not states or not all(_fits(model, len(self._clauses)) for model in footer.reach):
            return states_in(read_run(path))
        run = Run(header, footer=footer)
        return _run_states(run, self._clauses, states, sum(footer.counts.values()))

    def _read_header(self, line: bytes) -> RunHeader:
        """Parse a header without the clauses that are known, and remember those that are not."""
        start = line.find(_CLAUSES) + len(_CLAUSES) - 1
        if self._known and line.startswith(self._known, start):
            header = _HEADERS.decode(line[:start] + b"[]" + line[start + len(self._known) :])
            if not header.clauses:  # else what was found is the member of another object
                return header
        header = _HEADERS.decode(line)
        # both at once: a damaged file would else spoil the reading of the next
        self._known, self._clauses = bytes(_RAW_CLAUSES.decode(line).clauses), header.clauses
        return header


def _fits(model: ModelReach, clauses: int) -> bool:
    """Return whether letters are of the clauses, and keep as many as the levels beside them."""
    letters, kept = model.states, sum(level.kept for level in model.levels.values())
    return (len(letters), letters.count(_PASS)) == (clauses, kept) and set(letters) <= _LETTERS


def _run_states(
    run: Run, clauses: tuple[ClauseRecord, ...], states: Mapping[ColumnKey, str], findings: int
) -> RunStates:
    header = run.header
    return RunStates(
        id=header.id,
        started=header.started,
        tool=header.tool,
        editions=editions_of(header),
        complete=run.complete,
        interrupted=run.interrupted,
        findings=findings,
        clauses=clauses,
        states=states,
        retired={
            (provider.id, model): record.until
            for provider in header.providers
            for model, record in provider.lifecycle.items()
            if record.until is not None and record.until <= record.judged_on
        },
        parts=frozenset() if run.foreign else frozenset(states) - begun_whole(run),
    )


def states_in(run: Run) -> RunStates:
    """Decide the states of a run from its findings; of one that was cut off, none is kept."""
    clauses = {clause.id: clause for clause in run.header.clauses}
    for finding in run.findings:
        unknown = ClauseRecord(finding.clause, finding.level, "", ())
        clauses.setdefault(finding.clause, unknown)
    states = {column: states_of(promises, clauses) for column, promises in promises_in(run).items()}
    if run.footer is None:  # what was kept so far may have been judged in part only
        states = {column: letters.replace(_PASS, _NOT_RUN) for column, letters in states.items()}
    return _run_states(run, tuple(clauses.values()), states, len(run.findings))


def has_other_states(run: Run) -> bool:
    """Return whether the end of a run says something else of a promise than its findings do."""
    reach = run.footer.reach if run.footer else ()
    letters = {model.column: model.states for model in reach if model.states}
    states = states_in(run).states if letters else {}
    # clauses that the header lacks come after its own
    return not all(states.get(column, "").startswith(row) for column, row in letters.items())


def promises_in(run: Run) -> dict[ColumnKey, dict[str, Promise]]:
    """Return the promises of a run, those of recordings as far as they bind."""
    findings = binding(run.findings, accepted_of(run)) if run.foreign else run.findings
    return promises_of(findings, explanations_of(run))


def explanations_of(run: Run) -> Explanations:
    """Return the findings of a run that say nothing where their promise was judged elsewhere."""
    return explanations_in_recordings(run.findings) if run.foreign else explanations(run.findings)


def accepted_of(run: Run) -> frozenset[ColumnKey]:
    """Return the models that accepted a request of a run."""
    exchanges = run.exchanges.values()
    return frozenset(exchange.column for exchange in exchanges if exchange.outcome == "accepted")


def _read_ends(path: Path) -> tuple[bytes, bytes]:
    """Return the first and the last whole line of a file, as far as they are not too long."""
    # two reads of a bounded length, whatever stands between: a year of nights has gigabytes
    descriptor = os.open(path, os.O_RDONLY)
    try:
        head = os.pread(descriptor, _HEAD, 0)
        tail = os.pread(descriptor, _TAIL, max(os.fstat(descriptor).st_size - _TAIL, 0))
    finally:
        os.close(descriptor)
    return head.partition(b"\n")[0], tail.rpartition(b"\n")[0].rpartition(b"\n")[2]
