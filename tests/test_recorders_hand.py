"""The recorder's hand: a placeholder is nobody's lie, and what is no JSON is no placeholder."""

from __future__ import annotations

import base64
import html
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.findings import Finding
from conformance.recordings.contracts import Contracts
from conformance.recordings.inputs import ForeignFile
from conformance.recordings.judging import FileJudge
from conformance.recordings.model_names import Names
from tests.extent import examples, sample
from tests.miniatures import GENERATIONS, SENT_AT, picture

EDITION = load_edition()
CLAUSES = tuple(clauses_of(EDITION))
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
    asked: str, status: int, headers: dict[str, str], told: object, url: str = GENERATIONS
) -> dict[str, Any]:
    """Write an exchange as a line of JSON."""
    request = {"method": "POST", "url": url, "headers": JSON_TYPE, "body": asked}
    return {"request": request, "response": {"status": status, "headers": headers, "body": told}}


def downloaded(told: object, **headers: str) -> dict[str, Any]:
    """Write what an image URL gave."""
    answer = record("", 200, {"Content-Type": "image/png", **headers}, told, URL)
    answer["request"] |= {"method": "GET", "body": None}
    return answer


class Collected:
    """Stands where findings go into a run file."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(self, *about: Any) -> None:
        self.findings += about[-1]


def findings_of(*records: object) -> list[Finding]:
    """Judge lines of JSON."""
    collected: Any = Collected()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
        file.flush()
        foreign = ForeignFile(Path(file.name))
        FileJudge(Contracts(EDITION, CLAUSES), collected, Names()).file(foreign)
    assert foreign.unreadable == []
    return list(collected.findings)


def verdicts(*records: object) -> dict[str, str]:
    """Judge lines of JSON, and return the verdict of every clause."""
    return {finding.clause: finding.verdict.value for finding in findings_of(*records)}


def red(*records: object) -> list[str]:
    """Name the clauses that are broken."""
    bad = ("fail", "deviates", "harness error")
    return sorted(clause for clause, verdict in verdicts(*records).items() if verdict in bad)


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> str:
    """Put a placeholder into a text, in place of some of it, or of all that follows."""
    word = draw(st.sampled_from(PLACEHOLDERS))
    start = draw(st.integers(0, len(text)))
    length = draw(st.sampled_from([0, 1, 7, 40, len(text)]))
    return text[:start] + word + text[start + length :]


@pytest.mark.parametrize("truth", TRUTHS)
def test_recorders_hand_truth_is_judged_and_breaks_nothing(truth: str) -> None:
    asked, status, headers, told = TRUTHS[truth]
    found = verdicts(
        record(json.dumps(asked), status, headers, told), downloaded({"$base64": IMAGE})
    )
    assert not {"fail", "deviates"} & set(found.values())
    assert list(found.values()).count("pass") >= 8


@pytest.mark.parametrize("truth", TRUTHS)
@settings(max_examples=examples(120), deadline=None)
@given(data=st.data())
def test_recorders_hand_placeholder_in_an_answer_is_never_red(
    truth: str, data: st.DataObject
) -> None:
    asked, status, headers, told = TRUTHS[truth]
    assert red(record(json.dumps(asked), status, headers, data.draw(spoiled(told)))) == []


@pytest.mark.parametrize("word", ["XXXXX", "xxxxx", "REDACTED"])
@pytest.mark.parametrize(
    ("first", "last"),
    [("ted", "UgAA"), ("eated", "UgAAB"), ("UgAA", "ground"), ("UgAA", "quality")],
    ids=["name-to-image", "short-name-to-image", "image-to-name", "image-to-another-name"],
)
def test_recorders_hand_placeholder_joined_to_base64_is_never_red(
    first: str, last: str, word: str
) -> None:
    asked, status, headers, told = TRUTHS["echo"]
    start = told.index(first)
    joined = told[:start] + word + told[told.index(last, start + 1) :]
    assert red(record(json.dumps(asked), status, headers, joined)) == []


@pytest.mark.parametrize("truth", TRUTHS)
@settings(max_examples=examples(120), deadline=None)
@given(data=st.data())
def test_recorders_hand_placeholder_in_a_request_is_never_red(
    truth: str, data: st.DataObject
) -> None:
    asked, status, headers, told = TRUTHS[truth]
    assert red(record(data.draw(spoiled(json.dumps(asked))), status, headers, told)) == []


@settings(max_examples=examples(60), deadline=None)
@given(text=spoiled(IMAGE))
def test_recorders_hand_placeholder_in_a_download_is_never_red(text: str) -> None:
    asked, status, headers, told = TRUTHS["url"]
    answer = record(json.dumps(asked), status, headers, told)
    assert red(answer, downloaded(text)) == []
    assert red(answer, downloaded({"$base64": text})) == []


@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
@pytest.mark.parametrize("word", PLACEHOLDERS)
def test_recorders_hand_placeholder_in_a_header_is_never_red(word: str, name: str) -> None:
    asked, status, _, told = TRUTHS["b64_json"]
    assert red(record(json.dumps(asked), status, {name: word}, told)) == []


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


@pytest.mark.parametrize("truth", ["b64_json", "url", "echo", "refusal"])
@settings(max_examples=examples(60), deadline=None)
@given(told=OTHERS, media_type=TYPES, counted=st.booleans())
def test_recorders_hand_real_answer_that_is_no_json_is_always_red(
    truth: str, told: str, media_type: str, counted: bool
) -> None:
    asked, status, _, _ = TRUTHS[truth]
    headers = {"Content-Type": media_type}
    if counted:
        headers["Content-Length"] = str(len(told.encode()))
    assert red(record(json.dumps(asked), status, headers, told)) != []


@settings(max_examples=examples(40), deadline=None)
@given(told=OTHERS)
def test_recorders_hand_real_download_that_is_no_image_is_always_red(told: str) -> None:
    asked, status, headers, answered = TRUTHS["url"]
    answer = record(json.dumps(asked), status, headers, answered)
    page = downloaded(told, **{"Content-Type": "text/html"})
    assert "url.is-image" in red(answer, page)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to every value inside of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*above, key)
        if isinstance(each, dict | list):
            yield from places(each, (*above, key))


def replaced(value: Any, place: tuple[Any, ...], word: str) -> Any:
    """Return a JSON value with a word where another value was."""
    if not place:
        return word
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], word)
    return copy


def split(told: str) -> tuple[str, Any, str]:
    """Return the JSON in an answer, and what stands before and after it."""
    start, end = told.index("{"), told.rindex("}") + 1
    return told[:start], json.loads(told[start:end]), told[end:]


IN_PLACE = [(truth, place) for truth, row in TRUTHS.items() for place in places(split(row[3])[1])]


@pytest.mark.parametrize(
    ("truth", "place"), IN_PLACE, ids=[f"{t}-{'.'.join(map(str, p))}" for t, p in IN_PLACE]
)
def test_recorders_hand_value_replaced_as_a_whole_is_never_red(
    truth: str, place: tuple[Any, ...]
) -> None:
    asked, status, headers, told = TRUTHS[truth]
    before, value, after = split(told)
    for word in sample(["<timestamp>", "REDACTED", "[removed]", "***"], 2):
        text = before + json.dumps(replaced(value, place, word)) + after
        assert red(record(json.dumps(asked), status, headers, text)) == [], word


def test_recorders_hand_page_in_base64_and_page_in_place_of_a_stream_are_red() -> None:
    page = "<!doctype html><html><title>502</title></html>"
    answered = {"created": TIME, "data": [{"b64_json": base64.b64encode(page.encode()).decode()}]}
    asked, status, headers, _ = TRUTHS["b64_json"]
    found = red(record(json.dumps(asked), status, headers, json.dumps(answered)))
    assert found == ["base64.is-image"]
    asked, status, headers, _ = TRUTHS["stream"]
    assert red(record(json.dumps(asked), status, headers, page)) != []


def wrapped(text: str, mark: str = "\n") -> str:
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
    "base64-wrapped": wrapped,
    "base64-wrapped-escaped": lambda text: wrapped(text, r"\\n"),
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


def counted(truth: str, told: str) -> dict[str, Any]:
    """Write a truth as it was told, with the length that it had when it was sent."""
    asked, status, headers, sent = TRUTHS[truth]
    length = {"Content-Length": str(len(sent.encode()))}
    return record(json.dumps(asked), status, {**headers, **length}, told)


@pytest.mark.parametrize("truth", ["b64_json", "url", "echo", "refusal"])
@pytest.mark.parametrize("way", RESTORED)
def test_recorders_hand_rewriting_that_has_the_length_when_undone_is_judged(
    way: str, truth: str
) -> None:
    told = RESTORED[way](TRUTHS[truth][3])
    assert verdicts(counted(truth, told)) == verdicts(counted(truth, TRUTHS[truth][3]))


@pytest.mark.parametrize("truth", sample(["b64_json", "echo", "refusal"], 2))
@pytest.mark.parametrize("way", EVERY_WAY)
@settings(max_examples=examples(40), deadline=None)
@given(end=st.sampled_from(["", " ", "-", "}", "\n\n\n"]), within=st.integers(0, 300))
def test_recorders_hand_rewriting_of_another_length_is_never_red(
    way: str, truth: str, end: str, within: int
) -> None:
    sent = TRUTHS[truth][3]
    told = EVERY_WAY[way](sent)
    for other in (told[:within] + end + told[within:], told[within:] + end):
        assert len(other.encode()) == len(sent) or red(counted(truth, other)) == []


@pytest.mark.parametrize("truth", ["b64_json", "echo", "refusal"])
@pytest.mark.parametrize("way", REWRITINGS)
def test_recorders_hand_rewriting_that_no_server_writes_is_never_red_without_a_length(
    way: str, truth: str
) -> None:
    asked, status, headers, sent = TRUTHS[truth]
    assert red(record(json.dumps(asked), status, headers, REWRITINGS[way](sent))) == []


@pytest.mark.parametrize("way", REWRITINGS)
def test_recorders_hand_rewriting_with_its_own_length_is_the_providers(way: str) -> None:
    asked, status, headers, sent = TRUTHS["b64_json"]
    told = REWRITINGS[way](sent)
    length = {"Content-Length": str(len(told.encode()))}
    found = red(record(json.dumps(asked), status, {**headers, **length}, told))
    assert found in (["envelope.json-syntax"], ["envelope.object"])


def test_recorders_hand_altered_body_is_said_with_both_lengths() -> None:
    told = "Response: " + TRUTHS["b64_json"][3]
    sent = len(TRUTHS["b64_json"][3])
    messages = {finding.message for finding in findings_of(counted("b64_json", told))}
    lengths = f"{sent:,} bytes were sent, and {sent + 10:,} are recorded"
    assert messages == {f"the recorder altered the body: {lengths}"}


@pytest.mark.parametrize("name", ["background", "output_format", "quality", "size", "usage"])
def test_recorders_hand_masked_member_is_altered_alone(name: str) -> None:
    asked, status, headers, told = TRUTHS["echo"]
    whole = verdicts(record(json.dumps(asked), status, headers, told))
    masked = json.dumps({**json.loads(told), name: "[REDACTED]"})
    found = verdicts(record(json.dumps(asked), status, headers, masked))
    lost = {clause for clause in whole if found[clause] != whole[clause]}
    assert {found[clause] for clause in lost} == {"not testable"}
    assert 1 <= len(lost) <= 7
    assert all(clause.startswith("extras.") for clause in lost)


@pytest.mark.parametrize("word", PLACEHOLDERS)
def test_recorders_hand_masked_member_of_a_counted_body_is_the_providers(word: str) -> None:
    asked, status, headers, told = TRUTHS["echo"]
    masked = json.dumps({**json.loads(told), "quality": word})
    length = {"Content-Length": str(len(masked.encode()))}
    found = red(record(json.dumps(asked), status, {**headers, **length}, masked))
    assert found == ["extras.quality-documented"]
