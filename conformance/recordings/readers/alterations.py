"""What a recorder cut, replaced or left out, seen from the recording itself.

Proof comes first: a Content-Length that agrees, a content coding that ended, JSON that parses.
Only then do words count. Where a placeholder and a provider's lie cannot be told apart the part
counts as altered: what a recorder altered is not testable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from conformance.exchange.answer import Answer, Payload
from conformance.exchange.model import Exchange, Response
from conformance.exchange.stream_events import DONE, events_of
from conformance.parsing.images import ImageFacts, inspect_image, sniff
from conformance.recordings.readers.content_length import declared_length, is_too_short
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

_SMALL = 1400  # characters of base64, about 1 KiB: less than a generated image takes
_TINY = 16  # pixels of a side: no provider paints so small
_DOCUMENT = re.compile(
    rb"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype|html|head|body|\?xml|[a-z][\w:.-]*(?:\s[^<>]*)?>.*</)",
    re.IGNORECASE | re.DOTALL,
)
_JSON_START = re.compile(r"\{|\[\s*(?:[\[{\"\d\]]|$)")
_JSON_INSIDE = re.compile(r"\w\"\s*[:,}\]]")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ERROR = frozenset({"type", "param", "code"})
_ECHOES = ("background", "output_format", "quality", "size", "usage", "type")


def altered_parts(recorded: Recorded, exchange: Exchange) -> frozenset[str]:
    """Name the parts of an answer that the recording itself shows to be altered."""
    response = recorded.response
    if response is None or "body" in recorded.altered:
        return frozenset()
    kept = _Kept(recorded, response)
    parts = set(_headers(response))
    answer = Answer(exchange)
    if answer.json.value is not None or answer.json.kind not in ("empty", "syntax", "encoding"):
        parts.update(_of_json(answer, kept))
    elif answer.streams:
        parts.update(_of_stream(answer, kept))
    elif _is_cut(kept):
        parts.add("body")
    return frozenset(parts)


class _Kept:
    """A body as it was kept, and what is proven of it."""

    def __init__(self, recorded: Recorded, response: Response) -> None:
        self.body = response.body
        self.exact = "text" not in recorded.altered  # the bytes are those of a recorder's text
        self.declared = declared_length(response.headers)
        if self.declared is None:
            self.declared = recorded.declared
        counted = self.exact and self.declared == len(self.body)
        self.proven = "body" in recorded.proven or counted

    @property
    def shorter(self) -> bool:
        """Return whether fewer bytes were kept than were sent."""
        return self.exact and not self.proven and len(self.body) < (self.declared or 0)


def _headers(response: Response) -> Iterator[str]:
    told = response.header("content-type")
    if told is None or holds_placeholder(told):
        yield "headers"


def _is_cut(kept: _Kept) -> bool:
    """Return whether a body that is no JSON was JSON, or something else, before its recording.

    A web page and XML are what they are, even where their end is missing.
    """
    if _DOCUMENT.match(kept.body[:4096]):
        return False
    text = kept.body.decode("utf-8", "replace")
    if is_placeholder(text):
        return True
    if kept.proven:
        return False
    return kept.shorter or _was_json(text)


def _was_json(text: str) -> bool:
    """Return whether JSON that cannot be read stops early, or has a placeholder in it."""
    bare = text.lstrip("\ufeff \t\r\n")
    if not (_JSON_START.match(bare) or _lost_its_start(bare)):
        return False
    try:
        json.loads(bare)
    except json.JSONDecodeError as error:
        return _stops_early(error, bare) or holds_placeholder_anywhere(bare)
    except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
        return False
    return False


def _lost_its_start(text: str) -> bool:
    """Return whether a placeholder stands where JSON began."""
    rest = text.rstrip().endswith("}") or _JSON_INSIDE.search(text) is not None
    return rest and begins_with_placeholder(text)


def _stops_early(error: json.JSONDecodeError, text: str) -> bool:
    if error.msg.startswith("Unterminated string"):
        return True
    rest = text[error.pos :].strip()
    literals = ("true", "false", "null", "-")
    return rest == "" or any(each.startswith(rest) for each in literals)


def _of_json(answer: Answer, kept: _Kept) -> Iterator[str]:
    """Name what was replaced inside of JSON that can be read."""
    value = answer.json.value
    if not isinstance(value, dict):
        if _is_spoiled_value(value, kept):
            yield "body"
        return
    data = value.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    if kept.exact and kept.declared is not None and not kept.proven:
        yield "text"
    if is_too_short(value, kept.declared):
        yield from _shortened(items)
    if _holds_in_envelope(value, kept) or any(_spoils_item(item, kept) for item in items):
        yield "body"
    yield from _of_payloads(answer.payloads, kept)
    if _is_placeheld_time(value.get("created"), kept.proven):
        yield "created"


def _shortened(items: list[dict[str, Any]]) -> Iterator[str]:
    """Name what was made shorter; a URL that shows its own placeholder explains itself."""
    yield "text"
    if any(item.get("b64_json") for item in items):
        yield "payloads"
    urls = [item["url"] for item in items if isinstance(item.get("url"), str)]
    if urls and not any(holds_placeholder(url) for url in urls):
        yield "urls"


def _is_spoiled_value(value: Any, kept: _Kept) -> bool:
    """Return whether JSON of another type than an object is a placeholder, or a quoted body."""
    if isinstance(value, str):
        quoted = value.lstrip()[:1] in ("{", "[") and not kept.proven
        return quoted or is_placeholder(value) or holds_placeholder(value[:4096], proven=True)
    return holds_placeholder(json.dumps(value)[:4096], proven=True) if value else False


def _holds_in_envelope(body: dict[str, Any], kept: _Kept) -> bool:
    """Return whether a placeholder stands in a name or a value that clauses read."""
    proven = kept.proven
    error = body.get("error")
    told = error if isinstance(error, dict) else {}
    usage = body.get("usage")
    counted = usage if isinstance(usage, dict) else {}
    names = [*body, *told, *counted]
    values = [*(body.get(name) for name in _ECHOES), *(told.get(name) for name in _ERROR)]
    return (
        any(spoils_name(name, proven) for name in names)
        or any(_holds(value, proven) for value in values)
        or _stands_for_data(body.get("data"), proven)
        or (isinstance(error, str) and replaces_value(error, proven))
        or (not told.keys() >= _ERROR and _interrupts(told.get("message")))
    )


def _stands_for_data(data: Any, proven: bool) -> bool:
    """Return whether a placeholder stands where the list of images was, or an image in it."""
    if isinstance(data, list):
        return any(isinstance(item, str) and replaces_value(item, proven) for item in data)
    return isinstance(data, str) and holds_placeholder(data, proven)


def _holds(value: Any, proven: bool) -> bool:
    """Return whether a placeholder stands in a value, or in one below it."""
    if isinstance(value, str):
        return holds_placeholder(value, proven)
    return isinstance(value, dict | list) and holds_placeholder(json.dumps(value), proven)


def _interrupts(value: Any) -> bool:
    """Return whether a placeholder stands amid free text: it may have taken more away."""
    return isinstance(value, str) and interrupts_text(value)


def _spoils_item(item: dict[str, Any], kept: _Kept) -> bool:
    named = any(spoils_name(name, kept.proven) for name in item)
    return named or _interrupts(item.get("revised_prompt"))


def _of_payloads(payloads: Iterable[Payload], kept: _Kept) -> Iterator[str]:
    if any(_is_placeheld_payload(payload, kept.proven) for payload in payloads):
        yield "payloads"
    if any(_is_placeheld_url(payload.url, kept.proven) for payload in payloads):
        yield "urls"


def _of_stream(answer: Answer, kept: _Kept) -> Iterator[str]:
    """Name what was replaced in an event stream; a web page in its place is the provider's."""
    if _DOCUMENT.match(kept.body[:4096]):
        return
    text = kept.body.decode("utf-8", "replace")
    if is_placeholder(text) or kept.shorter or _is_broken_stream(answer, text, kept):
        yield "body"
    events = events_of(answer)
    yield from _of_payloads(events, kept)
    items = [event.item for event in events]
    if any(_holds_in_envelope(item, kept) or _spoils_item(item, kept) for item in items):
        yield "body"
    if any(_is_placeheld_time(item.get("created_at"), kept.proven) for item in items):
        yield "body"


