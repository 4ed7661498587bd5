"""Editions besides the default one: a handful of lies is seen by exactly the clauses that claim it.

The whole proof of one is `image-conformance prove --edition ID`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import date

import pytest
from PIL import Image

from conformance.cases import all_cases
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.contract import DEFAULT_EDITION, Edition, edition_ids, load_edition
from conformance.exchange.outcome import outcome_of
from conformance.findings import BROKEN
from conformance.parsing.images import inspect_image
from conformance.proof.in_process import bench_client
from conformance.reference import TRUTHFUL
from conformance.reference.defects import defects
from conformance.reference.painting import Picture, animation, drawing
from conformance.reference.steps import model_list, with_ends

OTHERS = [name for name in edition_ids() if name != DEFAULT_EDITION]
OPENAI = "openai-2026-11"
SUNBURST = "gpt-image-2.5-sunburst"
PLANTED = {
    "image.one-frame-fewer": "frame_count-4-output_format-gif",
    "image.frames-too-fast": "frame_duration_ms-250-output_format-gif",
    "image.svg-cut-off": "output_format-svg",
    "extras.safety-identifier-lost": "safety_identifier",
    "extras.safety-identifier-hashed": "safety_identifier",
    "extras.svg-usage-no-model": "svg-output_format-svg",
    "extras.svg-usage-negative": "svg-output_format-svg",
    "parameters.size-widestratio-broken": "size-barely-too-narrow",
    "parameters.size-sidesmultipleof-broken": "size-barely-uneven",
    "parameters.size-minpixels-broken": "size-barely-too-small",
    "parameters.size-maxpixels-broken": "size-too-large",
    "parameters.size-longestside-broken": "size-too-long",
    "parameters.frame_count-frame-count-needs-gif-broken": "frame_count-4",
    "parameters.output_format-one-svg-broken": "n-2-output_format-svg",
}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition(OPENAI)


def red(edition: Edition, defect: str | None, case: str, model: str = SUNBURST) -> set[str]:
    """Return the clauses that a defect breaks in one case."""
    known = {each.id: each for each in all_cases(edition, [model])}
    steps = defects(edition)[defect].plant(TRUTHFUL) if defect else TRUTHFUL
    loop = asyncio.new_event_loop()
    try:
        client = bench_client(edition, steps, [model], loop)
        exchange = client.exchange(known[case])
        before = known[case].control
        control = outcome_of(client.exchange(known[before])) if before else None
    finally:
        loop.close()
    findings = judge(exchange, edition, clauses_of(edition), control)
    return {finding.clause for finding in findings if finding.verdict in BROKEN}


@pytest.mark.parametrize(("defect", "case"), PLANTED.items())
def test_lie_breaks_exactly_the_clauses_that_claim_it(
    edition: Edition, defect: str, case: str
) -> None:
    assert red(edition, defect, case) == set(defects(edition)[defect].claims)
    assert red(edition, None, case) == set()


@pytest.mark.parametrize("name", OTHERS)
def test_smallest_request_to_every_model_is_answered_truthfully(name: str) -> None:
    edition = load_edition(name)
    for model in edition.models:
        assert red(edition, None, "baseline", model) == set()


@pytest.mark.parametrize("name", OTHERS)
def test_case_ids_of_a_model_are_all_different(name: str) -> None:
    edition = load_edition(name)
    for model in edition.models:
        ids = [case.id for case in all_cases(edition, [model])]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("frames", "asked", "shown"), [(2, 200, 200), (5, 104, 100), (16, 96, 100)]
)
def test_painted_animation_has_its_frames_and_delays(frames: int, asked: int, shown: int) -> None:
    data = animation(Picture("7" * 32, 320, 200), frames, asked)
    facts = inspect_image(data)
    assert (facts.type, facts.frames, facts.delays) == ("gif", frames, (shown, shown))
    assert getattr(Image.open(io.BytesIO(data)), "n_frames", 1) == frames


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda data: data, None),
        (lambda data: data[:-3], "unclosed token"),
        (lambda data: data + b"<svg/>", "junk after document element"),
        (lambda data: b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + data, None),
    ],
    ids=["whole", "cut-off", "second-root", "external-entity"],
)
def test_drawing_is_whole_only_if_it_is_well_formed(
    change: Callable[[bytes], bytes], fault: str | None
) -> None:
    facts = inspect_image(change(drawing(Picture("7" * 32, 1024, 768))))
    assert facts.type == "svg"
    assert facts.complete is (fault is None)
    assert fault is None or fault in str(facts.fault)


def test_entities_of_a_drawing_are_not_expanded() -> None:
    doubled = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(12))
    bomb = f'<!DOCTYPE svg [<!ENTITY e0 "lol">{doubled}]><svg><text>&e12;</text></svg>'
    assert inspect_image(bomb.encode()).complete
    attribute = bomb.replace("<text>", '<text id="&e12;">')
    assert "amplification" in str(inspect_image(attribute.encode()).fault)


@pytest.mark.parametrize(
    ("name", "day", "end"),
    [
        (OPENAI, "2026-11-30", "2026-12-01"),
        (OPENAI, "2026-12-01", None),
        (DEFAULT_EDITION, "2026-11-30", "undocumented"),
    ],
    ids=["before-its-end", "past-its-end", "not-documented"],
)
def test_model_list_says_when_models_end_where_that_is_documented(
    name: str, day: str, end: str | None
) -> None:
    edition = load_edition(name)
    listing = with_ends(
        model_list(edition, tuple(edition.models)), edition, date.fromisoformat(day)
    )
    ends = {each["id"]: each.get("shutdown_date", "undocumented") for each in listing["data"]}
    assert ends["gpt-image-1.5"] == end
    assert ends.get("gpt-image-2") in (None, "undocumented")
    assert not edition.model_list_errors(listing)
