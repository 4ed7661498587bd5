"""Streams: the events of a GPT image model that is asked for `stream: true`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from conformance.clauses.bindings import all_of, asks, family, promised, streamed
from conformance.clauses.envelope import YEAR_3000, far_from_exchange
from conformance.clauses.registry import cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.contract.checker import describe_value, is_integer
from conformance.exchange.answer import COMPLETED, DONE, PARTIAL, StreamEvent

STREAMED = all_of(promised(), streamed, family("gpt-image"))
_JUDGED_APART = frozenset({"type", "b64_json"})


def partial_events(subject: Subject) -> list[StreamEvent]:
    """Return the events that carry an unfinished image, and can be read."""
    return [event for event in subject.events if event.called(PARTIAL) and event.item]


@clause(
    "stream.content-type",
    Level.MUST,
    "A stream says that it is `text/event-stream`.",
    cite("openai", "POST /images/generations: 200"),
    cite("whatwg-sse", "9.2.4"),
    binds=STREAMED,
)
def content_type(subject: Subject) -> Iterator[Problem]:
    """Compares the media type without its parameters; a plain JSON answer fails as well."""
    subject.require_unaltered("headers")
    if not subject.answer.streams:
        declared = subject.response.header("content-type") or "no header"
        observed = ": ".join(filter(None, (declared, subject.outcome.said)))
        yield Problem("the content type is another", "text/event-stream", observed)


@clause(
    "stream.framing",
    Level.MUST,
    "A stream is UTF-8, and each of its events ends with a blank line.",
    cite("whatwg-sse", "9.2.5"),
    binds=STREAMED,
)
def framing(subject: Subject) -> Iterator[Problem]:
    """Reads the stream as the HTML standard has it; fails on one that breaks off inside an
    event, and on one without any event.
    """
    subject.require_unaltered("text")
    stream = subject.answer.stream
    if not (subject.answer.streams or stream.events):
        raise NotTestableError("the answer is no event stream")
    if stream.fault is not None:
        yield Problem(f"the stream {stream.fault}", "whole events", f"{len(stream.events)} events")


@clause(
    "stream.event-json",
    Level.MUST,
    "The data of every event is a JSON object.",
    cite("openai", "ImageGenStreamEvent"),
    cite("rfc7493", "2.1"),
    binds=STREAMED,
)
def event_json(subject: Subject) -> Iterator[Problem]:
    """Parses the data of every event but a closing `[DONE]`, which is an observation; half of a
    surrogate pair fails as in a body.
    """
    for event in subject.events:
        if event.reading.is_unreadable or event.reading.kind == "surrogate":
            yield Problem(f"{event.path} {event.reading.fault}", "a JSON object", event.name or "")
        elif not isinstance(event.reading.value, dict):
            kind = type(event.reading.value).__name__
            yield Problem(f"{event.path} is no object", "a JSON object", kind)


@clause(
    "stream.json-unique-names",
    Level.SHOULD,
    "No object in the data of an event has a member twice.",
    cite("rfc8259", "4"),
    cite("rfc7493", "2.3"),
    binds=STREAMED,
)
def json_unique_names(subject: Subject) -> Iterator[Problem]:
    """Judged as `envelope.json-unique-names` of a body, event by event."""
    subject.require_unaltered("text")
    for event in subject.events:
        if event.reading.kind == "duplicate-key":
            message = f"{event.path} {event.reading.fault}"
            yield Problem(message, "every member once", event.name or "")


@clause(
    "stream.event-name",
    Level.MUST,
    "The `type` in the data of an event is the event's name.",
    cite("openai", "ImageGenStreamEvent"),
    cite("openai-observed", "stream of gpt-image-1.5"),
    binds=STREAMED,
)
def event_name(subject: Subject) -> Iterator[Problem]:
    """Compares the `event:` line with `type`, for every event whose data is an object; one of the
    two without the other fails as well. An event with an `error` has no documented form.
    """
    for event in subject.events:
        kind = event.item.get("type")
        if not event.item or kind == event.name or event.item.get("error") is not None:
            continue
        if event.name is None:
            yield Problem(f"{event.path} has no event line", f"event: {kind}"[:80], "no event line")
        elif "type" not in event.item:
            yield Problem(f"{event.path} has no type", f"type {event.name}"[:80], "absent")
        else:
            yield Problem(f"{event.path} has two names", event.name[:80], describe_value(kind))


@clause(
    "stream.event-fields",
    Level.MUST,
    "An event has every documented member, with its documented type.",
    cite("openai", "ImageGenPartialImageEvent"),
    cite("openai", "ImageGenCompletedEvent"),
    binds=STREAMED,
)
def event_fields(subject: Subject) -> Iterator[Problem]:
    """Validates partial and completed events; `type` and `b64_json` have their own clauses.
    More members than documented are fine.
    """
    for event in subject.events:
        kind = next((name for name in (COMPLETED, PARTIAL) if event.called(name)), None)
        if kind is None or not event.item:
            continue
        for mismatch in subject.edition.stream_errors(kind, event.item):
            if mismatch.path not in _JUDGED_APART and not subject.is_altered(mismatch):
                message = f"{event.path}: {mismatch.message}"
                yield Problem(message, mismatch.expected, mismatch.observed)


@clause(
    "stream.created-at",
    Level.MUST,
    "An event says in seconds when it was made.",
    cite("openai", "ImageGenPartialImageEvent.created_at"),
    cite("openai", "ImageGenCompletedEvent.created_at"),
    binds=STREAMED,
)
def created_at(subject: Subject) -> Iterator[Problem]:
    """Judged as `created` of a plain answer: a number of seconds, and within half an hour of the
    exchange where that is no recording of others. That it is an integer is another clause.
    """
    subject.require_unaltered("created_at")
    times = [
        (f"{event.path}: created_at", int(event.item["created_at"]))
        for event in subject.events
        if is_integer(event.item.get("created_at"))
    ]
    if not times:
        raise NotTestableError("no event has an integer created_at")
    for name, created in times:
        if created >= YEAR_3000:
            yield Problem(f"{name} does not count seconds", "seconds since 1970", str(created)[:40])
    sent_at = subject.sent_at  # last: of a recording of others only the unit can be judged
    for name, created in times:
        if created < YEAR_3000:
            yield from far_from_exchange(name, created, sent_at, subject.exchange.elapsed)


def _require_framing(subject: Subject) -> None:
    if subject.answer.stream.fault is not None:
        raise NotTestableError(f"the stream {subject.answer.stream.fault}")


@clause(
    "stream.completed",
    Level.MUST,
    "A stream delivers its image: it has a completed event.",
    cite("openai", "ImageGenCompletedEvent"),
    binds=STREAMED,
)
def completed(subject: Subject) -> Iterator[Problem]:
    """Looks for an event with the documented name, and quotes an error that comes instead; not
    testable when the stream breaks off inside an event, or an event says that the prompt was
    moderated or the key is not let in. A `[DONE]` alone delivers nothing.
    """
    # A `[DONE]` is no event that can be judged, and yet the stream is not without any.
    events = subject.answer.events if subject.answer.stream.events else subject.events
    if not any(event.called(COMPLETED) for event in events):
        _require_framing(subject)
        if subject.outcome.cause in ("moderation", "key"):
            raise NotTestableError(f"it is no fault of the request: {subject.outcome.reason}")
        names = ", ".join(event.name or "unnamed" for event in events[:8]) or DONE
        observed = ": ".join(filter(None, (names, subject.outcome.said)))
        yield Problem("there is no completed event", COMPLETED, observed)


@clause(
    "stream.completed-last",
    Level.MUST,
    "No image comes after the last completed event.",
    cite("openai", "ImageGenCompletedEvent"),
    binds=STREAMED,
)
def completed_last(subject: Subject) -> Iterator[Problem]:
    """Looks at the events with an image, by their documented names; what other events come after
    them no source says, and a closing `[DONE]` is an observation.
    """
    images = [event for event in subject.events if event.called(COMPLETED) or event.called(PARTIAL)]
    if not any(event.called(COMPLETED) for event in images):
        raise NotTestableError("there is no completed event")
    _require_framing(subject)
    last = images[-1]
    if not last.called(COMPLETED):
        yield Problem("a partial image comes last", COMPLETED, last.name or "unnamed")


@clause(
    "stream.no-error",
    Level.MUST,
    "A completed event carries no error.",
    cite("openai", "ImageGenCompletedEvent"),
    binds=STREAMED,
)
def no_error(subject: Subject) -> Iterator[Problem]:
    """Judged as `envelope.no-error` of a body; an event of its own that says an error, which no
    source documents, is an observation.
    """
    for event in subject.events:
        if event.called(COMPLETED) and event.item.get("error") is not None:
            said = describe_value(event.item["error"])
            yield Problem(f"{event.path}: an error stands beside the image", "no error", said)


def _limit(subject: Subject) -> int:
    """Return how many partial images the request allows, for all finished ones together."""
    return int(subject.value("partial_images") or 0) * int(subject.value("n") or 1)


@clause(
    "stream.partial-count",
    Level.MUST,
    "A stream has no more partial images than `partial_images` asks for.",
    cite("openai", "PartialImages"),
    binds=all_of(STREAMED, promised("partial_images", "n"), asks("partial_images")),
)
def partial_count(subject: Subject) -> Iterator[Problem]:
    """Counts the partial events; fewer are documented as possible, and fine."""
    yield from excess_partial_images(subject)


def excess_partial_images(subject: Subject) -> Iterator[Problem]:
    """Report more partial images than were asked for."""
    count, limit = len(partial_events(subject)), _limit(subject)
    if count > limit:
        yield Problem("there are too many partial images", f"at most {limit}", str(count))


@clause(
    "stream.partial-index",
    Level.MUST,
    "Partial images are numbered upwards from 0.",
    cite("openai", "ImageGenPartialImageEvent.partial_image_index"),
    binds=all_of(STREAMED, promised("partial_images", "n"), asks("partial_images")),
)
def partial_index(subject: Subject) -> Iterator[Problem]:
    """Fails when `partial_image_index` does not increase from event to event, and when it
    reaches `partial_images`. Judged for streams of one image; those of more may interleave.
    """
    partial, limit = partial_events(subject), _limit(subject)
    if len(partial) > limit:
        raise NotTestableError("there are too many partial images")
    if int(subject.value("n") or 1) != 1:
        return
    numbers: list[Any] = [event.item.get("partial_image_index") for event in partial]
    if not all(map(is_integer, numbers)):
        raise NotTestableError("partial_image_index is no integer")
    rising = all(first < second for first, second in pairwise(numbers))
    if not rising or (numbers and numbers[-1] >= limit):
        expected = f"rising from 0, below {limit}"
        yield Problem("the partial images are numbered wrongly", expected, str(numbers)[:80])
