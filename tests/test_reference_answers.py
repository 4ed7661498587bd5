"""What the reference provider answers and paints, seen over real HTTP with httpx alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from conformance.reference.painting import Picture, image_file
from tests.generating import GPT, MODELS, accepted, files_of, images_of

if TYPE_CHECKING:
    import httpx

    from conformance.contract import Edition

pytest_plugins = ["tests.generating"]


@pytest.mark.parametrize("response_format", [None, "url", "b64_json"])
@pytest.mark.parametrize("model", MODELS)
def test_reference_answers_validate(
    client: httpx.Client, edition: Edition, model: str, response_format: str | None
) -> None:
    fields = {} if response_format is None else {"response_format": response_format}
    body = accepted(client, model, **fields)
    kind = edition.model(model).response_kind(response_format)
    assert not edition.response_errors(kind, body)
    expected = "b64_json" if model in GPT else response_format or "url"
    assert [set(item) & {"url", "b64_json"} for item in body["data"]] == [{expected}]
    assert body["created"] == pytest.approx(time.time(), abs=60)
    assert [len(image.getcolors(2**24) or ()) > 9 for image in images_of(body)] == [True]


@pytest.mark.parametrize("model", MODELS)
def test_reference_paints_every_documented_size(
    client: httpx.Client, edition: Edition, model: str
) -> None:
    sizes = [each for each in edition.model(model).documented("size") if each != "auto"]
    for size in sizes or ["1024x1024", "1328x1328"]:
        body = accepted(client, model, size=size)
        assert [f"{image.width}x{image.height}" for image in images_of(body)] == [size]


@pytest.mark.parametrize("model", ["dall-e-2", *GPT])
def test_reference_paints_n_different_images(client: httpx.Client, model: str) -> None:
    files = files_of(accepted(client, model, n=4, response_format="b64_json"))
    assert len(files) == len(set(files)) == 4


@pytest.mark.parametrize("model", MODELS)
def test_reference_is_deterministic(client: httpx.Client, model: str) -> None:
    first, second = (files_of(accepted(client, model)) for _ in range(2))
    other = files_of(accepted(client, model, prompt="Something else"))
    assert first == second
    assert first != other


def test_reference_revises_prompts_of_dall_e_3_only(client: httpx.Client) -> None:
    revised = [name for name in MODELS if "revised_prompt" in accepted(client, name)["data"][0]]
    assert revised == ["dall-e-3"]


@pytest.mark.parametrize("model", GPT)
@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
def test_reference_encodes_output_format(
    client: httpx.Client, model: str, output_format: str
) -> None:
    body = accepted(client, model, output_format=output_format)
    assert [image.format for image in images_of(body)] == [output_format.upper()]
    assert body["output_format"] == output_format


@pytest.mark.parametrize("output_format", ["jpeg", "webp"])
def test_reference_output_compression_shrinks(client: httpx.Client, output_format: str) -> None:
    fields = {"output_format": output_format, "size": "1024x1024"}
    small, large = (
        len(files_of(accepted(client, "gpt-image-1", output_compression=level, **fields))[0])
        for level in (5, 90)
    )
    assert small < large


@pytest.mark.parametrize("output_format", ["png", "webp"])
@pytest.mark.parametrize("model", GPT)
def test_reference_transparent_is_real_alpha(
    client: httpx.Client, model: str, output_format: str
) -> None:
    body = accepted(client, model, background="transparent", output_format=output_format)
    alpha = images_of(body)[0].convert("RGBA").getchannel("A").getextrema()
    assert alpha == (0, 255)
    assert body["background"] == "transparent"


@pytest.mark.parametrize("model", GPT)
def test_reference_echoes_no_auto(client: httpx.Client, model: str) -> None:
    body = accepted(client, model, size="auto", quality="auto", background="auto")
    echoed = {name: body[name] for name in ("size", "quality", "background", "output_format")}
    assert "auto" not in echoed.values()
    assert body["size"] == "{0.width}x{0.height}".format(images_of(body)[0])


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_reference_usage_adds_up(client: httpx.Client, n: int, quality: str) -> None:
    usage = accepted(client, "gpt-image-1", n=n, quality=quality)["usage"]
    assert usage["input_tokens"] == sum(usage["input_tokens_details"].values()) > 0
    assert usage["output_tokens"] == sum(usage["output_tokens_details"].values()) > 0
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_reference_images_are_small() -> None:
    assert len(image_file(Picture("0" * 32, 1024, 1024))) < 60_000
