"""The run file: JSON lines with a header and a footer, written as the run goes.

A line is whole when its newline is there, so a run cut off at any byte is read up to there
and known to be incomplete. Its form is published in ``schemas/run.schema.json``.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from conformance.errors import ConformanceError
from conformance.findings import Finding, Observation, Verdict
from conformance.output.files import refuse_links
from conformance.parsing import printable
from conformance.results.records import MOST_LINE, DamagedError, checked, parsed

SCHEMA = 1
"""Version of the run file's form."""

_OPTIONAL = frozenset(
    {"message", "expected", "observed", "control", "deviation", "rate", "repeats"}
)

Record = Finding | Observation | dict[str, Any]
"""What stands between header and footer; an exchange is a dictionary."""


class RunFileError(ConformanceError):
    """A run file that cannot be written or read."""


@dataclass(slots=True)
class Run:
    """All findings of one invocation, with what was run, against whom, by which version."""

    header: dict[str, Any]
    exchanges: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    footer: dict[str, Any] | None = None
    order: list[Record] = field(default_factory=list, repr=False, compare=False)

    def add(self, record: Record) -> None:
        """Add what was judged or seen, and remember its place in the file."""
        match record:
            case Finding():
                self.findings.append(record)
            case Observation():
                self.observations.append(record)
            case _:
                name = f"{record['provider']}/{record['model']}/{record['case']}"
                self.exchanges[name] = record
        self.order.append(record)

    @property
    def records(self) -> Iterable[Record]:
        """All records in the order of the file; of a run built by hand, by kind."""
        return self.order or chain(self.exchanges.values(), self.observations, self.findings)

    @property
    def complete(self) -> bool:
        """Return whether all was judged that the run was asked for by the options of the suite."""
        return self.footer is not None and bool(self.footer.get("complete"))

    @property
    def interrupted(self) -> bool:
        """Whether the run did not judge what it began with: it was cut off, or a worker died."""
        if self.footer is None:
            return True
        return bool(self.footer.get("interrupted", not self.complete))

    @property
    def foreign(self) -> bool:
        """Whether it judged what others recorded with another tool."""
        return any(each["mode"] == "foreign" for each in self.header["providers"])

    @property
    def problems(self) -> list[str]:
        """What is wrong with the run as a whole: unused cassettes, stale deviations."""
        return list(self.footer.get("problems", [])) if self.footer else []


