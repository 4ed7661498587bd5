"""Keeping secrets in: an API key or a signature never leaves the sender.

Redaction happens before anything else sees an exchange, so that what is judged live is
byte for byte what a cassette holds, and a clause can still see that a key came back.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from urllib.parse import quote

from conformance.exchange.model import (
    REDACTED_KEY,
    Download,
    Exchange,
    Failure,
    Headers,
    Request,
    Response,
)
from conformance.exchange.payloads import is_binary

_SIGNED = (
    "sig|signature|x-amz-signature|x-amz-security-token|x-amz-credential|x-goog-signature"
    "|x-goog-credential|x-oss-signature|x-oss-security-token|x-oss-credential"
    "|ossaccesskeyid|awsaccesskeyid|key-pair-id|policy|token|access_token|api_key|apikey|key"
)
_SIGNATURE = re.compile(
    rb"((?:[?&]|\\u0026|\\u003f|&amp;|%26|%3f)(?:" + _SIGNED.encode() + rb")"
    rb"(?:=|\\u003d|%3d))"
    # escaped in JSON or not, so that body and downloads still name one and the same URL
    rb"(?:[^&\"'\\\s<>]|\\/|\\u00(?!2[0267]|3[ce]|5c)[2-7][0-9a-f]){1,4096}",
    re.IGNORECASE,
)
_SECRET_HEADERS = frozenset(
    {
        "set-cookie",
        "cookie",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "openai-organization",
        "openai-project",
        "x-amz-security-token",
    }
)
_ESCAPES = re.compile(rb"\\|%[0-9A-Fa-f]{2}|&(?:amp;)*#")
_SHORTEST = 8  # characters; a shorter key would be found in ordinary text
_REMEMBERED = 2048
"""Bytes of a text that is worth remembering: header names and values come again and again."""


class Redactor:
    """Replaces one API key, in every form it could come back in, and URL signatures."""

    def __init__(self, key: str | None) -> None:
        long_enough = key is not None and len(key) >= _SHORTEST
        self._replacements = _forms(key) if key and long_enough else {}
        self._escaped = _escaped(key) if key and long_enough else None
        self._known = lru_cache(maxsize=1024)(self._redacted)

    def data(self, data: bytes) -> bytes:
        """Redact text or JSON."""
        return self._known(data) if len(data) <= _REMEMBERED else self._redacted(data)

    def _redacted(self, data: bytes) -> bytes:
        for secret, placeholder in self._replacements.items():
            data = data.replace(secret, placeholder)
        if self._escaped is not None and _ESCAPES.search(data):
            data = self._escaped.sub(REDACTED_KEY.encode(), data)
        return _SIGNATURE.sub(_unsigned, data)

    def binary(self, data: bytes) -> bytes:
        """Redact image bytes; the length stays, so that offsets in the file hold."""
        for secret in self._replacements:
            data = data.replace(secret, _filler(len(secret)))
        if self._escaped is not None and _ESCAPES.search(data):
            data = self._escaped.sub(lambda found: _filler(len(found[0])), data)
        return data

    def text(self, text: str) -> str:
        """Redact a string."""
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half a character that was never a byte, in a foreign file
            data = text.encode("utf-8", "replace")
        return self.data(data).decode("utf-8", "surrogateescape")

    def headers(self, headers: Headers) -> Headers:
        """Redact header values, and the whole of those that name an account or a session."""
        return tuple(
            (self.text(name), "REDACTED" if name.lower() in _SECRET_HEADERS else self.text(value))
            for name, value in headers
        )

    def request(self, request: Request) -> Request:
        """Redact a request."""
        return Request(
            request.method,
            self.text(request.url),
            self.headers(request.headers),
            self.data(request.body),
        )

    def response(self, response: Response | None) -> Response | None:
        """Redact a response, as an image or as text by its bytes: a header may lie."""
        if response is None:
            return None
        redacted = self.binary if is_binary(response.body) else self.data
        body = redacted(response.body)
        return Response(response.status, self.headers(response.headers), body)

    def failure(self, failure: Failure | None) -> Failure | None:
        """Redact what is said of a failure."""
        return Failure(failure.kind, self.text(failure.message)) if failure else None

    def download(self, download: Download) -> Download:
        """Redact a fetched image and its address."""
        return Download(
            self.text(download.url),
            self.response(download.response),
            self.failure(download.failure),
        )


def _unsigned(found: re.Match[bytes]) -> bytes:
    """Take a signature out; where the key stood in its place, that is still to be seen."""
    key = REDACTED_KEY.encode()
    return found[1] + (key if key in found[0] else b"REDACTED")


def _filler(length: int) -> bytes:
    return REDACTED_KEY.encode().ljust(length, b"-")[:length]


def _forms(key: str) -> dict[bytes, bytes]:
    """Every spelling of a key that is looked for, the longest first."""
    forms: dict[bytes, bytes] = {}
    for each in _parts(key):
        cased = {each, each.lower(), each.upper(), each[::-1]}  # host names come back in lower case
        forms |= {_bytes(form): REDACTED_KEY.encode() for form in cased}
        digits = _bytes(each).hex()
        forms |= {form.encode(): REDACTED_KEY.encode() for form in (digits, digits.upper())}
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            wide = each.encode(encoding, "surrogatepass")
            forms[wide] = REDACTED_KEY.encode(encoding)
    forms[quote(key, safe="", errors="surrogateescape").encode()] = REDACTED_KEY.encode()
    for encoded in _base64_forms(key):
        forms[encoded] = base64.b64encode(REDACTED_KEY.encode())
    return dict(sorted(forms.items(), key=lambda each: -len(each[0])))


def _parts(key: str) -> list[str]:
    """The key, and what is secret of it where that is long enough to be no ordinary word."""
    bare = key.removeprefix("sk-")
    return [key, bare] if bare != key and len(bare) >= 16 else [key]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # as the environment may hold it


def _escaped(key: str) -> re.Pattern[bytes]:
    """The key with any of its characters escaped: for JSON, in a URL or in HTML, and nested.

    A run of backslashes is entered at its first and never given back: a body of nothing else
    would otherwise take the square of its length.
    """
    shortest = _parts(key)[-1]
    spelled = b"".join(_spellings(byte) for byte in _bytes(shortest))
    return re.compile(rb"(?<!\\)" + spelled, re.IGNORECASE)


def _spellings(byte: int) -> bytes:
    literal = rb"\\++" if byte == 0x5C else rb"\\*+" + re.escape(bytes([byte]))
    hexadecimal, number = b"%02x" % byte, b"%d" % byte
    return (
        rb"(?:" + literal + rb"|\\++(?:u00|x)" + hexadecimal + rb"|%(?:25)*" + hexadecimal
        + rb"|&(?:amp;)*#(?:x0{0,4}" + hexadecimal + rb"|0{0,4}" + number + rb");)"
    )  # fmt: skip


def _base64_forms(key: str) -> set[bytes]:
    """The key inside longer base64, at each of the three alignments, less its ragged ends."""
    forms = set()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + _bytes(key))
        end = -4 if (shift + len(key)) % 3 else len(text)
        inner = text[4 if shift else 0 : end]
        if len(inner) >= 12:
            forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def redact(exchange: Exchange, redactor: Redactor) -> Exchange:
    """Give an exchange without its secrets."""
    return Exchange(
        provider=exchange.provider,
        model=exchange.model,
        case=exchange.case,
        request=redactor.request(exchange.request),
        response=redactor.response(exchange.response),
        failure=redactor.failure(exchange.failure),
        downloads=tuple(redactor.download(each) for each in exchange.downloads),
        sent_at=exchange.sent_at,
        elapsed=exchange.elapsed,
        provenance=exchange.provenance,
        served_as=exchange.served_as,
        altered=exchange.altered,
        attempts=exchange.attempts,
        price=exchange.price,
    )
