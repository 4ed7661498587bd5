"""The subject of clauses: what became of a request, on which day, and what stands in its answer."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from conformance.clauses.stand_ins import lone_task, stand_in, task_of
from conformance.clauses.subject import Context, NotTestableError, Subject
from conformance.contract import load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import NOT_RECORDED, Exchange, Failure, Provenance
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.findings import NO_DOWNLOADS
from conformance.lifecycle import Lifecycle, Standing
from tests.miniatures import (
    ACCEPTED,
    answer,
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
BEFORE, AFTER = date(2026, 11, 30), date(2026, 12, 1)
GONE = Failure(NOT_RECORDED, "the file has no answer to it")


def subject(made: Exchange, control: Outcome | None = None, **known: Any) -> Subject:
    return Subject(made, EDITION, context=Context(control, **known))


@pytest.mark.parametrize(
    ("status", "told", "result"),
    [
        (404, error("It is not in our catalogue"), Result.NOT_SERVED),
        (400, error("Nobody paints this prompt here"), Result.NOT_SERVED),
        (400, error("This prompt has no size", param="size"), Result.REFUSED),
        (400, error("No response_format", param="response_format"), Result.REFUSED),
    ],
    ids=["vague", "prompt", "size", "response_format"],
)
def test_refusal_of_a_model_that_is_not_listed_is_of_the_model_unless_it_names_a_parameter(
    status: int, told: dict[str, Any], result: Result
) -> None:
    listed = outcome_of(model_list("openai/dall-e-3"))
    outcome = subject(exchange(SMALL, status, told), listed).outcome
    assert outcome.result is result
    if result is Result.NOT_SERVED:
        reason = f"the model is neither listed nor served (HTTP {status})"
        assert (outcome.cause, outcome.reason) == ("not served", reason)


@pytest.mark.parametrize(("status", "result"), [(404, Result.REFUSED), (200, Result.UNCLEAR)])
def test_model_that_painted_the_control_is_served_whatever_the_words(
    status: int, result: Result
) -> None:
    said = error("no such model", code="model_not_found")
    made = exchange(body("dall-e-2", size="wide"), status, said)
    assert outcome_of(made).result is Result.NOT_SERVED
    outcome = subject(made, ACCEPTED).outcome
    assert (outcome.result, outcome.reason) == (result, f"HTTP {status}")


@pytest.mark.parametrize(
    ("status", "cause", "reason"),
    [
        (400, "access", "it is not open to who asks, or from where: HTTP 400"),
        (403, "access", "it is not open to who asks, or from where: HTTP 403"),
        (401, "key", "HTTP 401"),
    ],
)
def test_first_request_refused_in_the_words_of_the_model_list_is_about_who_asks(
    status: int, cause: str, reason: str
) -> None:
    no = error("Not for you.")
    listed = outcome_of(replace(exchange(SMALL, status, no, method="GET"), case="models-list"))
    outcome = subject(exchange(SMALL, status, no), listed).outcome
    assert (outcome.cause, outcome.reason) == (cause, reason)
    assert (outcome.result is Result.UNAVAILABLE) == (cause == "access")
    other = exchange(SMALL, status, error("It has no such size"))
    assert subject(other, listed).outcome.cause != "access"


def test_outcome_is_read_from_the_answer_at_hand() -> None:
    limited = Answer(exchange(SMALL, 400, error("no", code="rate_limit_exceeded")))
    expected = outcome_of(exchange(SMALL), limited)
    assert Subject(exchange(SMALL), EDITION, answer=limited).outcome == expected


def test_answer_is_of_the_day_in_utc_on_which_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        for sent, elapsed, day in (
            *((-1, None, BEFORE), (-0.5, None, BEFORE), (-1, 0.5, BEFORE)),
            *((-1, 1.5, AFTER), (0, 1.5, AFTER), (86_000, 0.0, AFTER)),
        ):
            made = replace(exchange(), sent_at=midnight + sent, elapsed=elapsed)
            assert subject(made).answered_on == day
    finally:
        monkeypatch.undo()
        time.tzset()
    made = exchange(sent_at=0.0)  # at an unknown time: it is of the day of the run
    assert subject(made, standing=Standing(Lifecycle(until=AFTER), BEFORE)).answered_on == BEFORE
    assert subject(made).answered_on == date.min


def recorded(told: object = None, **downloads: Any) -> Subject:
    made = exchange(TWO, answer=told, **downloads)
    return subject(replace(made, provenance=Provenance.FOREIGN))


@pytest.mark.parametrize(
    ("downloads", "why"),
    [
        ({}, NO_DOWNLOADS),
        (
            {image_url(0): GONE, image_url(1): Failure(NOT_RECORDED, "another reason")},
            f"{NO_DOWNLOADS}: {GONE.message}",
        ),
    ],
    ids=["no-word", "reasons"],
)
def test_images_that_a_recorder_did_not_keep_are_not_testable(
    downloads: dict[str, Failure], why: str
) -> None:
    with pytest.raises(NotTestableError) as caught:
        recorded(downloads=downloads).require_recorded_downloads()
    assert str(caught.value) == why


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
    seen.require_recorded_downloads()


TASK = {"task_id": "t-1", "status": "queued"}
TASKS: list[tuple[dict[str, Any], str]] = [
    (TASK, "task t-1, queued"),
    ({"data": TASK}, "task t-1, queued"),
    ({"data": [{}, {"taskId": 7}]}, "task 7"),
    ({"output": {"job_id": "j", "task_status": "RUNNING"}}, "task j, RUNNING"),
    ({"result": {"id": "x", "state": "new"}}, "task x, new"),
    ({"id": "x"}, ""),
    ({"task_id": ["t"], "status": None}, ""),
    ({"task_id": True}, ""),
    ({"task_id": "t" * 99}, f"task {'t' * 80}"),
    ({"data": "queued"}, ""),
]


def test_task_is_quoted_wherever_servers_put_it_and_the_words_of_an_error_follow() -> None:
    for given, task in TASKS:
        assert task_of(Answer(exchange(body(), answer=given))) == task
    both = exchange(body(), answer={**TASK, **error("Overloaded.")})
    assert stand_in(Answer(both)) == ": task t-1, queued: Overloaded."
    assert stand_in(Answer(exchange(body(), answer={}))) == ""


def test_task_beside_a_payload_or_an_image_is_not_alone() -> None:
    for told, task in (
        ({"created": 1, "data": [TASK]}, "task t-1, queued"),
        ({"created": 1, "data": [{**TASK, "b64_json": "%%%"}]}, ""),
        (answer(body(), **TASK), ""),
    ):
        assert lone_task(Subject(exchange(body(), answer=told), EDITION)) == task
