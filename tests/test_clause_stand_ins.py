"""What stands in place of an image is quoted: a task with its state, and an error's words."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.clauses.stand_ins import lone_task, stand_in, task_of
from conformance.clauses.subject import Subject
from conformance.contract import load_edition
from conformance.exchange.answer import Answer
from tests.miniatures import answer, body, error, exchange

EDITION = load_edition()
TASK = {"task_id": "t-1", "status": "queued"}


@pytest.mark.parametrize(
    ("given", "task"),
    [
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
    ],
    ids=str,
)
def test_task_is_found_wherever_servers_put_it(given: dict[str, Any], task: str) -> None:
    assert task_of(Answer(exchange(body(), answer=given))) == task


def test_words_of_an_error_follow_the_task() -> None:
    both = exchange(body(), answer={**TASK, **error("Overloaded.")})
    assert stand_in(Answer(both)) == ": task t-1, queued: Overloaded."
    assert stand_in(Answer(exchange(body(), answer={}))) == ""


@pytest.mark.parametrize(
    ("data", "task"),
    [
        ([TASK], "task t-1, queued"),
        ([{**TASK, "b64_json": "%%%"}], ""),
    ],
    ids=["alone", "beside-a-payload"],
)
def test_task_beside_a_payload_is_not_alone(data: list[dict[str, Any]], task: str) -> None:
    made = exchange(body(), answer={"created": 1, "data": data})
    assert lone_task(Subject(made, EDITION)) == task


def test_task_beside_an_image_is_not_alone() -> None:
    made = exchange(body(), answer=answer(body(), **TASK))
    assert lone_task(Subject(made, EDITION)) == ""
