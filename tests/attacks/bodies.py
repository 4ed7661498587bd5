"""Bodies without end, without haste, or of a size that is not seen before it is too late."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import replace

from tests.attacks.model import (
    JSON,
    SMALL,
    URL_CASE,
    Piece,
    Request,
    attack,
    attack_rows,
    gzip_bomb,
    image,
    items,
    ok,
    urls,
)
from tests.hostile import honest_answer

HASTY = replace(SMALL, total_seconds=0.8, images_seconds=1.5)
HEAD = f"HTTP/1.1 200 OK\r\n{JSON}\r\n".encode()
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def endless(start: bytes, repeated: bytes, pause: float = 0) -> Iterator[Piece]:
    """Send a start, and then the same for ever."""
    yield start
    for piece in itertools.repeat(repeated):
        yield piece
        yield pause


attack_rows({
    "endless-body": ("A body without a length that never ends fills the memory.",
        lambda _: endless(HEAD + b"\r\n", b"x" * 4096), "unavailable"),
    "endless-chunks": ("Chunks without end fill the memory, and no length announces them.",
        lambda _: endless(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), "unavailable"),
    "endless-chunk-extensions": (
        "Chunks of one byte carry kilobytes of extensions that no limit of a body counts.",
        lambda _: endless(CHUNKED, b"1;" + b"a" * 4000 + b"\r\nx\r\n"), "unavailable"),
    "endless-trailers": ("After the last chunk come trailers without end.",
        lambda _: endless(CHUNKED + b"0\r\n", b"X-Trailer: " + b"t" * 500 + b"\r\n"),
        "unavailable"),
    "announced-terabyte": ("A length of a terabyte makes the reader reserve it, or wait for it.",
        lambda _: endless(HEAD + b"Content-Length: 1099511627776\r\n\r\n", b"x" * 4096),
        "unavailable"),
    "slow-loris": (
        "A header that comes a byte at a time, each before a timeout of reading, holds the run.",
        lambda _: endless(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", pause=0.05),
        "unavailable", None, URL_CASE, HASTY),
    "byte-at-a-time": ("A body that comes a byte at a time takes years.",
        lambda _: endless(HEAD + b"\r\n", b" ", pause=0.05), "unavailable", None, URL_CASE, HASTY),
})  # fmt: skip


@attack("unavailable", limits=HASTY)
def silent(request: Request) -> Iterator[Piece]:
    """Nothing comes at all, on a connection that stays open."""
    yield 60.0


@attack("unavailable", limits=HASTY)
def silent_in_the_middle(request: Request) -> Iterator[Piece]:
    """The answer stops in its middle, on a connection that stays open."""
    yield HEAD + b'Content-Length: 999\r\n\r\n{"created":1,'
    yield 60.0


@attack("unavailable", limits=HASTY)
def slow_chunks(request: Request) -> Iterator[Piece]:
    """Tiny chunks keep a timeout of reading from running out."""
    return endless(CHUNKED, b"1\r\n \r\n", pause=0.05)


@attack("unavailable", "url.fetchable", limits=HASTY)
def slow_image(request: Request) -> bytes | Iterator[Piece]:
    """The answer is quick, and its image comes a byte at a time."""
    if request.image:
        return endless(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", b"\x89", pause=0.05)
    return urls(request.url())


@attack("unavailable", "url.fetchable", limits=HASTY)
def sixteen_silent_images(request: Request) -> bytes | Iterator[Piece]:
    """Sixteen images that never come would cost sixteen times the limit."""
    if request.image:
        return iter([60.0])
    return urls(*(request.url(f"/{number}.png") for number in range(16)))


@attack("fail", "url.fetchable")
def endless_image(request: Request) -> bytes | Iterator[Piece]:
    """An image without end fills the memory."""
    if request.image:
        return endless(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n", b"\x89" * 4096)
    return urls(request.url())


@attack("fail", "count.one-by-default")
def many_big_images(request: Request) -> bytes:
    """Sixteen images just below the limit of one are far above what one answer may cost."""
    if request.image:
        return image(b"\x89PNG\r\n\x1a\n" + bytes(1_000_000))
    return urls(*(request.url(f"/{number}.png") for number in range(40)))


attack_rows({
    "bomb-of-gzip": ("32 kilobytes of gzip become 32 megabytes.",
        lambda _: ok(gzip_bomb(), "Content-Encoding: gzip"), "unavailable"),
    "bomb-in-a-bomb": ("Gzip within gzip multiplies the factor: 32 megabytes hide in 200 bytes.",
        lambda _: ok(gzip.compress(gzip_bomb()), "Content-Encoding: gzip, gzip"), "unavailable"),
    "bomb-of-deflate": ("Deflate without its wrapper bombs just as well.",
        lambda _: ok(zlib.compress(bytes(32 << 20))[2:-4], "Content-Encoding: deflate"),
        "unavailable"),
    "bomb-of-brotli": (
        "Brotli was not asked for; who decodes it all the same meets a factor of a million.",
        lambda _: ok(b"\x5b\xff\xff\x1f\x00\x40\x02" * 100, "Content-Encoding: br"), "unavailable"),
    "hundred-codings": ("A coding a hundred times over costs a pass for every name.",
        lambda _: ok(b"x", "Content-Encoding: " + ", ".join(["gzip"] * 100)), "unavailable"),
    "thousands-of-members": ("Thousands of empty gzip members cost time and give nothing.",
        lambda _: ok(gzip.compress(b"") * 5000, "Content-Encoding: gzip"), "unavailable"),
    "broken-gzip": ("A checksum that is wrong at the very end comes after all the work is done.",
        lambda _: ok(gzip.compress(b'{"created":1}')[:-8] + bytes(8), "Content-Encoding: gzip"),
        "unavailable"),
})  # fmt: skip


@attack("fail", "url.fetchable")
def bomb_as_image(request: Request) -> bytes:
    """The image host compresses what it serves, a thousand to one."""
    if request.image:
        return honest_answer(gzip_bomb(), "Content-Type: image/png", "Content-Encoding: gzip")
    return urls(request.url())


@attack("fail", "envelope.json-depth")
def hundred_thousand_items(request: Request) -> bytes:
    """A hundred thousand items are a hundred thousand images to fetch and judge."""
    return ok(b'{"created":1,"data":[' + b"{}," * 100_000 + b"{}]}")


@attack("fail", "count.one-by-default")
def hundreds_of_urls(request: Request) -> bytes:
    """Hundreds of URLs make the suite an engine of requests against somebody else."""
    if request.image:
        return image(b"GIF89a")
    return ok(items(*({"url": request.url(f"/{number}.png")} for number in range(900))))
