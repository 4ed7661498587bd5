"""What an answer says of an error is read from whatever shape it has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.exchange.answer import Answer
from conformance.exchange.error_text import ErrorText, error_text, read_error
from tests.miniatures import HTML, answer, body, encoded, error, exchange, picture
from tests.streams import stream

SHAPES: dict[str, tuple[Any, ErrorText]] = {
    "documented": (
        error("No.", type="t", param="n", code="c"),
        ErrorText("No.", "c", "t", "n"),
    ),
    "error-text": ({"error": "No."}, ErrorText("No.")),
    "error-beside-a-message": ({"error": "Bad Request", "message": "No."}, ErrorText("No.")),
    "error-list": ({"error": [{"message": "No."}]}, ErrorText("No.")),
    "flat": ({"code": "Arrearage", "message": "No."}, ErrorText("No.", "Arrearage")),
    "flat-null-code": ({"code": None, "message": "No."}, ErrorText("No.")),
    "flat-msg": ({"code": 1008, "msg": "No."}, ErrorText("No.", "1008")),
    "capitals": ({"Error": {"Code": "C", "Message": "No."}}, ErrorText("No.", "C")),
    "detail-text": ({"detail": "No."}, ErrorText("No.")),
    "detail-list": (
        {"detail": [{"loc": ["body", "n"], "msg": "No.", "type": "int"}]},
        ErrorText("No.", "", "int", "body.n"),
    ),
    "errors": ({"errors": [{"field": "n", "reason": "No."}]}, ErrorText("No.", param="n")),
    "errors-of-texts": ({"errors": ["No.", "Never."]}, ErrorText("No.")),
    "issues": (
        {"issues": [{"code": "invalid", "path": ["n"], "message": "No."}], "name": "ZodError"},
        ErrorText("No.", "invalid", "", "n"),
    ),
    "nested": ({"error": {"error": {"message": {"detail": "No."}}}}, ErrorText("No.")),
    "base-resp": (
        {"base_resp": {"status_code": 7, "status_msg": "No."}},
        ErrorText("No.", "7"),
    ),
    "output": ({"output": {"code": "C", "message": "No."}}, ErrorText("No.", "C")),
    "problem": ({"type": "about:blank", "title": "No."}, ErrorText("No.", "", "about:blank")),
    "a-text": ("No.", ErrorText("No.")),
    "a-list": ([{"message": "No."}], ErrorText("No.")),
    "number": (7, ErrorText()),
    "no-words": ({"error": {"message": ["", 7], "code": True, "param": []}}, ErrorText()),
    "blanks": ({"error": {"message": " No \n such "}}, ErrorText("No such")),
}


@pytest.mark.parametrize("name", SHAPES)
def test_error_is_read_in_every_shape(name: str) -> None:
    told, wanted = SHAPES[name]
    assert error_text(Answer(exchange(status=400, answer=told))) == wanted


def test_error_that_nests_without_end_is_left() -> None:
    deep: Any = "No."
    for _ in range(7):
        deep = {"error": deep}
    assert read_error(deep) == ErrorText()


PAGES = {
    "title": (b"<html><head><title>Just a &lt;moment&gt;</title>", "Just a <moment>"),
    "heading": (b"<h1>Bad <b>gateway</b></h1>", "Bad gateway"),
    "xml": (b'<?xml version="1.0"?><Error><Message>Gone</Message></Error>', "Gone"),
    "bare": (b"<p>No such thing</p>", "No such thing"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_told_by_its_title(name: str) -> None:
    raw, text = PAGES[name]
    assert error_text(Answer(exchange(status=502, raw=raw))).text == text


def test_plain_text_is_what_it_says_and_bytes_say_nothing() -> None:
    assert error_text(Answer(exchange(status=400, raw=b"No."))).text == "No."
    assert error_text(Answer(exchange(status=400, raw=b"\0\1"))) == ErrorText()
    assert error_text(Answer(exchange(status=200, raw=b"welcome"))) == ErrorText()
    assert error_text(Answer(exchange(status=200, raw=b'{"data": [1'))) == ErrorText()
    for words in (
        "invalid request: no",
        "Insufficient balance, please recharge.",
        "Invalid API key",
    ):
        assert error_text(Answer(exchange(status=200, raw=words.encode()))).text == words


def test_success_code_is_no_error_and_an_item_without_an_image_says_why() -> None:
    assert not error_text(Answer(exchange(answer={"code": 0, "data": None}))).said
    item = {"finish_reason": "CONTENT_FILTERED"}
    assert error_text(Answer(exchange(answer={"data": [item]}))).text == "CONTENT_FILTERED"


def test_success_says_only_what_stands_in_its_error_members() -> None:
    true = answer(body())
    assert error_text(Answer(exchange())) == ErrorText()
    assert error_text(Answer(exchange(answer={**true, "message": "Done."}))) == ErrorText()
    assert error_text(Answer(exchange(answer={**true, "error": "No."}))).text == "No."
    item = {"error": {"code": "C", "message": "No."}}
    told = error_text(Answer(exchange(answer={**true, "data": [*true["data"], item]})))
    assert (told.text, told.code) == ("No.", "C")
    assert error_text(Answer(exchange(answer={"success": False, "message": "No."}))).text == "No."
    assert error_text(Answer(exchange(answer=[]))) == ErrorText()


EVENTS = {
    "by-name": ("error", '{"message": "No."}'),
    "by-type": ("message", '{"type": "image_generation.failed", "message": "No."}'),
    "by-member": ("x", '{"error": {"message": "No."}}'),
    "as-text": ("error", "No."),
}


@pytest.mark.parametrize("name", EVENTS)
def test_error_event_of_a_stream_is_read(name: str) -> None:
    picture_event = json.dumps({"type": "other", "b64_json": encoded(picture())})
    made = stream(("other", picture_event), EVENTS[name])
    assert error_text(Answer(made)).text == "No."


def test_stream_without_an_error_says_none() -> None:
    assert error_text(Answer(stream(("x", "{}")))) == ErrorText()


def test_words_are_the_text_or_the_code_cut_and_safe() -> None:
    assert ErrorText("No.", "C").words == "No."
    assert ErrorText("", "C", "t").words == "C"
    assert len(ErrorText("x" * 900).words) == 240
    assert ErrorText("\x1b[31m").words == "\\x1b[31m"
    assert error_text(Answer(exchange(status=500, raw=HTML))).words == "Bad gateway"
