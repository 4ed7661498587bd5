"""Parameters: what is documented is accepted, what breaks a documented rule is refused."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.authentication import valid_key_accepted
from conformance.clauses.bindings import accepted, fault, minimal
from conformance.clauses.refusals import broken_down, refusal, refusal_by_name, refuses, reply
from conformance.clauses.registry import Binding, Needs, Shape, cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject, UnavailableError
from conformance.contract import Level
from conformance.exchange.model import Provenance
from conformance.exchange.sent_request import SentRequest


@clause(
    "parameters.valid-accepted",
    Level.MUST,
    "A request that keeps to what is documented is accepted.",
    cite("cometapi", "Body: application/json"),
    cite("openai", "CreateImageRequest"),
    binds=accepted,
    needs=Needs.ACCEPTANCE,
)
def valid_accepted(subject: Subject) -> Iterator[Problem]:
    """Passes when an image came, or a stream that completed; fails on a refusal, and says what
    the error says. Not testable when the key was not accepted, when the prompt was moderated,
    and when a success came without an image, which other clauses report. A model that is not
    served, a quota, an outage, and a 403 to the smallest request, which is about who asks, make it
    unavailable; but it fails when a request comes to nothing every time, at least three times and
    more often than chance has it, and its control is accepted before and after.
    """
    outcome = subject.outcome
    if outcome.accepted:
        return
    if subject.fails_alone:
        yield broken_down(subject, "2xx")
        return
    if outcome.answered:
        raise NotTestableError(f"a success came without an image: {outcome.reason}")
    if outcome.cause == "moderation":
        raise NotTestableError(f"the prompt was moderated: {reply(subject)}")
    if _refuses_key(subject):
        raise NotTestableError(f"the key was not accepted: {reply(subject)}")
    if outcome.forbidden and minimal(subject.sent):
        raise UnavailableError(f"this account is not let in: {reply(subject)}")
    yield Problem("a documented request was not accepted", "2xx", reply(subject))


def _refuses_key(subject: Subject) -> bool:
    if subject.exchange.provenance is Provenance.FOREIGN:
        return subject.response.status in (401, 403)  # whose key it was is not known
    return any(True for _ in valid_key_accepted(subject))


MALFORMED, NOT_OBJECT = fault("json"), fault("not-object")
WRONG_TYPE, WRONG_METHOD = fault("content-type"), fault("method")


refuses(
    "parameters.json-malformed",
    Level.MUST,
    "A body that is not JSON is refused.",
    cite("cometapi", "Body: application/json"),
    cite("cometapi-errors", "400"),
    cite("openai-errors", "400"),
    binds=MALFORMED,
    about="malformed JSON",
    how="Fails on anything but a 4xx to a body that breaks off before its last bracket.",
)

refuses(
    "parameters.body-object",
    Level.MUST,
    "A body that is JSON but no object is refused.",
    cite("cometapi", "Body: application/json"),
    cite("openai", "CreateImageRequest"),
    binds=NOT_OBJECT,
    about="a body that is no object",
    how="Fails on anything but a 4xx to a body that is an array around the request.",
)

refuses(
    "parameters.content-type",
    Level.SHOULD,
    "A body that is declared as something other than JSON is refused.",
    cite("cometapi", "Body: application/json"),
    cite("rfc9110", "15.5.16"),
    binds=WRONG_TYPE,
    about="a body declared as plain text",
    how="""Deviates on anything but a 4xx to valid JSON sent as `text/plain`; the page documents one
    content type, and no source forbids to be lenient.
    """,
)


@clause(
    "parameters.method",
    Level.SHOULD,
    "Another method than POST is refused.",
    cite("cometapi", "POST /v1/images/generations"),
    cite("rfc9110", "9.1"),
    binds=WRONG_METHOD,
    needs=Needs.REFUSAL,
)
def method(subject: Subject) -> Iterator[Problem]:
    """Deviates on anything but a 4xx to a GET of the endpoint."""
    redirected = subject.response.status // 100 == 3
    if subject.outcome.answered or redirected:
        yield Problem("another method was not refused", "4xx", reply(subject))
    else:
        yield from refusal(subject, "another method")


def _disputed_parameters(sent: SentRequest) -> Iterator[str]:
    """Name the parameters that raise an open question."""
    if sent.model is None:
        return
    yield from (name for name in sent.body if name not in sent.model.parameters)
    for point in sent.model.schema.open_points:
        if point.touched_by(sent.body):
            optional = [name for name in sent.body if name not in ("model", "prompt")]
            yield from optional if point.parameter is None else [point.parameter]


_JUDGED_ELSEWHERE = frozenset(
    # of an empty prompt no source promises anything: it is observed
    {"model-omitted", "model-unknown", "gpt-image-response-format", "empty-prompt"}
)


def _why_open(sent: SentRequest) -> str | None:
    """Return why the contract leaves a request open; None if it does not."""
    reading = sent.reading
    if reading is None or sent.expectation != "open":
        return None
    if _JUDGED_ELSEWHERE & set(reading.left_open):
        return None
    if reading.unknown:
        return "unknown"
    return "unsupported" if reading.unsupported else "disputed"


def _left_open_for(reason: str) -> Binding:
    return lambda sent: _why_open(sent) == reason


def _refused_by_name(subject: Subject, reason: str) -> Iterator[Problem]:
    reading, names = subject.sent.reading, tuple(_disputed_parameters(subject.sent))
    if reading is not None and reason != "disputed":
        names = reading.unknown if reason == "unknown" else reading.unsupported
    yield from refusal_by_name(subject, names)


names_open = Shape(_refused_by_name, Needs.ACCEPTANCE)
_NAMED_OR_ACCEPTED = """\
Any 2xx is fine, and so is a 4xx whose `error.param` or `error.message` has the name; or,
where there is no error object, its text. A refusal that says nothing names nothing. Deviates as
well when the request comes to nothing every time, and its control is accepted before and after.
"""

names_open(
    "parameters.unknown",
    Level.SHOULD,
    "A parameter that no source knows is ignored, or refused by its name.",
    cite("openai", "CreateImageRequest"),
    cite("openai-observed", "400 unknown_parameter"),
    binds=_left_open_for("unknown"),
    about="unknown",
    how=_NAMED_OR_ACCEPTED,
)

names_open(
    "parameters.unsupported",
    Level.SHOULD,
    "A parameter that is documented as not for the model is ignored, or refused by its name.",
    cite("openai", "CreateImageRequest"),
    cite("openai-observed", "400 unknown_parameter"),
    binds=_left_open_for("unsupported"),
    about="unsupported",
    how=_NAMED_OR_ACCEPTED,
)

names_open(
    "parameters.disputed-value",
    Level.SHOULD,
    "A value on which the sources disagree is accepted, or refused by the parameter's name.",
    cite("openai", "CreateImageRequest"),
    cite("openai-observed", "400 invalid_value"),
    binds=_left_open_for("disputed"),
    about="disputed",
    how=_NAMED_OR_ACCEPTED,
)
