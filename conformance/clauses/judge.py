"""One judge for all exchanges: live, replayed, generated and foreign."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from conformance.clauses.refusals import names_fault, refused_alike
from conformance.clauses.registry import Clause, Needs
from conformance.clauses.subject import (
    Context,
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Edition, Level
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.sent_request import Sent
from conformance.findings import (
    ACCEPTED_INSTEAD,
    BROKEN,
    NOT_ACCEPTED,
    UNDECIDED,
    Finding,
    Verdict,
)
from conformance.parsing import printable


@dataclass(frozen=True, slots=True)
class _Opinion:
    verdict: Verdict
    problem: Problem


def judge(
    exchange: Exchange,
    edition: Edition,
    clauses: Iterable[Clause],
    control: Outcome | None = None,
    answer: Answer | None = None,
    context: Context | None = None,
) -> list[Finding]:
    """Judge every clause that the request binds; never raises for anything a provider sent.

    A `context` says more of the run than its `control` alone, and takes its place. A clause that
    finds nothing to speak of gives no finding: it is neither green nor counted.
    """
    subject = Subject(exchange, edition, control, answer, context)
    sent = _as_answered(subject)
    found = [_finding(subject, each) for each in clauses if each.binds(sent)]
    return [each for each in found if each is not None]


def _as_answered(subject: Subject) -> Sent:
    """Return the request with what its answer shows of it."""
    events = subject.sent.model is not None or bool(subject.answer.stream.events)
    return replace(subject.sent, painted=subject.outcome.accepted, streamed_back=events)


def _finding(subject: Subject, clause: Clause) -> Finding | None:
    opinion = _opinion(subject, clause)
    if opinion is None or _left_open(subject, clause, opinion):
        return None
    exchange, problem = subject.exchange, opinion.problem
    return Finding(
        clause=clause.id,
        level=clause.level.value,
        verdict=opinion.verdict,
        provider=exchange.provider,
        model=exchange.model,
        case=exchange.case,
        message=printable(problem.message),
        expected=printable(problem.expected),
        observed=printable(problem.observed),
        control=_compared_with(subject, opinion),
    )


def _compared_with(subject: Subject, opinion: _Opinion) -> str | None:
    """Name the control; or the request whose refusal in the same way leaves nothing to judge."""
    alike = None
    if opinion.verdict is Verdict.NOT_TESTABLE:
        alike = subject.context.mistake_alike or refused_alike(subject)
    compared = alike or subject.control
    return compared.case if compared else None


def _left_open(subject: Subject, clause: Clause, opinion: _Opinion) -> bool:
    """Return whether nothing was promised of the request, or could be judged of the answer.

    Once it was answered with a success, that is an answer like any other; that to a mistake is
    judged where that is possible, and its clauses leave nothing open where it is not.
    """
    if opinion.verdict not in UNDECIDED:
        return False
    if subject.sent.expectation == "refused":
        return not clause.binds(subject.sent)
    if subject.sent.expectation != "open" or subject.outcome.answered:
        return False
    return opinion.verdict is Verdict.NOT_TESTABLE or subject.fails_alone


def _opinion(subject: Subject, clause: Clause) -> _Opinion | None:
    """Judge a clause; what is odd in a body that a recorder wrote anew is not the provider's."""
    opinion = _judged(subject, clause)
    if subject.exchange.rewritten and opinion is not None and opinion.verdict in BROKEN:
        return _not_testable(_cut(subject, {"body"}))
    return opinion


def _cut(subject: Subject, parts: Collection[str]) -> str:
    lengths = subject.exchange.rewritten
    done = "altered" if lengths else "cut"
    return f"the recorder {done} the {' and the '.join(sorted(parts))}" + (
        f": {lengths}" if lengths else ""
    )


def _judged(subject: Subject, clause: Clause) -> _Opinion | None:
    obstacle = _obstacle(subject, clause.needs)
    if obstacle is not None:
        return obstacle
    problems: list[Problem] = []
    try:
        _collect(problems, clause.judge(subject))
    except (NotApplicableError, NotTestableError, UnavailableError) as reason:
        return _verdict(problems, clause.level) if problems else _undecided(reason)
    except Exception as error:  # our own fault, and said so: never a verdict on the provider
        text = f"the clause itself failed: {type(error).__name__}: {error}"
        return _Opinion(Verdict.HARNESS_ERROR, Problem(text))
    return _verdict(problems, clause.level)


