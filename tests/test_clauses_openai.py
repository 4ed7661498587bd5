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
from conformance.findings import Finding
from tests.miniatures import ACCEPTED, PROMPT, encoded, error, exchange, picture

EDITION = load_edition("openai-2026-11")
SUNBURST = "gpt-image-2.5-sunburst"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><g/></svg>"


def asking(**more: Any) -> dict[str, Any]:
    return {"model": SUNBURST, "prompt": PROMPT, **more}


def binds(clause: str, **more: Any) -> bool:
    (chosen,) = select(clauses_of(EDITION), clause)
    return chosen.binds(read_request(exchange(asking(**more), answer={}), EDITION))


def said(clause: str, asked: dict[str, Any], answer: Any = None, status: int = 200) -> str:
    """Judge one clause; gives verdict, message, expected and observed."""
    chosen = select(clauses_of(EDITION), clause)
    made = exchange(asked, status, answer)
    found = judge(made, EDITION, chosen, context=Context(ACCEPTED))
    return " | ".join(map(_words, found)) or "nothing"


def _words(finding: Finding) -> str:
    told = (finding.verdict.value, finding.message, finding.expected, finding.observed)
    return "; ".join(each for each in told if each)


def gif(*delays: int) -> bytes:
    """Encode an animation whose frames are shown for so many milliseconds."""
    frames = [Image.new("RGB", (8, 8), (20 * at, 90, 255 - 20 * at)) for at in range(len(delays))]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=list(delays))
    return buffer.getvalue()


def holds(*images: bytes, **members: Any) -> dict[str, Any]:
    return {"created": 1_790_000_002, "data": [{"b64_json": encoded(e)} for e in images], **members}


GIF = asking(output_format="gif", frame_count=3, frame_duration_ms=100)
BY_DEFAULT = asking(output_format="gif")
FRAMES = {
    "as-asked": (GIF, gif(100, 100, 100), "pass"),
    "fewer": (GIF, gif(100, 100), "fail; data[0] has another number of frames; 3; 2"),
    "more": (GIF, gif(*[100] * 4), "fail; data[0] has another number of frames; 3; 4"),
    "default": (BY_DEFAULT, gif(*[200] * 9), "pass"),
    "not-default": (BY_DEFAULT, gif(200), "fail; data[0] has another number of frames; 9; 1"),
    "a-png": (GIF, picture("png"), "not testable; no image is gif"),
}
DELAYS = {
    "as-asked": (GIF, gif(100, 100, 100), "pass"),
    "near": (asking(output_format="gif", frame_duration_ms=109), gif(100, 100), "pass"),
    "ten-off": (GIF, gif(110, 110), "fail; data[0] is shown at another pace; 100 ms; 110 ms"),
    "ten-less": (GIF, gif(90, 90), "fail; data[0] is shown at another pace; 100 ms; 90 ms"),
    "one-frame": (GIF, gif(100, 50, 100),
                  "fail; data[0] is shown at another pace; 100 ms; 50 to 100 ms"),
    "one-longer": (GIF, gif(100, 100, 300),
                   "fail; data[0] is shown at another pace; 100 ms; 100 to 300 ms"),
    "longest-ten-off": (GIF, gif(100, 110),
                        "fail; data[0] is shown at another pace; 100 ms; 100 to 110 ms"),
    "shortest-ten-off": (GIF, gif(90, 100),
                         "fail; data[0] is shown at another pace; 100 ms; 90 to 100 ms"),
    "default": (BY_DEFAULT, gif(200, 200), "pass"),
    "a-png": (GIF, picture("png"), "not testable; no image is gif"),
}  # fmt: skip
DRAWN = asking(output_format="svg")
DRAWINGS = {
    "whole": (DRAWN, SVG, "pass"),
    "cut": (DRAWN, SVG[:-6], "fail; data[0]: the drawing "),
    "a-png": (DRAWN, picture("png"), "not testable; no image is svg"),
}
CLAUSES = {
    "image.frames-as-asked": FRAMES,
    "image.frame-delay-as-asked": DELAYS,
    "image.svg-well-formed": DRAWINGS,
}


@pytest.mark.parametrize(
    ("clause", "name"), [(clause, name) for clause in CLAUSES for name in CLAUSES[clause]]
)
def test_bytes_of_animations_and_drawings_are_looked_into(clause: str, name: str) -> None:
    asked, image, wanted = CLAUSES[clause][name]
    told = said(clause, asked, holds(image))
    assert told == wanted if not wanted.endswith(" ") else told.startswith(wanted)
    reason = "not testable; the request was not accepted: HTTP 400"
    assert said(clause, asked, error("GIF is in preview"), 400) in ("nothing", reason)


