"""Judging recordings file by file.

A file is read entry by entry, an exchange judged and let go, so that memory is bounded by the
largest entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile

from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.contract import Edition
from conformance.errors import ConformanceError
from conformance.exchange.answer import Answer
from conformance.exchange.model import NOT_RECORDED, Download, Exchange, Failure
from conformance.exchange.outcome import outcome_of
from conformance.exchange.redaction.recordings import without_credentials
from conformance.exchange.sent_request import read_request
from conformance.findings import Verdict
from conformance.output.printing import printable
from conformance.recordings.contracts import Contracts, Names, rename_model, unknown_model
from conformance.recordings.inputs import ForeignFile, ForeignReport, recordings_in, same_file
from conformance.recordings.output import Records
from conformance.recordings.readers.alterations import (
    altered_parts,
    altered_request,
    changed_length,
    is_altered_download,
)
from conformance.recordings.readers.layouts import entries_of, layout_of, plain_file
from conformance.recordings.readers.model import (
    Entry,
    Fault,
    Recorded,
    RecordingError,
    UnknownLayoutError,
    foreign_exchange,
    is_generation,
)
from conformance.results.evidence import evidence
from conformance.runner.output_path import check_output

_MOST_WAITING = 64  # answers with URLs that wait for the images to come in the same file


def judge_files(
    paths: Sequence[Path],
    contracts: Edition | Contracts,
    run_file: Path,
    names: Names | None = None,
) -> ForeignReport:
    """Judge every exchange with the endpoint in some recordings, and write a run file.

    Where no file is one of recordings, none is written.
    ``contracts`` say by which edition each is judged, and ``names`` which model of the edition a
    provider's name stands for.
    Raises ConformanceError when no file is named, or when the run file is one of them, and
    RunFileError when it cannot be written. A file that cannot be read is in the report.
    """
    if not paths:
        raise ConformanceError("name at least one recording to judge")
    files = recordings_in(paths, run_file)
    if any(same_file(file.path, run_file) for file in files):
        raise ConformanceError(f"{run_file}: is to be judged; choose another with --output")
    check_output(run_file)
    chosen = Contracts(contracts) if isinstance(contracts, Edition) else contracts
    with ExitStack() as closing:
        spool = closing.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n"))
        records = Records(spool, chosen)
        work = FileJudge(chosen, records, names or Names())
        complete = False
        try:
            for file in files:
                if not file.unreadable:
                    work.file(file)
            complete = True
        finally:  # what was judged before an interruption is kept (ARCHITECTURE 20)
            all_read = complete and not any(file.unreadable for file in files)
            conclusion = records.conclusion(all_read)
            report = ForeignReport(run_file, tuple(files), records.counts(), conclusion)
            if report.has_read:
                records.write(report, complete)
    return report


@dataclass(slots=True)
class _Waiting:
    """An answer with URLs, until their images have come or the file has ended."""

    exchange: Exchange
    line: int | None
    urls: set[str]
    lacking: dict[str, str] = field(default_factory=dict)
    """By URL, why what was fetched from it is no image to judge."""

    @property
    def complete(self) -> Exchange:
        """The exchange, with what is known of images that did not come."""
        failures = [
            Download(url, failure=Failure(NOT_RECORDED, self.lacking[url]))
            for url in sorted(self.urls & self.lacking.keys())
        ]
        return replace(self.exchange, downloads=(*self.exchange.downloads, *failures))


def _why_no_image(recorded: Recorded) -> str | None:
    """Return why a recorded download is no image to judge; None where it is one."""
    response = recorded.response
    if response is None:
        return "one was asked for, and no answer was recorded"
    if response.status != 200:
        return f"one was asked for at a time that is not known, and answered HTTP {response.status}"
    if recorded.request.header("authorization") is not None:
        return "one was fetched with a key"
    return "one was altered" if is_altered_download(recorded) else None


class FileJudge:
    """Judges file after file."""

    def __init__(self, contracts: Contracts, records: Records, names: Names) -> None:
        self._contracts = contracts
        self._names = names
        self._records = records
        self._stems: dict[str, Path] = {}
        self._waiting: dict[str, _Waiting] = {}  # by case, the oldest first

    def file(self, file: ForeignFile) -> None:
        """Judge what a file holds; what cannot be read is noted, and raises nothing."""
        stem = self._stem(file.path)
        try:
            with plain_file(file.path) as plain:
                file.layout = layout_of(plain)
                for entry in entries_of(plain, file.layout, file.path.parent):
                    self._entry(entry, file, stem)
        except UnknownLayoutError as error:
            # A folder may hold anything; only a file that the user named should be a recording.
            (file.unreadable if file.explicit else file.passed_over).append(Fault(error.reason))
        except RecordingError as error:
            file.unreadable.append(Fault(error.reason, error.line))
        except OSError as error:
            file.unreadable.append(Fault(f"cannot be read: {(error.strerror or '?').lower()}"))
        for case in list(self._waiting):
            self._release(case, file)
        if file.layout and not file.found and not file.unreadable:
            reason = f"{file.layout}, and none of its {file.entries} entries is for the endpoint"
            file.passed_over.append(Fault(reason))

    def _stem(self, path: Path) -> str:
        """Return the first part of the names of a file's cases, another for every file."""
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
            is_awaited = any(entry.url in waiting.urls for waiting in self._waiting.values())
            if entry.method == "GET" and is_awaited:
                self._add_download(entry, file)
            elif is_generation(entry):
                file.found += 1
                self._exchange(entry, file, f"{stem}-{entry.index}")
        except RecordingError as error:
            file.unreadable.append(Fault(f"entry {entry.index}: {error.reason}", entry.line))

    def _exchange(self, entry: Entry, file: ForeignFile, case: str) -> None:
        """Judge an exchange, or let it wait for the images that it points to."""
        recorded = entry.read()
        alteration = altered_request(recorded)
        if alteration is not None:
            reason = f"entry {entry.index}: {alteration}, so that nothing can be judged"
            file.passed_over.append(Fault(reason, entry.line))
            return
        exchange = rename_model(foreign_exchange(recorded, case), self._names)
        altered = exchange.altered | altered_parts(recorded, exchange)
        exchange = replace(exchange, altered=altered, rewritten=changed_length(recorded))
        urls = {payload.url for payload in Answer(exchange).payloads if payload.url}
        self._waiting[case] = _Waiting(exchange, entry.line, urls)
        if not urls:
            self._release(case, file)
        elif len(self._waiting) > _MOST_WAITING:  # memory is bounded; the oldest waits no more
            self._release(next(iter(self._waiting)), file)

    def _add_download(self, entry: Entry, file: ForeignFile) -> None:
        """Add an image to the answers that point to it, if unaltered and fetched without a key.

        A download that failed decides nothing: it may have been tried long after. It is the reason
        that is given where no other one follows.
        """
        recorded = entry.read()
        response, lacking = recorded.response, _why_no_image(recorded)
        for case, waiting in list(self._waiting.items()):
            if entry.url in waiting.urls and lacking is not None:
                waiting.lacking.setdefault(entry.url, lacking)
            elif entry.url in waiting.urls:
                waiting.urls.discard(entry.url)
                downloads = (*waiting.exchange.downloads, Download(entry.url, response))
                waiting.exchange = replace(waiting.exchange, downloads=downloads)
                if not waiting.urls:
                    self._release(case, file)

    def _release(self, case: str, file: ForeignFile) -> None:
        """Judge an exchange without its credentials, and let it go."""
        waiting = self._waiting.pop(case)
        line, contract = waiting.line, self._contracts.of(waiting.exchange)
        edition = contract.edition
        # Redaction comes first (ARCHITECTURE 6): what is judged is what a report may show.
        exchange = without_credentials(waiting.complete)
        answer = Answer(exchange)
        findings = judge(exchange, edition, contract.clauses, None, answer)
        note = unknown_model(exchange, edition)
        if note is not None and note not in {fault.reason for fault in file.unknown_models}:
            file.unknown_models.append(Fault(note, line))
        if note is None and not findings:
            reason = f"{exchange.case}: no clause has anything to say of it"
            file.passed_over.append(Fault(reason, line))
        file.judged += bool(findings)
        file.broken += any(finding.verdict is Verdict.FAIL for finding in findings)
        sent = read_request(exchange, edition)
        record = evidence(exchange, answer, outcome_of(exchange, answer), sent)
        observations = list(observe(exchange, edition, answer))
        self._records.add(contract, exchange, record, observations, findings)
