"""HTTP that lies about where an answer begins, ends, or belongs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.attacks.bodies import CHUNKED, HASTY, HEAD, endless
from tests.attacks.model import Asked, Piece, attack, found, items, ok, refused
from tests.hostile import whole

BODY = b'{"created":1790000000,"data":[]}'
SMUGGLED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@attack("unavailable")
def two_lengths(asked: Asked) -> bytes:
    """Two lengths: each reader between here and there believes another."""
    return HEAD + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED


@attack("unavailable")
def list_of_lengths(asked: Asked) -> bytes:
    """Two lengths in one line smuggle as two lines do."""
    return HEAD + b"Content-Length: 2, 40\r\n\r\n{}" + SMUGGLED


@attack("fail")
def length_and_chunks(asked: Asked) -> bytes:
    """A length beside chunks hides the start of a second answer from one of two readers."""
    return HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@attack("unavailable")
def chunked_twice(asked: Asked) -> bytes:
    """A transfer coding twice over is undone once by some and twice by others."""
    return HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@attack("unavailable")
def coding_of_nobody(asked: Asked) -> bytes:
    """A transfer coding that is only similar to chunked is believed by sloppy readers."""
    return HEAD + b"Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@attack("fail")
def second_answer(asked: Asked) -> bytes:
    """A second answer behind the first would be taken for that of the next request."""
    return ok(BODY) + SMUGGLED


@attack("unavailable")
def length_too_long(asked: Asked) -> bytes:
    """The body ends before its length: what came is not what was meant."""
    return HEAD + b"Content-Length: 500\r\n\r\n" + BODY


@attack("fail", "envelope.json-syntax")
def length_too_short(asked: Asked) -> bytes:
    """The length cuts the body; the rest waits for the next reader."""
    return HEAD + b"Content-Length: 9\r\n\r\n" + BODY


@attack("unavailable")
def length_below_zero(asked: Asked) -> bytes:
    """A length below zero runs an index backwards."""
    return HEAD + b"Content-Length: -1\r\n\r\n" + BODY


@attack("unavailable")
def length_of_words(asked: Asked) -> bytes:
    """A length in other digits is a number to some parsers."""
    return HEAD + "Content-Length: ٣\r\n\r\n".encode() + BODY


@attack("unavailable")
def length_of_a_googol(asked: Asked) -> bytes:
    """A length of a hundred digits overflows what counts it."""
    return HEAD + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n" + BODY


@attack("unavailable")
def chunk_size_of_words(asked: Asked) -> bytes:
    """A chunk size that is no number."""
    return CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"


@attack("unavailable")
def chunk_size_of_a_terabyte(asked: Asked) -> bytes:
    """A chunk announces a terabyte, and the connection ends."""
    return CHUNKED + b"10000000000\r\n{}\r\n"


@attack("unavailable")
def chunk_size_too_short(asked: Asked) -> bytes:
    """A chunk is longer than it says, so that its rest is read as framing."""
    return CHUNKED + b'2\r\n{"created":1}\r\n0\r\n\r\n'


@attack("unavailable")
def no_last_chunk(asked: Asked) -> bytes:
    """The last chunk is missing; a cut answer would pass for a whole one."""
    return CHUNKED + b"20\r\n" + BODY + b"\r\n"


@attack("unavailable")
def ten_thousand_headers(asked: Asked) -> bytes:
    """Ten thousand headers take memory and time that no body limit counts."""
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
    return b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n{}"


@attack("unavailable")
def megabyte_header(asked: Asked) -> bytes:
    """One header of a megabyte is copied into every log."""
    return b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * 1_000_000 + b"\r\n\r\n{}"


@attack("unavailable")
def endless_headers(asked: Asked) -> Iterator[Piece]:
    """Headers without end."""
    return endless(b"HTTP/1.1 200 OK\r\n", b"X-Flood: flood\r\n" * 100)


@attack("unavailable")
def flood_of_interim_answers(asked: Asked) -> Iterator[Piece]:
    """Interim answers without end never let the answer begin."""
    return endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50)


@attack("unavailable", limits=HASTY)
def trickle_of_interim_answers(asked: Asked) -> Iterator[Piece]:
    """Interim answers, one at a time, for ever."""
    return endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n", pause=0.05)


@attack("unavailable")
def switched_protocol(asked: Asked) -> bytes:
    """The provider leaves HTTP for a protocol of its own."""
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"


@attack("unavailable")
def folded_header(asked: Asked) -> bytes:
    """A header folded over lines is one line to some, and two headers to others."""
    return HEAD + b"X-Fold: a\r\n\tX-Injected: b\r\nContent-Length: 9999\r\n\r\n" + BODY


@attack("unavailable")
def nul_in_header(asked: Asked) -> bytes:
    """A NUL ends the header for what is written in C."""
    return HEAD + b"X-Nul: a\x00b\r\nContent-Length: 2\r\n\r\n{}"


@attack("unavailable")
def bare_carriage_return_in_header(asked: Asked) -> bytes:
    """A lone CR is a new line to some, and so injects a header."""
    return HEAD + b"X-Return: a\rSet-Cookie: b=c\r\nContent-Length: 2\r\n\r\n{}"


@attack("fail")
def escapes_in_header(asked: Asked) -> bytes:
    """Bytes of C1 in a header steer a terminal that prints it."""
    return HEAD + b"X-Request-Id: \x9b2J\xe2\x80\xae\xff\r\nContent-Length: 2\r\n\r\n{}"


@attack("unavailable")
def space_before_colon(asked: Asked) -> bytes:
    """A space before the colon is a header to some and none to others."""
    return HEAD + b"Content-Length : 2\r\n\r\n{}"


@attack("unavailable")
def bare_newlines(asked: Asked) -> bytes:
    """A header name that is none."""
    return b"HTTP/1.1 200 OK\nX y z: 1\n\n{}"


@attack("unavailable")
def status_of_words(asked: Asked) -> bytes:
    """A status that is no number."""
    return b"HTTP/1.1 two hundred OK\r\n\r\n{}"


@attack("unavailable", "envelope.status-200")
def status_999(asked: Asked) -> bytes:
    """A status that no standard knows."""
    return ok(BODY, status="999 Beyond")


@attack("fail")
def reason_with_escapes(asked: Asked) -> bytes:
    """The reason phrase steers a terminal that prints the status line."""
    return ok(BODY, status="200 \xa0OK")


@attack("unavailable")
def other_protocol(asked: Asked) -> bytes:
    """What answers is no web server."""
    return b"SSH-2.0-OpenSSH_9.6\r\n" + b"\x00" * 200


@attack("unavailable")
def http_0_9(asked: Asked) -> bytes:
    """A body without any header, as HTTP 0.9 had it."""
    return b'{"created":1,"data":[]}'


@attack("unavailable")
def hang_up(asked: Asked) -> bytes:
    """The connection ends without a byte."""
    return b""


@attack("fail")
def redirect_of_the_api(asked: Asked) -> bytes:
    """The API redirects the request, key and all, to somebody else."""
    return found("http://collector.public.test/v1/images/generations")


@attack("fail")
def redirect_with_method_kept(asked: Asked) -> bytes:
    """A 307 makes clients send the body and the key again, elsewhere."""
    return whole(b"", "Location: http://collector.public.test/", status="307 Temporary Redirect")


@attack("deviates")
def cookies(asked: Asked) -> bytes:
    """A cookie follows the user from run to run, and to the image host."""
    if asked.image:
        return whole(b"GIF89a", "Set-Cookie: track=me; Domain=public.test")
    data = items({"url": asked.url()})
    return ok(data, *(f"Set-Cookie: track{number}=user; Path=/" for number in range(20)))


@attack("fail", "parameters.valid-accepted")
def error_with_many_members(asked: Asked) -> bytes:
    """An error of ten thousand members, each with a name of its own."""
    names = itertools.islice(itertools.count(), 10_000)
    return refused("no", **{f"member-{number}": number for number in names})
