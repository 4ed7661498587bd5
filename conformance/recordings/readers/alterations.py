"""What a recorder cut, replaced or left out, seen from the recording itself.

Proof comes first: a Content-Length that agrees, a content coding that ended, JSON that parses.
Only then do words count. Where a placeholder and a provider's lie cannot be told apart the part
counts as altered: what a recorder altered is not testable (ARCHITECTURE 36).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from conformance.exchange.answer import DONE, Answer, Payload
from conformance.exchange.model import Exchange, Request, Response
from conformance.parsing import read_json
from conformance.parsing.images import ImageFacts, inspect_image, sniff
from conformance.recordings.readers.model import Recorded
from conformance.recordings.readers.placeholders import (
    begins_with_placeholder,
    holds_placeholder,
    holds_placeholder_anywhere,
    interrupts_base64,
    interrupts_text,
    is_placeholder,
    replaces_value,
    spoils_name,
)
from conformance.recordings.readers.rewriting import declared_length, is_rewritten

_HEAD = 4096  # characters of a text that are searched
_SLACK = 64  # bytes of white space around a text
_SMALL = 1400  # characters of base64, about 1 KiB: less than a generated image takes
_TINY = 16  # pixels of a side: no provider paints so small
_DOCUMENT = re.compile(
    rb"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype|html|head|body|\?xml|[a-z][\w:.-]*(?:\s[^<>]*)?>.*</)",
    re.IGNORECASE | re.DOTALL,
)
_JSON_START = re.compile(r"\{|\[\s*(?:[\[{\"\d\]]|$)")
_JSON_INSIDE = re.compile(r"\w\"\s*[:,}\]]")
_LITERALS = ("true", "false", "null", "-")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_STRAY_MARK = re.compile(r"[<>{}\[\]*…#]|\.\.\.|x{5}|X{5}")
_FREE_TEXT = frozenset({"prompt", "negative_prompt", "user"})
_ERROR = frozenset({"type", "param", "code"})
_ECHOES = ("background", "output_format", "quality", "size", "usage", "type")


class _Kept:
    """A body as it was kept, and what is proven of it."""

    def __init__(self, recorded: Recorded, message: Request | Response) -> None:
        self.body = message.body
        self.exact = "text" not in recorded.altered  # the bytes are those of a recorder's text
        self.declared = declared_length(message.headers)
        part = "request" if isinstance(message, Request) else "body"
        if self.declared is None and part == "body":
            # what the recording says; an answer that was coded may have had fewer bytes
            coded = message.header("content-encoding") is not None
            fewer = recorded.declared is not None and recorded.declared < len(message.body)
            self.declared = None if coded and fewer else recorded.declared
        counted = self.exact and self.declared == len(self.body)
        self.proven = part in recorded.proven or counted
        self.differs = self.exact and not self.proven and self.declared is not None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def is_document(self) -> bool:
        """Return whether it is a web page or XML, even where its end is missing."""
        return _DOCUMENT.match(self.body[:_HEAD]) is not None

    def holds(self, value: Any) -> bool:
        """Return whether a placeholder stands in a text, or anywhere in a list or an object."""
        if isinstance(value, dict | list):
            value = json.dumps(value)
        return isinstance(value, str) and holds_placeholder(value, self.proven)

    def spoils(self, names: Iterable[str]) -> bool:
        """Return whether a placeholder stands in the name of a member."""
        return any(spoils_name(name, self.proven) for name in names)

    def is_too_short(self, value: Any) -> bool:
        """Return whether the JSON in it is shorter than was sent, however that was written.

        The most generous way has indents of four, and escapes every slash and every letter that is
        not ASCII (ARCHITECTURE 36).
        """
        if self.declared is None:
            return False
        written = json.dumps(value, indent=4)
        return len(written) + written.count("/") + _SLACK < self.declared

    def is_too_long(self, value: Any) -> bool:
        """Return whether the JSON in it is longer than was sent, written as tersely as can be."""
        if self.declared is None:
            return False
        written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return len(written.encode("utf-8", "surrogatepass")) > self.declared


def changed_length(recorded: Recorded) -> str:
    """Say with two lengths that an answer is not what was sent; empty where nothing shows it."""
    if recorded.response is None or "body" in recorded.altered:
        return ""
    kept = _Kept(recorded, recorded.response)
    if not kept.differs:
        return ""
    return f"{kept.declared:,} bytes were sent, and {len(kept.body):,} are recorded"


def altered_parts(recorded: Recorded, exchange: Exchange) -> frozenset[str]:
    """Name the parts of an answer that the recording itself shows to be altered."""
    response = recorded.response
    if response is None or "body" in recorded.altered:
        return frozenset()
    kept, answer, parts = _Kept(recorded, response), Answer(exchange), set()
    media_type = response.header("content-type")
    if media_type is None or holds_placeholder(media_type):  # recorders drop it, servers hardly
        parts.add("headers")
    if kept.proven:
        return frozenset(parts)  # what looks like a placeholder is the provider's own
    if answer.json.value is not None or answer.json.kind not in ("empty", "syntax", "encoding"):
        parts.update(_of_json(answer, kept))
    elif answer.streams:
        parts.update(_of_stream(answer, kept))
    elif not kept.is_document:
        replaced = _was_json(kept.text) or is_placeholder(kept.text) or is_rewritten(kept.body)
        if kept.differs or replaced:
            parts.add("body")
    return frozenset(parts)


def _was_json(text: str) -> bool:
    """Return whether JSON that cannot be read stops early, or has a placeholder in it."""
    bare = text.lstrip("\ufeff \t\r\n")
    if not _JSON_START.match(bare):
        inside = bare.rstrip().endswith("}") or _JSON_INSIDE.search(bare) is not None
        if not (inside and begins_with_placeholder(bare)):
            return False
    try:
        json.loads(bare)
    except json.JSONDecodeError as error:
        rest = bare[error.pos :].strip()
        unended = error.msg.startswith("Unterminated string")
        if unended or rest == "" or any(word.startswith(rest) for word in _LITERALS):
            return True
        return holds_placeholder_anywhere(bare)
    except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
        return False
    return False


def _of_json(answer: Answer, kept: _Kept) -> Iterator[str]:
    """Name what was replaced inside of JSON that can be read."""
    value = answer.json.value
    if not isinstance(value, dict):
        if _is_spoiled_value(value):
            yield "body"
        return
    data = value.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    if kept.differs:
        yield "text"
    if kept.is_too_short(value) or kept.is_too_long(value):
        yield "text"
        if any(item.get("b64_json") for item in items):
            yield "payloads"
        urls = [item["url"] for item in items if isinstance(item.get("url"), str)]
        if urls and not any(map(holds_placeholder, urls)):  # which would explain the length
            yield "urls"
    yield from _of_envelope(value, kept)
    yield from _of_payloads(answer.payloads, items, kept)
    if _spoils_time(value.get("created"), kept):
        yield "created"


def _is_spoiled_value(value: Any) -> bool:
    """Return whether JSON of another type than an object is a placeholder, or a quoted body."""
    if isinstance(value, str):
        quoted = value.lstrip()[:1] in ("{", "[")
        return quoted or is_placeholder(value) or holds_placeholder(value[:_HEAD], proven=True)
    return holds_placeholder(json.dumps(value)[:_HEAD], proven=True) if value else False


def _of_envelope(body: dict[str, Any], kept: _Kept) -> Iterator[str]:
    """Name the members that were replaced; "body" where what was replaced cannot be told.

    A word in place of a whole value altered that value. One amid a value, or in a name, may stand
    for more.
    """
    error, usage, data = body.get("error"), body.get("usage"), body.get("data")
    fault = error if isinstance(error, dict) else {}
    values = {name: body.get(name) for name in _ECHOES}
    values |= {f"error.{name}": fault.get(name) for name in _ERROR}
    for name, value in values.items():
        if kept.holds(value):
            is_whole = isinstance(value, dict) or replaces_value(str(value))
            lacks = fault and not fault.keys() >= _ERROR
            yield name if is_whole and not lacks and name != "type" else "body"
    if kept.spoils([*body, *fault, *(usage if isinstance(usage, dict) else ())]):
        yield "body"
    whole = [*(data if isinstance(data, list) else [data]), error]
    if any(isinstance(value, str) and replaces_value(value) for value in whole):
        yield "body"
    if not fault.keys() >= _ERROR and interrupts_text(fault.get("message")):
        yield "body"


def _spoils_time(created: object, kept: _Kept) -> bool:
    if isinstance(created, str):
        return kept.holds(created)
    return created == 0 and not isinstance(created, bool)


def _of_payloads(
    payloads: Sequence[Payload], items: Iterable[dict[str, Any]], kept: _Kept
) -> Iterator[str]:
    """Name what was replaced in the images of an answer, and in what stands beside them."""
    if any(kept.spoils(item) or interrupts_text(item.get("revised_prompt")) for item in items):
        yield "body"
    if any(map(_spoils_payload, payloads)):
        yield "payloads"
    if any(_spoils_url(payload.url, kept) for payload in payloads):
        yield "urls"


def _of_stream(answer: Answer, kept: _Kept) -> Iterator[str]:
    """Name what was replaced in an event stream; a web page in its place is the provider's."""
    if kept.is_document:
        return
    items = [event.item for event in answer.events]
    yield from _of_payloads(answer.events, items, kept)
    for item in items:
        yield from _of_envelope(item, kept)
        if _spoils_time(item.get("created_at"), kept):
            yield "created_at"
    if is_placeholder(kept.text) or kept.differs or _is_broken_stream(answer, kept):
        yield "body"


