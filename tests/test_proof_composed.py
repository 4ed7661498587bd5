"""Lies add up, and a lie about one model leaves the others true."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from conformance.contract import load_edition
from conformance.errors import ConformanceError
from conformance.findings import BROKEN
from conformance.proof import Proof
from conformance.proof.in_process import LOOPBACK_URL
from conformance.reference import TRUTHFUL, Steps
from conformance.reference.defects import defects, with_defects
from conformance.reference.server import ReferenceServer
from tests.extent import sample

MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1-mini")
PAIRS = [
    ("count.one-more", "extras.usage-total-off"),
    ("image.size-off-by-one", "errors.code-number"),
    ("url.octet-stream", "envelope.created-milliseconds"),
    ("format.unused-null", "models.list-empty"),
    ("base64.trailing-newline", "errors.no-type"),
    ("stream.partial-after-completed", "count.negative-taken"),
    ("authentication.unknown-key-in-error", "parameters.style-enum-broken"),
    ("extras.quality-other", "image.animated"),
    ("defaults.partial-images-unasked", "url.credentials"),
    ("envelope.status-201", "errors.status-422"),
]


def red(proof: Proof, steps: Steps, models: Sequence[str] = MODELS) -> set[str]:
    """Name the clauses that are broken when all cases of some models are sent."""
    judged = proof.judged_cases(steps, models).values()
    return {each.clause for one in judged for each in one.findings if each.verdict in BROKEN}


@pytest.mark.parametrize("pair", sample(PAIRS, 4), ids=" and ".join)
def test_two_lies_turn_the_clauses_of_both_red(pair: tuple[str, str], proof: Proof) -> None:
    claimed = {claim for name in pair for claim in defects()[name].claims}
    assert red(proof, with_defects(TRUTHFUL, pair)) == claimed


def test_order_in_which_lies_are_planted_is_of_no_matter(proof: Proof) -> None:
    one, other = PAIRS[0]
    claimed = {*defects()[one].claims, *defects()[other].claims}
    assert red(proof, with_defects(TRUTHFUL, [other, one]), ["gpt-image-1-mini"]) == claimed


@pytest.mark.parametrize(
    ("names", "model"),
    [
        (["count.one-more", "errors.no-type"], "dall-e-2"),
        (["envelope.created-milliseconds"], "gpt-image-1-mini"),
        (["parameters.style-enum-broken"], "dall-e-3"),
        (["stream.never-completed"], "gpt-image-1-mini"),
        (["envelope.web-page"], "dall-e-2"),
    ],
    ids=lambda value: value if isinstance(value, str) else " and ".join(value),
)
def test_lies_about_one_model_leave_the_others_true(
    names: list[str], model: str, proof: Proof
) -> None:
    steps = with_defects(TRUTHFUL, names, model)
    others = [each for each in MODELS if each != model]
    assert red(proof, steps, [model]) == {c for name in names for c in defects()[name].claims}
    assert red(proof, steps, others) == set()


def test_lie_about_keys_holds_for_the_model_that_the_body_names() -> None:
    steps = with_defects(TRUTHFUL, ["authentication.missing-key-painted"], "dall-e-3")
    with ReferenceServer(load_edition(), steps=steps) as server:
        generations, models = f"{server.base_url}/images/generations", f"{server.base_url}/models"
        statuses = [
            httpx.post(generations, json={"model": name, "prompt": "a boat"}).status_code
            for name in ("dall-e-3", "dall-e-2")
        ]
        assert [*statuses, httpx.get(models).status_code] == [200, 401, 401]


@pytest.mark.parametrize(
    ("name", "about"),
    [("models.list-empty", "the list of models"), ("url.octet-stream", "image files")],
)
def test_lie_of_no_model_is_refused_for_one(name: str, about: str) -> None:
    with pytest.raises(ConformanceError, match=f"{name} is a lie about {about}, .*leave --defect"):
        with_defects(TRUTHFUL, [name], "dall-e-2")


def test_lies_that_only_a_public_address_can_tell_are_marked_so(proof: Proof) -> None:
    lies = [defect for defect in defects().values() if defect.chapter == "url"]
    clauses = {clause.id: clause for clause in proof.clauses}
    unseen = {
        defect.id
        for defect in lies
        if not all(proof.sighting(defect, clauses[each], LOOPBACK_URL) for each in defect.claims)
    }
    assert unseen == {defect.id for defect in defects().values() if defect.public}
