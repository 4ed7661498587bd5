"""An answer of a run file as it is replayed to clients, and the key under which outcomes are kept.

A run file holds no payloads: a small picture stands for each, with the same fault of its base64.
What says nothing of the form is made alike: times, prompts, counts of tokens, hosts, the order of
members. So the same answer has the same key on another day, and from another provider.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from conformance.cases.request import DUMMIES, canonical_json, first_header
from conformance.contract import Edition
from conformance.parsing import read_json
from conformance.results.records import ExchangeRecord, RequestRecord

PAYLOAD = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAABHRFWHR4AHl6VyIEpgAAAAxJREFU"
    "eNpjOGx0AgADeQG+hM/PvwAAAABJRU5ErkJggg=="
)
"""A picture of one pixel, whose base64 has padding and both characters that URLs do without."""
PICTURE = base64.b64decode(PAYLOAD)
PROMPT = "a red cube"
VALID = "key"
"""What stands for an authorization that is valid."""

_FAULTY = {
    "data-prefix": f"data:image/png;base64,{PAYLOAD}",
    "alphabet": f"!{PAYLOAD[1:]}",
    "whitespace": f"{PAYLOAD[:76]}\\n{PAYLOAD[76:]}",
    "url-safe": PAYLOAD.replace("+", "-").replace("/", "_"),
    "length": PAYLOAD[:-3],
    "padding": PAYLOAD.rstrip("="),
    "trailing-bits": f"{PAYLOAD[:-3]}h==",
}
_FOLDED = re.compile(r"<(\d{1,9}) characters, sha256 [0-9a-f]{16}(?:, ([a-z-]+))?>")
_LEFT_OUT = re.compile(r"… \(\d+ more characters\)$|^<\d+ bytes, sha256 ")
_ESCAPED = re.compile(r'("(?:[^"\\]|\\.)*")|\\(n|r|t|ufeff)')
_WHITE = {"n": "\n", "r": "\r", "t": "\t", "ufeff": "\ufeff"}
_HOST = "origin.invalid"
_STRING = r'(?:[^"\\]|\\.)'
_SLASHES = r"\\?/\\?/"
_ALIKE = tuple(
    (re.compile(pattern, re.IGNORECASE), alike)
    for pattern, alike in (
        # hosts and paths of images, moments in seconds and milliseconds, counts of tokens, prompts
        (rf'("url"\s*:\s*")https?:{_SLASHES}{_STRING}*"', rf'\1http://{_HOST}/i.png"'),
        (rf'("url"\s*:\s*"[a-z][a-z0-9+.-]*:){_SLASHES}{_STRING}*"', rf'\1//{_HOST}/i.png"'),
        (rf'("url"\s*:\s*")/{_STRING}*"', r'\1/i.png"'),
        (r'("created(?:_at)?"\s*:\s*"?)\d{9,10}\b(\.\d)?\d*', r"\g<1>1700000000\2"),
        (r'("created(?:_at)?"\s*:\s*"?)\d{13}\b', r"\g<1>1700000000000"),
        (r'("\w*tokens"\s*:\s*)[1-9]\d{0,8}(?=\s*[,}])', r"\g<1>100"),
        (rf'("revised_prompt"\s*:\s*)"{_STRING}+"', rf'\1"{PROMPT}"'),
    )
)
_LONGEST_TEXT = 200_000  # characters that stand for a folded text of a request
_FORMATIVE = ("n", "response_format", "stream", "partial_images")
"""The parameters on which the form of an answer depends."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is replayed: its text has a placeholder for the address of the loopback server."""

    status: int
    media_type: str
    text: str

    def body(self, origin: str) -> bytes:
        """Return the bytes, with the images at an origin."""
        return self.text.replace(_HOST, origin.partition("//")[2]).encode("utf-8", "replace")

    @property
    def succeeded(self) -> bool:
        """Return whether it says that all went well."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer to try clients with."""

    provider: str
    edition: str
    model: str
    """As the edition calls it."""
    request: dict[str, Any]
    """What a client is asked to send."""
    reply: Reply
    sent: tuple[str, str, str] = field(repr=False)
    """What was refused: body, content type and authorization; of a success nothing."""

    @property
    def key(self) -> str:
        """Return the digest of all that an outcome depends on."""
        reply = (self.reply.status, self.reply.media_type, self.reply.text)
        parts = [self.edition, self.model, self.request, reply, self.sent]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def trial_of(record: ExchangeRecord, edition: Edition, served_as: str = "") -> Trial | None:
    """Return how an exchange is replayed; None if it has no whole answer to a generation.

    `served_as` is what the provider calls the model, where it renames it.
    """
    request, response = record.request, record.response
    body = read_json(request.body.encode("utf-8", "replace")).value
    path = request.url.partition("?")[0]
    if response is None or request.method != "POST" or not path.endswith("/images/generations"):
        return None
    # what a run file has cut cannot be replayed
    if _LEFT_OUT.search(response.body) or _LEFT_OUT.search(request.body):
        return None
    content_type = first_header(response.headers, "content-type") or ""
    reply = reply_of(response.status, content_type, response.body)
    parameters = body if isinstance(body, dict) else {}
    served = parameters.get("model")
    minimal = {"model": served if isinstance(served, str) else record.model, "prompt": PROMPT}
    faulty = {fault.parameter for fault in edition.read(parameters).violations}
    names = [name for name in _FORMATIVE if name in parameters and name not in faulty]
    formative = {name: parameters[name] for name in names}
    ignored = {"model": record.model} if served == (served_as or record.model) else {}
    sent = ("", "", "") if reply.succeeded else _refused(request, ignored)
    return Trial(record.provider, edition.id, record.model, minimal | formative, reply, sent)


def reply_of(status: int, content_type: str, folded: str) -> Reply:
    """Return the reply of a body as a run file folds it."""
    # between the strings of JSON, what made the body printable is undone
    text = _ESCAPED.sub(lambda match: match[1] or _WHITE[match[2]], folded)
    text = _FOLDED.sub(lambda match: _FAULTY.get(match[2] or "", PAYLOAD), text)
    for pattern, alike in _ALIKE:
        text = pattern.sub(alike, text)
    reading = read_json(text.encode("utf-8", "replace"))
    if reading.fault is None:
        text = json.dumps(reading.value, ensure_ascii=False, sort_keys=True)
    return Reply(status, content_type.split(";")[0].strip().lower()[:100], text)


def _refused(request: RequestRecord, ignored: dict[str, str]) -> tuple[str, str, str]:
    """Return what was refused, but for the key, a usual prompt, and members that are known."""
    text = _FOLDED.sub(lambda match: "a" * min(int(match[1]), _LONGEST_TEXT), request.body)
    body = read_json(text.encode("utf-8", "replace")).value
    if isinstance(body, dict):
        prompt = body.get("prompt")
        is_usual = isinstance(prompt, str) and prompt.strip() and len(prompt) < 1000
        text = canonical_json(body | ignored | ({"prompt": PROMPT} if is_usual else {}))
    key = first_header(request.headers, "authorization") or ""
    key = key if key in DUMMIES or not key else VALID
    return text, first_header(request.headers, "content-type") or "", key
