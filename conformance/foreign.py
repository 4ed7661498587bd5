"""Judging exchanges that somebody else recorded with another tool; nothing is sent.

A file is read entry by entry, an exchange judged and let go, so that memory is bounded by the
largest entry. What a run file says first, the providers and models, is known last: records
wait in a temporary file.
"""

from __future__ import annotations

import json
import platform
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import uuid4

from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.importers import (
    Entry,
    Fault,
    Kind,
    RecordingError,
    altered_parts,
    entries_of,
    foreign_exchange,
    is_generation,
    kind_of,
    redacted,
)
from conformance.exchange.model import Download, Exchange
from conformance.exchange.outcome import outcome_of
from conformance.findings import UNDECIDED, Verdict
from conformance.runs.conclusion import Conclusion
from conformance.runs.evidence import evidence
from conformance.runs.file import RunWriter, finding_to_json, line_of
from conformance.runs.session import about_clause
from conformance.strict import printable
from conformance.version import tool

_MOST_WAITING = 64  # answers with URLs that wait for the images to come in the same file


@dataclass(slots=True)
class ForeignFile:
    """What came of one file: exchanges found, judged, passed over, and what is unreadable."""

    path: Path
    kind: Kind | None = None
    entries: int = 0
    found: int = 0
    judged: int = 0
    unreadable: list[Fault] = field(default_factory=list)
    passed_over: list[Fault] = field(default_factory=list)

    def problems(self) -> Iterator[str]:
        """Say in sentences what was not judged, where and why."""
        for each in (*self.unreadable, *self.passed_over):
            line = f":{each.line}" if each.line is not None else ""
            yield printable(f"{self.path}{line}: {each.reason}", 500)


@dataclass(frozen=True, slots=True)
class ForeignReport:
    """What came of judging recordings; the findings are in the run file."""

    run_file: Path
    files: tuple[ForeignFile, ...]
    verdicts: dict[str, int]
    conclusion: Conclusion

    @property
    def judged(self) -> int:
        """The number of exchanges that were judged."""
        return sum(each.judged for each in self.files)

    @property
    def problems(self) -> list[str]:
        """What was not judged, where and why."""
        return [problem for each in self.files for problem in each.problems()]


def judge_files(
    paths: Sequence[Path],
    edition: Edition,
    run_file: Path,
    clauses: Iterable[Clause] | None = None,
) -> ForeignReport:
    """Judge every exchange with the endpoint in some recordings, and write a run file.

    Raises ConformanceError when no file is named, or when the run file is one of them, and
    RunFileError when it cannot be written. A file that cannot be read is in the report.
    """
    if not paths:
        raise ConformanceError("name at least one recording to judge")
    if any(each.resolve() == run_file.resolve() for each in paths):
        raise ConformanceError(f"{run_file}: is to be judged; choose another with --output")
    chosen = tuple(clauses_of(edition) if clauses is None else clauses)
    with ExitStack() as closing:
        spool = closing.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
        work = _Work(edition, chosen, spool)
        try:
            for path in paths:
                work.file(path)
            work.complete = True
        finally:
            work.write(run_file)
    return ForeignReport(run_file, tuple(work.files), work.counts(), work.conclusion())


@dataclass(slots=True)
class _Waiting:
    """An answer with URLs, until their images have come or the file has ended."""

    exchange: Exchange
    file: ForeignFile
    urls: set[str]
    line: int | None


