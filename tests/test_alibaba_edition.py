"""Edition alibaba-2026-10: what it expects of requests, and lies about what it alone has."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from conformance.contract import Edition, edition_ids, load_edition
from conformance.findings import BROKEN
from conformance.providers.asked import addressed
from conformance.reference import create_app
from conformance.reference.defects import defects
from conformance.reference.defects.planting import REGISTRY
from tests import planted
from tests.miniatures import judged_case

THREE, PRO_2_1 = "qwen-image-3.0", "qwen-image-2.1-pro"
PLANTED = {
    "errors.nothing-beside": "n-0",
    "errors.number-beside": "n-0",
    "format.b64-instead-of-url": "baseline",
    "format.url-null": "baseline",
    "image.gif": "baseline",
    "image.cut-off": "size-1664x928",
    "image.doubled": "n-2",
    "parameters.size-widestratio-broken": "size-barely-too-narrow",
    "parameters.size-minpixels-broken": "size-barely-too-small",
    "parameters.size-maxpixels-broken": "size-barely-too-large",
    "parameters.seed-maximum-broken": "seed-above-maximum",
    "parameters.watermark-type-broken": "watermark-not-boolean",
}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition("alibaba-2026-10")


@pytest.mark.parametrize(
    ("model", "asked", "expectation"),
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
        (THREE, {"watermark": "yes"}, "refused"),
        (THREE, {"negative_prompt": ["people"]}, "refused"),
        (THREE, {"prompt_extend": False}, "open"),
        (THREE, {"image": "https://images.example/boat.png"}, "open"),
        ("qwen-image-3.5", {"n": 2}, "open"),
    ],
    ids=str,
)
def test_request_is_expected_to_come_to_that(
    edition: Edition, model: str, asked: dict[str, Any], expectation: str
) -> None:
    read = edition.read({"model": model, "prompt": "a boat", **asked})
    assert read.expectation == expectation
    assert not read.unknown


@pytest.mark.parametrize(("defect", "case"), PLANTED.items())
def test_lie_breaks_exactly_the_clauses_that_claim_it(
    edition: Edition, defect: str, case: str
) -> None:
    lie, truth = (
        judged_case(planted.lie(planned, f"{THREE}/{case}", edition.id), edition)
        for planned in (defect, None)
    )
    assert {finding.clause for finding in lie if finding.verdict in BROKEN} == {
        *defects(edition)[defect].claims
    }
    assert not any(finding.verdict in BROKEN for finding in truth)


@pytest.mark.parametrize("name", edition_ids())
def test_reference_refuses_with_the_members_that_the_edition_has(name: str) -> None:
    edition = load_edition(name)
    body = TestClient(create_app(edition, key="k")).post("/v1/images/generations").json()
    assert edition.error_errors(body) == []
    assert set(body) == {"error", *edition.error_members}


def test_every_lie_is_told_in_some_edition() -> None:
    told = {name for edition in edition_ids() for name in defects(load_edition(edition))}
    assert REGISTRY.keys() <= told


def test_legal_edges_of_a_size_are_those_that_no_source_disputes(edition: Edition) -> None:
    limits = edition.model(THREE).sure_pixel_limits("size")
    assert limits is not None
    assert limits.edges()["largest"] == "2048x2048"


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("cometapi-2026-03-12", "cometapi"),
        ("cometapi-2026-06", "cometapi"),
        ("openai-2026-11", "openai"),
        ("alibaba-2026-10", "reference"),
    ],
)
def test_examples_of_requests_go_to_a_provider_of_the_edition(name: str, provider: str) -> None:
    assert addressed(name, None)[1] == provider
