"""Whether an answer says itself that another model painted than was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.clauses.subject import Subject
from conformance.parsing import printable
from conformance.parsing.credentials import Painter

_SNAPSHOT = re.compile(r"\d{8}$", re.ASCII)
_NO_NAME = re.compile(r"[^a-z0-9]+")
_ENDING_ZERO = re.compile(r"(\d)\.0(?![\d.])", re.ASCII)
_HEADER = re.compile(r"(?:x-)?(?:openai-|served-|actual-|used-)?model(?:-name|-used)?")
_LONGEST = 100  # characters of a name


@dataclass(frozen=True, slots=True)
class Substitute:
    """Another model than was asked for, and where the answer names it."""

    name: str
    where: str


def substitute_of(subject: Subject) -> Substitute | None:
    """Return the model that painted by the answer's own word, where it is not the one asked for."""
    exchange = subject.exchange
    asked = {_plain(name) for name in (exchange.model, exchange.served_as) if name}
    return next(_others(subject, asked), None)


def _others(subject: Subject, asked: set[str]) -> Iterator[Substitute]:
    """Yield what the body, the headers and the credentials of the images name beside `asked`."""
    body = subject.answer.object or {}
    named = body.get("model")
    if isinstance(named, str) and named.strip() and _plain(named) not in asked:
        yield Substitute(printable(named, _LONGEST), "the member model")
    for name, value in subject.response.headers:
        if _HEADER.fullmatch(name.lower()) and value.strip() and _plain(value) not in asked:
            yield Substitute(printable(value, _LONGEST), f"the header {printable(name, 40)}")
    for payload in subject.answer.payloads:
        if payload.credentials and payload.painter is Painter.ANOTHER:
            names = ", ".join(payload.credentials.names)
            yield Substitute(
                printable(names, _LONGEST), f"the content credentials of {payload.path}"
            )


def _plain(name: str) -> str:
    """Return a name as it can be compared: `openai/gpt-image-2-2026-04-21` is `GPT Image 2.0`."""
    last = _ENDING_ZERO.sub(r"\1", name[: 2 * _LONGEST].rpartition("/")[2].lower())
    return _SNAPSHOT.sub("", _NO_NAME.sub("", last))
