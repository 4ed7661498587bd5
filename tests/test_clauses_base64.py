"""The chapter base64: one lie a clause, and the exchange without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.findings import Verdict
from tests.miniatures import (
    HTML,
    answer,
    body,
    changed,
    encoded,
    exchange,
    lie,
    picture,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

REQUEST = body("dall-e-2", response_format="b64_json")
TEXT = encoded(picture())
PADDED = next(
    text for text in (encoded(picture(seed=seed)) for seed in range(99)) if text.endswith("=")
)


def carries(text: str) -> Exchange:
    """An answer with this in place of the base64."""
    return exchange(REQUEST, answer=changed(REQUEST, b64_json=text))


def with_bits(text: str) -> str:
    """The same bytes, with the unused bits of the last digit set."""
    digits = text.rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(digits[-1]) + 1]
    return digits[:-1] + last + "=" * (len(text) - len(digits))


LIES = {
    each.id: each
    for each in (
        lie(
            "data-prefix",
            lambda: carries(f"data:image/png;base64,{TEXT}"),
            "base64.no-data-prefix",
        ),
        lie("foreign-character", lambda: carries(f"{TEXT[:80]}!{TEXT[81:]}"), "base64.alphabet"),
        lie("umlaut", lambda: carries(f"{TEXT[:80]}ü{TEXT[81:]}"), "base64.alphabet"),
        lie(
            "url-safe",
            lambda: carries(TEXT.replace("+", "-").replace("/", "_")),
            "base64.not-url-safe",
        ),
        lie("line-feeds", lambda: carries(f"{TEXT[:76]}\n{TEXT[76:]}"), "base64.no-whitespace"),
        lie("trailing-newline", lambda: carries(f"{TEXT}\n"), "base64.no-whitespace"),
        lie("no-padding", lambda: carries(PADDED.rstrip("=")), "base64.padding"),
        lie("too-much-padding", lambda: carries(f"{TEXT}===="), "base64.padding"),
        lie("cut-off", lambda: carries(TEXT[: len(TEXT) // 8 * 4 + 1]), "base64.length"),
        lie("trailing-bits", lambda: carries(with_bits(PADDED)), "base64.canonical"),
        lie("web-page", lambda: carries(encoded(HTML)), "base64.is-image"),
        lie("encoded-twice", lambda: carries(encoded(TEXT.encode())), "base64.is-image"),
        lie("url-in-b64", lambda: carries(encoded(b"https://a.example/1")), "base64.is-image"),
    )
}
CLAUSES = sorted({clause for each in LIES.values() for clause in each.red})


@pytest.mark.parametrize(
    "request_body",
    [REQUEST, body("gpt-image-1")],
    ids=["dall-e", "gpt"],
)
@pytest.mark.parametrize("clause", CLAUSES)
def test_truth_passes(clause: str, request_body: dict[str, object]) -> None:
    assert verdicts(exchange(request_body))[clause] is Verdict.PASS


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    told = LIES[name]
    assert red(told.exchange(), told.control) == told.red


def test_padded_truth_passes() -> None:
    assert red(carries(PADDED)) == frozenset()


@pytest.mark.parametrize("cut", range(1, 5))
def test_cut_off_payload_is_told_once(cut: int) -> None:
    assert len(red(carries(TEXT[: len(TEXT) // 8 * 4 + cut]))) == 1


def test_damaged_item_among_whole_ones_is_seen() -> None:
    request = {**REQUEST, "n": 2}
    made = json.loads(json.dumps(answer(request)))
    made["data"][1]["b64_json"] = encoded(HTML)
    assert red(exchange(request, answer=made)) == {"base64.is-image"}