def _is_broken_stream(answer: Answer, kept: _Kept) -> bool:
    """Return whether a line is a placeholder, or an event holds JSON that was cut."""
    text = kept.text
    lines = (line for line in text.splitlines() if line and not line.startswith("data:"))
    if any(kept.holds(line[:_HEAD]) for line in lines):
        return True
    last = text.rstrip("\r\n").rsplit("\n", 1)[-1].removeprefix("data:")
    unended = not text.endswith(("\n\n", "\r\n\r\n", "\r\r")) and _is_broken_data(last)
    return unended or any(_is_broken_data(event.data) for event in answer.stream.events)


def _is_broken_data(text: str) -> bool:
    """Return whether the data of an event was JSON, or is a placeholder for it."""
    bare = text.strip()
    if bare == DONE:
        return False
    if _was_json(bare):
        return True
    marked = is_placeholder(bare) or holds_placeholder(bare[:_HEAD], proven=True)
    return marked and not _JSON_START.match(bare)


def _spoils_payload(payload: Payload) -> bool:
    """Return whether base64 cannot be a generated image: a word, a greeting, or one pixel.

    A whole image has no placeholder in it, so that only damaged ones are searched. A web page
    in base64 is written by no recorder.
    """
    value, reading, image = payload.b64_json, payload.base64, payload.image
    if value is None or reading is None or _DOCUMENT.match((reading.data or b"")[:_HEAD]):
        return False
    whole = reading.fault is None and image is not None and image.complete
    if whole or len(value) < _SMALL:
        return image is None or _is_no_painting(image)
    return is_placeholder(value) or interrupts_base64(value)


