"""Editions besides the default one: what they expect, and what the reference provider paints.

Lies about what only they have are in test_sentences; the whole proof is `prove --edition ID`.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from conformance.cases.documented import all_cases
from conformance.contract import DEFAULT_EDITION, edition_ids, load_edition
from conformance.findings import BROKEN
from conformance.parsing.images.facts import inspect_image
from conformance.proof.extra_cases import open_twins, supplementary_cases
from conformance.providers.asked import addressed
from conformance.reference.app import create_app
from conformance.reference.defects import defects
from conformance.reference.defects.planting import REGISTRY
from conformance.reference.painting import Picture, animation, drawing
from conformance.reference.steps import model_list, with_ends
from tests import planted
from tests.miniatures import judged_case

OTHERS = [name for name in edition_ids() if name != DEFAULT_EDITION]
ALIBABA = load_edition("alibaba-2026-10")
THREE, PRO_2_1 = "qwen-image-3.0", "qwen-image-2.1-pro"
PLANTED = {
    "errors.nothing-beside": "n-0",
    "errors.number-beside": "n-0",
    "format.b64-instead-of-url": "baseline",
    "format.url-null": "baseline",
    "image.gif": "baseline",
    "image.cut-off": "size-1664x928",
    "image.doubled": "n-2",
}


@pytest.mark.parametrize(
    ("model", "parameters", "expectation"),
    [
        (THREE, {"n": 6}, "accepted"),
        (THREE, {"n": 7}, "refused"),
        (PRO_2_1, {"n": 2}, "open"),
        (PRO_2_1, {"n": 7}, "refused"),
        (THREE, {"size": "512x512"}, "accepted"),
        (THREE, {"size": "2048x2048"}, "accepted"),
        (THREE, {"size": "2560x2560"}, "open"),
        (THREE, {"size": "2561x2560"}, "refused"),
        (THREE, {"size": "511x512"}, "refused"),
        (THREE, {"size": "2688x1536"}, "open"),
        (THREE, {"size": "2000x249"}, "refused"),
        (THREE, {"size": "1024*1024"}, "refused"),
        (THREE, {"seed": 0}, "open"),
        (THREE, {"seed": 2147483648}, "refused"),
        (THREE, {"negative_prompt": ["people"]}, "refused"),
        (THREE, {"prompt_extend": False}, "open"),
        (THREE, {"image": "https://images.example/boat.png"}, "open"),
        ("qwen-image-3.5", {"n": 2}, "open"),
    ],
    ids=str,
)
def test_request_to_alibaba_is_expected_to_come_to_that(
    model: str, parameters: dict[str, Any], expectation: str
) -> None:
    reading = ALIBABA.read({"model": model, "prompt": "a boat", **parameters})
    assert reading.expectation == expectation
    assert not reading.unknown


@cache
def broken_clauses(defect: str | None, path: str, name: str) -> set[str]:
    """Return the clauses that a provider with this defect breaks in one case."""
    findings = judged_case(planted.lie(defect, path, name), load_edition(name))
    return {finding.clause for finding in findings if finding.verdict in BROKEN}


@pytest.mark.parametrize(("defect", "case"), PLANTED.items())
def test_lie_breaks_exactly_the_clauses_that_claim_it(defect: str, case: str) -> None:
    path = f"{THREE}/{case}"
    assert broken_clauses(defect, path, ALIBABA.id) == {*defects(ALIBABA)[defect].claims}
    assert broken_clauses(None, path, ALIBABA.id) == set()


@pytest.mark.parametrize("name", OTHERS)
def test_smallest_request_to_every_model_is_answered_truthfully(name: str) -> None:
    for path, case in planted.requests(name).items():
        if case.id == "baseline":
            assert broken_clauses(None, path, name) == set(), path


@pytest.mark.parametrize("name", OTHERS)
def test_cases_of_a_model_have_all_different_ids(name: str) -> None:
    edition = load_edition(name)
    models = list(edition.models)
    cases = (*all_cases(edition, models), *supplementary_cases(edition, models))
    paths = [case.path for case in cases]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("name", edition_ids())
def test_reference_refuses_with_the_members_that_the_edition_has(name: str) -> None:
    edition = load_edition(name)
    body = TestClient(create_app(edition, key="k")).post("/v1/images/generations").json()
    assert edition.error_errors(body) == []
    assert set(body) == {"error", *edition.error_members}


def test_edition_without_streams_is_told_no_lie_about_them() -> None:
    assert not [lie for lie in defects(ALIBABA) if lie.startswith("stream.")]


def test_every_lie_is_told_in_some_edition() -> None:
    lies = {name for edition in edition_ids() for name in defects(load_edition(edition))}
    assert REGISTRY.keys() <= lies


def test_legal_edges_of_a_size_are_those_that_no_source_disputes() -> None:
    limits = ALIBABA.model(THREE).sure_pixel_limits("size")
    assert limits is not None
    assert limits.edges()["largest"] == "2048x2048"


def test_examples_of_requests_go_to_a_provider_of_the_edition() -> None:
    own = {"cometapi-2026-03-12": "cometapi", "cometapi-2026-06": "cometapi"}
    own |= {"openai-2026-11": "openai", "alibaba-2026-10": "reference"}
    assert {name: addressed(name, None)[1] for name in own} == own


def test_painted_animation_has_its_frames_and_delays() -> None:
    for frames, delay, actual in ((2, 200, 200), (5, 104, 100), (16, 96, 100)):
        data = animation(Picture("7" * 32, 320, 200), frames, delay)
        facts = inspect_image(data)
        assert (facts.type, facts.frames, facts.delays) == ("gif", frames, (actual, actual))
        assert getattr(Image.open(io.BytesIO(data)), "n_frames", 1) == frames


def test_drawing_is_whole_only_if_it_is_well_formed() -> None:
    image = drawing(Picture("7" * 32, 1024, 768))
    external = b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for data, fault in (
        (image, None),
        (external + image, None),
        (image[:-3], "unclosed token"),
        (image + b"<svg/>", "junk after document element"),
    ):
        facts = inspect_image(data)
        assert (facts.type, facts.complete) == ("svg", fault is None)
        assert fault is None or fault in str(facts.fault)


def test_edition_whose_examples_name_no_model_is_proved_by_its_first() -> None:
    edition = replace(ALIBABA, examples=())
    twins = open_twins(edition, all_cases(edition, [THREE]))
    assert f"{THREE}/open-model-omitted" in twins


def test_entities_of_a_drawing_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(12))
    bomb = f'<!DOCTYPE svg [<!ENTITY e0 "lol">{entities}]><svg><text>&e12;</text></svg>'
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
    listing = model_list(edition, tuple(edition.models))
    listing = with_ends(listing, edition, date.fromisoformat(day))
    ends = {model["id"]: model.get("shutdown_date", "undocumented") for model in listing["data"]}
    assert ends["gpt-image-1.5"] == end
    assert ends.get("gpt-image-2") in (None, "undocumented")
    assert not edition.model_list_errors(listing)
