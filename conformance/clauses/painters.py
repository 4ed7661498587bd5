"""Which model painted an image, as far as the answer says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.clauses.subject import Subject
from conformance.parsing import printable

_SNAPSHOT = re.compile(r"\d{8}$", re.ASCII)
_NO_NAME = re.compile(r"[^a-z0-9]+")
_ENDING_ZERO = re.compile(r"(\d)\.0(?![\d.])", re.ASCII)
_HEADER = re.compile(r"(?:x-)?(?:openai-|served-|actual-|used-)?model(?:-name|-used)?")
C2PA = (b"jumb", b"c2pa")
"""The type of the box of content credentials, and the label of their manifest."""
_GENERATOR = re.compile(
    rb"(?:gpt-image|dall-e|qwen-image|grok-imagine|imagen|seedream|flux)"
    rb"[- ]?[0-9][0-9.]{0,4}(?:-[a-z]{2,12})?",
    re.IGNORECASE,
)
_LONGEST = 100  # characters of a name
_MOST_BYTES = 16 * 1024 * 1024  # of an image, in which credentials are looked for


@dataclass(frozen=True, slots=True)
class Painter:
    """Another model than was asked for, and where the answer names it."""

    name: str
    where: str


def painter_of(subject: Subject) -> Painter | None:
    """Return the model that painted by the answer's own word, where it is not the one asked for."""
    exchange = subject.exchange
    asked = {_plain(name) for name in (exchange.model, exchange.served_as) if name}
    return next(_others(subject, asked), None)


def _others(subject: Subject, asked: set[str]) -> Iterator[Painter]:
    """Yield what the body, the headers and the credentials of the images name beside `asked`."""
    body = subject.answer.object or {}
    named = body.get("model")
    if isinstance(named, str) and named.strip() and _plain(named) not in asked:
        yield Painter(printable(named, _LONGEST), "the member model")
    for name, value in subject.response.headers:
        if _HEADER.fullmatch(name.lower()) and value.strip() and _plain(value) not in asked:
            yield Painter(printable(value, _LONGEST), f"the header {printable(name, 40)}")
    for payload in subject.answer.payloads:
        generators = _generators(payload.data or b"")
        if generators and not any(_stands_for(name, asked) for name in generators):
            yield Painter(generators[0], f"the content credentials of {payload.path}")


def _generators(data: bytes) -> list[str]:
    """Return the models that the content credentials (C2PA) of an image name."""
    start = data[:_MOST_BYTES]
    if not all(mark in start for mark in C2PA):
        return []
    names = (match[0].decode("latin-1") for match in _GENERATOR.finditer(start))
    return list(dict.fromkeys(names))


def _stands_for(name: str, asked: set[str]) -> bool:
    """Return whether credentials mean a model that was asked for; they may leave out its tier."""
    plain = _plain(name)
    return any(
        each.startswith(plain) and not each[len(plain) : len(plain) + 1].isdigit() for each in asked
    )


def _plain(name: str) -> str:
    """Return a name as it can be compared: `openai/gpt-image-2-2026-04-21` is `GPT Image 2.0`."""
    last = _ENDING_ZERO.sub(r"\1", name[: 2 * _LONGEST].rpartition("/")[2].lower())
    return _SNAPSHOT.sub("", _NO_NAME.sub("", last))
