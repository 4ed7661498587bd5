"""The key comes back: in every place of an answer, and in every spelling."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from urllib.parse import quote

from tests.attacks.images import coded, with_chunk
from tests.attacks.model import (
    BASE64_CASE,
    JSON,
    STREAM_CASE,
    Answer,
    Asked,
    attack,
    found,
    image,
    items,
    ok,
    refused,
    urls,
)
from tests.attacks.streams import event, stream
from tests.hostile import whole
from tests.miniatures import picture
from tests.streams import completed

ECHOED = ("fail", "authentication.key-not-echoed")


@attack(*ECHOED)
def key_in_message(asked: Asked) -> bytes:
    """The message of an error repeats the key: it is in every log that keeps the error."""
    return refused(f"Incorrect API key provided: {asked.key}.", param=asked.key, code=asked.key)


@attack(*ECHOED)
def key_in_headers(asked: Asked) -> bytes:
    """Headers repeat the key, whole, with its scheme, and as the name of a header."""
    key = asked.key
    return ok(
        items(), f"X-Echo: {key}", f"X-Auth: Bearer {key}", f"{key}: 1", f"Set-Cookie: k={key}"
    )


@attack(*ECHOED)
def key_in_member_names(asked: Asked) -> bytes:
    """The key is the name of a member, where a report lists what is undocumented."""
    return ok({**items({asked.key: 1}), asked.key: {asked.key: asked.key}})


@attack(*ECHOED)
def key_in_json_escapes(asked: Asked) -> bytes:
    """Every letter of the key is an escape of JSON, and again within JSON in a string."""
    once = "".join(f"\\u{ord(letter):04x}" for letter in asked.key)
    twice = once.replace("\\", "\\\\")
    mixed = asked.key.replace("s", "\\u0073").replace("-", "\\u002D")
    return ok(f'{{"data":[],"a":"{once}","b":"{twice}","c":"{mixed}"}}'.encode())


@attack(*ECHOED)
def key_in_base64(asked: Asked) -> bytes:
    """The key as base64, at each of its three alignments, and in the safe alphabet of URLs."""
    coded_keys = [base64.b64encode(b"." * shift + asked.key.encode()) for shift in range(3)]
    safe = base64.urlsafe_b64encode(asked.key.encode()).decode().rstrip("=")
    return ok(items(*({"note": key.decode()} for key in coded_keys), {"note": safe}))


@attack(*ECHOED)
def key_in_percent_escapes(asked: Asked) -> bytes:
    """The key in a URL, each letter escaped, and escaped once more."""
    every = "".join(f"%{ord(letter):02x}" for letter in asked.key)
    return urls(
        asked.url(f"/{every}"), asked.url(f"/?k={quote(every)}"), asked.url(f"/{asked.key}")
    )


@attack(*ECHOED)
def key_in_html_escapes(asked: Asked) -> bytes:
    """The key in entities, decimal and hexadecimal, on an error page."""
    decimal = "".join(f"&#{ord(letter)};" for letter in asked.key)
    hexadecimal = "".join(f"&#x{ord(letter):X};" for letter in asked.key)
    page = f"<html>{decimal}{hexadecimal}</html>".encode()
    return whole(page, "Content-Type: text/html", status="400 Bad Request")


@attack(*ECHOED)
def key_in_other_encodings(asked: Asked) -> bytes:
    """The key in UTF-16 and UTF-32, as digits, and backwards."""
    wide = asked.key.encode("utf-16-le") + b"|" + asked.key.encode("utf-32-be")
    more = f"{asked.key.encode().hex()} {asked.key[::-1]} {asked.key.upper()}".encode()
    return ok(b'{"x":"' + wide + b'","y":"' + more + b'"}')


@attack(*ECHOED)
def key_in_gzip(asked: Asked) -> bytes:
    """The key comes compressed, where no search over the wire finds it."""
    body = json.dumps(items({"note": asked.key})).encode()
    return whole(gzip.compress(body), JSON, "Content-Encoding: gzip")


@attack(*ECHOED)
def key_under_a_false_type(asked: Asked) -> bytes:
    """The answer says that it is an image, so that nobody looks for text in it."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in asked.key)
    return whole(f'{{"data":[],"k":"{escaped}"}}'.encode(), "Content-Type: image/png")


