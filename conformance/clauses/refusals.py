"""What clauses about refused requests share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.cases.model import Authorization
from conformance.clauses.bindings import broken_parameters
from conformance.clauses.registry import Needs, Shape
from conformance.clauses.subject import NotTestableError, Problem, Subject, UnavailableError
from conformance.contract.edition import MODEL_UNKNOWN
from conformance.exchange.error_text import error_text
from conformance.exchange.outcome import Outcome, Result, same_refusal, undecided
from conformance.exchange.refusal_matching import speaks_of
from conformance.exchange.wrong_endpoint import redirect_target
from conformance.findings import ANOTHER_REASON, OF_WHO_ASKS
from conformance.output.printing import printable
from conformance.parsing import write_json

MODEL_OMITTED = "model-omitted"
_EVERYWHERE = frozenset({"model", "prompt"})
_MOST_READ = 2000  # characters of a refusal in which a name is looked for
_UNREAD = frozenset({"method", "content-type", "json", "not-object"})
"""Faults that hide the body: a server that cannot read one may well miss the model in it."""


def refusal(subject: Subject, request: str) -> Iterator[Problem]:
    """Report an image in answer to a request that must be refused.

    A success without an image, and a redirect, break `errors.not-2xx` alone.
    """
    outcome = subject.outcome
    if undecided(subject.response.status):
        raise UnavailableError(reply(subject))  # a 5xx refuses nothing, whatever it says
    if outcome.accepted:
        yield Problem(f"{request} was accepted", "4xx", reply(subject))
    elif outcome.result in (Result.REFUSED, Result.NOT_SERVED) and not outcome.answered:
        require_fault(subject)
    else:
        raise NotTestableError(f"{request} was not refused with a 4xx: {reply(subject)}")


refuses = Shape(refusal, Needs.REFUSAL)


def require_fault(subject: Subject) -> None:
    """Raise unless a refusal may be for the one fault of its request."""
    if _has_another_cause(subject):
        raise _another_reason(subject)
    alike = refused_alike(subject)
    if alike is not None:
        valid = f"the valid request {alike.case} was refused in the same words"
        raise NotTestableError(f"{valid}: {reply(subject)}")
    if _leaves_more_open(subject) and not names_fault(subject):
        reason = "it may have been refused for what the contract leaves open"
        raise NotTestableError(f"{reason}: {reply(subject)}")


def _another_reason(subject: Subject) -> NotTestableError:
    reason = OF_WHO_ASKS if subject.outcome.forbidden else ANOTHER_REASON
    return NotTestableError(f"{reason}: {reply(subject)}")


def _has_another_cause(subject: Subject) -> bool:
    """Return whether the fault of the request is not what it was refused for."""
    cause = subject.outcome.cause
    if subject.sent.authorization is not Authorization.VALID:
        return cause not in (None, "key", "other")  # a refused key gets many a status and page
    if cause == "not served":
        # That is no other reason where the body was not read, the model is made up, or the mistake
        # is named beside it.
        faults = subject.sent.faults
        hidden = faults & _UNREAD and not speaks_of(_words(subject), subject.served_name)
        return not (hidden or "model-unknown" in faults or names_fault(subject))
    if cause == "key" and "model-unknown" in subject.sent.faults:
        return not speaks_of(_words(subject), "model")  # a key may be good for some models alone
    return cause is not None


def refused_alike(subject: Subject) -> Outcome | None:
    """Return a valid request to the model that was turned down with the same status and text."""
    if not subject.outcome.said:
        return None
    refusals = subject.context.valid_refusals
    alike = (refusal for refusal in refusals if same_refusal(refusal, subject.outcome))
    return next(alike, None)


def _leaves_more_open(subject: Subject) -> bool:
    """Return whether the contract leaves open another parameter than the one at fault.

    What the control asks for as well, and was accepted with, is no such parameter; nor is, where
    the control was accepted, a model that no document knows.
    """
    reading, control = subject.sent.reading, subject.control
    if reading is None:
        return False
    left_open = {*reading.unknown, *reading.unsupported}
    for point in reading.model.schema.open_points if reading.model else ():
        if point.parameter and point.touched_by(reading.body):
            left_open.add(point.parameter)
    unproven = control is None or not control.accepted
    if MODEL_OMITTED in reading.left_open or (MODEL_UNKNOWN in reading.left_open and unproven):
        left_open.add("model")
    return bool(left_open - broken_parameters(subject.sent) - subject.context.proven)


def names_fault(subject: Subject) -> bool:
    """Return whether a refusal names a parameter whose documented rule the request breaks."""
    error = error_text(subject.answer)
    words = f"{error.param} {error.text}"
    return any(speaks_of(words, name) for name in broken_parameters(subject.sent))


def quotes_fault(subject: Subject) -> bool:
    """Return whether an error shows that the mistake was seen: by `param`, or by name and value.

    A name alone does not: the model may be overloaded, and the prompt queue full.
    """
    error = error_text(subject.answer)
    for name in broken_parameters(subject.sent):
        if error.param.rpartition(".")[2] == name:
            return True
        value = subject.sent.body.get(name)
        quotable = not isinstance(value, list | dict | None)
        if quotable and speaks_of(error.text, name) and speaks_of(error.text, str(value)[:200]):
            return True
    return False


def refusal_by_name(subject: Subject, names: Iterable[str]) -> Iterator[Problem]:
    """Report an open request that was neither accepted nor refused by one of these names."""
    outcome = subject.outcome
    if outcome.accepted:
        return
    if subject.fails_alone:
        yield broken_down(subject, "2xx or 4xx")
        return
    if outcome.answered:
        raise NotTestableError(f"it was neither accepted nor refused: {reply(subject)}")
    require_control(subject)
    if outcome.result is not Result.REFUSED:
        yield Problem("the request was neither accepted nor refused", "2xx or 4xx", reply(subject))
        return
    words, names = _words(subject), list(dict.fromkeys(names))
    # A refusal may name the parameter, and still read as if the model were not there.
    if any(speaks_of(words, name) for name in names) and outcome.cause in (None, "not served"):
        return
    if outcome.cause not in (None, "not served") or refused_alike(subject) is not None:
        raise _another_reason(subject)
    expected = " or ".join(names)
    yield Problem("the refusal does not name the parameter", expected, reply(subject))


def _words(subject: Subject) -> str:
    """Return what a refusal says: `param` and `message`, or the text of one without an error."""
    error = subject.answer.error
    if isinstance(error, dict):
        return f"{error.get('param')} {error.get('message')}"
    return subject.response.body[:_MOST_READ].decode(errors="replace")


def require_control(subject: Subject) -> None:
    """Raise where even the request without the fault was turned down: then the reason is another.

    What has no control at all, such as a foreign recording, is judged as it stands.
    """
    control = subject.control
    if control is not None and not control.accepted and not subject.outcome.accepted:
        raise NotTestableError(f"its control {control.case} was not accepted: {control.reason}")


def reply(subject: Subject) -> str:
    """Return the status, where it leads, and what is said of an error, in whatever shape."""
    words, target = error_text(subject.answer).words, redirect_target(subject.exchange)
    leads = f" to {printable(target, 200)}" if target else ""
    return f"HTTP {subject.response.status}{leads}" + (f": {words}" if words else "")


def require_success(subject: Subject) -> None:
    """Raise unless there is a success to judge; that there is none, another clause says."""
    if not subject.outcome.answered:
        raise NotTestableError(f"the request was not accepted: {subject.outcome.reason}")


def broken_down(subject: Subject, expected: str) -> Problem:
    """Describe which parameters a request fails with, how often, and what the provider says."""
    body = subject.sent.body
    names = (name for name in body if name not in _EVERYWHERE)
    parameters = ", ".join(f"{name}: {write_json(body[name], 40)}" for name in names)
    context, outcome = subject.context, subject.outcome
    failure = f"HTTP {outcome.status}" if (outcome.status or 0) >= 500 else outcome.reason
    frequency = f"in {context.attempts}" if context.attempts else "every time"
    blamed = f"{context.blamed or parameters}: " if context.blamed or parameters else ""
    message = f"{blamed}{failure} {frequency}, while other requests were accepted before and after"
    words = f": {outcome.said}" if outcome.said not in outcome.reason else ""
    observed = f"{outcome.reason}{words}"
    return Problem(message, expected, f"{parameters}: {observed}" if parameters else observed)