def test_what_is_wrong_is_told_of_the_image_that_is_wrong() -> None:
    two = holds(gif(100, 100, 100), gif(100, 100))
    assert said("image.frames-as-asked", GIF, two).startswith("fail; data[1] has another number")
    paced = holds(gif(100, 100), gif(300, 300))
    assert said("image.frame-delay-as-asked", GIF, paced).startswith("fail; data[1] is shown")
    drawn = holds(SVG, SVG[:-6])
    told = said("image.svg-well-formed", DRAWN, drawn)
    assert told.startswith("fail; data[1]: the drawing ")
    assert "; a whole SVG" in told


@pytest.mark.parametrize("clause", ["image.frames-as-asked", "image.frame-delay-as-asked"])
def test_frames_are_promised_of_a_gif_alone(clause: str) -> None:
    assert binds(clause, output_format="gif")
    assert binds(clause, output_format="gif", frame_count=4)
    assert not binds(clause)
    assert not binds(clause, output_format="png")
    assert not binds(clause, output_format="gif", frame_count="many")
    assert not binds(clause, output_format="gif", frame_duration_ms="long")
    assert not binds(clause, output_format="gif", stream=True)


def test_mistake_that_was_painted_promises_what_does_not_hang_on_it() -> None:
    def painted(clause: str, **more: Any) -> bool:
        (chosen,) = select(clauses_of(EDITION), clause)
        sent = read_request(exchange(asking(**more), answer={}), EDITION)
        return chosen.binds(replace(sent, painted=True))

    for clause in ("image.frames-as-asked", "image.frame-delay-as-asked"):
        assert painted(clause, output_format="gif", n=99)
        assert not painted(clause, output_format="gif", frame_count=99)
        assert not painted(clause, output_format="gif", frame_duration_ms="long")
        assert not painted(clause, output_format="gif", user=7, stream=True)
    assert painted("image.svg-well-formed", output_format="svg", size=7)
    assert not painted("image.svg-well-formed", output_format="svg", size=7, stream=True)


def test_drawing_is_promised_where_one_is_asked_for() -> None:
    assert binds("image.svg-well-formed", output_format="svg")
    assert not binds("image.svg-well-formed", output_format="png")
    assert not binds("image.svg-well-formed")
    assert not binds("image.svg-well-formed", output_format="svg", stream=True)


NOT_SENT = "the safety_identifier in the answer is not the one that was sent"
FOR = asking(safety_identifier="user-4711")


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({"safety_identifier": "user-4711"}, "pass"),
        ({}, f"fail; {NOT_SENT}; user-4711; no text"),
        ({"safety_identifier": "x" * 99}, f"fail; {NOT_SENT}; user-4711; {'x' * 80}"),
    ],
    ids=["echoed", "lost", "another"],
)
def test_identifier_that_was_sent_comes_back(members: dict[str, Any], wanted: str) -> None:
    told = said("extras.safety-identifier", FOR, holds(picture("png"), **members))
    assert told == wanted


def test_identifier_is_looked_for_where_an_image_came() -> None:
    clause = "extras.safety-identifier"
    assert said(clause, FOR, {"created": 1}).startswith("not testable")
    assert said(clause, FOR, {"created": 1, "data": []}).startswith("not testable")
    assert said(clause, FOR, error("no"), 400).startswith("not testable; the request was not acc")
    assert binds(clause, safety_identifier="me")
    assert not binds(clause, safety_identifier="")
    assert not binds(clause)
    assert not binds(clause, safety_identifier=7)
    long = asking(safety_identifier="i" * 64)
    assert said(clause, long, holds(picture("png"))).endswith(f"; {'i' * 64}; no text")


METERED = asking(output_format="svg", svg={"model": "gpt-5.5"})


def test_usage_of_a_drawing_has_its_members() -> None:
    clause = "extras.svg-usage"
    assert binds(clause, output_format="svg", svg=METERED["svg"])
    assert not binds(clause, output_format="svg")
    assert not binds(clause, output_format="svg", svg=METERED["svg"], stream=True)
    assert said(clause, METERED, holds(SVG)) == "nothing"
    assert said(clause, METERED, holds(SVG, svg_usage=7)).startswith("fail; svg_usage ")
    told = said(clause, METERED, holds(SVG, svg_usage={"input_tokens": -4}))
    assert told.startswith("fail; svg_usage")
    assert told.endswith("; the documented member; absent")
    assert said(clause, METERED, error("no"), 400) == "nothing"
    elsewhere = holds(SVG, usage=7)
    assert said(clause, METERED, elsewhere) == "nothing"
