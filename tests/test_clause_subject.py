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
    error,
    exchange,
    image_url,
    items,
    model_list,
    picture,
    to_base64,
)

EDITION = load_edition()
SMALL = body("dall-e-2")
TWO = body("dall-e-2", n=2)
BEFORE, AFTER = date(2026, 11, 30), date(2026, 12, 1)
MISSING = Failure(NOT_RECORDED, "the file has no answer to it")


def subject(sample: Exchange, control: Outcome | None = None, **members: Any) -> Subject:
    return Subject(sample, EDITION, context=Context(control, **members))


@pytest.mark.parametrize(
    ("status", "content", "result"),
    [
        (404, error("It is not in our catalogue"), Result.NOT_SERVED),
        (400, error("Nobody paints this prompt here"), Result.NOT_SERVED),
        (400, error("This prompt has no size", param="size"), Result.REFUSED),
        (400, error("No response_format", param="response_format"), Result.REFUSED),
    ],
    ids=["vague", "prompt", "size", "response_format"],
)
def test_refusal_of_a_model_that_is_not_listed_is_of_the_model_unless_it_names_a_parameter(
    status: int, content: dict[str, Any], result: Result
) -> None:
    listed = outcome_of(model_list("openai/dall-e-3"))
    outcome = subject(exchange(SMALL, status, content), listed).outcome
    assert outcome.result is result
    if result is Result.NOT_SERVED:
        reason = f"the model is neither listed nor served (HTTP {status})"
        assert (outcome.cause, outcome.reason) == ("not served", reason)


@pytest.mark.parametrize(("status", "result"), [(404, Result.REFUSED), (200, Result.UNCLEAR)])
def test_model_that_painted_the_control_is_served_whatever_the_words(
    status: int, result: Result
) -> None:
    content = error("no such model", code="model_not_found")
    sample = exchange(body("dall-e-2", size="wide"), status, content)
    assert outcome_of(sample).result is Result.NOT_SERVED
    outcome = subject(sample, ACCEPTED).outcome
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
    of_size = exchange(SMALL, status, error("It has no such size"))
    assert subject(of_size, listed).outcome.cause != "access"


def test_outcome_is_read_from_the_answer_at_hand() -> None:
    refusal = Answer(exchange(SMALL, 400, error("no", code="rate_limit_exceeded")))
    outcome = outcome_of(exchange(SMALL), refusal)
    assert Subject(exchange(SMALL), EDITION, answer=refusal).outcome == outcome


def test_answer_is_of_the_day_in_utc_on_which_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        for offset, elapsed, day in (
            *((-1, None, BEFORE), (-0.5, None, BEFORE), (-1, 0.5, BEFORE)),
            *((-1, 1.5, AFTER), (0, 1.5, AFTER), (86_000, 0.0, AFTER)),
        ):
            sample = replace(exchange(), sent_at=midnight + offset, elapsed=elapsed)
            assert subject(sample).answered_on == day
    finally:
        monkeypatch.undo()
        time.tzset()
    sample = exchange(sent_at=0.0)  # at an unknown time: it is of the day of the run
    assert subject(sample, standing=Standing(Lifecycle(until=AFTER), BEFORE)).answered_on == BEFORE
    assert subject(sample).answered_on == date.min


def recording(content: object = None, **downloads: Any) -> Subject:
    sample = exchange(TWO, answer=content, **downloads)
    return subject(replace(sample, provenance=Provenance.FOREIGN))


@pytest.mark.parametrize(
    ("downloads", "why"),
    [
        ({}, NO_DOWNLOADS),
        (
            {image_url(0): MISSING, image_url(1): Failure(NOT_RECORDED, "another reason")},
            f"{NO_DOWNLOADS}: {MISSING.message}",
        ),
    ],
    ids=["no-word", "reasons"],
)
def test_images_that_a_recorder_did_not_keep_are_not_testable(
    downloads: dict[str, Failure], why: str
) -> None:
    with pytest.raises(NotTestableError) as caught:
        recording(downloads=downloads).require_recorded_downloads()
    assert str(caught.value) == why


@pytest.mark.parametrize(
    "part",
    [
        recording(downloads={image_url(0): MISSING, image_url(1): picture()}),
        recording(downloads={image_url(0): Failure("dns", "no"), image_url(1): MISSING}),
        recording(items(TWO, {"b64_json": to_base64(picture())}, {"b64_json": "?"}), downloads={}),
        recording(items(TWO, {"b64_json": "x", "url": image_url()}), fetched=MISSING),
        subject(exchange(TWO, fetched=MISSING)),
    ],
    ids=["one-kept", "one-failed", "base64", "base64-and-url", "live"],
)
def test_images_that_are_known_in_part_are_judged(part: Subject) -> None:
    part.require_recorded_downloads()


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
    for content, task in TASKS:
        assert task_of(Answer(exchange(body(), answer=content))) == task
    sample = exchange(body(), answer={**TASK, **error("Overloaded.")})
    assert stand_in(Answer(sample)) == ": task t-1, queued: Overloaded."
    assert stand_in(Answer(exchange(body(), answer={}))) == ""


def test_task_beside_a_payload_or_an_image_is_not_alone() -> None:
    for content, task in (
        ({"created": 1, "data": [TASK]}, "task t-1, queued"),
        ({"created": 1, "data": [{**TASK, "b64_json": "%%%"}]}, ""),
        (answer(body(), **TASK), ""),
    ):
        assert lone_task(Subject(exchange(body(), answer=content), EDITION)) == task