def _is_no_painting(facts: ImageFacts) -> bool:
    """Return whether bytes are no whole image, or one too small to have been painted."""
    if facts.type is None or not facts.complete:
        return True
    return max(facts.width or 0, facts.height or 0) <= _TINY


def _spoils_url(value: str | None, kept: _Kept) -> bool:
    """Return whether a URL, or where it leads, is a placeholder.

    A word in its path or query, as where a signature was, leaves it a URL.
    """
    if not value:
        return False
    if is_placeholder(value):
        return True
    try:
        parts = urlsplit(value)
    except ValueError:
        return kept.holds(value)
    if _STRAY_MARK.search(value) or _STRAY_PERCENT.search(value):
        return kept.holds(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return kept.holds(value.partition("?")[0])
    return kept.holds(parts.netloc)


def is_altered_download(recorded: Recorded) -> bool:
    """Return whether what was fetched from an image URL is not what the host sent."""
    response = recorded.response
    if response is None or "body" in recorded.altered:
        return True
    kept = _Kept(recorded, response)
    if kept.proven:
        return False
    if kept.differs or is_placeholder(kept.body[:400].decode("utf-8", "replace")):
        return True
    if kept.is_document:
        return False
    if not kept.body or sniff(kept.body) is not None:
        return _is_no_painting(inspect_image(kept.body))
    # bytes that claim to be an image and are not: a recorder mangled them
    media_type = response.media_type or "image/"
    claims_image = media_type.startswith("image/") or media_type == "application/octet-stream"
    return claims_image or _was_json(kept.text)


def altered_request(recorded: Recorded) -> str | None:
    """Describe what a recorder did to a request; None where it is as it was sent."""
    if "request" in recorded.altered:
        return "its request was not recorded"
    request = recorded.request
    media_type = request.header("content-type") or ""
    if holds_placeholder(media_type) or holds_placeholder(request.method):
        return "the method or the content type of its request was replaced"
    if media_type and "json" not in media_type.lower():
        return None  # a form, say: that it is no JSON is the client's own doing
    kept, body = _Kept(recorded, request), read_json(request.body).value
    if not isinstance(body, dict):
        return None if kept.proven else "its request was cut or rewritten by the recorder"
    if not kept.proven and (kept.is_too_short(body) or kept.is_too_long(body)):
        return f"its request had {kept.declared:,} bytes, and {len(kept.body):,} were recorded"
    accepted = recorded.response is not None and 200 <= recorded.response.status < 300
    for name, value in body.items():
        if kept.spoils([name]) or _is_replaced(name, value, kept.proven, accepted):
            return f"the recorder replaced {name[:40]!r} in its request"
    return None


def _is_replaced(name: str, value: Any, proven: bool, accepted: bool) -> bool:
    if not isinstance(value, str):
        nested = isinstance(value, dict | list)
        return nested and holds_placeholder(json.dumps(value), proven=True)
    if name not in _FREE_TEXT:
        return holds_placeholder(value, proven)
    if interrupts_text(value):
        return not proven  # amid a text it may stand for more than that text
    cut = value.rstrip().endswith(("...", "…")) and not proven
    # what an accepted request described does not matter
    return (cut or is_placeholder(value)) and not accepted
