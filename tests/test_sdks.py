"""OpenAI's Python SDK, and the AI SDK under Node, generate through the reference provider.

The first validates nothing it receives, so tests look at values; no parser is stricter than the
second, whose packages go to a cache outside the checkout, named after what is pinned, and stay.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from filelock import FileLock
from PIL import Image

from conformance.contract import load_edition
from conformance.reference.server import ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai import OpenAI
    from openai.types import ImagesResponse

KEY = "sk-test-of-the-sdk"
PROMPT = "A lighthouse in the fog"
GPT = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")
MODELS = ("dall-e-2", "dall-e-3", *GPT, "qwen-image")


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


def picture(b64_json: str | None, url: str | None = None) -> Image.Image:
    assert (b64_json is None) is not (url is None)
    if b64_json is not None:
        return Image.open(io.BytesIO(base64.b64decode(b64_json, validate=True)))
    return Image.open(io.BytesIO(httpx.get(str(url), trust_env=False).raise_for_status().content))


def pictures(response: ImagesResponse) -> list[Image.Image]:
    assert response.data
    return [picture(item.b64_json, item.url) for item in response.data]


@pytest.mark.parametrize("model", MODELS)
def test_sdk_python_generates(client: OpenAI, model: str) -> None:
    response = client.images.generate(model=model, prompt=PROMPT, n=1, size="1024x1024")
    assert [image.size for image in pictures(response)] == [(1024, 1024)]
    assert isinstance(response.created, int)
    assert (response.usage is not None) is (model in GPT)


def test_sdk_python_generates_async(openai: Any, server: ReferenceServer) -> None:
    async def generate() -> ImagesResponse:
        client = openai.AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0)
        async with client:
            return await client.images.generate(model="qwen-image", prompt=PROMPT)

    assert [image.size for image in pictures(asyncio.run(generate()))] == [(1664, 928)]


@pytest.mark.parametrize("response_format", ["url", "b64_json"])
def test_sdk_python_chooses_format(client: OpenAI, response_format: Any) -> None:
    for model in ("dall-e-3", "qwen-image"):
        fields = {"model": model, "prompt": PROMPT, "response_format": response_format}
        response = client.images.generate(**fields)
        assert response.data
        assert getattr(response.data[0], response_format)
        assert [image.format for image in pictures(response)] == ["PNG"]
        assert bool(response.data[0].revised_prompt) is (model == "dall-e-3")


def test_sdk_python_reads_extras(client: OpenAI) -> None:
    options: Any = {"size": "1536x1024", "quality": "low", "background": "transparent"}
    options["output_format"] = "webp"
    response = client.images.generate(model="gpt-image-1.5", prompt=PROMPT, n=2, **options)
    assert {name: getattr(response, name) for name in options} == options
    images = [(image.format, image.mode, image.size) for image in pictures(response)]
    assert images == [("WEBP", "RGBA", (1536, 1024))] * 2
    assert response.usage
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_sdk_python_streams(client: OpenAI) -> None:
    model = "gpt-image-1-mini"
    *partial, completed = client.images.generate(
        model=model, prompt=PROMPT, stream=True, partial_images=2
    )
    assert [event.type for event in partial] == ["image_generation.partial_image"] * 2
    assert completed.type == "image_generation.completed"
    assert {picture(event.b64_json).size for event in (*partial, completed)} == {(1024, 1024)}
    assert completed.usage.total_tokens > 0


def test_sdk_python_raises_what_the_error_is(
    openai: Any, client: OpenAI, server: ReferenceServer
) -> None:
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"model": "dall-e-3", "n": 2}, "n"),
        ({"model": "gpt-image-1", "style": "vivid"}, "style"),
        ({"model": "gpt-image-1", "extra_body": {"wobble": 1}}, "wobble"),
        ({}, "model"),
    ]
    for fields, param in refusals:
        with pytest.raises(openai.BadRequestError) as excinfo:
            client.images.generate(prompt=PROMPT, **fields)
        assert (excinfo.value.param, excinfo.value.type) == (param, "invalid_request_error")
        assert excinfo.value.code
        assert str(excinfo.value.request_id).startswith("req_")
    with pytest.raises(openai.NotFoundError) as not_found:
        client.images.generate(model="dall-e-4", prompt=PROMPT)
    assert not_found.value.param == "model"
    with (
        openai.OpenAI(base_url=server.base_url, api_key="sk-other", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as excinfo,
    ):
        stranger.images.generate(model="dall-e-3", prompt=PROMPT)
    assert excinfo.value.code == "invalid_api_key"


def test_sdk_python_lists_models(client: OpenAI) -> None:
    assert {model.id for model in client.models.list()} == set(MODELS)
    assert client.models.retrieve("qwen-image").object == "model"


# ------------------------------------------------------------------ under Node

SOURCES = Path(__file__).parent / "node"
FILES = ("package.json", "package-lock.json", "generate.mjs")
INSTALL_SECONDS, RUN_SECONDS = 180, 60


@pytest.fixture(scope="module")
def project() -> Path:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed, so the AI SDK cannot run")
    content = b"".join((SOURCES / name).read_bytes() for name in FILES)
    name = f"node-{hashlib.sha256(content).hexdigest()[:16]}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-conformance"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{name}.lock"):
        if not (cache / name).is_dir():
            install(cache / name)
    return cache / name


def install(folder: Path) -> None:
    """Install beside the final place and move, so that no half-made cache is ever used."""
    draft = folder.with_suffix(f".{os.getpid()}")
    draft.mkdir()
    try:
        for name in FILES:
            shutil.copy(SOURCES / name, draft)
        reason = npm_ci(draft)
        if reason:
            pytest.skip(f"npm could not install the AI SDK (is there a network?): {reason}")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def npm_ci(folder: Path) -> str:
    """Install what is pinned; return why it could not be."""
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        process = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {INSTALL_SECONDS} s"
    return " ".join(process.stderr.split())[-300:] if process.returncode else ""


def ask(project: Path, server: ReferenceServer, key: str, *requests: dict[str, Any]) -> Any:
    """Return what the AI SDK makes of the answers to requests."""
    bodies = [{"prompt": PROMPT, **request} for request in requests]
    document = json.dumps({"baseURL": server.base_url, "apiKey": key, "requests": bodies})
    command = ["node", "generate.mjs"]
    process = subprocess.run(
        command, cwd=project, input=document, capture_output=True, text=True, timeout=RUN_SECONDS
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_sdk_node_generates(project: Path, server: ReferenceServer) -> None:
    options = {"openai": {"background": "transparent", "outputFormat": "webp", "quality": "low"}}
    clear = {"n": 2, "size": "1024x1536", "providerOptions": options}
    plain = {model: {"model": model, "size": "1024x1024"} for model in ("dall-e-3", *GPT)}
    split = {"model": "qwen-image", "n": 2}  # it paints one image a request
    *answers, webp, pair = ask(
        project, server, KEY, *plain.values(), {"model": "gpt-image-1.5", **clear}, split
    )
    for answer in answers:
        assert "error" not in answer, answer
        (image,) = answer["images"]
        assert (picture(image["base64"]).size, image["mediaType"]) == ((1024, 1024), "image/png")
        assert answer["warnings"] == []
    assert answers[0]["metadata"]["images"][0]["revisedPrompt"].startswith(PROMPT)
    for usage in (answer["usage"] for answer in answers[1:]):
        assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0
    images = [picture(image["base64"]) for image in webp["images"]]
    assert {(one.format, one.mode, one.size) for one in images} == {("WEBP", "RGBA", (1024, 1536))}
    assert (len(images), len(pair["images"])) == (2, 2)


def test_sdk_node_reads_refusals(project: Path, server: ReferenceServer) -> None:
    wrong_size, unknown = {"model": "dall-e-3", "size": "1x1"}, {"model": "dall-e-4"}
    refusals = ask(project, server, KEY, wrong_size, unknown)
    assert [(refusal["error"], refusal["status"]) for refusal in refusals] == [
        ("AI_APICallError", 400),
        ("AI_APICallError", 404),
    ]
    assert "size" in refusals[0]["message"]
    assert ask(project, server, "sk-other", {"model": "dall-e-3"})[0]["status"] == 401
