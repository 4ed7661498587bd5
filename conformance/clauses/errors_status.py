"""The status of a refusal: one that fits the mistake, and never that of a failing server."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import all_of, any_of, broken_keyword, not_, refused
from conformance.clauses.envelope_json import is_html
from conformance.clauses.parameters import MALFORMED, NOT_OBJECT, WRONG_METHOD, WRONG_TYPE
from conformance.clauses.refusals import quotes_fault, reply, require_control, require_fault
from conformance.clauses.registry import Needs, Shape, cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject, UnavailableError
from conformance.contract import Level
from conformance.exchange.outcome import Result
from conformance.findings import PAGE_AS_SUCCESS


def _other_status(subject: Subject, fitting: tuple[int, ...]) -> Iterator[Problem]:
    """Report a status that does not fit; 413 fits a text that is too long as well."""
    require_control(subject)
    require_fault(subject)
    is_too_long = subject.response.status == 413 and broken_keyword(subject.sent) == "maxLength"
    if subject.response.status not in fitting and not is_too_long:
        expected = " or ".join(map(str, fitting))
        yield Problem("the refusal has another status", expected, reply(subject))


has_status = Shape(_other_status, Needs.ERROR)

has_status(
    "errors.status-400",
    Level.SHOULD,
    "A request that breaks a documented rule is refused with status 400.",
    cite("cometapi-errors", "400"),
    cite("openai-errors", "400"),
    binds=any_of(lambda sent: broken_keyword(sent) is not None, MALFORMED, NOT_OBJECT),
    about=(400,),
    how="""Deviates on any other 4xx, such as 422; to a text that is too long 413 will do. Not
    testable where the refusal is for another reason, such as a quota.
    """,
)

has_status(
    "errors.status-405",
    Level.SHOULD,
    "Another method than POST is refused with status 405.",
    cite("rfc9110", "9.1"),
    binds=WRONG_METHOD,
    about=(405,),
    how="Deviates on any other 4xx, such as 404.",
)

has_status(
    "errors.status-415",
    Level.SHOULD,
    "A body that is declared as something other than JSON is refused with status 415 or 400.",
    cite("rfc9110", "15.5.16"),
    cite("cometapi-errors", "400"),
    binds=WRONG_TYPE,
    about=(415, 400),
    how="Deviates on any other 4xx.",
)


@clause(
    "errors.not-2xx",
    Level.MUST,
    "A client's mistake is answered neither as a success nor with a redirect.",
    cite("cometapi-errors", "400"),
    cite("openai-errors", "400"),
    cite("rfc9110", "15.3"),
    binds=all_of(refused, not_(WRONG_METHOD)),
    needs=Needs.ANSWER,
)
def not_2xx(subject: Subject) -> Iterator[Problem]:
    """Fails on a success status without an image: a refusal that clients take for an answer, or a
    web page, which refuses nothing; and on a redirect, which is neither an answer nor a refusal.
    Where an image came the mistake was accepted, which is a clause of its own. Not testable where
    even the request without the mistake gets no image.
    """
    status = subject.response.status
    if subject.outcome.accepted or not 200 <= status < 400:
        return
    if subject.outcome.result is Result.UNAVAILABLE:
        raise UnavailableError(reply(subject))
    require_control(subject)
    form = "a success without an image" if status < 300 else "a redirect"
    message = f"a refusal comes as {form}"
    if status < 300 and is_html(subject):
        message = PAGE_AS_SUCCESS
    yield Problem(message, "4xx", reply(subject))


_OUTAGES = frozenset({408, 409, 425, 429, 502, 503, 504, *range(520, 531)})


@clause(
    "errors.not-5xx",
    Level.MUST,
    "A client's mistake is not answered as if the server had failed.",
    cite("cometapi-errors", "400"),
    cite("openai-errors", "400"),
    cite("rfc9110", "15.6"),
    binds=refused,
    needs=Needs.ANSWER,
)
def not_5xx(subject: Subject) -> Iterator[Problem]:
    """Fails on a 5xx when the same request without its mistake was accepted, unless since then a
    valid request came to nothing as well. 502, 503, 504, 52x and 429 may be a real outage and make
    it unavailable, but for a 5xx that names the mistake, by its parameter in `error.param`, or by
    that and its value in the text; for one that a request which is no mistake got as well in all
    its attempts, while others were accepted before and after; and for a 503 that says that the
    model is not there, in answer to a made-up one. CometAPI itself documents 500 for malformed
    requests; that is a deviation of the provider.
    """
    status = subject.response.status
    unknown_model = "model-unknown" in subject.sent.faults
    missing = unknown_model and subject.outcome.result is Result.NOT_SERVED
    names_mistake = quotes_fault(subject) or subject.context.crash_alike is not None
    understood = missing or (status >= 500 and names_mistake)
    # What a gateway answers while its server is down is no verdict, unless it read the mistake.
    if status in _OUTAGES and not understood:
        raise UnavailableError(reply(subject))
    if status < 500:
        return
    if subject.control is None:
        raise NotTestableError("there is no control: the same request without its one fault")
    require_control(subject)
    if subject.outcome.cause not in (None, "outage") and not missing:
        raise UnavailableError(reply(subject))  # such as a quota, which hits valid requests as well
    if subject.context.down is not None and not understood:
        raise UnavailableError(f"{subject.context.down.case} came to nothing too: {reply(subject)}")
    yield Problem("a mistake in the request was answered as a server's", "4xx", reply(subject))
