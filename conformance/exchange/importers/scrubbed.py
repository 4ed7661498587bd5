"""What a recorder cut, replaced or left out, seen from the recording itself.

A placeholder looks like a provider's lie. Where the two cannot be told apart the part counts as
altered: what a recorder altered is not testable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange, Response
from conformance.images import inspect_image
from conformance.strict import read_base64, read_json

_WORDS = re.compile(
    r"redacted|saniti[sz]ed|scrubbed|filtered|omitted|truncated|placeholder|\.\.\.|…"
    r"|<[^>]{0,80}>|\{\{|\*{3,}|\[[A-Za-z_ ]{1,40}\]",
    re.IGNORECASE,
)
_SMALL = 1400  # characters of base64, about 1 KiB: less than a generated image takes
_TINY = 16  # pixels of a side: no provider paints so small
_ENDS = 200  # characters looked at on either end of a long text


def altered_parts(exchange: Exchange) -> frozenset[str]:
    """Name the parts of an answer that the recording itself shows to be altered."""
    response = exchange.response
    if response is None:
        return frozenset()
    answer = Answer(exchange)
    found = set()
    if response.media_type is None:
        found.add("headers")
    if response.body and answer.object is None and _cut(response):
        found.add("body")
    items = [*(each.item for each in answer.payloads), *_events(answer)]
    if any(_placeholder(each.get("b64_json")) for each in items):
        found.add("payloads")
    if any(_placeheld_url(each.get("url")) for each in items):
        found.add("urls")
    if _placeheld_time(answer.object):
        found.add("created")
    return frozenset(found)


def _events(answer: Answer) -> Iterable[dict[str, Any]]:
    events = answer.stream.events if answer.streams else ()
    values = (read_json(each.data.encode("utf-8", "replace")).value for each in events)
    return [each for each in values if isinstance(each, dict)]


def _cut(response: Response) -> bool:
    """Whether a body that cannot be read is shorter than it says, or says that it was cut."""
    declared = response.header("content-length") or ""
    coded = response.header("content-encoding") not in (None, "identity")
    if declared.isdecimal() and len(declared) < 12 and not coded:
        return len(response.body) < int(declared)
    return _WORDS.search(response.body[-_ENDS:].decode("utf-8", "replace")) is not None


def _placeholder(value: object) -> bool:
    """Whether base64 is none of a generated image: a word, a greeting, or one pixel."""
    if not isinstance(value, str) or not value:
        return False
    if _WORDS.search(value[:_ENDS]) or _WORDS.search(value[-_ENDS:]):
        return True
    if len(value) >= _SMALL:
        return False
    data = read_base64(value).data
    facts = inspect_image(data) if data else None
    if facts is None or facts.type is None or not facts.complete:
        return True
    return max(facts.width or 0, facts.height or 0) <= _TINY


def _placeheld_url(value: object) -> bool:
    """Whether a URL, or its host, is a placeholder; a redacted signature leaves it a URL."""
    if not isinstance(value, str) or not value:
        return False
    if re.search(r"[<>{}\[\]*…]|\.\.\.", value):
        return _WORDS.search(value) is not None
    try:
        host = urlsplit(value).hostname or ""
    except ValueError:
        return False
    return _WORDS.search(host or value) is not None


def _placeheld_time(body: dict[str, Any] | None) -> bool:
    created = (body or {}).get("created")
    if isinstance(created, str):
        return _WORDS.search(created) is not None
    return created == 0 and not isinstance(created, bool)
