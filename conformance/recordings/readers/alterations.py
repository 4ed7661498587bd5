"""Find what a recorder cut, replaced or left out, in the recording itself.

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

from conformance.cases.request import Request
from conformance.exchange.answer import DONE, Answer, Payload
from conformance.exchange.model import Exchange, Response
from conformance.parsing import read_json
from conformance.parsing.images.facts import ImageFacts, inspect_image
from conformance.parsing.images.media_types import sniff
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


class _KeptBody:
    """A body as a recorder kept it, and what is proven of it."""

    def __init__(self, recorded: Recorded, message: Request | Response) -> None:
        self.data = message.body
        self.exact = "text" not in recorded.altered  # the bytes are those of a recorder's text
        self.declared = declared_length(message.headers)
        part = "request" if isinstance(message, Request) else "body"
        if self.declared is None and part == "body":
            # what the recording says; an answer that was coded may have had fewer bytes
            is_coded = message.header("content-encoding") is not None
            is_longer = recorded.declared is not None and recorded.declared < len(message.body)
            self.declared = None if is_coded and is_longer else recorded.declared
        agrees = self.exact and self.declared == len(self.data)
        self.proven = part in recorded.proven or agrees
        self.differs = self.exact and not self.proven and self.declared is not None

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")

    @property
    def is_document(self) -> bool:
        """Return whether it is a web page or XML, even where its end is missing."""
        return _DOCUMENT.match(self.data[:_HEAD]) is not None

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
        longest = json.dumps(value, indent=4)
        return len(longest) + longest.count("/") + _SLACK < self.declared

    def is_too_long(self, value: Any) -> bool:
        """Return whether the JSON in it is longer than was sent, written as tersely as can be."""
        if self.declared is None:
            return False
        shortest = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        return len(shortest.encode("utf-8", "surrogatepass")) > self.declared


def changed_length(recorded: Recorded) -> str:
    """Say with two lengths that an answer is not what was sent; empty where nothing shows it."""
    if recorded.response is None or "body" in recorded.altered:
        return ""
    body = _KeptBody(recorded, recorded.response)
    if not body.differs:
        return ""
    return f"{body.declared:,} bytes were sent, and {len(body.data):,} are recorded"


def altered_parts(recorded: Recorded, exchange: Exchange) -> frozenset[str]:
    """Name the parts of an answer that the recording itself shows to be altered."""
    response = recorded.response
    if response is None or "body" in recorded.altered:
        return frozenset()
    body, answer, parts = _KeptBody(recorded, response), Answer(exchange), set()
    media_type = response.header("content-type")
    if media_type is None or holds_placeholder(media_type):  # recorders drop it, servers hardly
        parts.add("headers")
    if body.proven:
        return frozenset(parts)  # what looks like a placeholder is the provider's own
    if answer.json.value is not None or answer.json.kind not in ("empty", "syntax", "encoding"):
        parts.update(_altered_in_json(answer, body))
    elif answer.streams:
        parts.update(_altered_in_stream(answer, body))
    elif not body.is_document:
        replaced = _was_json(body.text) or is_placeholder(body.text) or is_rewritten(body.data)
        if body.differs or replaced:
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


def _altered_in_json(answer: Answer, body: _KeptBody) -> Iterator[str]:
    """Name what was replaced inside of JSON that can be read."""
    value = answer.json.value
    if not isinstance(value, dict):
        if _is_spoiled_value(value):
            yield "body"
        return
    data = value.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    if body.differs:
        yield "text"
    if body.is_too_short(value) or body.is_too_long(value):
        yield "text"
        if any(item.get("b64_json") for item in items):
            yield "payloads"
        urls = [item["url"] for item in items if isinstance(item.get("url"), str)]
        if urls and not any(map(holds_placeholder, urls)):  # which would explain the length
            yield "urls"
    yield from _altered_in_envelope(value, body)
    yield from _altered_in_payloads(answer.payloads, items, body)
    if _spoils_time(value.get("created"), body):
        yield "created"


def _is_spoiled_value(value: Any) -> bool:
    """Return whether JSON of another type than an object is a placeholder, or a quoted body."""
    if isinstance(value, str):
        quoted = value.lstrip()[:1] in ("{", "[")
        return quoted or is_placeholder(value) or holds_placeholder(value[:_HEAD], proven=True)
    return holds_placeholder(json.dumps(value)[:_HEAD], proven=True) if value else False


def _altered_in_envelope(members: dict[str, Any], body: _KeptBody) -> Iterator[str]:
    """Name the members that were replaced; "body" where what was replaced cannot be told.

    A word in place of a whole value altered that value. One amid a value, or in a name, may stand
    for more.
    """
    error, usage, data = members.get("error"), members.get("usage"), members.get("data")
    fault = error if isinstance(error, dict) else {}
    values = {name: members.get(name) for name in _ECHOES}
    values |= {f"error.{name}": fault.get(name) for name in _ERROR}
    for name, value in values.items():
        if body.holds(value):
            is_whole = isinstance(value, dict) or replaces_value(str(value))
            lacks = fault and not fault.keys() >= _ERROR
            yield name if is_whole and not lacks and name != "type" else "body"
    if body.spoils([*members, *fault, *(usage if isinstance(usage, dict) else ())]):
        yield "body"
    texts = [*(data if isinstance(data, list) else [data]), error]
    if any(isinstance(text, str) and replaces_value(text) for text in texts):
        yield "body"
    if not fault.keys() >= _ERROR and interrupts_text(fault.get("message")):
        yield "body"


def _spoils_time(created: object, body: _KeptBody) -> bool:
    if isinstance(created, str):
        return body.holds(created)
    return created == 0 and not isinstance(created, bool)


def _altered_in_payloads(
    payloads: Sequence[Payload], items: Iterable[dict[str, Any]], body: _KeptBody
) -> Iterator[str]:
    """Name what was replaced in the images of an answer, and in what stands beside them."""
    if any(body.spoils(item) or interrupts_text(item.get("revised_prompt")) for item in items):
        yield "body"
    if any(map(_spoils_payload, payloads)):
        yield "payloads"
    if any(_spoils_url(payload.url, body) for payload in payloads):
        yield "urls"


def _altered_in_stream(answer: Answer, body: _KeptBody) -> Iterator[str]:
    """Name what was replaced in an event stream; a web page in its place is the provider's."""
    if body.is_document:
        return
    items = [event.item for event in answer.events]
    yield from _altered_in_payloads(answer.events, items, body)
    for item in items:
        yield from _altered_in_envelope(item, body)
        if _spoils_time(item.get("created_at"), body):
            yield "created_at"
    if is_placeholder(body.text) or body.differs or _is_broken_stream(answer, body):
        yield "body"


