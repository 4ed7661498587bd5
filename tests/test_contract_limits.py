"""Whatever a body holds, it is read: in bounded words, and at once."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract import load_edition
from conformance.contract.checker import MESSAGE_LIMIT, Checker
from tests.contract import D3, G1, G2, G15, NAMED, asking

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.contract import Edition


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    """Nest a value as deep as reading."""
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


OPEN = {"colour", "response_format"}  # whatever their values are


@pytest.mark.parametrize("parameter", ["model", "prompt", "n", "size", "quality", *sorted(OPEN)])
@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_body_100000_deep_raises_nothing(
    edition: Edition, parameter: str, wrap: Callable[[Any], Any]
) -> None:
    read = edition.read(asking(G1) | {parameter: nested(100_000, wrap)})
    assert read.expectation == ("open" if parameter in OPEN else "refused")


@pytest.mark.parametrize(
    "value",
    [10**5000, math.nan, math.inf, "x" * 5_000_000, {"a": "x" * 1_000_000}, "\ud800"],
    ids=["5001-digits", "nan", "infinity", "5-MB-string", "object", "lone-surrogate"],
)
def test_message_is_bounded_whatever_the_value(edition: Edition, value: object) -> None:
    violation = edition.read(asking(D3, n=value)).violations[0]
    assert violation.parameter == "n"
    assert len(violation.message) <= MESSAGE_LIMIT
    assert violation.message.isascii()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
PARAMETERS = sorted(load_edition().parameters)


@settings(deadline=None)
@given(
    st.sampled_from([*NAMED, G2, "x"]), st.dictionaries(st.sampled_from(PARAMETERS), JSON_VALUES)
)
def test_any_body_is_read(name: str, parameters: dict[str, Any]) -> None:
    reading = load_edition().read({"model": name, **parameters})
    assert reading.expectation in {"accepted", "refused", "open"}
    assert all(len(broken.message) <= MESSAGE_LIMIT for broken in reading.violations)


@settings(deadline=None)
@given(JSON_VALUES)
def test_any_answer_is_compared(value: Any) -> None:
    edition = load_edition()
    for body in (value, {"created": value, "data": value}, {"created": 1, "data": [value]}):
        mismatches = edition.response_errors("url", body) + edition.error_errors(body)
        assert all(len(mismatch.message) <= MESSAGE_LIMIT for mismatch in mismatches)


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"const": 1}, True, "the body is true, not 1"),
        ({"enum": [False]}, 0, "the body is 0, not one of false"),
        ({"not": {}}, "x" * 1_000_000, "must not be"),
        ({"enum": [f"value-{number}" for number in range(100)]}, "x", "…"),
        ({"required": ["a" * 1000]}, {}, "is missing"),
    ],
    ids=["const-boolean", "enum-boolean", "not", "enum-of-100", "required-long-name"],
)
def test_checker_says_what_is_wrong_and_stays_short(
    schema: dict[str, Any], value: object, words: str
) -> None:
    [fault] = Checker(schema).faults(value)
    assert words in fault.message
    assert len(fault.message) <= MESSAGE_LIMIT


def test_valid_body_reads_in_under_a_millisecond(edition: Edition) -> None:
    body = asking(G15, n=2, size="1024x1024", quality="low", output_format="webp")
    started = time.process_time()
    for _ in range(300):
        edition.read(body)
    assert (time.process_time() - started) / 300 < 0.001
