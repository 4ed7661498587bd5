"""Bodies as recorders keep them: what is odd in them is read, and raises nothing."""

from __future__ import annotations

import pytest

from conformance.exchange.redaction.image_metadata import metadata
from conformance.recordings.readers.bodies import from_base64, from_value


def test_binary_of_yaml_in_a_decoded_body_is_text() -> None:
    assert from_value({"a": b"x"}).data == b'{"a": "x"}'


@pytest.mark.parametrize("text", ['[{"url": "x"}]', "[]", "[1]"])
def test_json_array_that_is_called_base64_stands_as_it_is(text: str) -> None:
    body = from_base64(text)
    assert (body.data, body.altered) == (text.encode(), frozenset())


def test_pieces_of_base64_are_put_together() -> None:
    assert from_base64('["eA==", "eQ=="]').data == b"xy"


def test_segments_of_a_jpeg_are_bounded_and_what_is_left_is_one_of_them() -> None:
    data = b"\xff\xd8" + b"\xff\xe1\x00\x02" * 50_000 + b"tail"
    parts = metadata("jpeg", data)
    assert len(parts) < 21_000
    assert (parts[-1].start < parts[-1].end, parts[-1].end) == (True, len(data))
