"""What is left out: an omitted parameter behaves like its documented default.

Most defaults are judged where their effect is: `n` by `count.one-by-default`,
`response_format` by `format.url-by-default`, `output_format` and `size` by the chapter image,
`stream` by the content type of the envelope, `background` and `quality`, whose default lets
the provider choose, by the chapter extras. What is left is here. The defaults of
`moderation`, `style`, `output_compression` and `quality` of dall-e cannot be seen in an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import all_of, left_open, omits, plain
from conformance.clauses.refusals import broken_down, reply
from conformance.clauses.registry import Needs, cite, clause
from conformance.clauses.stream import STREAMED, excess_partial_images
from conformance.clauses.subject import NotTestableError, Problem, Subject, UnavailableError
from conformance.contract import Level
from conformance.exchange.outcome import undecided


@clause(
    "defaults.model",
    Level.MUST,
    "A request without a model is refused, or answered with an image of the default model.",
    cite("cometapi", "Body: model"),
    cite("cometapi-errors", "400"),
    cite("openai", "CreateImageRequest.model"),
    binds=all_of(left_open("model-omitted"), plain),
    needs=Needs.ACCEPTANCE,
)
def model(subject: Subject) -> Iterator[Problem]:
    """The sources contradict each other, so any 4xx is fine, and so is an image. Fails on what is
    neither, such as a redirect, or a 5xx every time while other requests are accepted before and
    after; other clauses report a success without an image. Any other 5xx, 429 and 408 make it
    unavailable.
    """
    if subject.fails_alone:
        yield broken_down(subject, "2xx or 4xx")
        return
    status = subject.response.status
    if undecided(status):
        raise UnavailableError(reply(subject))
    if status >= 400 or subject.outcome.accepted:
        return
    if subject.outcome.answered:
        raise NotTestableError(f"a success came without an image: {subject.outcome.reason}")
    yield Problem("the request was neither accepted nor refused", "2xx or 4xx", reply(subject))


@clause(
    "defaults.partial-images",
    Level.MUST,
    "A stream for which no partial images were asked has none: only the finished image.",
    cite("openai", "PartialImages"),
    binds=all_of(STREAMED, omits("partial_images")),
)
def no_partial_images(subject: Subject) -> Iterator[Problem]:
    """Counts the partial events when `partial_images` is absent or null, its default being 0."""
    yield from excess_partial_images(subject)
