"""Variations of HTTP itself: framing, codings, header names, redirects of the image host."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import brotli

from conformance.exchange.transport.codings import zstd

Headers = list[tuple[str, str]]
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is written: to a path, in whole."""

    path: str
    status: int
    headers: Headers
    body: bytes


Writer = Callable[[Reply], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Wire:
    """One legal way to write an answer."""

    id: str
    varied: str
    write: Writer


WIRES: dict[str, Wire] = {}


def wire(name: str) -> Callable[[Writer], Writer]:
    """Register a way to write answers; its docstring says what is varied."""

    def register(write: Writer) -> Writer:
        assert name not in WIRES, f"variation {name!r} is there twice"
        varied = " ".join((write.__doc__ or "").split())
        assert varied, f"variation {name!r} does not say what is varied"
        WIRES[name] = Wire(name, varied, write)
        return write

    return register


def head(reply: Reply, *more: str, version: str = "1.1", drop: tuple[str, ...] = ()) -> bytes:
    """Write status line and headers, without those that frame the body."""
    lines = [f"HTTP/{version} {reply.status} {REASONS.get(reply.status, 'Other')}"]
    framing = {"content-length", *drop}
    lines += [f"{name}: {value}" for name, value in reply.headers if name not in framing]
    return "\r\n".join([*lines, *more, "", ""]).encode()


def plain(reply: Reply) -> Iterator[bytes]:
    """Write an answer as any server does."""
    yield head(reply, f"content-length: {len(reply.body)}") + reply.body


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    """Frame a body in chunks."""
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def write_coded(reply: Reply, coding: str, body: bytes) -> Iterator[bytes]:
    """Write a body in a content coding."""
    more = (f"content-encoding: {coding}", f"content-length: {len(body)}", "vary: Accept-Encoding")
    yield head(reply, *more) + body


@wire("http.chunked")
def chunked(reply: Reply) -> Iterator[bytes]:
    """The body comes in chunks."""
    yield head(reply, "transfer-encoding: chunked")
    yield b"".join(chunks(reply.body, 1000)) + b"0\r\n\r\n"


@wire("http.chunked-with-extensions-and-trailers")
def trailers(reply: Reply) -> Iterator[bytes]:
    """Chunks have extensions, and headers come after the last one."""
    yield head(reply, "Transfer-Encoding: chunked", "Trailer: x-checksum")
    body = b"".join(chunks(reply.body, 4000)).replace(b"fa0\r\n", b"FA0;seen=yes\r\n")
    yield body + b"0\r\nx-checksum: 1\r\n\r\n"


@wire("http.chunked-byte-by-byte")
def tiny_chunks(reply: Reply) -> Iterator[bytes]:
    """The first hundred bytes come in chunks of one, each in a packet of its own."""
    yield head(reply, "transfer-encoding: chunked")
    yield from chunks(reply.body[:100], 1)
    yield b"".join(chunks(reply.body[100:], 50_000)) + b"0\r\n\r\n"


@wire("http.version-1.0")
def version_1_0(reply: Reply) -> Iterator[bytes]:
    """The server speaks HTTP/1.0 and gives the length."""
    yield head(reply, f"Content-Length: {len(reply.body)}", version="1.0") + reply.body


@wire("http.until-closed")
def until_closed(reply: Reply) -> Iterator[bytes]:
    """The body has no length and ends with the connection."""
    yield head(reply, "Connection: close") + reply.body


@wire("http.early-hints")
def early_hints(reply: Reply) -> Iterator[bytes]:
    """Interim answers, 100 and 103, come before the answer."""
    yield b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    yield from plain(reply)


@wire("http.pieces")
def pieces(reply: Reply) -> Iterator[bytes]:
    """Header and body are cut into packets at odd places."""
    raw = b"".join(plain(reply))
    cuts = sorted(cut for cut in (1, 9, 40, 41, 120, 300, len(raw) // 2) if cut < len(raw))
    for first, last in zip((0, *cuts), (*cuts, len(raw)), strict=True):
        yield raw[first:last]


@wire("http.header-names-in-capitals")
def capitals(reply: Reply) -> Iterator[bytes]:
    """Header names are in capitals, and no reason follows the status."""
    start, tail = b"".join(plain(reply)).split(b"\r\n", 1)
    names, body = tail.split(b"\r\n\r\n", 1)
    lines = [part.split(b":", 1) for part in names.split(b"\r\n")]
    fields = b"\r\n".join(name.upper() + b":" + value for name, value in lines)
    yield start[:12] + b" \r\n" + fields + b"\r\n\r\n" + body


@wire("http.blanks-around-values")
def blanks(reply: Reply) -> Iterator[bytes]:
    """Header values have no blank before them, or many, and some after them."""
    start, tail = b"".join(plain(reply)).split(b"\r\n", 1)
    names, body = tail.split(b"\r\n\r\n", 1)
    lines = [part.split(b": ", 1) for part in names.split(b"\r\n")]
    gaps = (b":", b":\t  ")
    fields = [name + gaps[at % 2] + value + b" \t" for at, (name, value) in enumerate(lines)]
    yield start + b"\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


@wire("http.many-headers")
def many_headers(reply: Reply) -> Iterator[bytes]:
    """There are sixty headers of proxies, some of them twice, some empty."""
    more = [f"x-proxy-{number % 40}: {'v' * (number % 7)}" for number in range(60)]
    yield head(reply, *more, f"content-length: {len(reply.body)}") + reply.body


@wire("http.kept-alive")
def kept_alive(reply: Reply) -> Iterator[bytes]:
    """The server offers to keep the connection."""
    more = ("Connection: keep-alive", "Keep-Alive: timeout=5, max=100")
    yield head(reply, *more, f"content-length: {len(reply.body)}") + reply.body


@wire("http.offers-http-3")
def alternative(reply: Reply) -> Iterator[bytes]:
    """The server says that it speaks HTTP/2 and HTTP/3 too."""
    more = ('Alt-Svc: h3=":443"; ma=86400, h2=":443"', "Upgrade: h2c")
    yield head(reply, *more, f"content-length: {len(reply.body)}") + reply.body


@wire("coding.gzip-chunked")
def gzip_chunked(reply: Reply) -> Iterator[bytes]:
    """The body is compressed by gzip, in two members, and comes in chunks."""
    half = len(reply.body) // 2
    body = gzip.compress(reply.body[:half]) + gzip.compress(reply.body[half:])
    yield head(reply, "Content-Encoding: GZIP", "Transfer-Encoding: chunked")
    yield b"".join(chunks(body, 700)) + b"0\r\n\r\n"


CODINGS: Mapping[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "identity": ("identity", bytes, "The body is said to be coded as identity."),
    "gzip": ("gzip", gzip.compress, "The body is compressed by gzip."),
    "deflate": ("deflate", zlib.compress, "The body is compressed by deflate."),
    "deflate-bare": ("deflate", lambda body: zlib.compress(body)[2:-4],
                     "The body is compressed by deflate, without the wrapper of zlib."),
    "brotli": ("br", brotli.compress, "The body is compressed by brotli."),
    "zstd": ("zstd", zstd.compress, "The body is compressed by Zstandard."),
    "two": ("gzip, br", lambda body: brotli.compress(gzip.compress(body)),
            "The body is compressed by gzip, and that by brotli."),
}  # fmt: skip


def _writer_of(coding: str, compress: Callable[[bytes], bytes]) -> Writer:
    return lambda reply: write_coded(reply, coding, compress(reply.body))


for _name, (_coding, _compress, _varied) in CODINGS.items():
    _id = f"coding.{_name}"
    WIRES[_id] = Wire(_id, _varied, _writer_of(_coding, _compress))


def _redirect(status: int, there: Callable[[str], str]) -> Writer:
    def write(reply: Reply) -> Iterator[bytes]:
        if reply.path.startswith("/files/") and "&moved" not in reply.path:
            location = f"Location: {there(reply.path)}&moved=1"
            yield f"HTTP/1.1 {status} Moved\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode()
        else:
            yield from plain(reply)

    return write


@wire("redirect.relative")
def relative(reply: Reply) -> Iterator[bytes]:
    """The image host redirects to another path, given relatively."""
    yield from _redirect(302, lambda path: path)(reply)


@wire("redirect.other-host")
def elsewhere(reply: Reply) -> Iterator[bytes]:
    """The image host redirects to another host, for good."""
    host = next(value for name, value in reply.headers if name == "x-port")
    yield from _redirect(308, lambda path: f"http://localhost:{host}{path}")(reply)


@wire("redirect.with-a-body")
def with_body(reply: Reply) -> Iterator[bytes]:
    """The image host redirects with a web page that says so."""
    if reply.path.startswith("/files/") and "&moved" not in reply.path:
        page = b"<!DOCTYPE html><a href=there>moved</a>"
        more = f"Location: {reply.path}&moved=1\r\nContent-Type: text/html"
        start = f"HTTP/1.1 307 Moved\r\n{more}\r\nContent-Length: {len(page)}\r\n\r\n"
        yield start.encode() + page
    else:
        yield from plain(reply)
