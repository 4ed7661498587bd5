"""Base64: the standard alphabet, its padding, nothing around it, and an image inside."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import SUCCESS, all_of, answered_with
from conformance.clauses.registry import Shape, cite, clause
from conformance.clauses.subject import NotApplicableError, NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.answer import Payload
from conformance.parsing import Base64Reading

MAY_CARRY_BASE64 = all_of(SUCCESS, answered_with("b64_json", "either"))


def _readings(subject: Subject) -> list[tuple[Payload, Base64Reading]]:
    """Return every base64 payload; where a URL would do as well, none leaves nothing to judge."""
    subject.require_unaltered("payloads")
    pairs = [(payload, payload.base64) for payload in subject.payloads]
    readings = [(payload, reading) for payload, reading in pairs if reading is not None]
    if not readings and subject.kind == "either":
        raise NotApplicableError
    if not readings:
        raise NotTestableError("no item carries base64")
    return readings


def _faults(subject: Subject, kind: str) -> Iterator[Problem]:
    for payload, reading in _readings(subject):
        if reading.kind == kind:
            start = str(payload.item["b64_json"])[:40]
            yield Problem(f"{payload.path}.b64_json {reading.fault}", "RFC 4648 base64", start)


free_of = Shape(_faults, binds=MAY_CARRY_BASE64)

free_of(
    "base64.no-data-prefix",
    Level.MUST,
    "Base64 stands alone, without the `data:` prefix of a data URL.",
    cite("openai", "Image.b64_json"),
    cite("cometapi-later", "200, example of 2026-06-10"),
    about="data-prefix",
    how="Fails on `data:image/png;base64,` and the like in front of the payload.",
)

free_of(
    "base64.alphabet",
    Level.MUST,
    "Base64 has no characters of no base64 alphabet.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "3.3, 4"),
    about="alphabet",
    how="Names the first foreign character; white space and `-` and `_` have their own clauses.",
)

free_of(
    "base64.not-url-safe",
    Level.MUST,
    "Base64 uses `+` and `/`, not the URL-safe `-` and `_`.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "4"),
    about="url-safe",
    how="Fails on the alphabet of RFC 4648 section 5, which standard decoders reject.",
)

free_of(
    "base64.no-whitespace",
    Level.MUST,
    "Base64 is not broken into lines.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "3.1"),
    about="whitespace",
    how="Fails on line feeds, blanks and tabs anywhere in the payload.",
)

free_of(
    "base64.padding",
    Level.MUST,
    "Base64 is padded with `=` to a multiple of four characters, and only at its end.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "3.2"),
    about="padding",
    how="Fails on padding that is missing, too long, or followed by more.",
)

free_of(
    "base64.length",
    Level.MUST,
    "Base64 has a number of digits that bytes can encode to.",
    cite("openai", "Image.b64_json"),
    cite("rfc4648", "4"),
    about="length",
    how="Fails when one digit is left over, as in a payload that was cut off.",
)

free_of(
    "base64.canonical",
    Level.MUST,
    "The bits of the last digit that encode nothing are zero.",
    cite("rfc4648", "3.5"),
    about="trailing-bits",
    how="Fails when the last digit before the padding is not the one an encoder writes.",
)


@clause(
    "base64.is-image",
    Level.MUST,
    "Base64 decodes to an image.",
    cite("openai", "Image.b64_json"),
    cite("cometapi", "Response behaviour by model"),
    binds=MAY_CARRY_BASE64,
)
def is_image(subject: Subject) -> Iterator[Problem]:
    """Decodes as forgivingly as it can be done, and looks at the first bytes: they are those
    of an image of any known type. Whether it is whole is another clause.
    """
    readings = _readings(subject)
    decoded = [(payload, read.data) for payload, read in readings if read.data is not None]
    if not decoded:
        raise NotTestableError("the base64 cannot be decoded")
    for payload, data in decoded:
        facts = payload.image
        if facts is not None and facts.type is None:
            yield Problem(f"{payload.path}.b64_json {facts.fault}", "an image", repr(data[:16]))
