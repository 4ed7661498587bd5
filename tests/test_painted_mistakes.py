"""An image that came for a mistake is an answer: what is promised of answers is judged of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.cases.model import UNKNOWN_MODEL
from conformance.findings import UNDECIDED, Verdict
from tests.miniatures import JSON_TYPE, answer, body, broken_clauses, exchange, picture, verdicts
from tests.recording import ReplayedRun, promise_names, session

GPT = "gpt-image-1.5"
LATE = {"created": "yesterday"}
MISTAKES: list[dict[str, Any]] = [
    body(n=0),
    body(size="9x9"),
    body(response_format="carving"),
    body(UNKNOWN_MODEL),
    {**body(), "model": 7},
    {"model": "dall-e-2"},
]


def test_image_for_a_mistake_is_judged_as_any_answer() -> None:
    for mistake in MISTAKES:
        success = exchange(mistake, answer=answer(body(), **LATE), model="dall-e-2")
        assert "envelope.created-integer" in broken_clauses(success), mistake


def test_image_for_a_mistake_of_the_transport_is_judged() -> None:
    for headers in ((JSON_TYPE,), (("content-type", "text/plain"),)):
        success = exchange(body(n=2), answer=answer(body(), **LATE), request_headers=headers)
        assert {"envelope.created-integer", "count.as-asked"} <= broken_clauses(success)


UNDECIDED_BY: dict[str, dict[str, Any]] = {
    "count.as-asked": body(n=0),
    "image.size-as-asked": body(size="9x9"),
    "image.documented-size": body(size="large"),
    "format.url-by-default": body(response_format="carving"),
    "image.type-as-asked": body(GPT, output_format="bmp"),
    "image.alpha-when-transparent": body(GPT, background="transparent", output_format="jpeg"),
    "extras.size-as-asked": body(GPT, size="9x9"),
    "envelope.content-type": body(GPT, stream="yes"),
    "stream.partial-count": body(GPT, stream=True, partial_images=9),
}


def test_value_that_is_wrong_decides_nothing_of_the_image_and_the_others_do() -> None:
    for clause, mistake in UNDECIDED_BY.items():
        assert clause not in verdicts(exchange(mistake, answer=answer(body(mistake["model"]))))
    success = exchange(body(n=0, size="512x512"), fetched=picture(size=(256, 256)))
    assert "image.size-as-asked" in broken_clauses(success)


def test_mistake_without_an_image_promises_nothing_of_its_answer() -> None:
    document: Any
    for status, document in ((200, {"created": 1, "data": []}), (400, {"error": "no"})):
        chapters = {name.split(".")[0] for name in verdicts(exchange(body(n=0), status, document))}
        assert chapters <= {"authentication", "count", "errors", "parameters"}


def test_what_an_image_for_a_mistake_does_not_show_is_left_open_by_nobody() -> None:
    success = exchange(body(n=0), answer=answer(body()), downloads={})
    by_clause = verdicts(success)
    assert "url.fetchable" not in by_clause
    assert {name for name, verdict in by_clause.items() if verdict in UNDECIDED} <= {
        name for name in by_clause if name.startswith("errors.")
    }
    assert by_clause["url.https"] is Verdict.PASS


def test_findings_that_no_item_reports_stand_in_the_run_file(tmp_path: Path) -> None:
    (engine,) = session().engines
    case, more = next(
        (case, more)
        for case in engine.cases.values()
        if (more := engine.unforeseen(case, engine.judged(case)))
    )
    play, items = (
        ReplayedRun(tmp_path),
        [name for name in promise_names() if f"::{case.path}::" in name],
    )
    play.begin(items)
    for name in items:
        play.report(name, unforeseen=more)
    ids = [finding.id for finding in play.end().findings]
    assert sorted(ids) == sorted([*items, *(finding.id for finding in more)])
