"""The run file: JSON lines with a header and a footer, written as the run goes.

A line is whole when its newline is there, so a run cut off at any byte is read up to there
and known to be incomplete. Its form is published in ``schemas/run.schema.json``.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from conformance.errors import ConformanceError
from conformance.findings import Finding, Observation
from conformance.output.counting import write_count
from conformance.output.files import refuse_links
from conformance.output.printing import printable
from conformance.output.shell import quoted
from conformance.parsing import JSONBounds, JSONFaultError, load_json
from conformance.results.records import SCHEMA, ExchangeRecord, Line, Record, RunFooter, RunHeader

START = b'{"type":"run"'
"""As the first line begins."""

MOST_LINE = 64 * 1024 * 1024
"""Bytes of one line."""

_BOUNDS = JSONBounds(depth=50, characters=MOST_LINE)
_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_LONGEST = 200  # characters of what is wrong with a line
_NUMBER = re.compile(r"[0-9]+")
_Name = TypeVar("_Name", str, tuple[str, str])
_ColumnRank = tuple[int, str, int, str]


class RunFileError(ConformanceError):
    """A run file that cannot be written or read."""


class DamagedError(ValueError):
    """A line that is no record of a run, and why."""


class Order:
    """The order in which headers name providers, models and clauses; workers report in any."""

    def __init__(self, headers: Sequence[RunHeader]) -> None:
        providers = [provider for header in headers for provider in header.providers]
        self._providers = _ranks(provider.id for provider in providers)
        self._columns = _ranks(
            (provider.id, model) for provider in providers for model in provider.models
        )
        self._clauses = _ranks(clause.id for header in headers for clause in header.clauses)
        self._values = _ranks(
            pair for header in headers for value in header.values for pair in value.asks
        )

    def of_column(self, record: Finding | Observation | ExchangeRecord) -> _ColumnRank:
        """Return the place of a provider and model; names that no header has come last."""
        provider, model = record.provider, record.model
        rank = self._columns.get((provider, model), len(self._columns))
        return self._providers.get(provider, len(self._providers)), provider, rank, model

    def of_exchange(self, exchange: ExchangeRecord) -> tuple[_ColumnRank, int, list[int], str]:
        """Return its place by provider, model and case.

        What asks for least is the best example, and values have the order of the contract.
        """
        values = [self._values.get(pair, len(self._values)) for pair in exchange.asks.items()]
        name = _NUMBER.sub(lambda number: number[0].zfill(8), exchange.case)  # corpus-9, corpus-10
        return self.of_column(exchange), len(values), sorted(values), name

    def of_finding(self, finding: Finding) -> tuple[_ColumnRank, str, int, str]:
        """Return its place by provider, model, case and clause."""
        clause = self._clauses.get(finding.clause, len(self._clauses))
        return self.of_column(finding), finding.case, clause, finding.clause

    def of_observation(self, observation: Observation) -> tuple[_ColumnRank, str, str]:
        """Return its place by provider, model, kind and case."""
        return self.of_column(observation), observation.id, observation.case


def _ranks(names: Iterable[_Name]) -> dict[_Name, int]:
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}


@dataclass(slots=True)
class Run:
    """All findings of one invocation, with what was run, against whom, by which version."""

    header: RunHeader
    exchanges: dict[str, ExchangeRecord] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    footer: RunFooter | None = None
    order: list[Record] = field(default_factory=list, repr=False, compare=False)

    def add(self, record: Record) -> None:
        """Add what was judged or seen, and remember its place in the file."""
        match record:
            case Finding():
                self.findings.append(record)
            case Observation():
                self.observations.append(record)
            case ExchangeRecord():
                self.exchanges[record.path] = record
        self.order.append(record)

    def sort(self) -> None:
        """Put what was judged and seen in the order of the header: threads answer in any."""
        order = Order([self.header])
        exchanges = sorted(self.exchanges.items(), key=lambda item: order.of_exchange(item[1]))
        self.exchanges = dict(exchanges)
        ranks = {path: rank for rank, path in enumerate(self.exchanges)}

        def rank(record: Finding | Observation) -> int:
            return ranks.get(f"{record.provider}/{record.model}/{record.case}", len(ranks))

        self.findings.sort(key=lambda finding: (rank(finding), order.of_finding(finding)))
        self.observations.sort(
            key=lambda observation: (rank(observation), order.of_observation(observation))
        )

    @property
    def records(self) -> Iterable[Record]:
        """All records in the order of the file; of a run built by hand, by kind."""
        return self.order or chain(self.exchanges.values(), self.observations, self.findings)

    @property
    def complete(self) -> bool:
        """Return whether all was judged that the run was asked for by the options of the suite."""
        return self.footer is not None and self.footer.complete

    @property
    def interrupted(self) -> bool:
        """Return whether the run left out what it began with: it was cut off, or a worker died."""
        if self.footer is None or self.footer.interrupted is None:
            return not self.complete
        return self.footer.interrupted

    @property
    def foreign(self) -> bool:
        """Return whether it judged what others recorded with another tool."""
        return any(provider.mode == "foreign" for provider in self.header.providers)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the run as a whole: unused cassettes, stale deviations."""
        return self.footer.problems if self.footer else ()


