"""What an attack is, what it is asked, and how it answers."""

from __future__ import annotations

import functools
import gzip
import json
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.exchange.transport.limits import Limits
from tests.hostile import honest_answer
from tests.miniatures import answer as truthful

if TYPE_CHECKING:
    from tests.attacks.provider import HostileProvider

KEY = "sk-Hostile0Key1For2Tests3Only4aB5cD6eF7gH8iJ9"
PUBLIC = "20.20.20.20"
"""Where the provider is, as far as the suite knows; the tests lead it to loopback."""

API = "api.public.test"
SMALL = Limits(
    total_seconds=20,
    connect_seconds=10,
    header_bytes=16 * 1024,
    body_bytes=1024 * 1024,
    redirects=3,
    images_seconds=20,
    images_bytes=2 * 1024 * 1024,
    pixels=2_000_000,
    images_pixels=8_000_000,
)
JSON = "Content-Type: application/json"
URL_CASE = "dall-e-3/url-1024x1024"
BASE64_CASE = "dall-e-3/b64_json-1024x1024"
STREAM_CASE = "gpt-image-1/stream"

Piece = bytes | float
"""Bytes to send, or seconds to wait."""

Answer = bytes | Iterable[Piece]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the hostile provider got it."""

    server: HostileProvider
    attack: str
    method: str
    path: str  # after the name of the attack
    head: bytes
    body: Mapping[str, Any]

    @property
    def image(self) -> bool:
        """Return whether it asks for an image, and not the API."""
        return not self.path.startswith("/v1/")

    @property
    def key(self) -> str:
        """The key that came with it; empty without one."""
        line = self.head.partition(b"Bearer ")[2]
        return line.split(b"\r\n")[0].decode()

    def url(self, path: str = "/image.png", host: str = API) -> str:
        """Return a URL of this attack at a host."""
        return f"http://{host}:{self.server.port}/{self.attack}{path}"


@dataclass(frozen=True, slots=True)
class Attack:
    """One named way to harm, and the verdict that it must come to."""

    name: str
    harm: str
    answer: Callable[[Request], Answer]
    verdict: str
    clause: str | None = None
    case: str = URL_CASE
    limits: Limits = field(default=SMALL)


ATTACKS: dict[str, Attack] = {}


def attack(
    verdict: str, clause: str | None = None, case: str = URL_CASE, limits: Limits = SMALL
) -> Callable[[Callable[[Request], Answer]], Callable[[Request], Answer]]:
    """Register an attack under the name of its function; its docstring says the harm.

    `verdict` is what `clause` must come to, or without one some clause.
    """

    def register(answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        name = answer.__name__.replace("_", "-")
        assert answer.__doc__
        attack_rows({name: (answer.__doc__, answer, verdict, clause, case, limits)})
        return answer

    return register


def attack_rows(rows: Mapping[str, tuple[Any, ...]]) -> None:
    """Register attacks by name: the harm, the answer, and what `attack` takes."""
    for name, (harm, answer, *expected) in rows.items():
        assert name not in ATTACKS
        ATTACKS[name] = Attack(name, harm, answer, *expected)


def ok(value: object, *headers: str, status: str = "200 OK") -> bytes:
    """Answer with a JSON value, or with bytes that are said to be JSON."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return honest_answer(body, JSON, *headers, status=status)


def items(*data: object, **members: object) -> dict[str, Any]:
    """Return the body of an answer with these items."""
    return {"created": int(time.time()), "data": list(data), **members}


def urls(*addresses: str) -> bytes:
    """Answer with image URLs."""
    return ok(items(*({"url": address, "revised_prompt": "A kite"} for address in addresses)))


def refusal(message: object, **members: object) -> bytes:
    """Answer 400 with an error object."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return ok({"error": {**error, **members}}, status="400 Bad Request")


def redirect(location: str, *headers: str) -> bytes:
    """Redirect."""
    return honest_answer(b"", f"Location: {location}", *headers, status="302 Found")


def image(data: bytes, *headers: str, kind: str = "image/png") -> bytes:
    """Answer as an image host does."""
    return honest_answer(data, f"Content-Type: {kind}", *headers)


def honest(request: Request) -> bytes:
    """Answer as a provider without fault does."""
    body = {**_honest(json.dumps(request.body)), "created": int(time.time())}
    return ok(body, "X-Request-Id: req_1")


@functools.cache
def _honest(body: str) -> dict[str, Any]:
    return truthful(json.loads(body))


def zeros(count: int) -> bytes:
    """Deflate zeros: about a thousandth of their number."""
    return zlib.compress(bytes(count), 9)


@functools.cache
def gzip_bomb(mebibytes: int = 32) -> bytes:
    """Return gzip that becomes a thousand times as long."""
    return gzip.compress(bytes(mebibytes << 20))
