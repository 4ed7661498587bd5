"""The table *promise x run -> state*: what one run says of every promise, read from its ends.

A run that came to its end says it in its footer, in letters for the clauses of its header. Of a
run that was cut off it is decided here, by the same rule; but what was kept so far may have been
broken by the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from conformance.findings import STATES, Level, Verdict, state_of
from conformance.results.conclusion import (
    binding,
    explanations,
    explanations_in_recordings,
)
from conformance.results.editions import editions_of
from conformance.results.reach import (
    NO_FINDING,
    Column,
    Explanations,
    ModelReach,
    Promise,
    promises_of,
    states_of,
)
from conformance.results.records import LifecycleRecord, ProviderRecord
from conformance.results.run_file import Run, read_run

_PASS, _NOT_RUN = (state_of(verdict).letter for verdict in (Verdict.PASS, Verdict.NOT_RUN))
_LETTERS = frozenset({NO_FINDING, *(state.letter for state in STATES)})
_HEAD, _TAIL = 1 << 18, 1 << 15
"""Bytes in which the first line and the last are looked for; they have about 130,000 and 5,000."""
_CLAUSES = b'"clauses":['


class ClauseLevel(msgspec.Struct, frozen=True):
    """A clause as far as the table needs it."""

    id: str
    level: Level


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
    clauses: tuple[ClauseLevel, ...]
    states: Mapping[Column, str]
    retired: Mapping[Column, str] = field(default_factory=dict)
    """The models that had ended, each with the day."""


class _Edition(msgspec.Struct):
    id: str


class _Provider(msgspec.Struct):
    id: str
    lifecycle: dict[str, LifecycleRecord] = {}


class _Header(msgspec.Struct, tag="run"):
    schema: Literal[1]
    id: str
    tool: str
    started: str
    edition: _Edition
    providers: tuple[_Provider, ...]
    clauses: msgspec.Raw  # nearly the whole line, and the same in many runs


class _Footer(msgspec.Struct, tag="end"):
    complete: bool
    interrupted: bool | None = None
    counts: dict[str, int] = {}
    reach: tuple[ModelReach, ...] = ()


_HEADERS = msgspec.json.Decoder(_Header)
_FOOTERS = msgspec.json.Decoder(_Footer)


class StatesReader:
    """Reads what run files say of every promise.

    Nearly all of a header are its clauses, the same in every run of one suite and edition: they
    are parsed again only where they are others than those of the file before.
    """

    def __init__(self) -> None:
        self._known = b""
        self._clauses: tuple[ClauseLevel, ...] = ()

    def read(self, path: Path) -> RunStates:
        """Return the states of a run; raises `RunFileError` for what is no run file.

        What stands between header and footer is read only where the footer does not say enough.
        """
        try:
            first, last = _ends(path)
            header, footer = self._header(first), _FOOTERS.decode(last)
        except (OSError, ValueError, RecursionError):
            return states_in(read_run(path))  # or say what is wrong
        states = {(model.provider, model.model): model.states for model in footer.reach}
        letters_fit = all(
            len(letters) == len(self._clauses) and set(letters) <= _LETTERS
            for letters in states.values()
        )
        if not states or not letters_fit:
            return states_in(read_run(path))
        return RunStates(
            id=header.id,
            started=header.started,
            tool=header.tool,
            editions={provider.id: header.edition.id for provider in header.providers},
            complete=footer.complete,
            interrupted=not footer.complete if footer.interrupted is None else footer.interrupted,
            findings=sum(footer.counts.values()),
            clauses=self._clauses,
            states=states,
            retired=_retired(header.providers),
        )

    def _header(self, line: bytes) -> _Header:
        """Parse a header without the clauses that are known, and remember those that are not."""
        start = line.find(_CLAUSES) + len(_CLAUSES) - 1
        if self._known and line.startswith(self._known, start):
            rest = line[start + len(self._known) :]
            header = _HEADERS.decode(line[:start] + b"[]" + rest)
            if bytes(header.clauses) == b"[]":
                return header
        header = _HEADERS.decode(line)
        known = bytes(header.clauses)
        self._clauses = msgspec.json.decode(known, type=tuple[ClauseLevel, ...])
        self._known = known  # only once they are read, else a damaged file would spoil the next
        return header


def _retired(providers: Iterable[_Provider | ProviderRecord]) -> dict[Column, str]:
    return {
        (provider.id, model): record.until
        for provider in providers
        for model, record in provider.lifecycle.items()
        if record.until is not None and record.until <= record.judged_on
    }


def states_in(run: Run) -> RunStates:
    """Decide the states of a run from its findings; of one that was cut off, none is kept."""
    columns = promises_in(run)
    clauses = {clause.id: ClauseLevel(clause.id, clause.level) for clause in run.header.clauses}
    for finding in run.findings:
        clauses.setdefault(finding.clause, ClauseLevel(finding.clause, finding.level))
    states = {column: states_of(promises, clauses) for column, promises in columns.items()}
    if run.footer is None:  # what was kept so far may have been judged in part only
        states = {column: letters.replace(_PASS, _NOT_RUN) for column, letters in states.items()}
    return RunStates(
        id=run.header.id,
        started=run.header.started,
        tool=run.header.tool,
        editions=editions_of(run.header),
        complete=run.complete,
        interrupted=run.interrupted,
        findings=len(run.findings),
        clauses=tuple(clauses.values()),
        retired=_retired(run.header.providers),
        states=states,
    )


def promises_in(run: Run) -> dict[Column, dict[str, Promise]]:
    """Return the promises of a run, those of recordings as far as they bind."""
    findings = binding(run.findings, accepted_of(run)) if run.foreign else run.findings
    return promises_of(findings, explanations_of(run))


def explanations_of(run: Run) -> Explanations:
    """Return the findings of a run that say nothing where their promise was judged elsewhere."""
    return explanations_in_recordings(run.findings) if run.foreign else explanations(run.findings)


def accepted_of(run: Run) -> frozenset[Column]:
    """Return the models that accepted a request of a run."""
    accepted = (exchange for exchange in run.exchanges.values() if exchange.outcome == "accepted")
    return frozenset((exchange.provider, exchange.model) for exchange in accepted)


def _ends(path: Path) -> tuple[bytes, bytes]:
    """Return the first and the last whole line of a file, as far as they are not too long."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        head = os.pread(descriptor, _HEAD, 0)
        tail = os.pread(descriptor, _TAIL, max(os.fstat(descriptor).st_size - _TAIL, 0))
    finally:
        os.close(descriptor)
    return head.partition(b"\n")[0], tail.rpartition(b"\n")[0].rpartition(b"\n")[2]
