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
PRICES = Prices("a list", "2026-11-23", {MODEL.name: {"low": 0.01, "medium": 0.05, "high": 0.2}})
RATES = {"input_text": 5, "input_image": 8, "output_image": 32, "output_text": 32}


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
    prices = replace(PRICES, image={MODEL.name: listed})
    case = Case("any", MODEL.name, body=body(**fragment), billed=True)
    estimate = prices.estimate(case, MODEL)
    assert (estimate.usd, estimate.known) == (usd, known)


def test_unknown_price_counts_as_the_dearest_and_says_so() -> None:
    others = Prices(image={"dall-e-3": {"default": 0.04, "hd": 0.08}})
    for prices, usd in ((Prices(), DEAREST), (others, 0.08)):
        estimate = prices.if_answered(body(quality="high"), MODEL)
        assert (estimate.usd, estimate.known) == (usd, False)


def test_only_what_is_billed_has_a_price() -> None:
    for case in cases_for(EDITION, MODEL, lead=True):
        assert (PRICES.estimate(case, MODEL).usd > 0) is case.billed, case.id


def test_prompts_and_partial_images_cost_tokens() -> None:
    tokens = replace(PRICES, tokens={MODEL.name: RATES})
    plain, streamed = body(quality="low"), body(quality="low", stream=True, partial_images=2)
    assert tokens.if_answered(plain, MODEL).usd == pytest.approx(0.01 + 3 * 5e-6)
    for prices in (tokens, replace(tokens, image={})):
        extra = prices.if_answered(streamed, MODEL).usd - prices.if_answered(plain, MODEL).usd
        assert extra == pytest.approx(2 * 100 * 32e-6)


def usage(tokens_in: Any, tokens_out: Any, **details: Any) -> dict[str, Any]:
    parts = {f"{name}_tokens_details": counts for name, counts in details.items()}
    return {"input_tokens": tokens_in, "output_tokens": tokens_out, **parts}


TEXT, PICTURE = {"text_tokens": 100, "image_tokens": 0}, {"text_tokens": 1000, "image_tokens": 1056}
USAGES: dict[str, tuple[Any, float | None]] = {
    "details": (
        {"input_tokens_details": TEXT, "output_tokens_details": PICTURE}, 100 * 5 + 2056 * 32),
    "no details": (usage(100, 1056), 100 * 8 + 1056 * 32),
    "empty details": (
        usage(100, 1056, input={}, output={"reasoning_tokens": 0}), 100 * 8 + 1056 * 32),
    "details of a part": (usage(0, 1056, output={"image_tokens": 56}), 1056 * 32),
    "details above the whole": (usage(0, 1, output={"image_tokens": 56}), None),
    "nothing for a picture": (usage(0, 0), None),
    "no tokens": ({}, None),
    "negative": (usage(-1, 1056), None),
    "fraction": (usage(1.5, 1056), None),
    "absurd": (usage(10**30, 1), None),
    "no object": ("free of charge", None),
}  # fmt: skip


@pytest.mark.parametrize(("document", "millionths"), USAGES.values(), ids=USAGES)
def test_actual_price_is_what_usage_says(document: Any, millionths: float | None) -> None:
    price = replace(PRICES, tokens={MODEL.name: RATES}).actual(MODEL.name, document)
    assert price == (millionths and pytest.approx(millionths / 1e6))
    assert PRICES.actual(MODEL.name, document) is None, "no price of a token"


@pytest.mark.parametrize("name", ["reference", "litellm", "prism", "aimock"])
def test_provider_on_loopback_is_free_only_there(name: str) -> None:
    provider = load_provider(name)
    assert provider.prices.if_answered(body(), MODEL).usd == 0
    remote = provider.at("https://api.example.com/v1")
    assert remote.prices.if_answered(body(), MODEL).usd == DEAREST
    assert provider.at("http://A.localhost.:8080/v1").prices.free
    assert provider.at("http://127.1:8080/v1").prices.free


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


@pytest.mark.parametrize("name", ["cometapi", "openai"])
def test_paid_provider_says_source_and_date_and_prices_images_as_their_tokens(name: str) -> None:
    provider = load_provider(name)
    prices = provider.prices
    assert prices.source
    assert prices.date >= "2026-11-23"
    assert prices.image.keys() <= provider.models.keys()
    for model in ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"):
        text = 669 if "output_text" in prices.tokens[model] else 0
        for key, count in {"low 1024x1024": 272, "medium 1024x1024": 1056, "high": 6240}.items():
            usd = (count + text) * prices.tokens[model]["output_image"] / 1e6
            assert prices.image[model][key] == pytest.approx(usd, abs=1e-4), (model, key)
