"""The recorder's hand: a placeholder is nobody's lie, and what is no JSON is no placeholder."""

from __future__ import annotations

import base64
import html
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract import load_edition
from conformance.findings import Finding
from conformance.recordings.contracts import Contracts, Names
from conformance.recordings.inputs import ForeignFile
from conformance.recordings.judging import FileJudge
from tests.extent import examples, sample
from tests.miniatures import GENERATIONS, SENT_AT, picture

CONTRACTS = Contracts(load_edition())
PNG = picture("png", (256, 256))
IMAGE = base64.b64encode(PNG).decode()
URL = "https://images.example/org/kite.png?se=2026-09-21T15%3A13Z&sig=abc"
JSON_TYPE = {"Content-Type": "application/json"}
TIME = int(SENT_AT)

PLACEHOLDERS = [
    "REDACTED", "redacted", "<REDACTED>", "[REDACTED]", "<redacted>", "fake_body", "FILTERED",
    "***", "...", "…", "[truncated]", "<omitted>", "{{SECRET}}", "<BASE64_DATA>", "SANITIZED",
    "Sanitized", "[...]", "dummy_value", "<binary data>", "PLACEHOLDER", "%FILTERED%", "__MASKED__",
    "##OMITTED##", "XXXXX",
]  # fmt: skip

DALL_E = {"model": "dall-e-2", "prompt": "a kite", "n": 1, "size": "256x256"}
GPT = {"model": "gpt-image-1", "prompt": "a kite", "quality": "low", "output_format": "png"}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 9},
    "output_tokens": 272,
    "total_tokens": 281,
}
LARGE = base64.b64encode(picture("png", (1024, 1024))).decode()
ECHO = {"background": "opaque", "output_format": "png", "quality": "low", "size": "1024x1024"}
REFUSAL = {"message": "No.", "type": "invalid_request_error", "param": "size", "code": None}
STREAMED = {**ECHO, "type": "image_generation.completed", "b64_json": LARGE, "created_at": TIME}
STREAM = "event: image_generation.completed\ndata: " + json.dumps({**STREAMED, "usage": USAGE})
TRUTHS: dict[str, tuple[dict[str, Any], int, dict[str, str], str]] = {
    "b64_json": (
        {**DALL_E, "response_format": "b64_json"}, 200, JSON_TYPE,
        json.dumps({"created": TIME, "data": [{"b64_json": IMAGE}]}),
    ),
    "url": (DALL_E, 200, JSON_TYPE, json.dumps({"created": TIME, "data": [{"url": URL}]})),
    "echo": (
        GPT, 200, JSON_TYPE,
        json.dumps({"created": TIME, "data": [{"b64_json": LARGE}], **ECHO, "usage": USAGE}),
    ),
    "refusal": ({**DALL_E, "size": "1x1"}, 400, JSON_TYPE, json.dumps({"error": REFUSAL})),
    "stream": (
        {**GPT, "stream": True}, 200, {"Content-Type": "text/event-stream"}, STREAM + "\n\n",
    ),
}  # fmt: skip


def record(
    body: object, status: int, headers: dict[str, str], answer: object, url: str = GENERATIONS
) -> dict[str, Any]:
    """Write an exchange as a line of JSON."""
    body = body if isinstance(body, str) else json.dumps(body)
    request = {"method": "POST", "url": url, "headers": JSON_TYPE, "body": body}
    return {"request": request, "response": {"status": status, "headers": headers, "body": answer}}


def download(content: object, **headers: str) -> dict[str, Any]:
    """Write what an image URL gave."""
    answer = record("", 200, {"Content-Type": "image/png", **headers}, content, URL)
    answer["request"] |= {"method": "GET", "body": None}
    return answer


