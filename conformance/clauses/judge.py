"""One judge for all exchanges: live, replayed, generated and foreign."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from conformance.clauses.refusals import names_fault, refused_alike, require_success
from conformance.clauses.registry import Clause, Needs
from conformance.clauses.subject import (
    Context,
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
    UndecidedError,
)
from conformance.contract import Edition, Level
from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import ACCEPTED_INSTEAD, BROKEN, UNDECIDED, Finding, Verdict
from conformance.output.printing import printable

_MOST_PROBLEMS = 20  # of one clause in one exchange


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
    # An image that came promises more, and events say that a model unknown to us streams.
    streams = subject.sent.model is not None or bool(subject.answer.stream.events)
    sent = replace(subject.sent, painted=subject.outcome.accepted, streamed_back=streams)
    findings = [_finding(subject, clause) for clause in clauses if clause.binds(sent)]
    return [finding for finding in findings if finding is not None]


def _finding(subject: Subject, clause: Clause) -> Finding | None:
    result = _judge_clause(subject, clause)
    if result is None:
        return None
    verdict, problem = result
    if verdict in BROKEN and subject.exchange.rewritten:
        # What is odd in a body that a recorder wrote anew is not the provider's (ARCHITECTURE 36).
        verdict, problem = Verdict.NOT_TESTABLE, Problem(_recorder_cut(subject, {"body"}))
    if verdict in UNDECIDED and _was_not_promised(subject, clause, verdict):
        return None
    control = subject.control
    if verdict is Verdict.NOT_TESTABLE:
        # Another request that was refused in the same way explains why nothing could be judged.
        control = subject.context.mistake_alike or refused_alike(subject) or control
    exchange = subject.exchange
    return Finding(
        clause=clause.id,
        level=clause.level.value,
        verdict=verdict,
        provider=exchange.provider,
        model=exchange.model,
        case=exchange.case,
        message=printable(problem.message),
        expected=printable(problem.expected),
        observed=printable(problem.observed),
        control=control.case if control else None,
    )


def _judge_clause(subject: Subject, clause: Clause) -> tuple[Verdict, Problem] | None:
    """Return what a clause says of an exchange; None where it finds nothing to speak of.

    A problem stands, whatever the clause raises after it (ARCHITECTURE 14).
    """
    problems: list[Problem] = []
    try:
        _require_answer(subject, clause.needs)
        for problem in clause.judge(subject):
            problems.append(problem)
            if len(problems) == _MOST_PROBLEMS:
                break
    except NotApplicableError:
        if not problems:
            return None
    except UndecidedError as reason:
        if not problems:
            return reason.verdict, reason.problem
    except Exception as error:  # our own fault, and said so: never a verdict on the provider
        text = f"the clause itself failed: {type(error).__name__}: {error}"
        return Verdict.HARNESS_ERROR, Problem(text)
    if not problems:
        return Verdict.PASS, Problem("")
    first, others = problems[0], len(problems) - 1
    message = first.message + (f" (and {others} more)" if others else "")
    verdict = Verdict.FAIL if clause.level is Level.MUST else Verdict.DEVIATES
    return verdict, replace(first, message=message)


def _was_not_promised(subject: Subject, clause: Clause, verdict: Verdict) -> bool:
    """Return whether an undecided finding is about something that was not promised.

    An open request that was answered with a success has an answer like any other. An image for a
    mistake is judged as far as it can be, and what cannot be decided of it is left out.
    """
    if subject.sent.expectation == "refused":
        return not clause.binds(subject.sent)
    if subject.sent.expectation != "open" or subject.outcome.answered:
        return False
    return verdict is Verdict.NOT_TESTABLE or subject.fails_alone


def _require_answer(subject: Subject, needs: Needs) -> None:
    """Raise unless a clause with these needs can judge the answer (ARCHITECTURE 3)."""
    exchange, outcome = subject.exchange, subject.outcome
    if needs is Needs.ACCEPTANCE and subject.fails_alone:
        return
    failed = exchange.failure is not None and needs is not Needs.BYTES
    if exchange.response is None or failed:
        raise _unavailable(subject)
    cut = exchange.altered & {"request", "body"}
    if cut:
        raise NotTestableError(_recorder_cut(subject, cut))
    if needs in (Needs.ANSWER, Needs.BYTES):
        return
    not_served = outcome.result is Result.NOT_SERVED and subject.names_model
    if outcome.result is Result.UNAVAILABLE or not_served:
        raise _unavailable(subject)
    mistake = subject.context.mistake_alike
    if mistake is not None:
        reason = f"refused in the way of the mistake {mistake.case}: {mistake.reason}"
        raise NotTestableError(reason)
    if needs is Needs.SUCCESS:
        require_success(subject)
    elif needs is Needs.ERROR:
        _require_error(outcome)
    elif needs is Needs.REFUSAL:
        _require_accepted_control(subject)


def _unavailable(subject: Subject) -> UnavailableError:
    outcome = subject.outcome
    message = "; ".join(filter(None, (outcome.reason, subject.context.crash_doubt)))
    return UnavailableError(message, "" if outcome.said in outcome.reason else outcome.said)


def _recorder_cut(subject: Subject, parts: Collection[str]) -> str:
    lengths = subject.exchange.rewritten
    verb = "altered" if lengths else "cut"
    return f"the recorder {verb} the {' and the '.join(sorted(parts))}" + (
        f": {lengths}" if lengths else ""
    )


def _require_error(outcome: Outcome) -> None:
    if outcome.accepted:
        raise NotTestableError(ACCEPTED_INSTEAD)
    if outcome.answered:
        raise NotTestableError(f"it was not refused with a 4xx: {outcome.reason}")
    if outcome.result not in (Result.REFUSED, Result.NOT_SERVED):
        raise NotTestableError("the request was neither accepted nor refused: there is no error")


def _require_accepted_control(subject: Subject) -> None:
    """Raise unless the control shows that a refusal is for the one fault of the request."""
    control = subject.control
    if subject.outcome.result is Result.ACCEPTED:
        return  # accepting what must be refused needs no control
    if control is None:
        # A recording of somebody else has none; it may name the very parameter instead.
        if subject.exchange.provenance is Provenance.FOREIGN and names_fault(subject):
            return
        raise NotTestableError("there is no control: the same request without its one fault")
    if not control.accepted:
        reason = f"its control {control.case} was not accepted: {control.reason}"
        raise NotTestableError(reason)