def _is_broken_stream(answer: Answer, body: _KeptBody) -> bool:
    """Return whether a line is a placeholder, or an event holds JSON that was cut."""
    text = body.text
    lines = (line for line in text.splitlines() if line and not line.startswith("data:"))
    if any(body.holds(line[:_HEAD]) for line in lines):
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
    is_whole = reading.fault is None and image is not None and image.complete
    if is_whole or len(value) < _SMALL:
        return image is None or _is_no_painting(image)
    return is_placeholder(value) or interrupts_base64(value)


def _is_no_painting(facts: ImageFacts) -> bool:
    """Return whether bytes are no whole image, or one too small to have been painted."""
    if facts.type is None or not facts.complete:
        return True
    return max(facts.width or 0, facts.height or 0) <= _TINY


def _spoils_url(value: str | None, body: _KeptBody) -> bool:
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
        return body.holds(value)
    if _STRAY_MARK.search(value) or _STRAY_PERCENT.search(value):
        return body.holds(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return body.holds(value.partition("?")[0])
    return body.holds(parts.netloc)


def is_altered_download(recorded: Recorded) -> bool:
    """Return whether what was fetched from an image URL is not what the host sent."""
    response = recorded.response
    if response is None or "body" in recorded.altered:
        return True
    body = _KeptBody(recorded, response)
    if body.proven:
        return False
    if body.differs or is_placeholder(body.data[:400].decode("utf-8", "replace")):
        return True
    if body.is_document:
        return False
    if not body.data or sniff(body.data) is not None:
        return _is_no_painting(inspect_image(body.data))
    # bytes that claim to be an image and are not: a recorder mangled them
    media_type = response.media_type or "image/"
    claims_image = media_type.startswith("image/") or media_type == "application/octet-stream"
    return claims_image or _was_json(body.text)


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
    body, members = _KeptBody(recorded, request), read_json(request.body).value
    if not isinstance(members, dict):
        return None if body.proven else "its request was cut or rewritten by the recorder"
    if not body.proven and (body.is_too_short(members) or body.is_too_long(members)):
        return f"its request had {body.declared:,} bytes, and {len(body.data):,} were recorded"
    accepted = recorded.response is not None and 200 <= recorded.response.status < 300
    for name, value in members.items():
        if body.spoils([name]) or _is_replaced(name, value, body.proven, accepted):
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
