"""An image that came for a mistake is an answer: what is promised of answers is judged of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.cases.model import UNKNOWN_MODEL
from conformance.findings import UNDECIDED, Verdict
from tests.miniatures import JSON_TYPE, Pairs, answer, body, exchange, picture, red, verdicts
from tests.recording import Played, asked, session

GPT = "gpt-image-1.5"
LATE = {"created": "yesterday"}
MISTAKES: dict[str, dict[str, Any]] = {
    "n-0": body(n=0),
    "size": body(size="9x9"),
    "response-format": body(response_format="carving"),
    "unknown-model": body(UNKNOWN_MODEL),
    "model-type": {**body(), "model": 7},
    "no-prompt": {"model": "dall-e-2"},
}


@pytest.mark.parametrize("name", MISTAKES)
def test_image_for_a_mistake_is_judged_as_any_answer(name: str) -> None:
    made = exchange(MISTAKES[name], answer=answer(body(), **LATE), model="dall-e-2")
    assert "envelope.created-integer" in red(made)


@pytest.mark.parametrize("headers", [(JSON_TYPE,), (("content-type", "text/plain"),)])
def test_image_for_a_mistake_of_the_transport_is_judged(headers: Pairs) -> None:
    made = exchange(body(n=2), answer=answer(body(), **LATE), request_headers=headers)
    assert {"envelope.created-integer", "count.as-asked"} <= red(made)


@pytest.mark.parametrize(
    ("request_", "clause"),
    [
        (body(n=0), "count.as-asked"),
        (body(size="9x9"), "image.size-as-asked"),
        (body(size="large"), "image.documented-size"),
        (body(response_format="carving"), "format.url-by-default"),
        (body(GPT, output_format="bmp"), "image.type-as-asked"),
        (body(GPT, background="transparent", output_format="jpeg"), "image.alpha-when-transparent"),
        (body(GPT, size="9x9"), "extras.size-as-asked"),
        (body(GPT, stream="yes"), "envelope.content-type"),
        (body(GPT, stream=True, partial_images=9), "stream.partial-count"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_value_that_is_wrong_decides_nothing_of_the_image(
    request_: dict[str, Any], clause: str
) -> None:
    told = answer(body(request_["model"]))
    assert clause not in verdicts(exchange(request_, answer=told))


def test_value_beside_the_mistake_is_still_asked_for() -> None:
    made = exchange(body(n=0, size="512x512"), fetched=picture(size=(256, 256)))
    assert "image.size-as-asked" in red(made)


@pytest.mark.parametrize(
    ("status", "told"), [(200, {"created": 1, "data": []}), (400, {"error": "no"})], ids=str
)
def test_mistake_without_an_image_promises_nothing_of_its_answer(status: int, told: Any) -> None:
    chapters = {name.split(".")[0] for name in verdicts(exchange(body(n=0), status, told))}
    assert chapters <= {"authentication", "count", "errors", "parameters"}


def test_what_an_image_for_a_mistake_does_not_show_is_left_open_by_nobody() -> None:
    made = exchange(body(n=0), answer=answer(body()), downloads={})
    seen = verdicts(made)
    assert "url.fetchable" not in seen
    assert {name for name, verdict in seen.items() if verdict in UNDECIDED} <= {
        name for name in seen if name.startswith("errors.")
    }
    assert seen["url.https"] is Verdict.PASS


def test_findings_that_no_item_reports_stand_in_the_run_file(tmp_path: Path) -> None:
    (engine,) = session().engines
    case, more = next(
        (case, more)
        for case in engine.cases.values()
        if (more := engine.unforeseen(case, engine.judged(case)))
    )
    played, mine = Played(tmp_path), [name for name in asked() if f"::{case.path}::" in name]
    played.begin(mine)
    for name in mine:
        played.report(name, unforeseen=more)
    written = [each.id for each in played.end().findings]
    assert sorted(written) == sorted([*mine, *(each.id for each in more)])
