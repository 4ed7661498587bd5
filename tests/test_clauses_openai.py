"""Clauses that only the edition of OpenAI has: frames, drawings, and whom a request is for."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from conformance.clauses import clauses_of, select
from conformance.clauses.judge import judge
from conformance.clauses.subject import Context
from conformance.contract import load_edition
from conformance.exchange.sent_request import read_request
from tests.miniatures import ACCEPTED, PROMPT, error, exchange, picture, to_base64

EDITION = load_edition("openai-2026-11")
SUNBURST = "gpt-image-2.5-sunburst"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><g/></svg>"


def ask(**more: Any) -> dict[str, Any]:
    return {"model": SUNBURST, "prompt": PROMPT, **more}


def binds(clause: str, *, painted: bool = False, **more: Any) -> bool:
    (entry,) = select(clauses_of(EDITION), clause)
    sent = read_request(exchange(ask(**more), answer={}), EDITION)
    return entry.binds(replace(sent, painted=painted))


def judge_one(clause: str, request: dict[str, Any], answer: Any, status: int = 200) -> str:
    """Judge one clause; gives verdict, message, expected and observed."""
    one = exchange(request, status, answer)
    findings = judge(one, EDITION, select(clauses_of(EDITION), clause), context=Context(ACCEPTED))
    rows = [
        (str(finding.verdict), finding.message, finding.expected, finding.observed)
        for finding in findings
    ]
    return " | ".join("; ".join(filter(None, words)) for words in rows) or "nothing"


def gif(*delays: int) -> bytes:
    """Encode an animation whose frames are shown for so many milliseconds."""
    frames = [Image.new("RGB", (8, 8), (20 * at, 90, 255 - 20 * at)) for at in range(len(delays))]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=list(delays))
    return buffer.getvalue()


def holds(*images: bytes, **members: Any) -> dict[str, Any]:
    return {
        "created": 1_790_000_002,
        "data": [{"b64_json": to_base64(e)} for e in images],
        **members,
    }


GIF = ask(output_format="gif", frame_count=3, frame_duration_ms=100)
BY_DEFAULT = ask(output_format="gif")
DRAWN = ask(output_format="svg")
METERED = ask(output_format="svg", svg={"model": "gpt-5.5"})
FOR = ask(safety_identifier="user-4711")
COUNT, PACE = "data[0] has another number of frames", "data[0] is shown at another pace"
NOT_SENT = "the safety_identifier in the answer is not the one that was sent"
PNG = picture("png")
ANSWERS: dict[str, list[tuple[dict[str, Any], dict[str, Any], str]]] = {
    "image.frames-as-asked": [
        (GIF, holds(gif(100, 100, 100)), "pass"),
        (GIF, holds(gif(100, 100)), f"fail; {COUNT}; 3; 2"),
        (GIF, holds(gif(*[100] * 4)), f"fail; {COUNT}; 3; 4"),
        (GIF, holds(gif(100, 100, 100), gif(100, 100)), f"fail; {COUNT.replace('0', '1')}; 3; 2"),
        (BY_DEFAULT, holds(gif(*[200] * 9)), "pass"),
        (BY_DEFAULT, holds(gif(200)), f"fail; {COUNT}; 9; 1"),
        (GIF, holds(PNG), "not testable; no image is gif"),
    ],
    "image.frame-delay-as-asked": [
        (GIF, holds(gif(100, 100, 100)), "pass"),
        ({**GIF, "frame_duration_ms": 109}, holds(gif(100, 100)), "pass"),
        (GIF, holds(gif(110, 110)), f"fail; {PACE}; 100 ms; 110 ms"),
        (GIF, holds(gif(90, 90)), f"fail; {PACE}; 100 ms; 90 ms"),
        (GIF, holds(gif(100, 50, 100)), f"fail; {PACE}; 100 ms; 50 to 100 ms"),
        (GIF, holds(gif(100, 110)), f"fail; {PACE}; 100 ms; 100 to 110 ms"),
        (GIF, holds(gif(90, 100)), f"fail; {PACE}; 100 ms; 90 to 100 ms"),
        (GIF, holds(gif(100, 100), gif(300, 300)),
         f"fail; {PACE.replace('0', '1')}; 100 ms; 300 ms"),
        (BY_DEFAULT, holds(gif(200, 200)), "pass"),
        (GIF, holds(gif(100)[:20]), f"fail; {PACE}; 100 ms; 0 ms"),
        (GIF, holds(PNG), "not testable; no image is gif"),
    ],
    "image.svg-well-formed": [
        (DRAWN, holds(SVG), "pass"),
        (DRAWN, holds(SVG, SVG[:-6]), "fail; data[1]: the drawing is no well-formed SVG: …"),
        (DRAWN, holds(PNG), "not testable; no image is svg"),
    ],
    "extras.safety-identifier": [
        (FOR, holds(PNG, safety_identifier="user-4711"), "pass"),
        (FOR, holds(PNG), f"fail; {NOT_SENT}; user-4711; no text"),
        (FOR, holds(PNG, safety_identifier="x" * 99), f"fail; {NOT_SENT}; user-4711; {'x' * 80}"),
        (ask(safety_identifier="i" * 64), holds(PNG), f"fail; {NOT_SENT}; {'i' * 64}; no text"),
        (FOR, {"created": 1}, "not testable; …"),
        (FOR, holds(), "not testable; …"),
    ],
    "extras.svg-usage": [
        (METERED, holds(SVG), "nothing"),
        (METERED, holds(SVG, usage=7), "nothing"),
        (METERED, holds(SVG, svg_usage=7), "fail; svg_usage …"),
        (METERED, holds(SVG, svg_usage={"input_tokens": -4}), "fail; svg_usage…"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("clause", ANSWERS)
def test_clause_looks_into_the_image_and_the_members(clause: str) -> None:
    for request, answer, expected in ANSWERS[clause]:
        text = judge_one(clause, request, answer)
        assert text == expected or (expected[-1] == "…" and text.startswith(expected[:-1]))
        reason = "not testable; the request was not accepted: HTTP 400"
        assert judge_one(clause, request, error("GIF is in preview"), 400) in ("nothing", reason)


SUBJECTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "image.frames-as-asked": ({"output_format": "gif"}, {"frame_count": "many"}),
    "image.frame-delay-as-asked": ({"output_format": "gif"}, {"frame_duration_ms": "long"}),
    "image.svg-well-formed": ({"output_format": "svg"}, {"output_format": "png"}),
    "extras.safety-identifier": ({"safety_identifier": "me"}, {"safety_identifier": ""}),
    "extras.svg-usage": (METERED, {"svg": None}),
}


@pytest.mark.parametrize("clause", SUBJECTS)
def test_clause_is_promised_where_its_parameter_is_asked_for(clause: str) -> None:
    members, otherwise = SUBJECTS[clause]
    assert binds(clause, **members)
    assert not binds(clause)
    assert not binds(clause, **{**members, **otherwise})
    assert not binds(clause, **members, stream=True)
    if clause.startswith("image."):  # of a mistake that was painted, what does not hang on it
        assert binds(clause, painted=True, **members, user=7)
        assert not binds(clause, painted=True, **{**members, **otherwise})
        assert not binds(clause, painted=True, **members, user=7, stream=True)
