"""Lies add up, and a lie about one model leaves the others true."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.errors import UnknownNameError
from conformance.findings import BROKEN
from conformance.proof import Proof
from conformance.reference import TRUTHFUL, Steps
from conformance.reference.defects import defects, with_defects
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


@pytest.mark.parametrize("pair", sample(PAIRS, 3), ids=" and ".join)
def test_two_lies_turn_the_clauses_of_both_red(pair: tuple[str, str], proof: Proof) -> None:
    known = defects()
    claimed = {claim for name in pair for claim in known[name].claims}
    assert red(proof, with_defects(TRUTHFUL, pair)) == claimed


@pytest.mark.parametrize("pair", sample(PAIRS[:3], 3), ids=" and ".join)
def test_order_in_which_lies_are_planted_is_of_no_matter(
    pair: tuple[str, str], proof: Proof
) -> None:
    turned = red(proof, with_defects(TRUTHFUL, pair[::-1]))
    assert turned == red(proof, with_defects(TRUTHFUL, pair))


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("count.one-more", "dall-e-2"),
        ("envelope.created-milliseconds", "gpt-image-1-mini"),
        ("errors.no-type", "dall-e-3"),
        ("image.size-turned", "gpt-image-1-mini"),
        ("parameters.style-enum-broken", "dall-e-3"),
        ("stream.never-completed", "gpt-image-1-mini"),
        ("envelope.web-page", "dall-e-2"),
    ],
)
def test_lie_about_one_model_leaves_the_others_true(name: str, model: str, proof: Proof) -> None:
    steps = with_defects(TRUTHFUL, [name], model)
    others = [each for each in MODELS if each != model]
    assert red(proof, steps, [model]) == set(defects()[name].claims)
    assert red(proof, steps, others) == set()


def test_two_lies_about_one_model_leave_the_others_true(proof: Proof) -> None:
    names = ["count.one-more", "errors.no-type"]
    steps = with_defects(TRUTHFUL, names, "dall-e-2")
    assert red(proof, steps, ["dall-e-2"]) == {"count.as-asked", "errors.type-string"}
    assert red(proof, steps, ["dall-e-3", "gpt-image-1-mini"]) == set()


def test_unknown_lie_is_told_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'count\.one-more'"):
        with_defects(TRUTHFUL, ["count.one-mor"])