class Collector:
    """Stands where findings go into a run file."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(self, *about: Any) -> None:
        self.findings += about[-1]


def findings_of(*records: object) -> list[Finding]:
    """Judge lines of JSON."""
    collector: Any = Collector()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
        file.flush()
        foreign = ForeignFile(Path(file.name))
        FileJudge(CONTRACTS, collector, Names()).file(foreign)
    assert foreign.unreadable == []
    return list(collector.findings)


def verdicts(*records: object) -> dict[str, str]:
    """Judge lines of JSON, and return the verdict of every clause."""
    return {finding.clause: finding.verdict.value for finding in findings_of(*records)}


def red(*records: object) -> list[str]:
    """Name the clauses that are broken."""
    kinds = ("fail", "deviates", "harness error")
    return sorted(clause for clause, verdict in verdicts(*records).items() if verdict in kinds)


def truth_with(truth: str, text: object, **headers: str) -> dict[str, Any]:
    """Write a truth with another body of its answer, and more headers."""
    request_body, status, own_headers, _ = TRUTHS[truth]
    return record(request_body, status, {**own_headers, **headers}, text)


@cache
def true_verdicts(truth: str, with_length: bool = False) -> dict[str, str]:
    """Judge a truth as it was sent, with its length or without."""
    text = TRUTHS[truth][3]
    return verdicts(truth_with(truth, text, **(length_of(text) if with_length else {})))


def length_of(text: str) -> dict[str, str]:
    return {"Content-Length": str(len(text.encode()))}


@st.composite
def spoiled_text(draw: st.DrawFn, text: str) -> str:
    """Put a placeholder into a text, in place of some of it, or of all that follows."""
    word = draw(st.sampled_from(PLACEHOLDERS))
    start = draw(st.integers(0, len(text)))
    length = draw(st.sampled_from([0, 1, 7, 40, len(text)]))
    return text[:start] + word + text[start + length :]


@pytest.mark.parametrize("truth", TRUTHS)
def test_recorders_hand_truth_is_judged_and_breaks_nothing(truth: str) -> None:
    by_clause = verdicts(truth_with(truth, TRUTHS[truth][3]), download({"$base64": IMAGE}))
    assert not {"fail", "deviates"} & set(by_clause.values())
    assert list(by_clause.values()).count("pass") >= 8


@pytest.mark.parametrize("truth", TRUTHS)
@settings(max_examples=examples(120), deadline=None)
@given(data=st.data())
def test_recorders_hand_placeholder_in_an_exchange_is_never_red(
    truth: str, data: st.DataObject
) -> None:
    body, status, headers, text = TRUTHS[truth]
    assert red(truth_with(truth, data.draw(spoiled_text(text)))) == []
    assert red(record(data.draw(spoiled_text(json.dumps(body))), status, headers, text)) == []


JOINED = {
    "name-to-image": ("ted", "UgAA"),
    "short-name-to-image": ("eated", "UgAAB"),
    "image-to-name": ("UgAA", "ground"),
    "image-to-another-name": ("UgAA", "quality"),
}


@pytest.mark.parametrize("word", ["XXXXX", "xxxxx", "REDACTED"])
@pytest.mark.parametrize(("first", "last"), JOINED.values(), ids=JOINED)
def test_recorders_hand_placeholder_joined_to_base64_is_never_red(
    first: str, last: str, word: str
) -> None:
    text = TRUTHS["echo"][3]
    start = text.index(first)
    masked_text = text[:start] + word + text[text.index(last, start + 1) :]
    assert red(truth_with("echo", masked_text)) == []


@settings(max_examples=examples(60), deadline=None)
@given(text=spoiled_text(IMAGE))
def test_recorders_hand_placeholder_in_a_download_is_never_red(text: str) -> None:
    answer = truth_with("url", TRUTHS["url"][3])
    assert red(answer, download(text)) == []
    assert red(answer, download({"$base64": text})) == []


@pytest.mark.parametrize("word", sample(PLACEHOLDERS, 3))
def test_recorders_hand_placeholder_in_a_header_is_never_red(word: str) -> None:
    body, status, _, text = TRUTHS["b64_json"]
    for name in ("Content-Type", "content-type"):
        assert red(record(body, status, {name: word}, text)) == []


PAGES = st.sampled_from(["<!doctype html>", "<html>", "<HTML lang='en'>", "<!-- hm --><html>"])
TAGS = st.sampled_from(["Error", "error", "soap:Envelope", "Response"])
PHRASES = ["Please", "wait", "sign in", "service", "is", "down,", "try again", "later"]
WORDS = st.lists(st.sampled_from(PHRASES), min_size=2, max_size=12).map(" ".join)
ENDS = st.sampled_from(["", ".", "...", "…", " [1]", "***"])
TEXTS = st.builds(lambda words, end: words + end, WORDS, ENDS)
OTHERS = st.one_of(
    st.builds(lambda start, text: f"{start}<head><title>{text}</title></head>", PAGES, TEXTS),
    st.builds(lambda tag, text: f"<{tag}><Message>{text}</Message></{tag}>", TAGS, TEXTS),
    st.builds(lambda text: f'<?xml version="1.0"?>\n<Error>{text}</Error>', TEXTS),
    TEXTS,
)
TYPES = st.sampled_from(["text/html", "text/plain", "application/xml", "application/json"])


@settings(max_examples=examples(120), deadline=None)
@given(
    truth=st.sampled_from(["b64_json", "url", "echo", "refusal"]),
    text=OTHERS,
    media_type=TYPES,
    with_length=st.booleans(),
)
def test_recorders_hand_real_answer_that_is_no_json_is_always_red(
    truth: str, text: str, media_type: str, with_length: bool
) -> None:
    headers = {"Content-Type": media_type, **(length_of(text) if with_length else {})}
    assert red(truth_with(truth, text, **headers)) != []


@settings(max_examples=examples(40), deadline=None)
@given(text=OTHERS)
def test_recorders_hand_real_download_that_is_no_image_is_always_red(text: str) -> None:
    page = download(text, **{"Content-Type": "text/html"})
    assert "url.is-image" in red(truth_with("url", TRUTHS["url"][3]), page)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to every value inside of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, within in inner:
        yield (*above, key)
        if isinstance(within, dict | list):
            yield from places(within, (*above, key))


def replace_at(value: Any, place: tuple[Any, ...], word: str) -> Any:
    """Return a JSON value with a word where another value was."""
    if not place:
        return word
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replace_at(value[place[0]], place[1:], word)
    return copy


def split(text: str) -> tuple[str, Any, str]:
    """Return the JSON in an answer, and what stands before and after it."""
    start, end = text.index("{"), text.rindex("}") + 1
    return text[:start], json.loads(text[start:end]), text[end:]


@pytest.mark.parametrize("truth", TRUTHS)
def test_recorders_hand_value_replaced_as_a_whole_is_never_red(truth: str) -> None:
    before, value, after = split(TRUTHS[truth][3])
    for place in places(value):
        for word in sample(["<timestamp>", "REDACTED", "[removed]", "***"], 4):
            text = before + json.dumps(replace_at(value, place, word)) + after
            assert red(truth_with(truth, text)) == [], (place, word)


def test_recorders_hand_page_in_base64_and_page_in_place_of_a_stream_are_red() -> None:
    page = "<!doctype html><html><title>502</title></html>"
    document = {"created": TIME, "data": [{"b64_json": base64.b64encode(page.encode()).decode()}]}
    assert red(truth_with("b64_json", json.dumps(document))) == ["base64.is-image"]
    assert red(truth_with("stream", page)) != []


def wrap(text: str, mark: str = "\n") -> str:
    """Break the base64 of a text into lines."""
    return re.sub(r"([A-Za-z0-9+/]{76})", rf"\1{mark}", text)


REWRITINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-in-lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "json-string": lambda text: json.dumps(text),
    "backslash": lambda text: text.replace('"', '\\"'),
    "python-bytes": lambda text: repr(text.encode()),
    "python-text": lambda text: repr(text),
    "html": html.escape,
    "curly-quotes": lambda text: text.replace('"', "\u201c"),
    "twice": lambda text: text * 2,
    "with-head": lambda text: f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{text}",
    "framed": lambda text: f"{len(text.encode()):x}\r\n{text}\r\n0\r\n\r\n",
}
RESTORED: dict[str, Callable[[str], str]] = {
    **REWRITINGS,
    "base64-wrapped": wrap,
    "base64-wrapped-escaped": lambda text: wrap(text, r"\\n"),
}
LAID_OUT: dict[str, Callable[[str], str]] = {
    "with-a-prefix": lambda text: f"Response: {text}",
    "shown-by-a-browser": lambda text: f"<html><body><pre>{text}</pre></body></html>",
    "python-object": lambda text: str({**json.loads(text), "more": None}),
    "numbers-as-text": lambda text: json.dumps(json.loads(text, parse_int=str)),
    "stamped": lambda text: json.dumps({**json.loads(text), "created": "2026-09-21T14:13:20Z"}),
    "without-data": lambda text: json.dumps({**json.loads(text), "data": []}),
}


EVERY_WAY = {**RESTORED, **LAID_OUT}


def truth_as(truth: str, text: str) -> dict[str, Any]:
    """Write a truth in other words, with the length that it had when it was sent."""
    return truth_with(truth, text, **length_of(TRUTHS[truth][3]))


@pytest.mark.parametrize("way", RESTORED)
def test_recorders_hand_rewriting_that_has_the_length_when_undone_is_judged(way: str) -> None:
    for truth in sample(["b64_json", "url", "refusal", "echo"], 2):
        text = RESTORED[way](TRUTHS[truth][3])
        assert verdicts(truth_as(truth, text)) == true_verdicts(truth, with_length=True), truth


@pytest.mark.parametrize("way", sample(EVERY_WAY, 2))
@settings(max_examples=examples(36), deadline=None)
@given(
    truth=st.sampled_from(["b64_json", "echo", "refusal"]),
    end=st.sampled_from(["", " ", "-", "}", "\n\n\n"]),
    within=st.integers(0, 300),
    cut=st.booleans(),
)
def test_recorders_hand_rewriting_of_another_length_is_never_red(
    way: str, truth: str, end: str, within: int, cut: bool
) -> None:
    original = TRUTHS[truth][3]
    rewriting = EVERY_WAY[way](original)
    variant = rewriting[:within] + end + ("" if cut else rewriting[within:])
    assert len(variant.encode()) == len(original) or red(truth_as(truth, variant)) == []


@pytest.mark.parametrize("way", REWRITINGS)
def test_recorders_hand_rewriting_is_the_providers_only_with_its_own_length(way: str) -> None:
    for truth in sample(["b64_json", "echo", "refusal"], 2):
        assert red(truth_with(truth, REWRITINGS[way](TRUTHS[truth][3]))) == [], truth
    text = REWRITINGS[way](TRUTHS["b64_json"][3])
    clauses = red(truth_with("b64_json", text, **length_of(text)))
    assert clauses in (["envelope.json-syntax"], ["envelope.object"])


def test_recorders_hand_altered_body_is_said_with_both_lengths() -> None:
    text = TRUTHS["b64_json"][3]
    messages = {one.message for one in findings_of(truth_as("b64_json", f"Response: {text}"))}
    lengths = f"{len(text):,} bytes were sent, and {len(text) + 10:,} are recorded"
    assert messages == {f"the recorder altered the body: {lengths}"}


@pytest.mark.parametrize("name", ["background", "output_format", "quality", "size", "usage"])
def test_recorders_hand_masked_member_is_altered_alone(name: str) -> None:
    before = true_verdicts("echo")
    text = json.dumps({**json.loads(TRUTHS["echo"][3]), name: "[REDACTED]"})
    after = verdicts(truth_with("echo", text))
    clauses = {clause for clause in before if after[clause] != before[clause]}
    assert {after[clause] for clause in clauses} == {"not testable"}
    assert 1 <= len(clauses) <= 7
    assert all(clause.startswith("extras.") for clause in clauses)


@pytest.mark.parametrize("word", sample(PLACEHOLDERS, 3))
def test_recorders_hand_masked_member_of_a_counted_body_is_the_providers(word: str) -> None:
    text = json.dumps({**json.loads(TRUTHS["echo"][3]), "quality": word})
    clauses = red(truth_with("echo", text, **length_of(text)))
    assert clauses == ["extras.quality-documented"]
