"""HTTP that lies about where an answer begins, ends, or belongs."""

from __future__ import annotations

import itertools

from tests.attacks.bodies import CHUNKED, HASTY, HEAD, endless
from tests.attacks.model import URL_CASE, Request, attack, attack_rows, items, ok, redirect, refusal
from tests.hostile import honest_answer

BODY = b'{"created":1790000000,"data":[]}'
SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


attack_rows({
    "two-lengths": ("Two lengths: each reader between here and there believes another.",
        lambda _: HEAD + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED,
        "unavailable"),
    "list-of-lengths": ("Two lengths in one line smuggle as two lines do.",
        lambda _: HEAD + b"Content-Length: 2, 40\r\n\r\n{}" + SMUGGLED, "unavailable"),
})  # fmt: skip


@attack("fail")
def length_and_chunks(request: Request) -> bytes:
    """A length beside chunks hides the start of a second answer from one of two readers."""
    return HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


attack_rows({
    "chunked-twice": ("A transfer coding twice over is undone once by some and twice by others.",
        lambda _: HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "unavailable"),
    "coding-of-nobody": (
        "A transfer coding that is only similar to chunked is believed by sloppy readers.",
        lambda _: HEAD + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "unavailable"),
    "second-answer": (
        "A second answer behind the first would be taken for that of the next request.",
        lambda _: ok(BODY) + SMUGGLED, "fail"),
    "length-too-long": ("The body ends before its length: what came is not what was meant.",
        lambda _: HEAD + b"Content-Length: 500\r\n\r\n" + BODY, "unavailable"),
    "length-too-short": ("The length cuts the body; the rest waits for the next reader.",
        lambda _: HEAD + b"Content-Length: 9\r\n\r\n" + BODY, "fail", "envelope.json-syntax"),
    "length-below-zero": ("A length below zero runs an index backwards.",
        lambda _: HEAD + b"Content-Length: -1\r\n\r\n" + BODY, "unavailable"),
    "length-of-words": ("A length in other digits is a number to some parsers.",
        lambda _: HEAD + "Content-Length: ٣\r\n\r\n".encode() + BODY, "unavailable"),
    "length-of-a-googol": ("A length of a hundred digits overflows what counts it.",
        lambda _: HEAD + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n" + BODY, "unavailable"),
    "chunk-size-of-words": ("A chunk size that is no number.",
        lambda _: CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", "unavailable"),
    "chunk-size-of-a-terabyte": ("A chunk announces a terabyte, and the connection ends.",
        lambda _: CHUNKED + b"10000000000\r\n{}\r\n", "unavailable"),
    "chunk-size-too-short": ("A chunk is longer than it says, so that its rest is read as framing.",
        lambda _: CHUNKED + b'2\r\n{"created":1}\r\n0\r\n\r\n', "unavailable"),
    "no-last-chunk": ("The last chunk is missing; a cut answer would pass for a whole one.",
        lambda _: CHUNKED + b"20\r\n" + BODY + b"\r\n", "unavailable"),
})  # fmt: skip


@attack("unavailable")
def ten_thousand_headers(request: Request) -> bytes:
    """Ten thousand headers take memory and time that no body limit counts."""
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
    return b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n{}"


attack_rows({
    "megabyte-header": ("One header of a megabyte is copied into every log.",
        lambda _: b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 1_000_000 + b"\r\n\r\n{}", "unavailable"),
    "endless-headers": ("Headers without end.",
        lambda _: endless(b"HTTP/1.1 200 OK\r\n", b"X-Flood: flood\r\n" * 100), "unavailable"),
    "flood-of-interim-answers": ("Interim answers without end never let the answer begin.",
        lambda _: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), "unavailable"),
    "trickle-of-interim-answers": ("Interim answers, one at a time, for ever.",
        lambda _: endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n", pause=0.05),
        "unavailable", None, URL_CASE, HASTY),
    "switched-protocol": ("The provider leaves HTTP for a protocol of its own.",
        lambda _: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "unavailable"),
    "folded-header": ("A header folded over lines is one line to some, and two headers to others.",
        lambda _: HEAD + b"X-Fold: a\r\n\tX-Injected: b\r\nContent-Length: 9999\r\n\r\n" + BODY,
        "unavailable"),
    "nul-in-header": ("A NUL ends the header for what is written in C.",
        lambda _: HEAD + b"X-Nul: a\x00b\r\nContent-Length: 2\r\n\r\n{}", "unavailable"),
    "bare-carriage-return-in-header": ("A lone CR is a new line to some, and so injects a header.",
        lambda _: HEAD + b"X-Return: a\rSet-Cookie: b=c\r\nContent-Length: 2\r\n\r\n{}",
        "unavailable"),
    "escapes-in-header": ("Bytes of C1 in a header steer a terminal that prints it.",
        lambda _: HEAD + b"X-Request-Id: \x9b2J\xe2\x80\xae\xff\r\nContent-Length: 2\r\n\r\n{}",
        "fail"),
    "space-before-colon": ("A space before the colon is a header to some and none to others.",
        lambda _: HEAD + b"Content-Length : 2\r\n\r\n{}", "unavailable"),
    "bare-newlines": ("A header name that is none.",
        lambda _: b"HTTP/1.1 200 OK\nX y z: 1\n\n{}", "unavailable"),
    "status-of-words": ("A status that is no number.",
        lambda _: b"HTTP/1.1 two hundred OK\r\n\r\n{}", "unavailable"),
    "status-999": ("A status that no standard knows.",
        lambda _: ok(BODY, status="999 Beyond"), "unavailable", "envelope.status-200"),
    "reason-with-escapes": ("The reason phrase steers a terminal that prints the status line.",
        lambda _: ok(BODY, status="200 \xa0OK"), "fail"),
    "other-protocol": ("What answers is no web server.",
        lambda _: b"SSH-2.0-OpenSSH_9.6\r\n" + b"\x00" * 200, "unavailable"),
    "http-0-9": ("A body without any header, as HTTP 0.9 had it.",
        lambda _: b'{"created":1,"data":[]}', "unavailable"),
    "hang-up": ("The connection ends without a byte.",
        lambda _: b"", "unavailable"),
    "redirect-of-the-api": ("The API redirects the request, key and all, to somebody else.",
        lambda _: redirect("http://collector.public.test/v1/images/generations"), "fail"),
})  # fmt: skip


@attack("fail")
def redirect_with_method_kept(request: Request) -> bytes:
    """A 307 makes clients send the body and the key again, elsewhere."""
    return honest_answer(
        b"", "Location: http://collector.public.test/", status="307 Temporary Redirect"
    )


@attack("deviates")
def cookies(request: Request) -> bytes:
    """A cookie follows the user from run to run, and to the image host."""
    if request.image:
        return honest_answer(b"GIF89a", "Set-Cookie: track=me; Domain=public.test")
    data = items({"url": request.url()})
    return ok(data, *(f"Set-Cookie: track{number}=user; Path=/" for number in range(20)))


@attack("fail", "parameters.valid-accepted")
def error_with_many_members(request: Request) -> bytes:
    """An error of ten thousand members, each with a name of its own."""
    names = itertools.islice(itertools.count(), 10_000)
    return refusal("no", **{f"member-{number}": number for number in names})
