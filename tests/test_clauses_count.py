"""The chapter count: as many images as asked, and no number that the model does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.findings import Verdict
from tests.miniatures import (
    REFUSED,
    answer,
    body,
    error,
    exchange,
    items,
    lie,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

TWO = body(n=2)
OPEN = body(conformance_unknown="lantern")


def asked(n: object, model: str = "dall-e-2") -> Exchange:
    """A request for ``n`` images, accepted whatever it is."""
    return exchange(body(model, n=n), answer=answer(body(model)))


def refused(n: object, model: str = "dall-e-2") -> Exchange:
    """A request for ``n`` images, refused as it must be."""
    return exchange(body(model, n=n), 400, error("n is wrong", param="n", code="invalid_value"))


def many(count: int, n: object = 2) -> Exchange:
    """An answer of so many items to a request for two."""
    request = body(n=n)
    return exchange(request, answer=items(request, *answer(body(n=count))["data"]))


TRUTHS: dict[str, Callable[[], Exchange]] = {
    "count.as-asked": lambda: exchange(TWO),
    "count.one-by-default": exchange,
    "count.zero-refused": lambda: refused(0),
    "count.negative-refused": lambda: refused(-1),
    "count.fractional-refused": lambda: refused(1.5),
    "count.non-numeric-refused": lambda: refused("2"),
    "count.above-maximum-refused": lambda: refused(11),
}
LIES = {
    each.id: each
    for each in (
        lie("one-for-two", lambda: many(1), "count.as-asked"),
        lie("three-for-two", lambda: many(3), "count.as-asked"),
        lie("two-for-one", lambda: many(2, 1), "count.as-asked"),
        lie("two-for-none", lambda: many(2, None), "count.one-by-default"),
        lie(
            "two-beside-an-open-point",
            lambda: exchange(OPEN, answer={**answer(OPEN), "data": answer(body(n=2))["data"]}),
            "count.one-by-default",
        ),
        lie("n-0", lambda: asked(0), "count.zero-refused"),
        lie("n-negative", lambda: asked(-1), "count.negative-refused"),
        lie("n-1.5", lambda: asked(1.5), "count.fractional-refused"),
        lie("n-minus-1.5", lambda: asked(-1.5), "count.fractional-refused"),
        lie("n-many", lambda: asked("many"), "count.non-numeric-refused"),
        lie("n-digits", lambda: asked("2"), "count.non-numeric-refused"),
        lie("n-true", lambda: asked(True), "count.non-numeric-refused"),
        lie("n-array", lambda: asked([1]), "count.non-numeric-refused"),
        lie("n-11", lambda: asked(11), "count.above-maximum-refused"),
        lie("dall-e-3-n-2", lambda: asked(2, "dall-e-3"), "count.above-maximum-refused"),
        lie("qwen-image-n-2", lambda: asked(2, "qwen-image"), "count.above-maximum-refused"),
        lie("gpt-image-n-11", lambda: asked(11, "gpt-image-1"), "count.above-maximum-refused"),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    assert verdicts(TRUTHS[clause]())[clause] is Verdict.PASS
    assert red(TRUTHS[clause]()) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    assert red(LIES[name].exchange(), LIES[name].control) == LIES[name].red


def test_refusal_without_an_accepted_control_is_not_testable() -> None:
    for control in (REFUSED, None):
        found = verdicts(refused(0), control)
        assert found["count.zero-refused"] is Verdict.NOT_TESTABLE


def test_empty_data_is_not_counted() -> None:
    found = verdicts(exchange(TWO, answer=answer(TWO, data=[])))
    assert found["count.as-asked"] is Verdict.NOT_TESTABLE


def test_refusal_of_an_open_point_is_not_counted_against_n() -> None:
    assert "count.one-by-default" not in verdicts(exchange(OPEN, 400, error("no")))


def test_n_2_is_refused_only_where_the_schema_of_the_model_says_1() -> None:
    assert "count.above-maximum-refused" not in verdicts(exchange(TWO))
    assert "count.as-asked" not in verdicts(asked(2, "dall-e-3"))