class _Work:
    """Judges file after file, and remembers what the header and the footer need."""

    def __init__(self, edition: Edition, clauses: tuple[Clause, ...], spool: IO[str]) -> None:
        self.edition = edition
        self.clauses = clauses
        self.files: list[ForeignFile] = []
        self.complete = False
        self._spool = spool
        self._started = datetime.now(UTC)
        self._verdicts: Counter[Verdict] = Counter()
        self._providers: dict[str, tuple[str, set[str]]] = {}
        self._stems: dict[str, Path] = {}
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    def file(self, path: Path) -> None:
        """Judge what a file holds; what cannot be read is noted, and raises nothing."""
        file = ForeignFile(path)
        self.files.append(file)
        stem = self._stem(path)
        try:
            file.kind = kind_of(path)
            for entry in entries_of(path, file.kind):
                self._entry(entry, file, stem)
        except RecordingError as error:
            file.unreadable.append(Fault(error.reason, error.line))
        except OSError as error:
            file.unreadable.append(Fault(f"cannot be read: {(error.strerror or '?').lower()}"))
        while self._waiting:
            self._release(next(iter(self._waiting)))

    def _stem(self, path: Path) -> str:
        """Give the first part of the names of a file's cases, another for every file."""
        name = stem = printable(path.stem, 80) or "recording"
        number = 1
        while self._stems.setdefault(name, path) != path:
            number += 1
            name = f"{stem}~{number}"
        return name

    def _entry(self, entry: Entry | Fault, file: ForeignFile, stem: str) -> None:
        file.entries += 1
        if isinstance(entry, Fault):
            file.unreadable.append(entry)
            return
        try:
            if entry.method == "GET" and self._awaited(entry.url):
                self._arrived(entry)
            elif is_generation(entry):
                file.found += 1
                self._exchange(entry, file, f"{stem}-{entry.index}")
        except RecordingError as error:
            file.unreadable.append(Fault(f"entry {entry.index}: {error.reason}", entry.line))

    def _exchange(self, entry: Entry, file: ForeignFile, case: str) -> None:
        recorded = entry.read()
        if "request" in recorded.altered:
            reason = (
                f"entry {entry.index}: its request was not recorded, so that nothing can be judged"
            )
            file.passed_over.append(Fault(reason, entry.line))
            return
        exchange = foreign_exchange(recorded, case)
        exchange = replace(exchange, altered=exchange.altered | altered_parts(exchange))
        urls = {each.url for each in Answer(exchange).payloads if each.url}
        if not urls:
            self._judge(exchange, file, entry.line)
            return
        self._waiting[case] = _Waiting(exchange, file, urls, entry.line)
        if len(self._waiting) > _MOST_WAITING:
            self._release(next(iter(self._waiting)))

    def _awaited(self, url: str) -> bool:
        return any(url in each.urls for each in self._waiting.values())

    def _arrived(self, entry: Entry) -> None:
        """Add an image to the answers that point to it, when it came whole and without a key.

        A download that failed says nothing here: it may have been tried long after.
        """
        recorded = entry.read()
        response = recorded.response
        keyed = recorded.request.header("authorization") is not None
        if response is None or response.status != 200 or keyed or recorded.altered & {"body"}:
            return
        for case, each in list(self._waiting.items()):
            if entry.url in each.urls:
                each.urls.discard(entry.url)
                more = (*each.exchange.downloads, Download(entry.url, response))
                each.exchange = replace(each.exchange, downloads=more)
                if not each.urls:
                    self._release(case)

    def _release(self, case: str) -> None:
        waited = self._waiting.pop(case)
        self._judge(waited.exchange, waited.file, waited.line)

    def _judge(self, exchange: Exchange, file: ForeignFile, line: int | None) -> None:
        exchange = redacted(exchange)
        answer = Answer(exchange)
        outcome = outcome_of(exchange, answer)
        findings = judge(exchange, self.edition, self.clauses, None, answer)
        if not findings:
            reason = f"{exchange.case}: no clause has anything to say of it"
            file.passed_over.append(Fault(reason, line))
        self._name(exchange)
        file.judged += bool(findings)
        self._spool.write(line_of(evidence(exchange, answer, outcome)))
        for each in observe(exchange, self.edition, answer):
            values = {name: getattr(each, name) for name in each.__slots__}
            self._spool.write(line_of({"type": "observation", **values}))
        for finding in findings:
            self._verdicts[finding.verdict] += 1
            self._spool.write(line_of({"type": "finding", **finding_to_json(finding)}))

    def _name(self, exchange: Exchange) -> None:
        url = _base_url(exchange.request.url)
        self._providers.setdefault(exchange.provider, (url, set()))[1].add(exchange.model)

    def counts(self) -> dict[str, int]:
        """Count findings by verdict."""
        return {each.value: self._verdicts[each] for each in Verdict if self._verdicts[each]}

    def conclusion(self) -> Conclusion:
        """What the run comes to: a broken MUST breaks, and a run in which nothing was decided
        could not be judged. That some is not testable is the nature of recordings.
        """
        if self._verdicts[Verdict.FAIL]:
            return Conclusion.BREAKS
        decided = any(each not in UNDECIDED for each in self._verdicts)
        whole = self.complete and not self._verdicts[Verdict.HARNESS_ERROR]
        return Conclusion.CONFORMS if decided and whole else Conclusion.NOT_JUDGED

    def write(self, run_file: Path) -> None:
        """Write the run file; raises RunFileError where that cannot be done."""
        writer = RunWriter(run_file, self._header())
        self._spool.seek(0)
        for line in self._spool:
            writer.exchange(json.loads(line))
        writer.close(
            {
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "complete": self.complete,
                "conclusion": int(self.conclusion()),
                "counts": self.counts(),
                "problems": [each for file in self.files for each in file.problems()],
            }
        )

    def _header(self) -> dict[str, Any]:
        edition = self.edition
        return {
            "id": f"{self._started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
            "tool": tool(),
            "python": platform.python_version(),
            "edition": {
                "id": edition.id,
                "title": edition.title,
                "document": edition.document,
                "published": edition.published,
            },
            "started": self._started.isoformat(timespec="seconds"),
            "selection": {"files": [printable(each.path.name, 200) for each in self.files]},
            "providers": [
                {
                    "id": name,
                    "title": f"{name} (foreign recordings)",
                    "base_url": url,
                    "mode": "replay",
                    "key_variable": None,
                    "models": {each: each for each in sorted(models)},
                }
                for name, (url, models) in sorted(self._providers.items())
            ],
            "clauses": [about_clause(each, edition) for each in self.clauses],
        }


def _base_url(url: str) -> str:
    return printable(url.split("?", 1)[0].rstrip("/").removesuffix("/images/generations"), 500)
