"""OpenAI's own Python SDK generates through the reference provider.

The SDK validates nothing it receives, so these tests look at values: pixels, types, sums.
"""

from __future__ import annotations

import asyncio
import base64
import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from conformance.contract import load_edition
from conformance.reference import ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai import OpenAI
    from openai.types import ImagesResponse

KEY = "sk-test-of-the-sdk"
PROMPT = "A lighthouse in the fog"
DALL_E = ("dall-e-2", "dall-e-3")
GPT = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")
MODELS = (*DALL_E, *GPT, "qwen-image")


@pytest.fixture(scope="module")
def server() -> Iterator[ReferenceServer]:
    with ReferenceServer(load_edition(), key=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def openai() -> Any:
    """Return the SDK; importing it takes a second, which collecting tests need not."""
    import openai

    return openai


@pytest.fixture(scope="module")
def client(openai: Any, server: ReferenceServer) -> Iterator[OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
        yield client


def opened(response: ImagesResponse) -> list[Image.Image]:
    assert response.data
    return [Image.open(io.BytesIO(payload(item.b64_json, item.url))) for item in response.data]


def payload(b64_json: str | None, url: str | None) -> bytes:
    assert (b64_json is None) is not (url is None)
    if b64_json is not None:
        return base64.b64decode(b64_json, validate=True)
    return httpx.get(str(url), trust_env=False).raise_for_status().content


@pytest.mark.parametrize("model", MODELS)
def test_sdk_python_generates(client: OpenAI, model: str) -> None:
    response = client.images.generate(model=model, prompt=PROMPT, n=1, size="1024x1024")
    assert [image.size for image in opened(response)] == [(1024, 1024)]
    assert isinstance(response.created, int)
    assert (response.usage is not None) is (model in GPT)


@pytest.mark.parametrize("model", MODELS)
def test_sdk_python_generates_async(openai: Any, server: ReferenceServer, model: str) -> None:
    async def generate() -> ImagesResponse:
        async with openai.AsyncOpenAI(
            base_url=server.base_url, api_key=KEY, max_retries=0
        ) as client:
            return await client.images.generate(model=model, prompt=PROMPT)

    response = asyncio.run(generate())
    expected = (1664, 928) if model == "qwen-image" else (1024, 1024)
    assert [image.size for image in opened(response)] == [expected]


@pytest.mark.parametrize("response_format", ["url", "b64_json"])
@pytest.mark.parametrize("model", [*DALL_E, "qwen-image"])
def test_sdk_python_chooses_format(client: OpenAI, model: str, response_format: Any) -> None:
    response = client.images.generate(model=model, prompt=PROMPT, response_format=response_format)
    assert response.data
    assert getattr(response.data[0], response_format)
    assert [image.format for image in opened(response)] == ["PNG"]
    assert bool(response.data[0].revised_prompt) is (model == "dall-e-3")


@pytest.mark.parametrize("model", GPT)
def test_sdk_python_reads_extras(client: OpenAI, model: str) -> None:
    response = client.images.generate(
        model=model,
        prompt=PROMPT,
        n=2,
        size="1536x1024",
        quality="low",
        background="transparent",
        output_format="webp",
    )
    echoed = (response.size, response.quality, response.background, response.output_format)
    assert echoed == ("1536x1024", "low", "transparent", "webp")
    images = opened(response)
    assert [(image.format, image.mode, image.size) for image in images] == [
        ("WEBP", "RGBA", (1536, 1024))
    ] * 2
    assert response.usage
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


@pytest.mark.parametrize("model", GPT)
def test_sdk_python_streams(client: OpenAI, model: str) -> None:
    stream = client.images.generate(model=model, prompt=PROMPT, stream=True, partial_images=2)
    events = list(stream)
    kinds = [event.type.removeprefix("image_generation.") for event in events]
    assert kinds == ["partial_image", "partial_image", "completed"]
    sizes = [Image.open(io.BytesIO(payload(event.b64_json, None))).size for event in events]
    assert sizes == [(1024, 1024)] * 3
    assert events[-1].type == "image_generation.completed"
    assert events[-1].usage.total_tokens > 0


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": "dall-e-3", "n": 2}, "n"),
        ({"model": "dall-e-2", "size": "1x1"}, "size"),
        ({"model": "gpt-image-1", "style": "vivid"}, "style"),
        ({"model": "gpt-image-1", "extra_body": {"wobble": 1}}, "wobble"),
        ({}, "model"),
    ],
    ids=["n", "size", "style", "unknown", "model"],
)
def test_sdk_python_raises_bad_request(
    openai: Any, client: OpenAI, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(prompt=PROMPT, **fields)
    assert caught.value.param == param
    assert caught.value.code
    assert caught.value.type == "invalid_request_error"
    assert str(caught.value.request_id).startswith("req_")


def test_sdk_python_raises_authentication_error(openai: Any, server: ReferenceServer) -> None:
    with (
        openai.OpenAI(base_url=server.base_url, api_key="sk-other", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        stranger.images.generate(model="dall-e-3", prompt=PROMPT)
    assert caught.value.code == "invalid_api_key"


def test_sdk_python_raises_not_found(openai: Any, client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.images.generate(model="dall-e-4", prompt=PROMPT)
    assert caught.value.param == "model"


def test_sdk_python_lists_models(client: OpenAI) -> None:
    assert {model.id for model in client.models.list()} == set(MODELS)
    assert client.models.retrieve("qwen-image").object == "model"
