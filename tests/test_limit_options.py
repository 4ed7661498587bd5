"""Limits as a user writes them: what is read, what is refused in a sentence, what they bind."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.answer import Answer
from conformance.exchange.transport.limits import (
    LIMIT_OPTIONS,
    LimitError,
    Limits,
    read_limits,
)
from tests.miniatures import body, encoded, exchange, items, picture

SECURITY = Path(__file__).parent.parent / "docs" / "security.md"
READ = [
    ("body=16MiB", "body_bytes", 16 << 20),
    ("body=1_000_000", "body_bytes", 1_000_000),
    ("body=1.5 GB", "body_bytes", 1_500_000_000),
    ("header=8KiB", "header_bytes", 8192),
    ("pixels=16M", "pixels", 16_000_000),
    ("seconds=0.5", "total_seconds", 0.5),
    ("seconds=2min", "total_seconds", 120.0),
    ("redirects=0", "redirects", 0),
    ("images-pixels=1G", "images_pixels", 1_000_000_000),
]
WRONG = {
    "body": "has no value; write it as NAME=VALUE",
    "body=lots": "is no number of bytes; write it as 16777216, 16MiB or 16MB",
    "body=-1": "is no number of bytes",
    "body=1e999": "is no number of bytes",
    "body=١٢٣٤": "is no number of bytes",
    "body=12": "is not between 1,024 and 4,294,967,296 bytes",
    "seconds=0": "is not between 0.01 and 86,400 seconds",
    "seconds=nan": "is no number of seconds",
    "pixels=16MiB": "is no number of pixels",
    "redirects=1000": "is not between 0 and 50 redirects",
    "redirects=1.5": "is no whole number of redirects",
    "bodies=1": "did you mean 'body'?",
    "\x1b[2J=1": "unknown limit '\\x1b[2J'",
}


@pytest.mark.parametrize(("text", "field", "value"), READ, ids=[row[0] for row in READ])
def test_limit_is_read(text: str, field: str, value: float) -> None:
    limits = read_limits([text])
    assert getattr(limits, field) == value
    assert sum(getattr(limits, member.name) != member.default for member in fields(Limits)) == 1


@pytest.mark.parametrize("text", WRONG)
def test_wrong_limit_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises((LimitError, UnknownNameError), match=re.escape(WRONG[text])) as caught:
        read_limits([text])
    assert isinstance(caught.value, ConformanceError)
    assert str(caught.value).isprintable()


def test_every_limit_has_an_option() -> None:
    assert {option.field for option in LIMIT_OPTIONS.values()} == {
        member.name for member in fields(Limits)
    }


def test_limits_of_pixels_bind_each_image_and_all_together() -> None:
    request = body("dall-e-2", n=3, response_format="b64_json", size="256x256")
    images = [{"b64_json": encoded(picture("png", (64, 64), seed=n))} for n in (1, 2, 2, 3)]
    made = exchange(request, answer=items(request, *images))
    assert all(payload.image and payload.image.complete for payload in Answer(made).payloads)
    small = [payload.image for payload in Answer(made, 64 * 63).payloads]
    assert all(
        payload and "64x64 pixels, more than the 4032 allowed" in str(payload.fault)
        for payload in small
    )
    found = [payload.image for payload in Answer(made, 4096, 8000).payloads]
    assert [payload.complete for payload in found if payload] == [True, True, True, False]
    assert "images before it have 8,000 pixels together" in str(found[-1] and found[-1].fault)


def test_document_states_every_limit_with_its_default() -> None:
    text = SECURITY.read_text(encoding="utf-8")
    for name, option in LIMIT_OPTIONS.items():
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        value = row.split("|")[2].strip()
        stated = getattr(read_limits([f"{name}={value}"]), option.field)
        assert stated == getattr(Limits(), option.field), row
