"""The body of an answer as JSON text: content type, encoding and strict syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.clauses.bindings import SUCCESS
from conformance.clauses.registry import Shape, cite, clause
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level

_HTML = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html|head|body)", re.DOTALL
)
_SEEN_IN_A_VALUE = frozenset({"empty", "depth"})
_BODILESS = frozenset({204, 205})


def is_html(subject: Subject) -> bool:
    """Return whether the body is a web page, whatever its content type says."""
    return _HTML.match(subject.response.body[:1024]) is not None


def _json_expected(subject: Subject) -> None:
    if subject.response.status in _BODILESS:
        raise NotTestableError(f"HTTP {subject.response.status} has no body")
    if is_html(subject):
        raise NotTestableError("the body is a web page")


@clause(
    "envelope.not-html",
    Level.MUST,
    "A success is no web page.",
    cite("cometapi", "200: application/json"),
    cite("openai", "POST /images/generations: 200"),
    binds=SUCCESS,
)
def not_html(subject: Subject) -> Iterator[Problem]:
    """Looks at the first bytes of the body, not at its content type."""
    if is_html(subject):
        yield Problem("the body is an HTML page", "JSON", subject.body_start)


@clause(
    "envelope.content-type",
    Level.MUST,
    "A success says that it is `application/json`.",
    cite("cometapi", "200: application/json"),
    cite("openai", "POST /images/generations: 200"),
    binds=SUCCESS,
)
def content_type(subject: Subject) -> Iterator[Problem]:
    """Compares the media type without its parameters; an absent header fails too."""
    subject.require_unaltered("headers")
    _json_expected(subject)
    yield from other_content_type(subject)


def other_content_type(subject: Subject) -> Iterator[Problem]:
    """Report a media type other than JSON's, or none at all."""
    if subject.response.media_type != "application/json":
        declared = subject.response.header("content-type")
        yield Problem("the content type is another", "application/json", declared or "no header")


def reading_faults(subject: Subject, *kinds: str) -> Iterator[Problem]:
    """Report a fault of these kinds; any other that hides the value makes it not testable.

    Of an answer that a recording has decoded, only what its value shows can be judged.
    """
    if not _SEEN_IN_A_VALUE.issuperset(kinds):
        subject.require_unaltered("text")
    _json_expected(subject)
    reading = subject.answer.json
    declared_other = subject.response.media_type not in (None, "application/json", "text/json")
    if reading.is_unreadable and declared_other:
        raise NotTestableError("the body is not JSON, and does not say that it is")
    if reading.kind in kinds:
        yield Problem(f"the body {reading.fault}", "one JSON text", subject.body_start)
    elif reading.is_unreadable:
        raise NotTestableError(f"the body cannot be read: it {reading.fault}")


def _faults_of_kinds(subject: Subject, kinds: str) -> Iterator[Problem]:
    yield from reading_faults(subject, *kinds.split())


reads_without = Shape(_faults_of_kinds, binds=SUCCESS)

reads_without(
    "envelope.body-not-empty",
    Level.MUST,
    "A success has a body.",
    cite("cometapi", "200: application/json"),
    about="empty",
    how="Fails when the body has no bytes, or nothing but white space.",
)

reads_without(
    "envelope.json-syntax",
    Level.MUST,
    "The body is one whole JSON text.",
    cite("cometapi", "200: application/json"),
    cite("rfc8259", "2"),
    about="syntax",
    how="Parses strictly: what is cut off, has a trailing comma, or something after it, fails.",
)

reads_without(
    "envelope.json-utf8",
    Level.MUST,
    "The body is UTF-8, without a byte order mark and without halves of characters.",
    cite("rfc8259", "8.1"),
    cite("rfc7493", "2.1"),
    about="encoding surrogate",
    how="Fails on other encodings, undecodable bytes, a byte order mark and lone surrogates.",
)

reads_without(
    "envelope.json-no-nan",
    Level.MUST,
    "The body has no NaN and no Infinity, which are no JSON.",
    cite("rfc8259", "6"),
    about="nan",
    how="Looks for the words that lenient parsers take for numbers.",
)

reads_without(
    "envelope.json-number-range",
    Level.SHOULD,
    "Numbers stay within what a double can hold.",
    cite("rfc7493", "2.2"),
    cite("rfc8259", "6"),
    about="number",
    how="Fails on numbers beyond the range of a double, and on those of thousands of digits.",
)

reads_without(
    "envelope.json-unique-names",
    Level.SHOULD,
    "No object of the body has a member twice.",
    cite("rfc8259", "4"),
    cite("rfc7493", "2.3"),
    about="duplicate-key",
    how="Names the first object with a repeated member; the last value is judged by the others.",
)

reads_without(
    "envelope.json-depth",
    Level.MUST,
    "The body nests no deeper than the documented answer could call for.",
    cite("cometapi", "200: created, data"),
    cite("rfc8259", "9"),
    about="depth",
    how="""Fails beyond 200 levels, where common parsers give up; the documented answer has four.
    So it does beyond 100,000 values: an answer of ten images has some dozens.
    """,
)