class RunWriter:
    """Writes a run file line by line; raises `RunFileError` where it cannot."""

    def __init__(self, path: Path, header: Mapping[str, Any], durable: bool = False) -> None:
        """Start a file; a durable one is on the disk after every `sync`, come a power cut."""
        self.path = path
        self._durable = durable
        refuse_links(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            raise RunFileError(
                f"{path}: cannot be written: {error.strerror}; choose another with --output"
            ) from None
        self._line({"type": "run", "schema": SCHEMA, **header})
        self.sync()

    def exchange(self, record: Mapping[str, Any]) -> None:
        """Add an exchange."""
        self._line(record)

    def finding(self, finding: Finding) -> None:
        """Add a finding."""
        self._line({"type": "finding", **finding_to_json(finding)})

    def observation(self, observation: Observation) -> None:
        """Add an observation."""
        self._line({"type": "observation", **asdict(observation)})

    def close(self, footer: Mapping[str, Any] | None) -> None:
        """Add the footer and make sure that all of it is on the disk.

        Without a footer the run stays what it is: incomplete.
        """
        if footer is not None:
            self._line({"type": "end", **footer})
        try:
            _sync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise RunFileError(f"{self.path}: cannot be written: {error.strerror}") from None

    def abandon(self) -> None:
        """Let go of the file, whatever became of its lines."""
        with suppress(OSError):  # what a full disk did not take is tried once more, in vain
            self._file.close()

    def sync(self) -> None:
        """Wait until a durable file is on the disk as far as it goes."""
        if self._durable:
            try:
                _sync(self._file.fileno())
            except OSError as error:
                raise RunFileError(f"{self.path}: cannot be written: {error.strerror}") from None

    def _line(self, record: Mapping[str, Any]) -> None:
        try:
            self._file.write(line_of(record))
            self._file.flush()
        except OSError as error:
            raise RunFileError(f"{self.path}: cannot be written: {error.strerror}") from None


def _sync(descriptor: int) -> None:
    """Wait for the disk; a pipe or a terminal has none, and says so with EINVAL."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def write_run(run: Run, path: Path) -> None:
    """Write a whole run; of one that was read, byte for byte the file that it came from."""
    writer = RunWriter(path, run.header)
    for record in run.records:
        match record:
            case Finding():
                writer.finding(record)
            case Observation():
                writer.observation(record)
            case _:
                writer.exchange(record)
    writer.close(run.footer)


def line_of(record: Mapping[str, Any]) -> str:
    """Write one record as one line."""
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"), default=str) + "\n"


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Write a finding, leaving out what is empty and need not be there."""
    values = {name: getattr(finding, name) for name in Finding.__slots__}
    values["verdict"] = finding.verdict.value  # xdist sends plain values only
    empty = (None, "")
    return {
        name: value for name, value in values.items() if value not in empty or name not in _OPTIONAL
    }


def finding_from_json(record: Mapping[str, Any]) -> Finding:
    """Read a finding."""
    values = {name: record[name] for name in Finding.__slots__ if name in record}
    return Finding(**{**values, "verdict": Verdict(record["verdict"])})


def read_run(path: Path) -> Run:
    """Read a run file as far as it goes.

    Raises `RunFileError` for what is no run file, and for a damaged line, with its number. A
    last line without its newline was cut off; what it says is not taken for whole.
    """
    try:
        with path.open("rb") as file:
            run = Run(_header(file.readline(MOST_LINE + 1), path))
            for number, line in enumerate(_lines(file), start=2):
                if line.endswith(b"\n"):
                    _add(run, line, f"{path}:{number}")
                elif len(line) > MOST_LINE:
                    raise RunFileError(f"{path}:{number}: is longer than {MOST_LINE:,} bytes")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None
    return run


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, none of them longer than is read."""
    while line := file.readline(MOST_LINE + 1):
        yield line


def read_header(path: Path) -> dict[str, Any]:
    """Read only the first line of a run file; raises `RunFileError` as `read_run` does."""
    try:
        with path.open("rb") as file:
            return _header(file.readline(MOST_LINE + 1), path)
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None


def _header(line: bytes, path: Path) -> dict[str, Any]:
    if not line.endswith(b"\n") and line.startswith(b'{"type":"run"'[: len(line)]):
        raise RunFileError(f"{path}: was cut off within its first line; there is nothing to read")
    try:
        header = parsed(line)
        if header.get("type") != "run":
            raise DamagedError("line 1 is not the header of a run file")
        if header.get("schema") != SCHEMA:
            found = printable(repr(header.get("schema")), 60)
            raise DamagedError(f"schema {found}, not {SCHEMA}")
        return checked(header)
    except DamagedError as error:
        raise RunFileError(f"{path}:1: is no header of a run file: {error}") from None


def _add(run: Run, line: bytes, where: str) -> None:
    try:
        record = checked(parsed(line))
        if run.footer is not None:
            raise DamagedError("it comes after the end of the run")
        _place(run, record)
    except DamagedError as error:
        raise RunFileError(f"{where}: is no record of a run: {error}") from None


def _place(run: Run, record: dict[str, Any]) -> None:
    match record["type"]:
        case "finding":
            run.add(finding_from_json(record))
        case "exchange":
            run.add(record)
        case "observation":
            run.add(Observation(**{name: record[name] for name in Observation.__slots__}))
        case "end":
            run.footer = record
        case _:
            raise DamagedError("a second header; one file holds one run")
