"""What requests cost: estimated before they are sent, and as the answers' usage says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.documented import cases_for
from conformance.cases.model import Case
from conformance.contract import load_edition
from conformance.providers import load_provider
from conformance.providers.prices import DEAREST, Prices

EDITION = load_edition()
MODEL = EDITION.models["gpt-image-1.5"]
LISTED = Prices("a list", "2026-11-23", {MODEL.name: {"low": 0.01, "medium": 0.05, "high": 0.2}})
RATES = {"input_text": 5, "input_image": 8, "output_image": 32, "output_text": 32}
PAID = ("cometapi", "openai")


def body(**fragment: Any) -> dict[str, Any]:
    return {"model": MODEL.name, "prompt": "A bicycle", **fragment}


BY_QUALITY = {"low": 0.01, "medium": 0.05, "high": 0.2}
SIZED = {**BY_QUALITY, "high 1536x1024": 0.3}
LOW_SIZED = {"low": 0.01, "low 1024x1024": 0.007}
HIGH = {"quality": "high"}


@pytest.mark.parametrize(
    ("listed", "fragment", "usd", "known"),
    [
        # the price of an image, the most exact one that is listed, times n
        (BY_QUALITY, {"quality": "low"}, 0.01, True),
        (BY_QUALITY, {"quality": "high", "n": 3}, 0.6, True),
        (BY_QUALITY, {"quality": "medium", "n": None}, 0.05, True),
        (LOW_SIZED, {"quality": "low", "size": "1024x1024"}, 0.007, True),
        (LOW_SIZED, {"quality": "low"}, 0.01, True),
        # what auto chooses counts as the dearest that it may be
        (BY_QUALITY, {}, 0.2, False),
        (BY_QUALITY, {"quality": "auto", "n": 2}, 0.4, False),
        (BY_QUALITY, {"quality": None}, 0.2, False),
        ({**BY_QUALITY, "auto": 0.05}, {}, 0.05, True),
        ({**BY_QUALITY, "high 1024x1024": 0.15}, {"size": "1024x1024"}, 0.15, False),
        (SIZED, {}, 0.3, False),
        (SIZED, HIGH, 0.3, False),
        ({**BY_QUALITY, "high 1024x1024": 0.15}, HIGH, 0.2, True),
        ({"1024x1024": 0.02, "1536x1024": 0.03}, {}, 0.03, False),
        ({"default": 0.04, "high": 0.08}, {}, 0.08, False),
        ({"default": 0.04, "low": 0.02}, {}, 0.04, True),
        ({"default": 0.04}, {}, 0.04, True),
        # an unknown price counts as the dearest, of this model or of all
        ({"low": 0.01, "medium": 0.02}, HIGH, 0.02, False),
    ],
)
def test_price_of_a_request(
    listed: dict[str, float], fragment: dict[str, Any], usd: float, known: bool
) -> None:
    prices = replace(LISTED, image={MODEL.name: listed})
    case = Case("any", MODEL.name, body=body(**fragment), billed=True)
    estimate = prices.estimate(case, MODEL)
    assert (estimate.usd, estimate.known) == (usd, known)


@pytest.mark.parametrize(
    ("prices", "usd"),
    [(Prices(), DEAREST), (Prices(image={"dall-e-3": {"default": 0.04, "hd": 0.08}}), 0.08)],
    ids=["no-prices", "other-models"],
)
def test_unknown_price_counts_as_the_dearest_and_says_so(prices: Prices, usd: float) -> None:
    estimate = prices.if_answered(body(quality="high"), MODEL)
    assert (estimate.usd, estimate.known) == (usd, False)


def test_only_what_is_billed_has_a_price() -> None:
    for case in cases_for(EDITION, MODEL, lead=True):
        assert (LISTED.estimate(case, MODEL).usd > 0) is case.billed, case.id


def test_prompts_and_partial_images_cost_tokens() -> None:
    tokens = replace(LISTED, tokens={MODEL.name: RATES})
    plain, streamed = body(quality="low"), body(quality="low", stream=True, partial_images=2)
    assert tokens.if_answered(plain, MODEL).usd == pytest.approx(0.01 + 3 * 5e-6)
    for prices in (tokens, replace(tokens, image={})):
        extra = prices.if_answered(streamed, MODEL).usd - prices.if_answered(plain, MODEL).usd
        assert extra == pytest.approx(2 * 100 * 32e-6)


USAGES: dict[str, tuple[Any, float | None]] = {
    "details": (
        {
            "input_tokens_details": {"text_tokens": 100, "image_tokens": 0},
            "output_tokens_details": {"text_tokens": 1000, "image_tokens": 1056},
        },
        (100 * 5 + 2056 * 32) / 1e6,
    ),
    "no details": ({"input_tokens": 100, "output_tokens": 1056}, (100 * 8 + 1056 * 32) / 1e6),
    "empty details": (
        {
            "input_tokens": 100,
            "output_tokens": 1056,
            "input_tokens_details": {},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        (100 * 8 + 1056 * 32) / 1e6,
    ),
    "details of a part": (
        {"input_tokens": 0, "output_tokens": 1056, "output_tokens_details": {"image_tokens": 56}},
        1056 * 32 / 1e6,
    ),
    "details above the whole": (
        {"input_tokens": 0, "output_tokens": 1, "output_tokens_details": {"image_tokens": 56}},
        None,
    ),
    "nothing for a picture": ({"input_tokens": 0, "output_tokens": 0}, None),
    "no tokens": ({}, None),
    "negative": ({"input_tokens": -1, "output_tokens": 1056}, None),
    "fraction": ({"input_tokens": 1.5, "output_tokens": 1056}, None),
    "absurd": ({"input_tokens": 10**30, "output_tokens": 1}, None),
    "no object": ("free of charge", None),
}


@pytest.mark.parametrize(("usage", "usd"), USAGES.values(), ids=USAGES.keys())
def test_actual_price_is_what_usage_says(usage: Any, usd: float | None) -> None:
    found = replace(LISTED, tokens={MODEL.name: RATES}).actual(MODEL.name, usage)
    assert found == (usd if usd is None else pytest.approx(usd))


def test_no_token_price_gives_no_actual_price() -> None:
    assert LISTED.actual(MODEL.name, {"input_tokens": 1, "output_tokens": 1}) is None


@pytest.mark.parametrize("name", ["reference", "litellm", "prism", "aimock"])
def test_provider_on_loopback_is_free_only_there(name: str) -> None:
    provider = load_provider(name)
    assert provider.prices.if_answered(body(), MODEL).usd == 0
    moved = provider.at("https://api.example.com/v1")
    assert moved.prices.if_answered(body(), MODEL).usd == DEAREST


def test_gateway_on_loopback_is_not_taken_for_free(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = 'title = "Mine"\nbase_url = "http://127.0.0.1:4000/v1"\n{}[models]\n"dall-e-3" = "x"\n'
    path.write_text(text.format(""))
    assert not load_provider(str(path)).prices.free
    path.write_text(text.format("free = true\n"))
    assert load_provider(str(path)).prices.free


@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.5-sunburst", "gpt-image-2.5-flare"])
def test_price_of_a_size_is_no_more_than_that_of_any_size(model: str) -> None:
    listed = load_provider("openai").prices.image[model]
    sized = {key: usd for key, usd in listed.items() if " " in key}
    assert sized
    assert all(usd <= listed[key.split()[0]] <= DEAREST for key, usd in sized.items())


@pytest.mark.parametrize("name", PAID)
def test_paid_provider_says_source_and_date(name: str) -> None:
    prices = load_provider(name).prices
    assert prices.source
    assert prices.date >= "2026-11-23"
    assert prices.image.keys() <= load_provider(name).models.keys()


@pytest.mark.parametrize("name", PAID)
@pytest.mark.parametrize("model", ["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"])
def test_price_of_an_image_is_that_of_its_tokens(name: str, model: str) -> None:
    prices = load_provider(name).prices
    text = 669 if "output_text" in prices.tokens[model] else 0
    for key, count in {"low 1024x1024": 272, "medium 1024x1024": 1056, "high": 6240}.items():
        usd = (count + text) * prices.tokens[model]["output_image"] / 1e6
        assert prices.image[model][key] == pytest.approx(usd, abs=1e-4)
