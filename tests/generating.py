"""A client of a reference provider whose clock can be moved, and what its answers hold."""

from __future__ import annotations

import base64
import io
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from conformance.reference.server import ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.contract import Edition

KEY = "sk-test-of-the-reference"
PROMPT = "A paper boat at sunrise"
DALL_E = ("dall-e-2", "dall-e-3")
GPT = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5")
MODELS = (*DALL_E, *GPT, "qwen-image")
STRANGER = httpx.Client(trust_env=False)
"""A client without a key, for image URLs."""


class Clock:
    """Unix time in seconds that a test can move."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def pytest_unconfigure() -> None:
    """Close the shared client when all is done."""
    STRANGER.close()


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def with_key(edition: Edition, clock: Clock) -> Iterator[httpx.Client]:
    with (
        ReferenceServer(edition, key=KEY, clock=clock) as server,
        client_of(server) as client,
    ):
        yield client


@pytest.fixture
def client(with_key: httpx.Client, clock: Clock) -> httpx.Client:
    """Set the clock, which then stands still for a test; the server is one for all modules."""
    clock.now = time.time()
    return with_key


def client_of(server: ReferenceServer) -> httpx.Client:
    """Return a client with the key of a server."""
    headers = {"Authorization": f"Bearer {server.key}"}
    return httpx.Client(base_url=server.base_url, headers=headers, trust_env=False)


def generate(client: httpx.Client, model: str = "dall-e-3", **fields: Any) -> httpx.Response:
    return client.post("/images/generations", json={"model": model, "prompt": PROMPT, **fields})


def draws_accepted(client: httpx.Client, model: str, **fields: Any) -> dict[str, Any]:
    response = generate(client, model, **fields)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def error_of(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"]
    assert response.headers["content-type"] == "application/json"
    error: dict[str, Any] = body["error"]
    return error


def images_of(body: Mapping[str, Any]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(data)) for data in files_of(body)]


def files_of(body: Mapping[str, Any]) -> list[bytes]:
    return [
        base64.b64decode(item["b64_json"], validate=True)
        if "b64_json" in item
        else STRANGER.get(item["url"]).raise_for_status().content
        for item in body["data"]
    ]
