"""Base64: the standard alphabet, its padding, nothing around it, and an image inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.clauses.bindings import all_of, answered_with, permitted, plain
from conformance.clauses.registry import cite, clause
from conformance.clauses.subject import NotApplicableError, NotTestableError, Problem, Subject
from conformance.contract import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.exchange.answer import Payload
    from conformance.parsing import Base64Reading

BOUND = all_of(permitted, plain, answered_with("b64_json", "either"))


def _readings(subject: Subject) -> Iterator[tuple[Payload, Base64Reading]]:
    """Every base64 payload; where a URL would do as well, none leaves nothing to judge."""
    subject.unaltered("payloads")
    found = [(each, each.base64) for each in subject.payloads]
    read = [(each, reading) for each, reading in found if reading is not None]
    if not read and subject.kind == "either":
        raise NotApplicableError
    if not read:
        raise NotTestableError("no item carries base64")
    yield from read


def _faults(subject: Subject, *kinds: str) -> Iterator[Problem]:
    for payload, reading in _readings(subject):
        if reading.kind in kinds:
            seen = str(payload.item["b64_json"])[:40]
            yield Problem(f"{payload.path}.b64_json {reading.fault}", "RFC 4648 base64", seen)


@clause(
    "base64.no-data-prefix",
    Level.MUST,
    "Base64 stands alone, without the `data:` prefix of a data URL.",
    cite("openai", "Image.b64_json"),
    cite("cometapi-later", "200, example of 2026-06-10"),
    binds=BOUND,
)
def no_data_prefix(subject: Subject) -> Iterator[Problem]:
    """Fails on `data:image/png;base64,` and the like in front of the payload."""
    yield from _faults(subject, "data-prefix")


@clause(
    "base64.alphabet",
    Level.MUST,
    "Base64 has no characters of no base64 alphabet.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "3.3, 4"),
    binds=BOUND,
)
def alphabet(subject: Subject) -> Iterator[Problem]:
    """Names the first foreign character; white space and `-` and `_` have their own clauses."""
    yield from _faults(subject, "alphabet")


@clause(
    "base64.not-url-safe",
    Level.MUST,
    "Base64 uses `+` and `/`, not the URL-safe `-` and `_`.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "4"),
    binds=BOUND,
)
def not_url_safe(subject: Subject) -> Iterator[Problem]:
    """Fails on the alphabet of RFC 4648 section 5, which standard decoders reject."""
    yield from _faults(subject, "url-safe")


@clause(
    "base64.no-whitespace",
    Level.MUST,
    "Base64 is not broken into lines.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "3.1"),
    binds=BOUND,
)
def no_whitespace(subject: Subject) -> Iterator[Problem]:
    """Fails on line feeds, blanks and tabs anywhere in the payload."""
    yield from _faults(subject, "whitespace")


@clause(
    "base64.padding",
    Level.MUST,
    "Base64 is padded with `=` to a multiple of four characters, and only at its end.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "3.2"),
    binds=BOUND,
)
def padding(subject: Subject) -> Iterator[Problem]:
    """Fails on padding that is missing, too long, or followed by more."""
    yield from _faults(subject, "padding")


@clause(
    "base64.length",
    Level.MUST,
    "Base64 has a number of digits that bytes can encode to.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "4"),
    binds=BOUND,
)
def length(subject: Subject) -> Iterator[Problem]:
    """Fails when one digit is left over, as in a payload that was cut off."""
    yield from _faults(subject, "length")


@clause(
    "base64.canonical",
    Level.MUST,
    "The bits of the last digit that encode nothing are zero.",
    cite("rfc4648", "3.5"),
    binds=BOUND,
)
def canonical(subject: Subject) -> Iterator[Problem]:
    """Fails when the last digit before the padding is not the one an encoder writes."""
    yield from _faults(subject, "trailing-bits")


@clause(
    "base64.is-image",
    Level.MUST,
    "Base64 decodes to an image.",
    cite("openai", "Image.b64_json"),
    cite("cometapi", "Response behaviour by model"),
    binds=BOUND,
)
def is_image(subject: Subject) -> Iterator[Problem]:
    """Decodes as forgivingly as it can be done, and looks at the first bytes: they are those
    of an image of any known type. Whether it is whole is another clause.
    """
    readings = list(_readings(subject))
    decoded = [(each, reading.data) for each, reading in readings if reading.data is not None]
    if readings and not decoded:
        raise NotTestableError("the base64 cannot be decoded")
    for payload, data in decoded:
        if payload.image is None or payload.image.type is None:
            fault = payload.image.fault if payload.image else "is empty"
            yield Problem(f"{payload.path}.b64_json {fault}", "an image", repr(data[:16]))