def _is_broken_stream(answer: Answer, text: str, kept: _Kept) -> bool:
    """Return whether a line is none of a stream, or an event holds JSON that was cut."""
    lines = (line for line in text.splitlines() if line and not line.startswith("data:"))
    if any(holds_placeholder(line[:4096], kept.proven) for line in lines):
        return True
    if kept.proven:
        return False
    last = text.rstrip("\r\n").rsplit("\n", 1)[-1].removeprefix("data:")
    unended = not text.endswith(("\n\n", "\r\n\r\n", "\r\r")) and _is_broken_data(last)
    return unended or any(_is_broken_data(event.data) for event in answer.stream.events)


def _is_broken_data(text: str) -> bool:
    """Return whether the data of an event was JSON, or is a placeholder for it."""
    bare = text.strip()
    if bare == DONE:
        return False
    if _JSON_START.match(bare):
        return _was_json(bare)
    return is_placeholder(bare) or _was_json(bare) or holds_placeholder(bare[:4096], proven=True)


def _is_placeheld_payload(payload: Payload, proven: bool) -> bool:
    """Return whether base64 is none of a generated image: a word, a greeting, or one pixel.

    A whole image has no placeholder in it, so that only damaged ones are searched. A web page
    in base64 is written by no recorder.
    """
    value, reading, image = payload.b64_json, payload.base64, payload.image
    if value is None or reading is None or _DOCUMENT.match((reading.data or b"")[:4096]):
        return False
    whole = reading.fault is None and image is not None and image.complete
    if whole or (len(value) < _SMALL and not proven):
        return not proven and (image is None or is_no_painting(image))
    return is_placeholder(value) or interrupts_base64(value, proven)


