"""Going on with a run that was cut off: what was answered and judged is not paid for again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from conformance.cases.model import Case
from conformance.cases.valid import MODELS_LIST
from conformance.errors import ConformanceError
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import UNDECIDED, Finding, Observation, Verdict
from conformance.results.case_result import Judged
from conformance.results.records import ClauseRecord, ExchangeRecord, ProviderRecord, RunHeader
from conformance.results.run_file import Run, read_run
from conformance.runner.header import about
from conformance.runner.journal import Spool
from conformance.runner.output_path import folder_of, lock_of
from conformance.runner.underway import await_answers, is_held

if TYPE_CHECKING:
    from conformance.runner.engine import Engine
    from conformance.runner.session import Session

_WRONG = frozenset({Verdict.NOT_RUN, Verdict.UNAVAILABLE, Verdict.HARNESS_ERROR, Verdict.FLAKY})


class ResumeError(ConformanceError):
    """A run that cannot be gone on with, because it is another run."""


class Resumed:
    """What is taken over from a run that was cut off."""

    def __init__(self, run: Run, path: Path) -> None:
        self._run = run
        self._path = path
        self._judged: dict[str, dict[str, Judged]] = {}

    @classmethod
    def read(cls, path: Path, session: Session) -> Resumed:
        """Read a run file, once all is there that was under way when the run was killed.

        Raises `RunFileError`, and `ResumeError` for a run of something else, or one that goes on.
        """
        if lock_of(path).exists() and is_held(lock_of(path)):
            raise ResumeError(f"--resume {path}: that run still goes on; wait for it, or stop it")
        await_answers(folder_of(path), path)
        run = read_run(path)
        check_same(about(session), run.header, path)
        return cls(run, path)

    @property
    def ids(self) -> tuple[str, ...]:
        """The runs that findings come from, the latest first."""
        return (self._run.header.id, *self._run.header.resumes)

    def judged(self, engine: Engine) -> dict[str, Judged]:
        """Give the cases of a provider that need not be sent again.

        Beside the run file stands what its processes had judged and nobody had written yet.
        """
        name = engine.provider.id
        if name not in self._judged:
            shared = folder_of(self._path) / name
            spooled = dict(Spool(shared).everything()) if shared.is_dir() else {}
            whole = dict(whole_cases(self._run, name)) | spooled
            taken = settled(whole, engine.cases.values())
            self._judged[name] = {path: self._sent_before(each) for path, each in taken.items()}
        return self._judged[name]

    def _sent_before(self, judged: Judged) -> Judged:
        """Say which run sent a case, so that nobody takes it for paid again."""
        if judged.record is None or judged.record.run is not None:
            return judged
        return replace(judged, record=replace(judged.record, run=self._run.header.id))


def check_same(header: RunHeader, other: RunHeader, path: object) -> None:
    """Refuse a run of another edition, provider or selection; its findings say nothing here."""
    for what, mine, theirs in _compared(header, other):
        if mine != theirs:
            raise ResumeError(
                f"--resume {path}: that run has {what} {theirs}, and this one {mine}; "
                f"start it with the same options, or start anew without --resume"
            )


def settled(judged: Mapping[str, Judged], cases: Iterable[Case]) -> dict[str, Judged]:
    """Give those cases that were decided, and whose control was.

    A case is taken whole or not at all: its findings were counted when it was judged.
    """
    taken: dict[str, Judged] = {}
    for case in cases:  # a control comes before what it controls
        found = judged.get(case.path)
        control = f"{case.model}/{case.control}"
        if found is not None and _is_settled(case, found, control in taken):
            taken[case.path] = found
    return taken


def _is_settled(case: Case, judged: Judged, controlled: bool) -> bool:
    if case.id == MODELS_LIST:
        return False  # it is free, and others need to know what is listed now
    if judged.outcome.result is Result.ACCEPTED:
        return True  # it was paid for
    if judged.outcome.result is not Result.REFUSED:
        return False
    verdicts = {each.verdict for each in judged.findings.values()}
    return not verdicts & _WRONG and (controlled or not verdicts & UNDECIDED)


def _compared(header: RunHeader, other: RunHeader) -> Iterator[tuple[str, str, str]]:
    yield "edition", header.edition.id, other.edition.id
    for what, key in (("providers", "id"), ("addresses", "base_url")):
        yield what, _joined(header.providers, key), _joined(other.providers, key)
    for name in ("clauses", "models", "cases", "strength", "depth"):
        mine, theirs = (str(getattr(each.selection, name)) for each in (header, other))
        yield f"--{name}", mine, theirs
    mine, theirs = (str(len(each.clauses)) for each in (header, other))
    same = _joined(header.clauses, "id") == _joined(other.clauses, "id")
    yield "clauses", mine, theirs if same or mine != theirs else f"{theirs} others"


def _joined(items: Iterable[ProviderRecord | ClauseRecord], key: str) -> str:
    return ", ".join(sorted(str(getattr(each, key)) for each in items))


def whole_cases(run: Run, provider: str) -> Iterator[tuple[str, Judged]]:
    """Yield the cases of a provider whose findings all stand in a run, by their path."""
    findings: dict[str, dict[str, Finding]] = {}
    observations: dict[str, list[Observation]] = {}
    for finding in run.findings:
        if finding.provider == provider:
            mine = findings.setdefault(f"{finding.model}/{finding.case}", {})
            mine[finding.clause] = finding
    for seen in run.observations:
        if seen.provider == provider:
            observations.setdefault(f"{seen.model}/{seen.case}", []).append(seen)
    for record in run.exchanges.values():
        path = f"{record.model}/{record.case}"
        found = findings.get(path, {})
        if record.provider == provider and record.findings == len(found):
            seen_here = tuple(observations.get(path, ()))
            yield path, Judged(_outcome(record), found, seen_here, replace(record, findings=None))


def _outcome(record: ExchangeRecord) -> Outcome:
    known = record.outcome in set(Result)
    result = Result(record.outcome) if known else Result.UNAVAILABLE
    status = record.response.status if record.response else None
    return Outcome(record.case, result, record.reason, status)
