"""The subject of clauses: what became of a request, on which day, and which images are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from conformance.clauses.subject import Context, NotTestableError, Subject
from conformance.contract import load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import NOT_RECORDED, Exchange, Failure, Provenance
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.findings import NO_DOWNLOADS
from conformance.lifecycle import Lifecycle, Standing
from tests.miniatures import (
    ACCEPTED,
    body,
    encoded,
    error,
    exchange,
    image_url,
    items,
    model_list,
    picture,
)

EDITION = load_edition()
SMALL = body("dall-e-2")
TWO = body("dall-e-2", n=2)
GONE = Failure(NOT_RECORDED, "the file has no answer to it")


def subject(made: Exchange, control: Outcome | None = None, **known: Any) -> Subject:
    return Subject(made, EDITION, context=Context(control, **known))


def refusal(status: int = 400, told: object = None) -> Exchange:
    return exchange(SMALL, status, error("It is not in our catalogue") if told is None else told)


def test_refusal_of_a_model_that_is_not_listed_is_of_the_model() -> None:
    listed = outcome_of(model_list("openai/dall-e-3"))
    outcome = subject(refusal(404), listed).outcome
    assert (outcome.result, outcome.cause) == (Result.NOT_SERVED, "not served")
    assert outcome.reason == "the model is neither listed nor served (HTTP 404)"


@pytest.mark.parametrize("name", ["size", "response_format"])
def test_refusal_that_names_a_documented_parameter_is_not_of_the_model(name: str) -> None:
    listed = outcome_of(model_list("openai/dall-e-3"))
    made = refusal(told=error(f"This prompt has no {name}", param=name))
    assert subject(made, listed).outcome.result is Result.REFUSED


def test_refusal_that_names_the_prompt_may_be_of_the_model() -> None:
    listed = outcome_of(model_list("openai/dall-e-3"))
    made = refusal(told=error("Nobody paints this prompt here"))
    assert subject(made, listed).outcome.result is Result.NOT_SERVED


@pytest.mark.parametrize(("status", "result"), [(404, Result.REFUSED), (200, Result.UNCLEAR)])
def test_model_that_painted_the_control_is_served_whatever_the_words(
    status: int, result: Result
) -> None:
    said = error("no such model", code="model_not_found")
    made = exchange(body("dall-e-2", size="wide"), status, said)
    assert outcome_of(made).result is Result.NOT_SERVED
    outcome = subject(made, ACCEPTED).outcome
    assert (outcome.result, outcome.reason) == (result, f"HTTP {status}")


def test_outcome_is_read_from_the_answer_at_hand() -> None:
    answer = Answer(exchange(SMALL, 400, error("no", code="rate_limit_exceeded")))
    assert Subject(exchange(SMALL), EDITION, answer=answer).outcome == outcome_of(
        exchange(SMALL), answer
    )


MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
BEFORE, AFTER = date(2026, 11, 30), date(2026, 12, 1)


@pytest.mark.parametrize(
    ("sent_at", "elapsed", "day"),
    [
        (MIDNIGHT - 1, None, BEFORE),
        (MIDNIGHT - 0.5, None, BEFORE),
        (MIDNIGHT - 1, 0.5, BEFORE),
        (MIDNIGHT - 1, 1.5, AFTER),
        (MIDNIGHT, 1.5, AFTER),
        (MIDNIGHT + 86_000, 0.0, AFTER),
    ],
)
def test_answer_is_of_the_day_in_utc_on_which_it_came(
    monkeypatch: pytest.MonkeyPatch, sent_at: float, elapsed: float | None, day: date
) -> None:
    import time

    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        made = replace(exchange(), sent_at=sent_at, elapsed=elapsed)
        assert subject(made).answered_on == day
    finally:
        monkeypatch.undo()
        time.tzset()


def test_answer_of_an_unknown_time_is_of_the_day_of_the_run() -> None:
    made = exchange(sent_at=0.0)
    standing = Standing(Lifecycle(until=AFTER), BEFORE)
    assert subject(made, standing=standing).answered_on == BEFORE
    assert subject(made).answered_on == date.min


def recorded(answer: object = None, **downloads: Any) -> Subject:
    made = exchange(TWO, answer=answer, **downloads)
    return subject(replace(made, provenance=Provenance.FOREIGN))


def test_images_that_a_recorder_did_not_keep_are_not_testable() -> None:
    other = Failure(NOT_RECORDED, "another reason")
    kept = {image_url(0): GONE, image_url(1): other}
    with pytest.raises(NotTestableError) as caught:
        recorded(downloads=kept).recorded_downloads()
    assert str(caught.value) == f"{NO_DOWNLOADS}: {GONE.message}"


def test_images_of_which_a_recorder_kept_no_word_are_not_testable() -> None:
    with pytest.raises(NotTestableError) as caught:
        recorded(downloads={}).recorded_downloads()
    assert str(caught.value) == NO_DOWNLOADS


@pytest.mark.parametrize(
    "seen",
    [
        recorded(downloads={image_url(0): GONE, image_url(1): picture()}),
        recorded(downloads={image_url(0): Failure("dns", "no"), image_url(1): GONE}),
        recorded(items(TWO, {"b64_json": encoded(picture())}, {"b64_json": "?"}), downloads={}),
        recorded(items(TWO, {"b64_json": "x", "url": image_url()}), fetched=GONE),
        subject(exchange(TWO, fetched=GONE)),
    ],
    ids=["one-kept", "one-failed", "base64", "base64-and-url", "live"],
)
def test_images_that_are_known_in_part_are_judged(seen: Subject) -> None:
    seen.recorded_downloads()