def is_no_painting(facts: ImageFacts) -> bool:
    """Return whether bytes are no whole image, or one too small to have been painted."""
    if facts.type is None or not facts.complete:
        return True
    return max(facts.width or 0, facts.height or 0) <= _TINY


def _is_placeheld_url(value: object, proven: bool) -> bool:
    """Return whether a URL, or where it leads, is a placeholder.

    A word in its path or query, as where a signature was, leaves it a URL.
    """
    if not isinstance(value, str) or not value:
        return False
    if is_placeholder(value):
        return True
    if re.search(r"[<>{}\[\]*…#]|\.\.\.|x{6}", value):
        return holds_placeholder(value, proven)
    try:
        parts = urlsplit(value)
    except ValueError:
        return holds_placeholder(value, proven)
    if _STRAY_PERCENT.search(value):
        return holds_placeholder(value, proven)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return holds_placeholder(value.partition("?")[0], proven)
    return holds_placeholder(parts.netloc, proven)


def _is_placeheld_time(created: object, proven: bool) -> bool:
    if isinstance(created, str):
        return holds_placeholder(created, proven)
    return created == 0 and not isinstance(created, bool) and not proven


def is_altered_download(recorded: Recorded) -> bool:
    """Return whether what was fetched from an image URL is not what the host sent."""
    response = recorded.response
    if response is None or "body" in recorded.altered:
        return True
    kept = _Kept(recorded, response)
    if is_placeholder(kept.body[:400].decode("utf-8", "replace")):
        return True
    if kept.proven or _DOCUMENT.match(kept.body[:4096]):
        return False
    if not kept.body or kept.shorter or sniff(kept.body) is not None:
        return kept.shorter or is_no_painting(inspect_image(kept.body))
    return _claims_image(response) or _was_json(kept.body.decode("utf-8", "replace"))


def _claims_image(response: Response) -> bool:
    """Return whether bytes that are no image are said to be one: a recorder mangled them."""
    told = response.media_type or "image/"
    return told.startswith("image/") or told == "application/octet-stream"
