"""How many images: as many as were asked for, and no number that the model does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.clauses.bindings import all_of, asks, flaw, omits, permitted, plain
from conformance.clauses.refusals import refusal, require_success
from conformance.clauses.registry import Needs, cite, clause
from conformance.clauses.subject import Problem, Subject
from conformance.contract import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.clauses.registry import Binding
    from conformance.exchange.sent_request import Sent


@clause(
    "count.as-asked",
    Level.MUST,
    "A request for `n` images is answered with `n` items.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=all_of(permitted, plain, asks("n")),
    needs=Needs.DECISION,
)
def as_asked(subject: Subject) -> Iterator[Problem]:
    """Counts the items of `data`, whatever they are, and fails on more and on fewer than `n`.

    Not testable when there is no item at all: that is a promise of its own. What the contract
    leaves open may be refused; where it is accepted, the number is that of the request.
    """
    yield from _counted(subject, int(subject.value("n")))


@clause(
    "count.one-by-default",
    Level.MUST,
    "A request that does not say how many images is answered with one item.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=all_of(permitted, plain, omits("n")),
    needs=Needs.DECISION,
)
def one_by_default(subject: Subject) -> Iterator[Problem]:
    """Counts the items of `data` when `n` is absent or null, and fails on more than one."""
    yield from _counted(subject, 1)


def _counted(subject: Subject, wanted: int) -> Iterator[Problem]:
    require_success(subject)
    _ = subject.payloads  # not testable without any
    found = len(subject.object["data"])
    if found != wanted:
        yield Problem("the number of images is another", f"{wanted}", f"{found}")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _zero(value: Any) -> bool:
    return _number(value) and value == 0


def _fractional(value: Any) -> bool:
    return isinstance(value, float) and not value.is_integer()


def _negative(value: Any) -> bool:
    return _number(value) and value < 0 and not _fractional(value)


def _not_a_number(value: Any) -> bool:
    return not _number(value)


def _n_is(kind: Any) -> Binding:
    """A request whose one flaw is its ``n``, which is of this kind."""

    def binds(sent: Sent) -> bool:
        return flaw(sent, "n") is not None and kind(sent.asked.body.get("n") if sent.asked else 0)

    return binds


def _above_maximum(sent: Sent) -> bool:
    """A request whose one flaw is an ``n`` above what the schema of its model allows."""
    return flaw(sent, "n") == "maximum"


def _refused(subject: Subject) -> Iterator[Problem]:
    body = subject.sent.asked.body if subject.sent.asked else {}
    yield from refusal(subject, f"n = {body.get('n')!r}"[:60])


@clause(
    "count.zero-refused",
    Level.MUST,
    "A request for no image at all, `n` being 0, is refused.",
    cite("openai", "CreateImageRequest.n"),
    cite("alibaba", "parameters.n"),
    binds=_n_is(_zero),
    needs=Needs.REFUSAL,
)
def zero_refused(subject: Subject) -> Iterator[Problem]:
    """Fails on anything but a 4xx; the control is the same request with a valid `n` or none."""
    yield from _refused(subject)


@clause(
    "count.negative-refused",
    Level.MUST,
    "A negative `n` is refused.",
    cite("openai", "CreateImageRequest.n"),
    cite("alibaba", "parameters.n"),
    binds=_n_is(_negative),
    needs=Needs.REFUSAL,
)
def negative_refused(subject: Subject) -> Iterator[Problem]:
    """Fails on anything but a 4xx; the control is the same request with a valid `n` or none."""
    yield from _refused(subject)


@clause(
    "count.fractional-refused",
    Level.MUST,
    "An `n` with a fraction is refused.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=_n_is(_fractional),
    needs=Needs.REFUSAL,
)
def fractional_refused(subject: Subject) -> Iterator[Problem]:
    """Fails on anything but a 4xx; 2.0 counts as an integer, as JSON Schema has it."""
    yield from _refused(subject)


@clause(
    "count.non-numeric-refused",
    Level.MUST,
    "An `n` that is no number is refused.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=_n_is(_not_a_number),
    needs=Needs.REFUSAL,
)
def non_numeric_refused(subject: Subject) -> Iterator[Problem]:
    """Fails on anything but a 4xx to a string, even of digits, a boolean, an array or an object."""
    yield from _refused(subject)


@clause(
    "count.above-maximum-refused",
    Level.MUST,
    "An `n` above what the model is documented to paint at once is refused.",
    cite("openai", "CreateImageRequest.n"),
    cite("cometapi", "Response behaviour by model"),
    cite("alibaba", "parameters.n"),
    binds=_above_maximum,
    needs=Needs.REFUSAL,
)
def above_maximum_refused(subject: Subject) -> Iterator[Problem]:
    """Fails on anything but a 4xx; the maximum is the one in the request schema of the model:
    one image for some models, ten for the others.
    """
    yield from _refused(subject)