@attack(*ECHOED)
def key_behind_first_bytes_of_an_image(asked: Asked) -> bytes:
    """The body begins like a picture and goes on as text with the key in escapes."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in asked.key)
    return ok(b"GIF89a" + f'{{"k":"{escaped}","l":"{asked.key}"}}'.encode())


@attack(*ECHOED)
def key_in_image_url(asked: Asked) -> Answer:
    """The image URL carries the key: in its path, its query, its fragment, its host."""
    if asked.image:
        return whole(b"", status="404 Not Found")
    key = asked.key
    return urls(
        asked.url(f"/{key}.png?key={key}#{key}"),
        f"http://{key.lower()}.public.test/a.png",
        f"http://{key}:x@api.public.test/a.png",
        f"{key}://a.test/",
        key,
    )


@attack(*ECHOED)
def key_in_redirect(asked: Asked) -> bytes:
    """The API redirects to an address with the key in it."""
    return found(f"http://collector.public.test/?key={asked.key}#{asked.key}")


@attack(*ECHOED)
def key_in_image_redirect(asked: Asked) -> Answer:
    """The image redirects to an address with the key in it, which fails with a message."""
    if asked.image:
        return found(f"http://{asked.key.lower()}.invalid/{asked.path}")
    return urls(asked.url(f"/{asked.key}"))


@attack(*ECHOED)
def key_in_image_download(asked: Asked) -> Answer:
    """The image host, which never got the key, serves it: in headers and in the file."""
    if asked.image:
        key = asked.path.partition("k=")[2]
        sound = picture("png", (1024, 1024))
        return image(sound + key.encode() + key.encode("utf-16-le"), f"X-Key: {key}")
    return urls(asked.url(f"/image.png?k={asked.key}"))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_image_comment(asked: Asked) -> bytes:
    """The metadata of the picture holds the key, within base64."""
    return coded(with_chunk(b"tEXt", b"Comment\0" + asked.key.encode()))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_image_comment_after_one_byte(asked: Asked) -> bytes:
    """The same, a byte further on, which changes every letter of the base64."""
    return coded(with_chunk(b"tEXt", b"Comment\0." + asked.key.encode()))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_image_comment_after_two_bytes(asked: Asked) -> bytes:
    """The same, two bytes further on."""
    return coded(with_chunk(b"tEXt", b"Comment\0.." + asked.key.encode()))


@attack(*ECHOED, case=STREAM_CASE)
def key_in_stream(asked: Asked) -> bytes:
    """The key in the name, the data and a comment of a stream."""
    told = event((asked.key, json.dumps({"type": asked.key, "b64_json": asked.key})))
    return stream(f": {asked.key}\nid: {asked.key}\n".encode() + told + event(completed()))


@attack(*ECHOED)
def key_in_base64_as_image(asked: Asked) -> bytes:
    """What stands for the image is the key, as base64."""
    return ok(items({"b64_json": base64.b64encode(asked.key.encode() * 40).decode()}))


@attack(*ECHOED)
def key_in_pieces_of_names(asked: Asked) -> bytes:
    """The key without its prefix, as a file name, as a model, as a token."""
    bare = asked.key.removeprefix("sk-")
    return ok(items({"url": f"https://a.test/{bare}.png?token={bare}"}, model=bare, id=f"x{bare}y"))


@attack("fail")
def signatures_of_urls(asked: Asked) -> bytes:
    """Signed URLs: who has the signature has the image, and sometimes the bucket."""
    secrets = ("sig", "X-Amz-Signature", "Signature", "X-Goog-Signature", "token", "api_key")
    return urls(*(f"https://a.test/i.png?{secret}=5ecre7f0r4ll7im3" for secret in secrets))


@attack(*ECHOED)
def key_in_another_case(asked: Asked) -> bytes:
    """The key with its case swapped, and as a title: whoever reads it has it back in a moment."""
    return refused(f"Unknown {asked.key.swapcase()}", param=asked.key.title())


@attack(*ECHOED)
def key_in_loose_entities(asked: Asked) -> bytes:
    """Entities without their semicolon, and with zeros before their number."""
    loose = "".join(f"&#{ord(letter)}" for letter in asked.key)
    zeros = "".join(f"&#x0000{ord(letter):X};&#0;"[:-4] for letter in asked.key)
    page = f"<html>{loose}<br>{zeros}</html>".encode()
    return whole(page, "Content-Type: text/html", status="400 Bad Request")


@attack(*ECHOED)
def key_in_base64_with_escaped_slashes(asked: Asked) -> bytes:
    """PHP writes each slash of base64 with a backslash before it."""
    coded_key = base64.b64encode(b"???>" + asked.key.encode()).decode().replace("/", "\\/")
    return ok(f'{{"created":1,"data":[{{"note":"{coded_key}"}}]}}'.encode())


@attack(*ECHOED)
def key_in_mixed_digits(asked: Asked) -> bytes:
    """Hexadecimal digits, each letter of them in any case, and again as base64."""
    digits = asked.key.encode().hex()
    mixed = "".join(d.upper() if n % 3 else d for n, d in enumerate(digits))
    return ok(items({"note": mixed, "more": base64.b64encode(mixed.encode()).decode()}))


@attack(*ECHOED)
def key_in_folded_base64(asked: Asked) -> bytes:
    """Base64 that is folded into lines, as mail folds it."""
    lines = base64.encodebytes(asked.key.encode()).decode()
    return ok(items({"note": lines[:20] + "\r\n" + lines[20:]}))


@attack(*ECHOED)
def key_in_pieces_of_headers(asked: Asked) -> bytes:
    """Each of three header lines has a third of the key."""
    key = asked.key
    parts = (f"X-Part-{n}: {key[n * 15 : n * 15 + 15]}" for n in range(3))
    return ok(items(), *parts)


@attack(*ECHOED)
def key_in_pieces_of_members(asked: Asked) -> bytes:
    """Two members have a half each."""
    return ok(items({"id": asked.key[:22], "model": asked.key[22:]}))


@attack(*ECHOED, case=STREAM_CASE)
def key_in_pieces_of_events(asked: Asked) -> bytes:
    """A letter an event, as chat answers come."""
    told = (json.dumps({"type": "delta", "delta": letter}) for letter in asked.key)
    return stream(b"".join(event(("delta", one)) for one in told) + event(completed()))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_compressed_comment(asked: Asked) -> bytes:
    """The comment of the picture is compressed, as zTXt allows."""
    return coded(with_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(asked.key.encode())))


@attack(*ECHOED, case=BASE64_CASE)
def key_in_escaped_comment(asked: Asked) -> bytes:
    """XMP within the picture has the key in entities."""
    entities = "".join(f"&#{ord(letter)};" for letter in asked.key).encode()
    return coded(with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + entities))
