"""How many images: as many as were asked for, and no number that the model does not take."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import all_of, asks, broken_keyword, omits, promised
from conformance.clauses.refusals import refusal, require_success
from conformance.clauses.registry import Binding, Needs, Shape, cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.answer import COMPLETED
from conformance.exchange.error_text import error_text
from conformance.exchange.sent_request import SentRequest
from conformance.parsing import write_json


@clause(
    "count.as-asked",
    Level.MUST,
    "A request for `n` images is answered with `n` items.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=all_of(promised("n"), asks("n")),
    needs=Needs.DECISION,
)
def as_asked(subject: Subject) -> Iterator[Problem]:
    """Counts the items of `data`, whatever they are, or the completed events of a stream, and
    fails on more and on fewer than `n`.

    Not testable when none of them is an image: that is a promise of its own; nor where a stream
    breaks off, or says why it has fewer. What the contract leaves open may be refused; where it
    is accepted, the number is that of the request.
    """
    yield from _compare_count(subject, int(subject.value("n")))


@clause(
    "count.one-by-default",
    Level.MUST,
    "A request that does not say how many images is answered with one item.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=all_of(promised(), omits("n")),
    needs=Needs.DECISION,
)
def one_by_default(subject: Subject) -> Iterator[Problem]:
    """Counts the items of `data`, or the completed events of a stream, when `n` is absent or
    null, and fails on more than one.
    """
    yield from _compare_count(subject, 1)


def _compare_count(subject: Subject, expected: int) -> Iterator[Problem]:
    require_success(subject)
    if not subject.outcome.accepted:
        raise NotTestableError("no item is an image")
    streamed = subject.answer.object is None
    if streamed:
        count = sum(event.called(COMPLETED) for event in subject.events)
    else:
        count = len(subject.object["data"])
    if streamed and count < expected:
        error, fault = error_text(subject.answer), subject.answer.stream.fault
        if error.said or fault:
            raise NotTestableError(f"the stream {fault or f'says why it has fewer: {error.words}'}")
    if count != expected:
        yield Problem("the number of images is another", f"{expected}", f"{count}")


def _n_is(kind: str) -> Binding:
    """Bind a request whose one fault is its `n`, which is of this kind."""

    def binds(sent: SentRequest) -> bool:
        if broken_keyword(sent, "n") is None:
            return False
        value = sent.body.get("n")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return kind == "non-numeric"
        if isinstance(value, float) and not value.is_integer():
            return kind == "fractional"
        return (kind == "negative" and value < 0) or (kind == "zero" and value == 0)

    return binds


def _count_refused(subject: Subject, parameter: str) -> Iterator[Problem]:
    value = write_json(subject.sent.body.get(parameter), 50)
    yield from refusal(subject, f"{parameter} = {value}")


refuses_count = Shape(_count_refused, Needs.REFUSAL)

refuses_count(
    "count.zero-refused",
    Level.MUST,
    "A request for no image at all, `n` being 0, is refused.",
    cite("openai", "CreateImageRequest.n"),
    cite("alibaba", "parameters.n"),
    binds=_n_is("zero"),
    about="n",
    how="Fails on anything but a 4xx; the control is the same request with a valid `n` or none.",
)

refuses_count(
    "count.negative-refused",
    Level.MUST,
    "A negative `n` is refused.",
    cite("openai", "CreateImageRequest.n"),
    cite("alibaba", "parameters.n"),
    binds=_n_is("negative"),
    about="n",
    how="Fails on anything but a 4xx; the control is the same request with a valid `n` or none.",
)

refuses_count(
    "count.fractional-refused",
    Level.MUST,
    "An `n` with a fraction is refused.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=_n_is("fractional"),
    about="n",
    how="Fails on anything but a 4xx; 2.0 counts as an integer, as JSON Schema has it.",
)

refuses_count(
    "count.non-numeric-refused",
    Level.MUST,
    "An `n` that is no number is refused.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=_n_is("non-numeric"),
    about="n",
    how=(
        "Fails on anything but a 4xx to a string, even of digits, a boolean, an array or an object."
    ),
)

refuses_count(
    "count.above-maximum-refused",
    Level.MUST,
    "An `n` above what the model is documented to paint at once is refused.",
    cite("openai", "CreateImageRequest.n"),
    cite("cometapi", "Response behaviour by model"),
    cite("alibaba", "parameters.n"),
    binds=lambda sent: broken_keyword(sent, "n") == "maximum",
    about="n",
    how="""Fails on anything but a 4xx; the maximum is the one in the request schema of the model:
    one image for some models, ten for the others.
    """,
)
