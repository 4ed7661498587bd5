"""The strict readers: what they let through, what they name, and that they never raise."""

from __future__ import annotations

import base64
import inspect
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.output.printing import printable, without_commands
from conformance.parsing import Event, read_base64, read_event_stream, read_json
from tests.runners import commands

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=20,
)


def seconds(call: Callable[[], object]) -> float:
    """Return the best of five times of this process, which load on the machine disturbs least."""
    times = []
    for _ in range(5):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


@given(JSON_VALUES)
def test_json_round_trips(value: Any) -> None:
    reading = read_json(json.dumps(value).encode())
    assert (reading.value, reading.fault, reading.kind) == (value, None, None)


NO_VALUE = {
    "no-bytes": (b"", "empty", "0 bytes"),
    "only-whitespace": (b" \n", "empty", "2 bytes"),
    "html": (b"<html>", "syntax", '"<html>"'),
    "bad-array": (b'{"data":\n[}', "syntax", "line 2 column 2"),
    "cut-off": (b'{"data":[', "syntax", "the text ends there"),
    "two-texts": (b"{} {}", "syntax", "column 4"),
    "raw-control-character": (b'"\x01"', "syntax", "\\x01"),
    "minus-infinity": (b'["NaN", -Infinity]', "nan", "column 9"),
    "million-digits": (b"[" + b"7" * 1_000_000 + b"]", "number", "column 2"),
    "million-decimals": (b"0." + b"7" * 1_000_000, "number", "1000002"),
    "deep-arrays": (b"[" * 100_000, "depth", "column 201"),
    "deep-objects": (b'{"a":' * 100_000, "depth", "column 1001"),
}


@pytest.mark.parametrize(("data", "kind", "says"), NO_VALUE.values(), ids=NO_VALUE)
def test_json_fault_leaves_no_value(data: bytes, kind: str, says: str) -> None:
    reading = read_json(data)
    assert (reading.value, reading.kind) == (None, kind)
    assert says in (reading.fault or "")


ENCODED = {
    "utf-8-bom": (b'\xef\xbb\xbf{"n":1}', {"n": 1}, "byte order mark"),
    "utf-16": ('{"n":1}'.encode("utf-16"), {"n": 1}, "utf-16"),
    "utf-32": ('{"n":1}'.encode("utf-32-be"), {"n": 1}, "utf-32"),
    "latin-1": (b'{"a":"\xe9"}', {"a": "\ufffd"}, "0xe9 at offset 6"),
    "lone-surrogate": (rb'["\ud800"]', ["\ufffd"], "column 3"),
    "lone-in-a-name": (rb'{"\\\uDC00":1}', {"\\\ufffd": 1}, "column 5"),
}


@pytest.mark.parametrize(("data", "value", "says"), ENCODED.values(), ids=ENCODED)
def test_json_wrong_encoding_is_named_and_still_read(data: bytes, value: Any, says: str) -> None:
    reading = read_json(data)
    kind = "surrogate" if "half" in (reading.fault or "") else "encoding"
    assert (reading.kind, reading.value) == (kind, value)
    assert says in (reading.fault or "")


def test_json_whole_characters_are_no_lone_surrogates() -> None:
    for value in ("\U0001f600", "\\ud800"):
        reading = read_json(json.dumps(value).encode())
        assert (reading.value, reading.fault) == (value, None)


FAULTS = {
    b'{"data":[{"url":"a","url":"b"}]}': 'has the member "url" more than once, in data[0]',
    b'{"a":1,"a":2}': 'has the member "a" more than once',
    b'[{"a":{"b":1,"b":2}}]': 'has the member "b" more than once, in [0].a',
    b'{"a":{"b":1,"b":2},"a":3}': (
        'has the member "b" more than once, in an object inside a repeated member'
    ),
    b"[NaN]": "has NaN, which is no JSON value, at line 1 column 2",
    b"-Infinity": "has -Infinity, which is no JSON value, at line 1 column 1",
    b"1e999": "has 1e999, a number beyond the range of a double, at line 1 column 1",
    b"[1234567890]": "has 1234567890, a number of 10 characters, at line 1 column 2",
}


@pytest.mark.parametrize(("data", "fault"), FAULTS.items(), ids=map(str, FAULTS))
def test_json_fault_is_a_predicate_for_any_subject(data: bytes, fault: str) -> None:
    assert read_json(data, max_digits=9).fault == fault


