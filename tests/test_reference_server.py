"""The reference provider as a server: models, headers, ports, starting and stopping."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from conformance.reference import TRUTHFUL, ReferenceServer, ReferenceServerError
from tests.generating import STRANGER, accepted, client_of, error_of, generate, images_of

if TYPE_CHECKING:
    from conformance.contract import Edition

pytest_plugins = ["tests.generating"]


def test_reference_lists_its_models(client: httpx.Client, edition: Edition) -> None:
    listing = client.get("/models").json()
    assert not edition.model_list_errors(listing)
    assert [entry["id"] for entry in listing["data"]] == list(edition.models)
    assert client.get("/models/qwen-image").json() in listing["data"]
    missing = client.get("/models/dall-e-4")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "model_not_found")


@pytest.mark.parametrize("path", ["/images/generations", "/models", "/nowhere"])
def test_reference_sends_documented_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-request-id"].startswith("req_")
    assert int(headers["openai-processing-ms"]) >= 1


def test_reference_models_narrow_and_widen(edition: Edition) -> None:
    with (
        ReferenceServer(edition, models=["dall-e-2", "gpt-image-2"]) as server,
        client_of(server) as client,
    ):
        assert generate(client, "dall-e-3").status_code == 404
        body = accepted(client, "gpt-image-2", size="640x1024")
        assert images_of(body)[0].size == (640, 1024)


def test_reference_starts_and_stops_at_once(edition: Edition) -> None:
    began = time.perf_counter()
    with ReferenceServer(edition) as server:
        started = time.perf_counter()
        STRANGER.get(server.base_url)
    assert started - began < 0.5
    assert time.perf_counter() - started < 1.0
    with pytest.raises(httpx.ConnectError):
        STRANGER.get(server.base_url)


def test_reference_names_taken_port(edition: Edition) -> None:
    with ReferenceServer(edition) as server:
        port = urlsplit(server.base_url).port
        assert port is not None
        with (
            pytest.raises(ReferenceServerError, match=str(port)),
            ReferenceServer(edition, port=port),
        ):
            pass


def test_reference_step_can_be_replaced(edition: Edition) -> None:
    def nothing(*_: object) -> dict[str, Any]:
        return {"created": 0, "data": []}

    with ReferenceServer(edition, steps=replace(TRUTHFUL, answer=nothing)) as server:
        response = httpx.post(
            f"{server.base_url}/images/generations",
            json={"model": "dall-e-2", "prompt": "x"},
            headers={"Authorization": f"Bearer {server.key}"},
            trust_env=False,
        )
    assert response.json() == {"created": 0, "data": []}