class RunWriter:
    """Writes a run file line by line; raises `RunFileError` where it cannot."""

    def __init__(self, path: Path, header: RunHeader, durable: bool = False) -> None:
        """Start a file; what a durable one has is on the disk after every `sync`."""
        self.path = path
        self._durable = durable
        refuse_links(path)  # one would lead over any other file of the user (ARCHITECTURE 20)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise RunFileError(
                f"{path}: cannot be written: {error.strerror}; choose another with --output"
            ) from None
        self.line(line_of(header))
        self.sync()

    def add(self, record: Record) -> None:
        """Add a record."""
        self.line(line_of(record))

    def line(self, line: str) -> None:
        """Add a record that was written as a line before."""
        with self._writing():
            self._file.write(line)
            self._file.flush()

    def close(self, footer: RunFooter | None) -> None:
        """Add the footer and make sure that all of it is on the disk.

        Without a footer the run stays what it is: incomplete.
        """
        if footer is not None:
            self.line(line_of(footer))
        with self._writing():
            _sync(self._file.fileno())
            self._file.close()

    def abandon(self) -> None:
        """Let go of the file, whatever became of its lines."""
        with suppress(OSError):  # what a full disk did not take is tried once more, in vain
            self._file.close()

    def sync(self) -> None:
        """Wait until a durable file is on the disk as far as it goes."""
        if self._durable:
            with self._writing():
                _sync(self._file.fileno())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunFileError(f"{self.path}: cannot be written: {error.strerror}") from None


def _sync(descriptor: int) -> None:
    """Wait for the disk; a pipe or a terminal has none, and says so with EINVAL."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def line_of(record: Line) -> str:
    """Write one record as one line, in ASCII so that no text in it can steer a terminal."""
    values = msgspec.to_builtins(record)
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")) + "\n"


def record_of(line: bytes) -> Line:
    """Read one line; raises `DamagedError` for one that is no record of a run."""
    try:
        return _DECODER.decode(line)
    except (ValueError, RecursionError):
        pass  # half of a surrogate pair, or a fault that is to be named
    try:
        value = load_json(line, _BOUNDS)
    except JSONFaultError as error:
        raise DamagedError(f"it {error}") from None
    if not isinstance(value, dict):
        raise DamagedError("it is not a JSON object")
    if value.get("type") == "run" and value.get("schema") != SCHEMA:
        raise DamagedError(f"schema {printable(repr(value.get('schema')), 60)}, not {SCHEMA}")
    try:
        record: Line = msgspec.convert(value, Line)
    except UnicodeEncodeError:
        raise DamagedError("it has a member whose name is not Unicode") from None
    except ValueError as error:
        raise DamagedError(printable(str(error), _LONGEST)) from None
    return record


def read_run(path: Path) -> Run:
    """Read a run file as far as it goes, in the order of its header.

    Raises `RunFileError` if `path` is not a run file, for a damaged line, with its number, and for
    findings that its end counts and it lacks. A last line without its newline was cut off, and is
    left out.
    """
    with _open(path) as file:
        run = Run(_read_header(file, path))
        number = 1
        # one byte more than the longest line tells one that is longer from one that ends there
        while line := file.readline(MOST_LINE + 1):
            number += 1
            try:
                if line.endswith(b"\n"):
                    _add(run, record_of(line))
                elif len(line) > MOST_LINE:
                    raise DamagedError(f"it is longer than {MOST_LINE:,} bytes")
            except DamagedError as error:
                raise RunFileError(f"{path}:{number}: is no record of a run: {error}") from None
    counted = sum(run.footer.counts.values()) if run.footer else 0
    if counted and counted != len(run.findings):
        raise RunFileError(
            f"{path}: is damaged: its end counts {write_count(counted, 'finding')}, and "
            f"{len(run.findings):,} are in it; copy it again from where it was written"
        )
    run.sort()
    return run


def refuse_run_file(path: Path) -> None:
    """Raise `RunFileError` for a place where a report would be written over a run."""
    if path.is_file():
        with _open(path) as file:
            if file.read(len(START)) == START:
                raise RunFileError(f"{path}: is a run file; name another file with --output")


def read_header(path: Path) -> RunHeader:
    """Read only the first line of a run file; raises `RunFileError` as `read_run` does."""
    with _open(path) as file:
        return _read_header(file, path)


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except IsADirectoryError:
        folder = quoted(str(path))
        raise RunFileError(
            f"{path}: is a folder, and a run file is asked for; name those in it, as in "
            f"{folder}/*.jsonl, or see its nights one by one with: image-conformance history "
            f"{folder}"
        ) from None
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None


def _read_header(file: BinaryIO, path: Path) -> RunHeader:
    line = file.readline(MOST_LINE + 1)
    # what it has begins as our first lines do: it is a run file, of which nothing else is left
    if not line.endswith(b"\n") and line.startswith(START[: len(line)]):
        raise RunFileError(f"{path}: was cut off within its first line; there is nothing to read")
    try:
        header = record_of(line)
        if not isinstance(header, RunHeader):
            raise DamagedError("line 1 is not the header of a run file")
    except DamagedError as error:
        raise RunFileError(f"{path}:1: is no header of a run file: {error}") from None
    return header


def _add(run: Run, record: Line) -> None:
    if run.footer is not None:
        raise DamagedError("it comes after the end of the run")
    if isinstance(record, RunHeader):
        raise DamagedError("a second header; one file holds one run")
    if isinstance(record, RunFooter):
        run.footer = record
    else:
        run.add(record)
