"""Resuming a run that was cut off: nothing that may have been billed is sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import convert
from msgspec.structs import replace

from conformance.cases.model import Case
from conformance.cases.valid import MODELS_LIST
from conformance.errors import ConformanceError
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import UNDECIDED, Finding, Observation, Verdict
from conformance.live.ledger import LedgerError, LostRequest, read_ledger
from conformance.output.counting import join_names
from conformance.output.shell import quoted
from conformance.results.case_result import CaseResult
from conformance.results.records import NOT_RUN, RunHeader
from conformance.results.run_file import Run, read_run
from conformance.runner.header import header_without_plan
from conformance.runner.output_path import is_being_written, ledger_of

if TYPE_CHECKING:
    from conformance.runner.engine import Engine
    from conformance.runner.session import Session

_Named = TypeVar("_Named")
_MOST_NAMED = 3  # clauses in a message
_SELECTION = ("clauses", "models", "cases", "strength", "depth")
_WRONG = frozenset({Verdict.NOT_RUN, Verdict.UNAVAILABLE, Verdict.HARNESS_ERROR, Verdict.FLAKY})


class ResumeError(ConformanceError):
    """A run that cannot be resumed, because it is another run."""


class InterruptedRun:
    """What is taken over from a run that was cut off: its run file, and its ledger."""

    def __init__(self, run: Run, path: Path, session: Session) -> None:
        self._run = run
        self._path = path
        self._session = session
        self._ledger = read_ledger(ledger_of(path))
        try:
            self._ledger_outcomes = {
                name: convert(values, Outcome) for name, values in self._ledger.outcomes.items()
            }
            self._ledger_results = convert(self._ledger.judged, dict[str, CaseResult])
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerError(f"{ledger_of(path)}: has no outcome: {error}") from None
        self._settled: dict[str, dict[str, CaseResult]] = {}

    @classmethod
    def read(cls, path: Path, session: Session) -> InterruptedRun:
        """Read what is left of a run.

        Raises `RunFileError` or `LedgerError` for what cannot be read, and `ResumeError` for a
        run of something else, or one that goes on.
        """
        if is_being_written(path):
            raise ResumeError(f"--resume {path}: that run still goes on; wait for it, or stop it")
        run = read_run(path)
        check_same(header_without_plan(session), run.header, path)
        return cls(run, path, session)

    @property
    def ids(self) -> tuple[str, ...]:
        """The runs that findings come from, the latest first."""
        return (self._run.header.id, *self._run.header.resumes)

    def counted(self, lost: LostRequest) -> float:
        """Return the US dollars of a lost answer that count, unless the run itself said so."""
        return lost.usd if self._run.footer is None else 0.0

    def judged(self, engine: Engine) -> dict[str, CaseResult]:
        """Return the cases of a provider that need not be sent again.

        The ledger knows outcomes better than the run file, and those of controls that were sent
        for others' sake, of which a run file says nothing.
        """
        name = engine.provider.id
        if name not in self._settled:
            results = self._whole_cases(name)
            for path, outcome in self._outcomes(name).items():
                if path in results:
                    results[path] = replace(results[path], outcome=outcome)
                elif path not in self._selected(engine):
                    results[path] = CaseResult(outcome, {}, (), None)
            self._settled[name] = settled(results, engine.cases.values())
            for path, result in self._settled[name].items():
                # which run sent a case is recorded, so that nobody takes it for paid again
                if result.record is not None and result.record.run is None:
                    record = replace(result.record, run=self._run.header.id)
                    self._settled[name][path] = replace(result, record=record)
        return self._settled[name]

    def lost(self, engine: Engine) -> dict[str, LostRequest]:
        """Return what may be billed and has no answer in the run file, by the path of its case."""
        name = engine.provider.id
        answered = {
            path
            for path, result in self._whole_cases(name).items()
            if result.record and result.record.outcome != NOT_RUN
        }
        # of a control that was not selected the outcome is all that is needed
        needless = self._outcomes(name).keys() - self._selected(engine)
        return {
            path: lost
            for key, lost in self._ledger.unanswered.items()
            for provider, _, path in [key.partition("::")]
            if provider == name and path in engine.cases and path not in answered | needless
        }

    def _whole_cases(self, provider: str) -> dict[str, CaseResult]:
        """Return what was judged, in the run file or else in the ledger."""
        return _of(provider, self._ledger_results) | dict(whole_cases(self._run, provider))

    def _outcomes(self, provider: str) -> dict[str, Outcome]:
        return _of(provider, self._ledger_outcomes)

    def _selected(self, engine: Engine) -> set[str]:
        return {case.path for case, _ in self._session.selected(engine)}


def _of(provider: str, by_name: Mapping[str, _Named]) -> dict[str, _Named]:
    """Return by path what is named `provider::path`."""
    prefix = f"{provider}::"
    names = [name for name in by_name if name.startswith(prefix)]
    return {name.removeprefix(prefix): by_name[name] for name in names}


def check_same(header: RunHeader, other: RunHeader, path: object) -> None:
    """Refuse a run of another edition, provider or selection; its findings say nothing here."""
    for ours, theirs in zip(_described(header, other), _described(other, header), strict=True):
        if ours != theirs:
            raise ResumeError(
                f"--resume {path}: that run has {theirs}, and this one has {ours}; "
                f"start it with the same options, or start anew without --resume"
            )


def _described(header: RunHeader, other: RunHeader) -> list[str]:
    """Return in words what a run must have in common with another."""
    digest = header.edition.digest if other.edition.digest else ""
    own = sorted({clause.id for clause in header.clauses} - {clause.id for clause in other.clauses})
    selected = {name: getattr(header.selection, name) for name in _SELECTION}
    return [
        f"edition {header.edition.id}",
        f"the edition with the digest {digest[:12]}",
        f"the provider {', '.join(sorted(provider.id for provider in header.providers))}",
        f"the address {', '.join(sorted(provider.base_url for provider in header.providers))}",
        *(
            f"no --{name}" if value in (None, "*") else f"--{name} {quoted(str(value))}"
            for name, value in selected.items()
        ),
        # clauses that the other run does not have come from outside the suite
        f"the clauses {join_names(own, _MOST_NAMED)} besides" if own else "no other clauses",
    ]


def settled(results: Mapping[str, CaseResult], cases: Iterable[Case]) -> dict[str, CaseResult]:
    """Return those cases that were decided, and whose control was.

    A case is taken whole or not at all: its findings were counted when it was judged.
    """
    settled_results: dict[str, CaseResult] = {}
    for case in cases:  # a control comes before what it controls
        result = results.get(case.path)
        control = f"{case.model}/{case.control}"
        if result is not None and _is_settled(case, result, control in settled_results):
            settled_results[case.path] = result
    return settled_results


def _is_settled(case: Case, result: CaseResult, controlled: bool) -> bool:
    if case.id == MODELS_LIST:
        return False  # it is free, and others need to know what is listed now
    if result.outcome.result is Result.ACCEPTED:
        return True  # it was paid for
    if result.outcome.result is not Result.REFUSED:
        return False
    verdicts = {finding.verdict for finding in result.findings.values()}
    return not verdicts & _WRONG and (controlled or not verdicts & UNDECIDED)


def whole_cases(run: Run, provider: str) -> Iterator[tuple[str, CaseResult]]:
    """Yield the cases of a provider whose findings all stand in a run, by their path."""
    findings: dict[str, dict[str, Finding]] = {}
    observations: dict[str, list[Observation]] = {}
    for finding in run.findings:
        if finding.provider == provider:
            path = f"{finding.model}/{finding.case}"
            findings.setdefault(path, {})[finding.clause] = finding
    for observation in run.observations:
        if observation.provider == provider:
            path = f"{observation.model}/{observation.case}"
            observations.setdefault(path, []).append(observation)
    for record in run.exchanges.values():
        path = f"{record.model}/{record.case}"
        findings_of_case = findings.get(path, {})
        if record.provider == provider and record.findings == len(findings_of_case):
            is_known = record.outcome in set(Result)
            outcome = Outcome(
                record.case,
                Result(record.outcome) if is_known else Result.UNAVAILABLE,
                record.reason,
                record.response.status if record.response else None,
            )
            observed = tuple(observations.get(path, ()))
            record = replace(record, findings=None)
            yield path, CaseResult(outcome, findings_of_case, observed, record)
