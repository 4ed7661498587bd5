"""The key comes back: in every place of an answer, and in every spelling."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from urllib.parse import quote

from tests.attacks.images import as_base64, with_chunk
from tests.attacks.model import (
    BASE64_CASE,
    JSON,
    STREAM_CASE,
    Answer,
    Request,
    attack,
    image,
    items,
    ok,
    redirect,
    refusal,
    urls,
)
from tests.attacks.streams import event, stream
from tests.hostile import honest_answer
from tests.miniatures import picture
from tests.streams import completed_event

ECHOED = ("fail", "authentication.key-not-echoed")


@attack(*ECHOED)
def key_in_message(request: Request) -> bytes:
    """The message of an error repeats the key: it is in every log that keeps the error."""
    return refusal(
        f"Incorrect API key provided: {request.key}.", param=request.key, code=request.key
    )


@attack(*ECHOED)
def key_in_headers(request: Request) -> bytes:
    """Headers repeat the key, whole, with its scheme, and as the name of a header."""
    key = request.key
    return ok(
        items(), f"X-Echo: {key}", f"X-Auth: Bearer {key}", f"{key}: 1", f"Set-Cookie: k={key}"
    )


@attack(*ECHOED)
def key_in_member_names(request: Request) -> bytes:
    """The key is the name of a member, where a report lists what is undocumented."""
    return ok({**items({request.key: 1}), request.key: {request.key: request.key}})


@attack(*ECHOED)
def key_in_json_escapes(request: Request) -> bytes:
    """Every letter of the key is an escape of JSON, and again within JSON in a string."""
    once = "".join(f"\\u{ord(letter):04x}" for letter in request.key)
    twice = once.replace("\\", "\\\\")
    mixed = request.key.replace("s", "\\u0073").replace("-", "\\u002D")
    return ok(f'{{"data":[],"a":"{once}","b":"{twice}","c":"{mixed}"}}'.encode())


@attack(*ECHOED)
def key_in_base64(request: Request) -> bytes:
    """The key as base64, at each of its three alignments, and in the safe alphabet of URLs."""
    coded_keys = [base64.b64encode(b"." * shift + request.key.encode()) for shift in range(3)]
    safe = base64.urlsafe_b64encode(request.key.encode()).decode().rstrip("=")
    return ok(items(*({"note": key.decode()} for key in coded_keys), {"note": safe}))


@attack(*ECHOED)
def key_in_percent_escapes(request: Request) -> bytes:
    """The key in a URL, each letter escaped, and escaped once more."""
    every = "".join(f"%{ord(letter):02x}" for letter in request.key)
    return urls(
        request.url(f"/{every}"), request.url(f"/?k={quote(every)}"), request.url(f"/{request.key}")
    )


@attack(*ECHOED)
def key_in_html_escapes(request: Request) -> bytes:
    """The key in entities, decimal and hexadecimal, on an error page."""
    decimal = "".join(f"&#{ord(letter)};" for letter in request.key)
    hexadecimal = "".join(f"&#x{ord(letter):X};" for letter in request.key)
    page = f"<html>{decimal}{hexadecimal}</html>".encode()
    return honest_answer(page, "Content-Type: text/html", status="400 Bad Request")


@attack(*ECHOED)
def key_in_other_encodings(request: Request) -> bytes:
    """The key in UTF-16 and UTF-32, as digits, and backwards."""
    wide = request.key.encode("utf-16-le") + b"|" + request.key.encode("utf-32-be")
    more = f"{request.key.encode().hex()} {request.key[::-1]} {request.key.upper()}".encode()
    return ok(b'{"x":"' + wide + b'","y":"' + more + b'"}')


@attack(*ECHOED)
def key_in_gzip(request: Request) -> bytes:
    """The key comes compressed, where no search over the wire finds it."""
    body = json.dumps(items({"note": request.key})).encode()
    return honest_answer(gzip.compress(body), JSON, "Content-Encoding: gzip")


@attack(*ECHOED)
def key_under_a_false_type(request: Request) -> bytes:
    """The answer says that it is an image, so that nobody looks for text in it."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in request.key)
    return honest_answer(f'{{"data":[],"k":"{escaped}"}}'.encode(), "Content-Type: image/png")


