"""What the other requests to a model say of one of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.cases.model import Case
from conformance.cases.request import Request
from conformance.contract import load_edition
from conformance.exchange.model import Exchange, Failure, Response
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.refusal_matching import without_numbers
from conformance.runner.alternative_controls import with_other_control
from conformance.runner.model_outcomes import ModelOutcomes, TimedOutcome

EDITION = load_edition()


def asks(id_: str, **body: Any) -> Case:
    return Case(id_, "dall-e-3", body={"model": "dall-e-3", "prompt": "a cat", **body})


def acceptance(case: Case, at: float) -> tuple[Case, TimedOutcome]:
    return case, TimedOutcome(Outcome(case.id, Result.ACCEPTED, "HTTP 200", 200), at, 1)


def refusal(case: Case, text: str, at: float = 1) -> tuple[Case, TimedOutcome]:
    return case, TimedOutcome(Outcome(case.id, Result.REFUSED, "HTTP 400", 400, said=text), at, 1)


def crash(case: Case, at: float, attempts: int | None = 4) -> tuple[Case, TimedOutcome]:
    outcome = Outcome(case.id, Result.UNAVAILABLE, "HTTP 500", 500, cause="outage")
    return case, TimedOutcome(outcome, at, attempts, crashed=True)


def outcomes_of(*rows: tuple[Case, TimedOutcome]) -> ModelOutcomes:
    return ModelOutcomes(rows, {case.id for case, _ in rows})


def unclear(case: Case, status: int, said: str = "") -> tuple[Case, TimedOutcome]:
    outcome = Outcome(case.id, Result.UNCLEAR, f"HTTP {status}", status, said=said)
    return case, TimedOutcome(outcome, 1, 1)


SMALL, HD, URL = asks("baseline"), asks("hd", quality="hd"), asks("url", response_format="url")
B64, LARGE = (asks(f"b64-{size}", response_format="b64_json", size=size) for size in ("1", "2"))
N2, N11 = asks("n-2", n=2), asks("n-11", n=11)


def test_value_between_two_accepted_requests_is_blamed_with_its_counts() -> None:
    outcomes = outcomes_of(acceptance(SMALL, 1), crash(B64, 2), crash(LARGE, 3), acceptance(URL, 4))
    context = outcomes.context(B64, None)
    assert (context.accepted_before, context.accepted_after) == (
        outcomes.known[0][1].outcome,
        outcomes.known[3][1].outcome,
    )
    assert context.blamed == "response_format b64_json"
    assert context.attempts == "2 of 2 cases, 8 of 8 attempts"


def test_value_of_an_open_request_is_blamed_like_any_other() -> None:
    seeds = [asks(f"seed-{value}", seed=value) for value in (1, 2)]
    rows = [acceptance(SMALL, 1), *(crash(seed, 2) for seed in seeds), acceptance(URL, 4)]
    outcomes = ModelOutcomes(tuple(rows), {SMALL.id, URL.id}, {seed.id for seed in seeds})
    context = outcomes.context(seeds[0], None)
    assert (context.blamed, context.attempts) == ("seed", "2 of 2 cases, 8 of 8 attempts")
    mistakes = ModelOutcomes(tuple(rows), {SMALL.id, URL.id})
    assert mistakes.context(seeds[0], None).accepted_before is None


def test_parameter_is_blamed_where_no_value_of_it_works_and_nothing_where_it_was_not_it() -> None:
    outcomes = outcomes_of(acceptance(SMALL, 1), crash(B64, 2), crash(URL, 3), acceptance(HD, 4))
    assert outcomes.context(B64, None).blamed == "response_format"
    without = outcomes_of(crash(SMALL, 1), acceptance(B64, 2), crash(SMALL, 3), crash(HD, 4))
    assert without.context(HD, None).blamed == ""


@pytest.mark.parametrize(
    "rows",
    [
        [crash(HD, 2), acceptance(SMALL, 3)],
        [acceptance(SMALL, 1), crash(HD, 2)],
        [acceptance(SMALL, 1), crash(HD, 2, attempts=1), acceptance(URL, 3)],
    ],
    ids=["nothing-before", "nothing-after", "lost-once"],
)
def test_outage_may_be_to_blame(rows: list[tuple[Case, TimedOutcome]]) -> None:
    context = outcomes_of(*rows).context(HD, None)
    assert context.accepted_before is None or context.accepted_after is None


def test_answer_lost_as_often_as_others_is_unavailable() -> None:
    lossy = [
        (case, replace(timed, attempts=3, lost=2))
        for case, timed in (acceptance(asks(f"n-{n}", n=n), 2) for n in (2, 3))
    ]
    before, after = acceptance(SMALL, 1), acceptance(URL, 3)
    cut = outcomes_of(before, crash(HD, 2, attempts=3), after)
    assert cut.context(HD, None).crash_doubt == ""
    as_often = outcomes_of(*cut.known, *lossy).context(HD, None).crash_doubt
    assert as_often == "the provider lost 4 of 8 other answers as well"
    assert outcomes_of(before, crash(HD, 2, attempts=2), after).context(HD, None).crash_doubt
    assert not outcomes_of(crash(HD, 2, attempts=2), after).context(HD, None).crash_doubt


def test_attempts_that_a_cassette_does_not_know_are_not_counted() -> None:
    outcomes = outcomes_of(acceptance(SMALL, 1), crash(HD, 2, attempts=None), acceptance(URL, 3))
    assert outcomes.context(HD, None).attempts == "1 of 1 case"


def test_refusal_in_the_words_of_a_valid_request_is_told() -> None:
    rows = [
        ("only n=1 works", "only n=1 works", True),
        ("n=1 only, id 9b1c", "n=1 only, id 7f", True),
    ]
    for of_valid, message, alike in (*rows, ("only n=1 works", "n is too large", False)):
        valid = outcomes_of(refusal(N2, of_valid))
        outcomes = replace(valid, known=(*valid.known, refusal(N11, message)))
        assert bool(outcomes.context(N11, None).valid_refusals) == alike, message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("failed (request id: 20260312abcdef0123)", "failed (request id: 20260313fedcba3210)"),
        ("at 2026-03-12T10:11:12Z", "at 2027-01-01T00:00:00Z"),
        ("n must be 1, got 2", "n must be 1, got 11"),
        (
            "trace 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "trace 00000000-aaaa-11d3-9a0c-0305e82c3301",
        ),
    ],
    ids=["request-id", "time", "number", "uuid"],
)
def test_words_are_the_same_but_for_what_differs_by_request(one: str, other: str) -> None:
    assert without_numbers(one) == without_numbers(other) != without_numbers("something else")


def exchange(status: int = 0, failure: str = "", body: bytes = b"{}") -> Exchange:
    request = Request("POST", "http://127.0.0.1/v1/images/generations", (), b"{}")
    response = Response(status, (), body) if status else None
    return Exchange("p", "m", "c", request, response, Failure(failure, "x") if failure else None)


def event(**error: str) -> bytes:
    return f"event: error\ndata: {json.dumps({'error': error})}\n\n".encode()


COMES_TO_NOTHING: dict[str, tuple[Exchange, bool]] = {
    "500": (exchange(500), True),
    "503": (exchange(503), True),
    "hang": (exchange(failure="timeout"), True),
    "cut": (exchange(failure="disconnect"), True),
    "event": (exchange(200, body=event(message="boom", type="server_error")), True),
    "event-429": (exchange(200, body=event(message="boom", code="rate_limit_exceeded")), False),
    "429": (exchange(429), False),
    "quota": (exchange(402), False),
    "refused": (exchange(400), False),
    "no-connection": (exchange(failure="connect"), False),
    "budget": (exchange(500, "not-sent-again"), False),
}


@pytest.mark.parametrize(("exchange", "expected"), COMES_TO_NOTHING.values(), ids=COMES_TO_NOTHING)
def test_crash_is_told_from_what_is_not_for_us(exchange: Exchange, expected: bool) -> None:
    assert TimedOutcome.of_exchange(exchange, outcome_of(exchange)).crashed == expected


BAD = asks("n-0", n=0)
RAW = Case("json-malformed", "dall-e-3", raw=b'{"model":"dall-e-3","prompt":"a cat"')


def test_mistake_is_put_into_another_request_and_keeps_its_name() -> None:
    case = with_other_control(replace(BAD, control="baseline"), SMALL, URL, EDITION)
    assert case is not None
    assert (case.id, case.control) == ("n-0", "url")
    assert case.body == {**(URL.body or {}), "n": 0}
    raw = with_other_control(RAW, SMALL, URL, EDITION)
    assert raw is not None
    assert raw.raw == b'{"model":"dall-e-3","prompt":"a cat","response_format":"url"'


def test_mistake_is_not_put_where_something_else_would_be_wrong() -> None:
    spoilt = asks("other", size="no-such-size")
    assert with_other_control(BAD, SMALL, spoilt, EDITION) is None
    assert with_other_control(asks("two", n=0, quality="x"), SMALL, URL, EDITION) is None


def test_open_request_is_refused_as_a_success_where_a_mistake_was() -> None:
    seed = unclear(asks("seed", seed=1), 200, "seed is unknown")

    def alike(mistake: tuple[Case, TimedOutcome]) -> Outcome | None:
        outcomes = ModelOutcomes((acceptance(SMALL, 0), seed, mistake), {SMALL.id}, {seed[0].id})
        return outcomes.context(seed[0], None).mistake_alike

    same = unclear(N11, 200, "n is too large")
    assert alike(same) == same[1].outcome
    assert alike(unclear(N11, 200)) is None, "without an error"
    assert alike(unclear(N11, 202, "queued")) is None, "another status"
    assert alike(refusal(N11, "n is too large")) is None
    valid = ModelOutcomes((unclear(N2, 200), unclear(N11, 200)), {N2.id})
    assert valid.context(N2, None).mistake_alike is None


def test_valid_request_to_a_model_that_ended_is_a_refusal_like_any_other() -> None:
    text = "the model has been retired"
    gone = Outcome(N2.id, Result.NOT_SERVED, "HTTP 404", 404, said=text)
    mistake = N11, TimedOutcome(Outcome(N11.id, Result.REFUSED, "HTTP 404", 404, said=text), 2, 1)
    outcomes = ModelOutcomes(((N2, TimedOutcome(gone, 1, 1)), mistake), {N2.id})
    assert outcomes.context(N11, None).valid_refusals == (gone,)