def test_json_of_repeated_members_has_the_last_wherever_the_stack_ends() -> None:
    reading = read_json(b'{"data":[{"url":"a","url":"b"}]}')
    assert (reading.kind, reading.value) == ("duplicate-key", {"data": [{"url": "b"}]})
    data = b'{"a":' * 150 + b'{"b":1,"b":2}' + b"}" * 150

    def read(frames: int) -> str | None:
        return read(frames - 1) if frames else read_json(data).kind

    room = sys.getrecursionlimit() - len(inspect.stack(0))
    assert read(room - 100) == "depth"
    assert read(0) == "duplicate-key"


def test_json_depth_and_digits_are_counted_exactly_and_nothing_in_strings() -> None:
    for depth in (4, 5, 6):
        data = ('["[[[[[[[[",' * depth + "1" + "]" * depth).encode()
        assert (read_json(data, max_depth=5).kind == "depth") == (depth > 5)
    for count in (9, 10, 11):
        reading = read_json(b"-" + b"7" * count, max_digits=10)
        assert (reading.kind == "number") == (count > 10)


def test_json_of_another_type_is_a_fault() -> None:
    assert read_json("{}").kind == "type"  # type: ignore[arg-type]  # the mistake under test


def test_json_with_a_payload_takes_little_longer_than_the_parser_alone() -> None:
    body = json.dumps({"data": [{"b64_json": base64.b64encode(bytes(1_500_000)).decode()}]})
    parser_seconds = seconds(lambda: json.loads(body))
    assert seconds(lambda: read_json(body.encode())) < 4 * parser_seconds + 0.002


