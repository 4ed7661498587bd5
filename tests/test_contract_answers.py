"""Comparing answers, errors, model lists and events with an edition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract.checker import MESSAGE_LIMIT

if TYPE_CHECKING:
    from conformance.contract import Edition

USAGE = {
    "input_tokens": 1,
    "output_tokens": 2,
    "total_tokens": 3,
    "input_tokens_details": {"text_tokens": 1, "image_tokens": 0},
}


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("url", {"url": "https://a.example/1.png"}),
        ("url", {"url": "https://a.example/1.png", "b64_json": None, "revised_prompt": None}),
        ("url", {"url": "https://a.example/1.png", "b64_json": "", "revised_prompt": ""}),
        ("b64_json", {"b64_json": "AAAA", "url": None, "generation_id": "1"}),
        ("either", {"b64_json": "AAAA", "url": ""}),
        ("either", {"url": "https://a.example/1.png", "b64_json": None}),
    ],
)
def test_answer_with_the_wanted_member_matches(
    edition: Edition, kind: str, item: dict[str, Any]
) -> None:
    extras = {"size": "1280x720", "background": None, "usage": None, "more": 1}
    assert edition.response_errors(kind, {"created": 1, "data": [item], **extras}) == []


@pytest.mark.parametrize(
    ("kind", "body", "path", "keyword"),
    [
        ("url", {"created": 1, "data": [{"b64_json": "AAAA"}]}, "data[0].url", "required"),
        ("url", {"created": 1, "data": [{"url": ""}]}, "data[0].url", "minLength"),
        ("url", {"created": 1, "data": [{"url": None}]}, "data[0].url", "type"),
        ("b64_json", {"created": 1, "data": [{"url": "x"}]}, "data[0].b64_json", "required"),
        ("either", {"created": 1, "data": [{"url": None}]}, "data[0]", "anyOf"),
        ("url", {"created": 1, "data": []}, "data", "minItems"),
        ("url", {"created": 1, "data": "x"}, "data", "type"),
        ("url", {"created": 1, "data": ["x"]}, "data[0]", "type"),
        ("url", {"data": [{"url": "x"}]}, "created", "required"),
        ("url", {"created": 1.5, "data": [{"url": "x"}]}, "created", "type"),
        ("url", {"created": 1, "data": [{"url": "x"}], "size": "big"}, "size", "pattern"),
        ("url", {"created": 1, "data": [{"url": "x"}], "quality": "auto"}, "quality", "enum"),
        (
            "url",
            {"created": 1, "data": [{"url": "x"}], "usage": USAGE | {"total_tokens": 1.5}},
            "usage.total_tokens",
            "type",
        ),
        ("url", [], "", "type"),
    ],
)
def test_answer_names_the_place_that_differs(
    edition: Edition, kind: str, body: object, path: str, keyword: str
) -> None:
    mismatches = edition.response_errors(kind, body)
    assert [(mismatch.path, mismatch.keyword) for mismatch in mismatches] == [(path, keyword)]


def test_answer_with_a_thousand_faults_is_cut_short(edition: Edition) -> None:
    thousand = {"created": 1, "data": [{"url": 1}] * 1000}
    assert len(edition.response_errors("url", thousand)) == 20


def test_mismatch_never_dumps_a_payload(edition: Edition) -> None:
    body = {"created": "A" * 1_000_000, "data": {"b64_json": "B" * 1_000_000}}
    messages = {
        mismatch.path: mismatch.message for mismatch in edition.response_errors("b64_json", body)
    }
    assert messages.keys() == {"created", "data"}
    assert all(len(message) <= MESSAGE_LIMIT for message in messages.values())


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"error": {"message": "m"}}, None),
        ({"error": {"message": "m", "param": "", "code": None}}, None),
        ({"error": {"message": None}}, "error.message"),
        ({"error": {}}, "error.message"),
        ({"error": "m"}, "error"),
        ({"message": "m"}, "error"),
        (None, ""),
    ],
)
def test_error_needs_only_a_message(edition: Edition, body: object, path: str | None) -> None:
    paths = [mismatch.path for mismatch in edition.error_errors(body)]
    assert paths == ([] if path is None else [path])


def test_model_list_and_stream_examples_match(edition: Edition) -> None:
    content = {example.id: example.content for example in edition.examples}
    assert edition.model_list_errors(content["model-list"]) == []
    assert edition.stream_errors("partial_image", content["stream-partial-image"]) == []
    completed = content["stream-completed"]
    assert edition.stream_errors("image_generation.completed", completed) == []
    assert edition.model_list_errors({"object": "list", "data": [{"id": ""}]}) != []
    assert edition.stream_errors("completed", completed | {"size": "x"}) != []