@attack(*ECHOED)
def key_behind_first_bytes_of_an_image(request: Request) -> bytes:
    """The body begins like a picture and goes on as text with the key in escapes."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in request.key)
    return ok(b"GIF89a" + f'{{"k":"{escaped}","l":"{request.key}"}}'.encode())


@attack(*ECHOED)
def key_in_image_url(request: Request) -> Answer:
    """The image URL carries the key: in its path, its query, its fragment, its host."""
    if request.image:
        return honest_answer(b"", status="404 Not Found")
    key = request.key
    return urls(
        request.url(f"/{key}.png?key={key}#{key}"),
        f"http://{key.lower()}.public.test/a.png",
        f"http://{key}:x@api.public.test/a.png",
        f"{key}://a.test/",
        key,
    )


@attack(*ECHOED)
def key_in_redirect(request: Request) -> bytes:
    """The API redirects to an address with the key in it."""
    return redirect(f"http://collector.public.test/?key={request.key}#{request.key}")


@attack(*ECHOED)
def key_in_image_redirect(request: Request) -> Answer:
    """The image redirects to an address with the key in it, which fails with a message."""
    if request.image:
        return redirect(f"http://{request.key.lower()}.invalid/{request.path}")
    return urls(request.url(f"/{request.key}"))


@attack(*ECHOED)
def key_in_image_download(request: Request) -> Answer:
    """The image host, which never got the key, serves it: in headers and in the file."""
    if request.image:
        key = request.path.partition("k=")[2]
        sound = picture("png", (1024, 1024))
        return image(sound + key.encode() + key.encode("utf-16-le"), f"X-Key: {key}")
    return urls(request.url(f"/image.png?k={request.key}"))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_image_comment(request: Request) -> bytes:
    """The metadata of the picture holds the key, within base64."""
    return as_base64(with_chunk(b"tEXt", b"Comment\0" + request.key.encode()))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_image_comment_after_one_byte(request: Request) -> bytes:
    """The same, a byte further on, which changes every letter of the base64."""
    return as_base64(with_chunk(b"tEXt", b"Comment\0." + request.key.encode()))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_image_comment_after_two_bytes(request: Request) -> bytes:
    """The same, two bytes further on."""
    return as_base64(with_chunk(b"tEXt", b"Comment\0.." + request.key.encode()))


@attack(*ECHOED, case=STREAM_CASE)
def key_in_stream(request: Request) -> bytes:
    """The key in the name, the data and a comment of a stream."""
    frame = event((request.key, json.dumps({"type": request.key, "b64_json": request.key})))
    return stream(
        f": {request.key}\nid: {request.key}\n".encode() + frame + event(completed_event())
    )


@attack(*ECHOED)
def key_in_base64_as_image(request: Request) -> bytes:
    """What stands for the image is the key, as base64."""
    return ok(items({"b64_json": base64.b64encode(request.key.encode() * 40).decode()}))


@attack(*ECHOED)
def key_in_pieces_of_names(request: Request) -> bytes:
    """The key without its prefix, as a file name, as a model, as a token."""
    bare = request.key.removeprefix("sk-")
    return ok(items({"url": f"https://a.test/{bare}.png?token={bare}"}, model=bare, id=f"x{bare}y"))


@attack("fail")
def signatures_of_urls(request: Request) -> bytes:
    """Signed URLs: who has the signature has the image, and sometimes the bucket."""
    secrets = ("sig", "X-Amz-Signature", "Signature", "X-Goog-Signature", "token", "api_key")
    return urls(*(f"https://a.test/i.png?{secret}=5ecre7f0r4ll7im3" for secret in secrets))


@attack(*ECHOED)
def key_in_another_case(request: Request) -> bytes:
    """The key with its case swapped, and as a title: whoever reads it has it back in a moment."""
    return refusal(f"Unknown {request.key.swapcase()}", param=request.key.title())


@attack(*ECHOED)
def key_in_loose_entities(request: Request) -> bytes:
    """Entities without their semicolon, and with zeros before their number."""
    loose = "".join(f"&#{ord(letter)}" for letter in request.key)
    zeros = "".join(f"&#x0000{ord(letter):X};&#0;"[:-4] for letter in request.key)
    page = f"<html>{loose}<br>{zeros}</html>".encode()
    return honest_answer(page, "Content-Type: text/html", status="400 Bad Request")


@attack(*ECHOED)
def key_in_base64_with_escaped_slashes(request: Request) -> bytes:
    """PHP writes each slash of base64 with a backslash before it."""
    coded_key = base64.b64encode(b"???>" + request.key.encode()).decode().replace("/", "\\/")
    return ok(f'{{"created":1,"data":[{{"note":"{coded_key}"}}]}}'.encode())


@attack(*ECHOED)
def key_in_mixed_digits(request: Request) -> bytes:
    """Hexadecimal digits, each letter of them in any case, and again as base64."""
    digits = request.key.encode().hex()
    mixed = "".join(d.upper() if n % 3 else d for n, d in enumerate(digits))
    return ok(items({"note": mixed, "more": base64.b64encode(mixed.encode()).decode()}))


@attack(*ECHOED)
def key_in_folded_base64(request: Request) -> bytes:
    """Base64 that is folded into lines, as mail folds it."""
    lines = base64.encodebytes(request.key.encode()).decode()
    return ok(items({"note": lines[:20] + "\r\n" + lines[20:]}))


@attack(*ECHOED)
def key_in_pieces_of_headers(request: Request) -> bytes:
    """Each of three header lines has a third of the key."""
    key = request.key
    parts = (f"X-Part-{n}: {key[n * 15 : n * 15 + 15]}" for n in range(3))
    return ok(items(), *parts)


@attack(*ECHOED)
def key_in_pieces_of_members(request: Request) -> bytes:
    """Two members have a half each."""
    return ok(items({"id": request.key[:22], "model": request.key[22:]}))


@attack(*ECHOED, case=STREAM_CASE)
def key_in_pieces_of_events(request: Request) -> bytes:
    """A letter an event, as chat answers come."""
    deltas = (json.dumps({"type": "delta", "delta": letter}) for letter in request.key)
    return stream(b"".join(event(("delta", delta)) for delta in deltas) + event(completed_event()))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_compressed_comment(request: Request) -> bytes:
    """The comment of the picture is compressed, as zTXt allows."""
    return as_base64(with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(request.key.encode())))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_escaped_comment(request: Request) -> bytes:
    """XMP within the picture has the key in entities."""
    entities = "".join(f"&#{ord(letter)};" for letter in request.key).encode()
    return as_base64(with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + entities))