def _collect(problems: list[Problem], told: Iterator[Problem], most: int = 20) -> None:
    """Keep each problem as it is told: what is raised after it does not undo it."""
    for problem in told:
        if len(problems) == most:
            return
        problems.append(problem)


def _undecided(reason: Exception) -> _Opinion | None:
    if isinstance(reason, NotApplicableError):
        return None
    outage = isinstance(reason, UnavailableError)
    return _Opinion(Verdict.UNAVAILABLE if outage else Verdict.NOT_TESTABLE, Problem(str(reason)))


def _verdict(problems: list[Problem], level: Level) -> _Opinion:
    if not problems:
        return _Opinion(Verdict.PASS, Problem(""))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    first = problems[0]
    verdict = Verdict.FAIL if level is Level.MUST else Verdict.DEVIATES
    return _Opinion(verdict, Problem(first.message + more, first.expected, first.observed))


def _obstacle(subject: Subject, needs: Needs) -> _Opinion | None:
    """What stands between the clause and a verdict; pass and fail need a real decision."""
    if needs is Needs.ACCEPTANCE and subject.fails_alone:
        return None
    failed = subject.exchange.failure is not None and needs is not Needs.BYTES
    if subject.exchange.response is None or failed:
        return _unavailable(subject)
    cut = subject.exchange.altered & {"request", "body"}
    if cut:
        return _not_testable(_cut(subject, cut))
    if needs in (Needs.ANSWER, Needs.BYTES):
        return None
    result = subject.outcome.result
    if result is Result.UNAVAILABLE or (result is Result.NOT_SERVED and subject.names_model):
        return _unavailable(subject)
    mistake = subject.context.mistake_alike
    if mistake is not None:
        return _not_testable(f"refused in the way of the mistake {mistake.case}: {mistake.reason}")
    return _prerequisite(subject, needs)


def _unavailable(subject: Subject) -> _Opinion:
    reason, said = subject.outcome.reason, subject.outcome.said
    observed = "" if said in reason else said
    message = "; ".join(each for each in (reason, subject.context.crash_doubt) if each)
    return _Opinion(Verdict.UNAVAILABLE, Problem(message, observed=observed))


def _prerequisite(subject: Subject, needs: Needs) -> _Opinion | None:
    result = subject.outcome.result
    if needs is Needs.SUCCESS and not subject.outcome.answered:
        return _not_testable(f"{NOT_ACCEPTED}: {subject.outcome.reason}")
    turned_down = result in (Result.REFUSED, Result.NOT_SERVED) and not subject.outcome.answered
    if needs is Needs.ERROR and not turned_down:
        if subject.outcome.accepted:
            return _not_testable(ACCEPTED_INSTEAD)
        if subject.outcome.answered:
            return _not_testable(f"it was not refused with a 4xx: {subject.outcome.reason}")
        return _not_testable("the request was neither accepted nor refused: there is no error")
    if needs is Needs.REFUSAL:
        return _control(subject)
    return None


def _control(subject: Subject) -> _Opinion | None:
    if subject.outcome.result is Result.ACCEPTED:
        return None  # accepting what must be refused needs no control
    if subject.control is None and _names_its_fault(subject):
        return None
    if subject.control is None:
        return _not_testable("there is no control: the same request without its one fault")
    if not subject.control.accepted:
        reason = f"its control {subject.control.case} was not accepted: {subject.control.reason}"
        return _not_testable(reason)
    return None


def _names_its_fault(subject: Subject) -> bool:
    """Return whether a refusal that somebody else recorded says which rule was broken.

    A foreign recording has no control. That one refuses by the name of the very parameter
    shows as well that it was for this fault.
    """
    return subject.exchange.provenance is Provenance.FOREIGN and names_fault(subject)


def _not_testable(reason: str) -> _Opinion:
    return _Opinion(Verdict.NOT_TESTABLE, Problem(reason))