@pytest.mark.parametrize(
    "piece", [b'"', b"\\", b"[],", b'"\\', b"\\ud800", b"{", b"9", b"\xff", b"\n"], ids=repr
)
def test_json_time_grows_no_faster_than_the_hostile_text(piece: bytes) -> None:
    data = b"[" * 201 + piece * (300_000 // len(piece))
    small = seconds(lambda: read_json(data[:50_000], max_depth=300))
    assert seconds(lambda: read_json(data, max_depth=300)) < 20 * small + 0.05


@given(st.binary(min_size=1))
def test_base64_round_trips(data: bytes) -> None:
    reading = read_base64(base64.b64encode(data).decode())
    assert (reading.data, reading.fault, reading.kind) == (data, None, None)


@given(st.text(DIGITS[-14:] + "=", max_size=12) | st.text(max_size=12))
def test_base64_without_fault_is_the_only_spelling_of_its_bytes(text: str) -> None:
    reading = read_base64(text)
    assert (reading.fault is None) == (reading.kind is None)
    same = reading.data is not None and base64.b64encode(reading.data).decode() == text
    assert (reading.fault is None) == (same and text != "")


BASE64_FAULTS: list[tuple[object, str, bytes | None]] = [
    (None, "not-a-string", None),
    ("", "empty", None),
    ("data:image/png;base64,QUJD", "data-prefix", b"ABC"),
    ("QUJD\nREVG", "whitespace", b"ABCDEF"),
    ("QUJD ", "whitespace", b"ABC"),
    ("-_-_", "url-safe", b"\xfb\xff\xbf"),
    ("QUJD*REVG", "alphabet", None),
    ("QUJD\u200b", "alphabet", None),
    ("\ud800", "alphabet", None),
    ("https://a.test/a.png", "alphabet", None),
    ("QQ", "padding", b"A"),
    ("QUJD====", "padding", b"ABC"),
    ("QUJD=", "padding", b"ABC"),
    ("QQ==QQ==", "padding", b"A"),
    ("====", "padding", None),
    ("QUJDR", "length", b"ABC"),
    ("QR==", "trailing-bits", b"A"),
]


@pytest.mark.parametrize(("text", "kind", "data"), BASE64_FAULTS, ids=ascii)
def test_base64_fault_has_its_kind_and_the_bytes_that_can_be_had(
    text: object, kind: str, data: bytes | None
) -> None:
    reading = read_base64(text)
    assert (reading.kind, reading.data) == (kind, data)
    assert reading.fault


def test_base64_fault_quotes_nothing_long() -> None:
    reading = read_base64("data:image/png;" + "x" * 200 + "," + "*" * 10_000)
    assert len(reading.fault or "") < 300


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_events_are_framed_by_every_line_end(end: bytes) -> None:
    stream = read_event_stream(b"event: x\ndata: {\ndata:  }\n\ndata:y\n\n".replace(b"\n", end))
    assert (stream.events, stream.fault) == ((Event("x", "{\n }"), Event(None, "y")), None)


STREAMS = {
    "bom": (b"\xef\xbb\xbfdata: a\n\n", "a"),
    "comment": (b": ping\n\ndata: a\n\n", "a"),
    "event-without-data": (b"event: a\n\ndata: b\n\n", "b"),
    "field-without-colon": (b"data\n\n", ""),
    "other-fields": (b"id: 1\nretry: 9\nx: y\ndata: a\n\n", "a"),
    "u2028": ("data: a\u2028b\x0bc\n\n".encode(), "a\u2028b\x0bc"),
}


@pytest.mark.parametrize(("data", "event"), STREAMS.values(), ids=STREAMS)
def test_events_follow_the_standard(data: bytes, event: str) -> None:
    stream = read_event_stream(data)
    assert (stream.events, stream.fault) == ((Event(None, event),), None)


STREAM_FAULTS = {
    "empty": (b"", 0, "no event"),
    "json": (b'{"error":{}}', 0, "no event"),
    "blank-line-missing": (b"data: a\n\ndata: b\n", 1, "inside event 2"),
    "cut-in-a-name": (b"data: a\n\nevent: b", 1, "inside event 2"),
    "not-utf-8": (b"data: \xff\n\n", 1, "0xff at offset 6"),
    "too-many": (b"data: a\n\n" * 4, 3, "more than 3"),
}


@pytest.mark.parametrize(("data", "count", "says"), STREAM_FAULTS.values(), ids=STREAM_FAULTS)
def test_events_fault_keeps_the_events_before_it(data: bytes, count: int, says: str) -> None:
    stream = read_event_stream(data, max_events=3)
    assert len(stream.events) == count
    assert says in (stream.fault or "")


@given(st.text(st.characters() | st.sampled_from(":#1["), max_size=400), st.integers(40, 320))
def test_printable_is_safe_bounded_and_stable(text: str, limit: int) -> None:
    output = printable(text, limit)
    assert output.isprintable()
    assert len(output) <= limit
    assert printable(output, limit) == output
    output.encode()


ESCAPES = {
    "\x1b[31m": "\\x1b[31m",
    "a\r\nb\t": "a\\r\\nb\\t",
    "\u202ecod": "\\u202ecod",
    "\ud800": "\\ud800",
    "\x9b\x7f": "\\x9b\\x7f",
    "übergröße 写真 😀": "übergröße 写真 😀",
    "http://[::1]:80/v1": "http://[::1]:80/v1",
    "2001:db8::7": "2001:db8::7",
    "a: b #1 c:d": "a: b #1 c:d",
}


def test_printable_escapes_what_could_deceive_and_leaves_what_nothing_reads() -> None:
    assert {text: printable(text) for text in ESCAPES} == ESCAPES


COMMANDS = {
    "github": "::error::x",
    "github-indented": " \t::add-mask::x",
    "github-after-a-wrap": "x ::stop-commands::y",
    "github-more-colons": "::::error:::x",
    "github-address": "::error file=[::1]::x",
    "github-anywhere": "x##[error]y",
    "github-more-hashes": "###[group]x",
    "azure": "##vso[task.setvariable variable=x]y",
    "teamcity": "##teamcity[buildStatus status='SUCCESS']",
    "cut": "x" * 297 + "::error::",
}


@pytest.mark.parametrize("text", COMMANDS.values(), ids=COMMANDS)
def test_printable_leaves_no_command_of_a_runner_wherever_a_line_begins(text: str) -> None:
    output = printable(text)
    assert not any(commands(output[start:]) for start in range(len(output)))
    json_text = without_commands(json.dumps({text: text}))
    assert not any(commands(json_text[start:]) for start in range(len(json_text)))
    assert json.loads(json_text) == {text: text}


@pytest.mark.parametrize("char", ["x", "\n"], ids=["plain", "escaped"])
def test_printable_says_how_much_it_left_out(char: str) -> None:
    output = printable(char * 1000, 100)
    beginning, note = output.split("…")
    assert note == f" ({1000 - len(beginning) // len(printable(char))} more characters)"
