"""Drift: what changed in the form of answers though no clause is broken, and what is chance."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reports.drift import ChangeKind, DriftChange, drift
from conformance.reports.drift.model import ABSENT
from tests.nights import HEADERS, SHAPE, answer, answers, night

NEWS, NOISE = ChangeKind.INFORMATION, ChangeKind.NOISE
MORE = [*SHAPE, "usage:object", "usage.total_tokens:integer"]


def told(before: dict[str, Any], after: dict[str, Any], count: int = 6) -> list[DriftChange]:
    """What changed where all answers of a night are alike."""
    return list(
        drift([night(1, *answers(count, **before))], night(2, *answers(count, **after))).changes
    )


def summary(changes: list[DriftChange]) -> list[tuple[str, str, str, str]]:
    return [(each.what, each.subject, each.before, each.after) for each in changes]


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({}, {"shape": MORE}, ("field", "usage", "absent", "object")),
        ({"shape": MORE}, {}, ("field", "usage", "object", "absent")),
        (
            {},
            {"shape": ["created:number", *SHAPE[1:]]},
            ("field", "created", "integer", "number"),
        ),
        (
            {},
            {"shape": [*SHAPE, "data[].url:null"]},
            ("field", "data[].url", "string", "null|string"),
        ),
        ({}, {"headers": HEADERS[1:]}, ("header", "content-type", "application/json", "absent")),
        (
            {},
            {"headers": [["Content-Type", "text/html; charset=utf-8"], *HEADERS[1:]]},
            ("header", "content-type", "application/json", "text/html"),
        ),
        (
            {},
            {"headers": [*HEADERS, ["X-Region", "eu"]]},
            ("header", "x-region", "absent", "present"),
        ),
        (
            {},
            {"headers": [HEADERS[0], ["server", "cloudflare"]]},
            ("header value", "server", "nginx", "cloudflare"),
        ),
        ({}, {"image": "webp"}, ("image type", "", "png", "webp")),
        ({}, {"host": "cdn.relay.test"}, ("image host", "", "img.acme.test", "cdn.relay.test")),
        ({"status": 400}, {"status": 422}, ("status", "", "400", "422")),
        ({"status": 200}, {"status": 400}, ("status", "", "200", "400")),
        (
            {"error": {"code": "bad_size"}},
            {"error": {"code": "invalid"}},
            ("error", "code", "bad_size", "invalid"),
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_changed_form_is_new_information_told_once(
    before: dict[str, Any], after: dict[str, Any], change: tuple[str, str, str, str]
) -> None:
    changes = told(before, after)
    assert summary(changes) == [change]
    assert (changes[0].kind, changes[0].count) == (NEWS, 6)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"headers": [*HEADERS[:2], ["x-request-id", "r2"]]}),
        ({}, {"headers": [*HEADERS, ["Date", "now"], ["CF-Ray", "1"], ["x-ratelimit-left", "2"]]}),
        ({"host": "img1.acme.test"}, {"host": "img27.acme.test"}),
        ({"shape": None}, {"shape": SHAPE}),
        ({"shape": [*SHAPE, "…"]}, {"shape": MORE}),
        ({"images": []}, {"image": "webp"}),
        ({}, {"elapsed": 1.9}),
    ],
    ids=[
        "request-id",
        "volatile-headers",
        "shards",
        "unknown-shape",
        "cut-shape",
        "no-image",
        "faster",
    ],
)
def test_what_differs_every_night_is_not_told(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert told(before, after) == []


@pytest.mark.parametrize("outcome", ["unavailable", "not served"])
def test_answer_of_an_outage_has_no_form_to_compare(outcome: str) -> None:
    assert told({}, {"status": 503, "outcome": outcome, "shape": None}) == []


VARYING = [
    [answer(f"case-{n}", headers=[["x-pod", f"{pod}{n}"]]) for n in range(6)] for pod in "ab"
]
REST = answers()[1:]
OLD_HOST = answers(host="old.acme.test")


@pytest.mark.parametrize(
    ("bases", "new", "changes"),
    [
        ([VARYING[0]], VARYING[1], []),
        ([answers()], [answer("case-0", shape=MORE), *REST], [("field", NOISE)]),
        ([answers(1)], answers(1, shape=MORE), [("field", NEWS)]),
        # a single status is no chance
        (
            [[answer("case-0", status=400), *REST]],
            [answer("case-0", status=422), *REST],
            [("status", NEWS)],
        ),
        ([answers(shape=MORE), answers()], answers(shape=MORE), [("field", NOISE)]),
        ([OLD_HOST, answers()], OLD_HOST, []),
    ],
    ids=["varying-header", "in-one", "in-one-of-few", "status", "as-an-older-night", "old-host"],
)
def test_difference_that_may_be_chance_is_noise(
    bases: list[Any], new: Any, changes: list[tuple[str, ChangeKind]]
) -> None:
    nights = [night(day, *records) for day, records in enumerate([*bases, new], start=1)]
    found = drift(nights[:-1], nights[-1])
    assert [(change.what, change.kind) for change in found.changes] == changes


def test_field_that_comes_here_and_goes_there_is_noise() -> None:
    mixed = [answer(f"case-{n}", shape=MORE if n % 2 else SHAPE) for n in range(6)]
    other = [answer(f"case-{n}", shape=SHAPE if n % 2 else MORE) for n in range(6)]
    changes = drift([night(1, *mixed)], night(2, *other)).changes
    kinds = {(each.kind, each.after == ABSENT, each.count) for each in changes}
    assert kinds == {(NOISE, False, 3), (ChangeKind.INFORMATION, True, 3)}


def test_answer_that_never_came_is_compared_with_nothing() -> None:
    assert told({}, {"response": None}) == []
