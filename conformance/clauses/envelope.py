"""The envelope of an answer: status, ``created`` and ``data``; its JSON in envelope_json."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.clauses.bindings import SUCCESS, promised
from conformance.clauses.envelope_json import reading_faults
from conformance.clauses.refusals import reply
from conformance.clauses.registry import cite, clause
from conformance.clauses.stand_ins import lone_task, stand_in
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.contract.checker import is_integer, name_of

_NEAR = 1800  # seconds: less than the smallest offset between time zones, more than bad clocks
YEAR_3000 = 32_503_680_000  # seconds since the epoch

EXTRAS = frozenset(
    {"background", "output_format", "quality", "size", "usage", "safety_identifier", "svg_usage"}
)
"""Members beside ``data`` that the chapter extras judges."""

_OWN_CLAUSE = {"created", "data"} | EXTRAS


def document(subject: Subject) -> dict[str, Any]:
    """Return the body as the promised object, or raise *not testable*.

    An error in disguise is none; nor is what comes under another success status without an image,
    such as a task.
    """
    body = subject.object
    if subject.outcome.accepted:
        return body
    if body.get("error") is not None:
        raise NotTestableError("the body is an error object with a success status")
    if subject.response.status != 200:
        raise NotTestableError(f"HTTP {subject.response.status} without an image")
    return body


@clause(
    "envelope.status-200",
    Level.MUST,
    "A generation that succeeds is answered with status 200.",
    cite("cometapi", "200: application/json"),
    cite("openai", "POST /images/generations: 200"),
    binds=promised(),
)
def status_200(subject: Subject) -> Iterator[Problem]:
    """Fails on any other 2xx, such as 201 or 202, for a stream as well."""
    if subject.response.status != 200:
        is_missing = not subject.outcome.accepted
        instead = f" without an image{stand_in(subject.answer)}" if is_missing else ""
        yield Problem("the success status is another", "200", f"{subject.response.status}{instead}")


@clause(
    "envelope.object",
    Level.MUST,
    "The body is a JSON object.",
    cite("cometapi", "200: created, data"),
    cite("openai", "ImagesResponse"),
    binds=SUCCESS,
)
def body_object(subject: Subject) -> Iterator[Problem]:
    """Fails on an array, a string, a number, true, false and null."""
    yield from reading_faults(subject)
    value = subject.answer.json.value
    if not isinstance(value, dict):
        yield Problem("the body is no object", "an object", name_of(value))


@clause(
    "envelope.no-error",
    Level.MUST,
    "A success carries no error.",
    cite("cometapi", "200: created, data"),
    cite("openai", "ImagesResponse"),
    binds=SUCCESS,
)
def no_error(subject: Subject) -> Iterator[Problem]:
    """Fails when `error` is there and is not null, beside `data` or in its place."""
    if subject.object.get("error") is not None:
        yield Problem("an error stands in a success", "no error", reply(subject))


@clause(
    "envelope.created-present",
    Level.MUST,
    "The body says when the images were created.",
    cite("cometapi", "200: created"),
    cite("openai", "ImagesResponse.created"),
    binds=SUCCESS,
)
def created_present(subject: Subject) -> Iterator[Problem]:
    """Fails when `created` is missing or null; not testable when the body is of quite another
    shape, with no array `data` either.
    """
    subject.require_unaltered("created")
    body = document(subject)
    if "created" not in body and not isinstance(body.get("data"), list):
        raise NotTestableError("the body is of another shape")
    if body.get("created") is None:
        state = "null" if "created" in body else "absent"
        yield Problem("created is not there", "an integer", state)


@clause(
    "envelope.created-integer",
    Level.MUST,
    "`created` is an integer.",
    cite("cometapi", "200: created"),
    cite("openai", "ImagesResponse.created"),
    binds=SUCCESS,
)
def created_integer(subject: Subject) -> Iterator[Problem]:
    """Fails on strings, booleans and fractions; 12.0 is an integer, as JSON Schema has it."""
    subject.require_unaltered("created")
    created = document(subject).get("created")
    if created is None:
        raise NotTestableError("created is not there")
    if not is_integer(created):
        yield Problem("created is no integer", "an integer", f"{name_of(created)}: {created}"[:80])


def _created_time(subject: Subject) -> int:
    subject.require_unaltered("created")
    created: Any = document(subject).get("created")
    if not is_integer(created):
        raise NotTestableError("created is not an integer")
    return int(created)


@clause(
    "envelope.created-seconds",
    Level.MUST,
    "`created` counts seconds, not milliseconds.",
    cite("cometapi", "200: created"),
    cite("openai", "ImagesResponse.created"),
    binds=SUCCESS,
)
def created_seconds(subject: Subject) -> Iterator[Problem]:
    """Fails on a number that as seconds lies after the year 3000, as any finer count does."""
    created = _created_time(subject)
    if created >= YEAR_3000:
        yield Problem("created does not count seconds", "seconds since 1970", str(created)[:40])


@clause(
    "envelope.created-near-request",
    Level.MUST,
    "`created` is the time at which the generation was completed.",
    cite("cometapi", "200: created"),
    cite("openai", "ImagesResponse.created"),
    binds=SUCCESS,
)
def created_near_request(subject: Subject) -> Iterator[Problem]:
    """Within half an hour of the exchange: wide enough for clocks that are wrong and for slow
    generations, and narrower than the step from one time zone to the next. Recordings that
    others made are not asked: bodies are known that are months older than the headers beside
    them.
    """
    sent_at, created = subject.sent_at, _created_time(subject)
    if created >= YEAR_3000:
        raise NotTestableError("created does not count seconds")
    yield from far_from_exchange("created", created, sent_at, subject.exchange.elapsed)


def far_from_exchange(
    name: str, created: int, sent_at: float, elapsed: float | None
) -> Iterator[Problem]:
    """Report a time that is not about that of the exchange."""
    first, last = int(sent_at), int(sent_at + (elapsed or 0))
    if not first - _NEAR <= created <= last + _NEAR:
        difference = created - first
        yield Problem(f"{name} is {difference:+d} seconds off", f"about {first}", str(created))


@clause(
    "envelope.data-present",
    Level.MUST,
    "The body has `data`.",
    cite("cometapi", "200: data"),
    cite("openai", "ImagesResponse.data"),
    binds=SUCCESS,
)
def data_present(subject: Subject) -> Iterator[Problem]:
    """Fails when `data` is missing, and says what is there instead; what `data` is, other clauses
    judge.
    """
    body = document(subject)
    if "data" not in body:
        # First comes what holds something like images: their member has another name, perhaps.
        filled = [name for name in body if isinstance(body[name], list) and body[name]]
        others = sorted(name for name in body if name not in filled)
        names = ", ".join([*filled, *others][:10]) or "no member at all"
        yield Problem("data is not there", "an array", names + stand_in(subject.answer))


@clause(
    "envelope.data-array",
    Level.MUST,
    "`data` is an array.",
    cite("cometapi", "200: data"),
    cite("openai", "ImagesResponse.data"),
    binds=SUCCESS,
)
def data_array(subject: Subject) -> Iterator[Problem]:
    """Fails on null, an object, a string or a number, and quotes what is said in its place."""
    data = _data(subject)
    if not isinstance(data, list):
        yield Problem("data is no array", "an array", name_of(data) + stand_in(subject.answer))


def _data(subject: Subject) -> Any:
    body = document(subject)
    if "data" not in body:
        raise NotTestableError("the body has no data")
    return body["data"]


def _items(subject: Subject) -> list[Any]:
    data = _data(subject)
    if not isinstance(data, list):
        raise NotTestableError("data is no array")
    return data


@clause(
    "envelope.data-not-empty",
    Level.MUST,
    "`data` has at least one item: a success without an image is none.",
    cite("cometapi", "Body: n"),
    cite("openai", "CreateImageRequest.n"),
    binds=SUCCESS,
)
def data_not_empty(subject: Subject) -> Iterator[Problem]:
    """Fails on an empty array, which some providers send for a prompt that they filtered; and on
    a task, of which the images are still to be fetched.
    """
    if not _items(subject):
        yield Problem("data is empty", "at least one item", "none" + stand_in(subject.answer))
    elif task := lone_task(subject):
        yield Problem("data holds a task and no image", "an image", task)


@clause(
    "envelope.items-objects",
    Level.MUST,
    "Every item of `data` is an object.",
    cite("cometapi", "200: data"),
    cite("openai", "Image"),
    binds=SUCCESS,
)
def items_objects(subject: Subject) -> Iterator[Problem]:
    """Fails on items that are strings, null or anything else; an empty array has none."""
    for index, item in enumerate(_items(subject)):
        if not isinstance(item, dict):
            yield Problem(f"data[{index}] is no object", "an object", name_of(item))


@clause(
    "envelope.schema",
    Level.MUST,
    "Every documented member has its documented type.",
    cite("cometapi", "200: created, data"),
    cite("openai", "ImagesResponse"),
    cite("openai", "Image"),
    binds=SUCCESS,
)
def schema(subject: Subject) -> Iterator[Problem]:
    """Validates the body against the response schema of the model and its response_format.

    What has a clause of its own is left to that: `created`, `data` itself, which payload
    member is filled, and the members that the chapter extras compares with the request.
    """
    body = document(subject)
    empty = {  # which the chapter format reports
        f"{payload.path}.{name}"
        for payload in subject.answer.payloads
        for name in ("url", "b64_json")
        if payload.state(name) == "null"
    }
    for mismatch in subject.edition.response_errors(subject.kind, body):
        if mismatch.path not in empty and not _judged_elsewhere(mismatch.path, mismatch.keyword):
            yield Problem.of(mismatch)


_ITEM = re.compile(r"data\[\d+\](?:\.(?P<payload>url|b64_json))?")


def _judged_elsewhere(path: str, keyword: str) -> bool:
    """Return whether another clause judges a member, or all but the type of it."""
    if path.partition(".")[0] in _OWN_CLAUSE:
        return True
    item = _ITEM.fullmatch(path)
    return item is not None and (item["payload"] is None or keyword != "type")
