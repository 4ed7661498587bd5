"""Editions besides the default one: what the reference provider answers and paints under them.

Lies about what only they have are in test_sentences; the whole proof is `prove --edition ID`.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import date
from functools import cache

import pytest
from PIL import Image

from conformance.cases import all_cases
from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.contract import DEFAULT_EDITION, edition_ids, load_edition
from conformance.exchange.outcome import outcome_of
from conformance.findings import BROKEN
from conformance.parsing.images import inspect_image
from conformance.proof.extra_cases import supplementary_cases
from conformance.proof.in_process import bench_client
from conformance.reference import TRUTHFUL, Steps
from conformance.reference.painting import Picture, animation, drawing
from conformance.reference.steps import model_list, with_ends

OTHERS = [name for name in edition_ids() if name != DEFAULT_EDITION]


@cache
def requests_of(name: str) -> tuple[Case, ...]:
    edition = load_edition(name)
    models = list(edition.models)
    return (*all_cases(edition, models), *supplementary_cases(edition, models))


def broken(name: str, steps: Steps, case: Case) -> set[str]:
    """Return the clauses that a provider with these steps breaks in one case."""
    edition, loop = load_edition(name), asyncio.new_event_loop()
    try:
        client = bench_client(edition, steps, [case.model], loop)
        exchange = client.exchange(case)
        controls = (each for each in requests_of(name) if each.model == case.model)
        before = next((each for each in controls if each.id == case.control), None)
        control = outcome_of(client.exchange(before)) if before else None
    finally:
        loop.close()
    findings = judge(exchange, edition, clauses_of(edition), control)
    return {finding.clause for finding in findings if finding.verdict in BROKEN}


@pytest.mark.parametrize("name", OTHERS)
def test_smallest_request_to_every_model_is_answered_truthfully(name: str) -> None:
    for case in requests_of(name):
        if case.id == "baseline":
            assert broken(name, TRUTHFUL, case) == set()


@pytest.mark.parametrize("name", OTHERS)
def test_case_ids_of_a_model_are_all_different(name: str) -> None:
    paths = [case.path for case in requests_of(name)]
    assert len(set(paths)) == len(paths)


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
        ("openai-2026-11", "2026-11-30", "2026-12-01"),
        ("openai-2026-11", "2026-12-01", None),
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
