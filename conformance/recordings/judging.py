"""Judging recordings file by file.

A file is read entry by entry, an exchange judged and let go, so that memory is bounded by the
largest entry.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile

from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.model import Download, Exchange
from conformance.exchange.outcome import outcome_of
from conformance.findings import Verdict
from conformance.parsing import printable
from conformance.recordings.inputs import ForeignFile, ForeignReport, recordings_in, same_file
from conformance.recordings.model_names import Names, named, stranger
from conformance.recordings.output import Records
from conformance.recordings.readers import (
    Entry,
    Fault,
    RecordingError,
    UnknownKindError,
    altered_parts,
    altered_request,
    entries_of,
    foreign_exchange,
    is_altered_download,
    is_generation,
    kind_of,
    plain_file,
    redacted,
)
from conformance.results.conclusion import Conclusion, conclude_recordings
from conformance.results.evidence import evidence
from conformance.runner.output_path import check_output

_MOST_WAITING = 64  # answers with URLs that wait for the images to come in the same file


def judge_files(
    paths: Sequence[Path],
    edition: Edition,
    run_file: Path,
    clauses: Iterable[Clause] | None = None,
    names: Names | None = None,
) -> ForeignReport:
    """Judge every exchange with the endpoint in some recordings, and write a run file.

    ``names`` say which model of the edition a provider's name stands for.
    Raises ConformanceError when no file is named, or when the run file is one of them, and
    RunFileError when it cannot be written. A file that cannot be read is in the report.
    """
    if not paths:
        raise ConformanceError("name at least one recording to judge")
    files = recordings_in(paths, run_file)
    if any(same_file(each.path, run_file) for each in files):
        raise ConformanceError(f"{run_file}: is to be judged; choose another with --output")
    check_output(run_file)
    chosen = tuple(clauses_of(edition) if clauses is None else clauses)
    with ExitStack() as closing:
        spool = closing.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
        records = Records(spool, edition, chosen)
        work = _Work(edition, chosen, records, files, names or Names())
        try:
            work.all()
        finally:
            work.records.write(run_file, files, work.conclusion(), work.complete)
    return ForeignReport(run_file, tuple(files), work.records.counts(), work.conclusion())


@dataclass(slots=True)
class _Waiting:
    """An answer with URLs, until their images have come or the file has ended."""

    exchange: Exchange
    file: ForeignFile
    urls: set[str]
    line: int | None


class _Work:
    """Judges file after file."""

    def __init__(
        self,
        edition: Edition,
        clauses: tuple[Clause, ...],
        records: Records,
        files: Sequence[ForeignFile],
        names: Names,
    ) -> None:
        self.edition = edition
        self.names = names
        self.known = False  # whether any model is one of the edition
        self.clauses = clauses
        self.records = records
        self.files = files
        self.complete = False
        self._stems: dict[str, Path] = {}
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    def all(self) -> None:
        """Judge what all files hold."""
        for file in self.files:
            if not file.unreadable:
                self._file(file)
        self.complete = True

    def conclusion(self) -> Conclusion:
        """What it all comes to."""
        whole = self.complete and not any(each.unreadable for each in self.files)
        return conclude_recordings(self.records.samples, whole, self.records.unknown_models())

    def _file(self, file: ForeignFile) -> None:
        """Judge what a file holds; what cannot be read is noted, and raises nothing."""
        stem = self._stem(file.path)
        try:
            with plain_file(file.path) as plain:
                file.kind = kind_of(plain)
                for entry in entries_of(plain, file.kind, file.path.parent):
                    self._entry(entry, file, stem)
        except UnknownKindError as error:
            (file.unreadable if file.named else file.passed_over).append(Fault(error.reason))
        except RecordingError as error:
            file.unreadable.append(Fault(error.reason, error.line))
        except OSError as error:
            file.unreadable.append(Fault(f"cannot be read: {(error.strerror or '?').lower()}"))
        while self._waiting:
            self._release(next(iter(self._waiting)))
        if file.kind and not file.found and not file.unreadable:
            reason = f"{file.kind}, and none of its {file.entries} entries is for the endpoint"
            file.passed_over.append(Fault(reason))

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
        hidden = altered_request(recorded)
        if hidden is not None:
            reason = f"entry {entry.index}: {hidden}, so that nothing can be judged"
            file.passed_over.append(Fault(reason, entry.line))
            return
        exchange = named(foreign_exchange(recorded, case), self.names)
        altered = exchange.altered | altered_parts(recorded, exchange)
        exchange = replace(exchange, altered=altered)
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
        """Add an image to the answers that point to it, when it is as it came, and without a key.

        A download that failed says nothing here: it may have been tried long after.
        """
        recorded = entry.read()
        response = recorded.response
        keyed = recorded.request.header("authorization") is not None
        if response is None or response.status != 200 or keyed or is_altered_download(recorded):
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

    def _meet(self, exchange: Exchange, file: ForeignFile, line: int | None) -> None:
        """Note that a model is unknown, once in each file."""
        unknown = stranger(exchange, self.edition)
        self.known = self.known or unknown is None
        if unknown is not None and unknown not in {each.reason for each in file.unknown_models}:
            file.unknown_models.append(Fault(unknown, line))

    def _judge(self, exchange: Exchange, file: ForeignFile, line: int | None) -> None:
        exchange = redacted(exchange)
        answer = Answer(exchange)
        findings = judge(exchange, self.edition, self.clauses, None, answer)
        self._meet(exchange, file, line)
        if not findings:
            reason = f"{exchange.case}: no clause has anything to say of it"
            file.passed_over.append(Fault(reason, line))
        file.judged += bool(findings)
        file.broken += any(each.verdict is Verdict.FAIL for each in findings)
        shown = evidence(exchange, answer, outcome_of(exchange, answer))
        seen = observe(exchange, self.edition, answer)
        self.records.add(exchange, shown, list(seen), findings)
