"""What a finding says is cut to its length.

Each test stands for a change of a clause that nothing else noticed; see docs/mutation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.findings import Verdict
from conformance.parsing import printable
from tests.findings import GPT, counted, finding, refused, with_members
from tests.miniatures import answer, body, error, exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

LONG = "x" * 400
MANY = {f"m{at:02}": at for at in range(12)}
TEN = "m00, m01, m02, m03, m04, m05, m06, m07, m08, m09"
BIG = 10**60

OBSERVED: dict[str, tuple[str, Callable[[], Exchange], str]] = {
    "created-cut": (
        "envelope.created-integer",
        lambda: with_members(created=LONG),
        f"a string: {LONG}"[:80],
    ),
    "error-in-a-success-cut": (
        "envelope.no-error",
        lambda: with_members(error=LONG),
        f"HTTP 200: {printable(LONG, 240)}",
    ),
    "names-cut": ("envelope.data-present", lambda: exchange(GPT, answer=MANY), TEN),
    "error-names-cut": ("errors.error-object", lambda: refused(MANY), TEN),
    "error-without-names": ("errors.error-object", lambda: refused({}), "no member at all"),
    "error-text-cut": (
        "errors.error-object",
        lambda: refused({"error": LONG}),
        f"'{LONG}"[:80],
    ),
    "blank-message-cut": (
        "errors.message-not-empty",
        lambda: refused(error(" " * 90)),
        repr(" " * 40),
    ),
    "message-shown-cut": (
        "errors.message-string",
        lambda: refused(error([LONG])),
        f"['{LONG}"[:80],
    ),
    "param-cut": ("errors.param-names", lambda: refused(error(param=LONG)), "x" * 80),
    "html-cut": (
        "envelope.not-html",
        lambda: exchange(raw=b"<html>" + b"\xc3\xa9" * 60),
        ("<html>" + "é" * 27),
    ),
    "json-start-of-bad-utf8": (
        "errors.json",
        lambda: refused(raw=b"\xff no"),
        "� no",
    ),
    "total-cut": ("extras.usage-total", lambda: counted(total_tokens=BIG), str(BIG)[:40]),
    "negative-cut": (
        "extras.usage-not-negative",
        lambda: counted(total_tokens=-BIG),
        str(-BIG)[:40],
    ),
    "details-cut": (
        "extras.usage-input-details",
        lambda: counted(input_tokens_details={"text_tokens": BIG, "image_tokens": BIG}),
        f"{BIG} + {BIG}"[:80],
    ),
}


@pytest.mark.parametrize("name", OBSERVED)
def test_what_is_observed_is_cut_to_its_length(name: str) -> None:
    clause, made, observed = OBSERVED[name]
    found = finding(clause, made())
    assert found.verdict in (Verdict.FAIL, Verdict.DEVIATES)
    assert found.observed == observed


def test_what_is_expected_of_a_sum_is_cut_to_40_digits() -> None:
    details = {"text_tokens": 1, "image_tokens": 0}
    made = counted(input_tokens=BIG, input_tokens_details=details)
    assert finding("extras.usage-input-details", made).expected == str(BIG)[:40]


def test_n_in_a_message_is_cut_to_60_characters() -> None:
    made = exchange(body("dall-e-2", n="9" * 90), answer=answer(body("dall-e-2")))
    said = finding("count.non-numeric-refused", made).message
    assert said == f"n = '{'9' * 90}"[:60] + " was accepted"
