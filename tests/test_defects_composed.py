"""Lies add up, and a lie about one model leaves the others true."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from conformance.cases import all_cases
from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.contract import load_edition
from conformance.errors import UnknownNameError
from conformance.exchange.outcome import Outcome, outcome_of
from conformance.findings import BROKEN
from conformance.proof.in_process import bench_client
from conformance.reference import TRUTHFUL, Steps
from conformance.reference.defects import defects, with_defects

EDITION = load_edition()
MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1-mini")
CASES = {each.path: each for each in all_cases(EDITION, MODELS)}
PAIRS = [
    ("count.one-more", "extras.usage-total-off"),
    ("image.size-off-by-one", "errors.code-number"),
    ("url.octet-stream", "envelope.created-milliseconds"),
    ("format.unused-null", "models.list-empty"),
    ("base64.trailing-newline", "errors.no-type"),
    ("stream.event-after-completed", "count.negative-taken"),
    ("authentication.unknown-key-in-error", "parameters.style-enum-broken"),
    ("extras.quality-other", "image.animated"),
    ("defaults.partial-images-unasked", "url.credentials"),
    ("envelope.status-201", "errors.status-422"),
]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def red(steps: Steps, models: Sequence[str], loop: asyncio.AbstractEventLoop) -> set[str]:
    """Send all cases of some models, and name the clauses that are broken."""
    client = bench_client(EDITION, steps, MODELS, loop)
    became: dict[str, Outcome] = {}
    found: set[str] = set()
    for case in sorted((e for e in CASES.values() if e.model in models), key=_depth):
        made = client.exchange(case)
        became[case.path] = outcome_of(made)
        control = became[f"{case.model}/{case.control}"] if case.control else None
        findings = judge(made, EDITION, clauses_of(EDITION), control)
        found |= {each.clause for each in findings if each.verdict in BROKEN}
    return found


def _depth(case: Case) -> int:
    """How many controls stand before a case: they are sent first."""
    if case.control is None:
        return 0
    return 1 + _depth(CASES[f"{case.model}/{case.control}"])


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_lies_turn_the_clauses_of_both_red(
    pair: tuple[str, str], loop: asyncio.AbstractEventLoop
) -> None:
    known = defects()
    claimed = {claim for name in pair for claim in known[name].claims}
    assert red(with_defects(TRUTHFUL, pair), MODELS, loop) == claimed


@pytest.mark.parametrize("pair", PAIRS[:3], ids=" and ".join)
def test_order_in_which_lies_are_planted_is_of_no_matter(
    pair: tuple[str, str], loop: asyncio.AbstractEventLoop
) -> None:
    assert red(with_defects(TRUTHFUL, pair[::-1]), MODELS, loop) == red(
        with_defects(TRUTHFUL, pair), MODELS, loop
    )


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
def test_lie_about_one_model_leaves_the_others_true(
    name: str, model: str, loop: asyncio.AbstractEventLoop
) -> None:
    steps = with_defects(TRUTHFUL, [name], model)
    others = [each for each in MODELS if each != model]
    assert red(steps, [model], loop) == set(defects()[name].claims)
    assert red(steps, others, loop) == set()


def test_two_lies_about_one_model_leave_the_others_true(loop: asyncio.AbstractEventLoop) -> None:
    names = ["count.one-more", "errors.no-type"]
    steps = with_defects(TRUTHFUL, names, "dall-e-2")
    assert red(steps, ["dall-e-2"], loop) == {"count.as-asked", "errors.type-string"}
    assert red(steps, ["dall-e-3", "gpt-image-1-mini"], loop) == set()


def test_unknown_lie_is_told_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'count\.one-more'"):
        with_defects(TRUTHFUL, ["count.one-mor"])
