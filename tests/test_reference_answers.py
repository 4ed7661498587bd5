"""What the reference provider answers, streams and serves, seen over real HTTP with httpx alone.

That each answer is of the size, type, number and transparency that was asked for is what the
clauses say of the truth, in the proof.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from conformance.parsing import read_event_stream
from conformance.reference.painting import FINISHED, Picture, image_file, paint
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from tests.generating import (
    GPT,
    KEY,
    MODELS,
    STRANGER,
    client_of,
    draws_accepted,
    files_of,
    generate,
    images_of,
)

if TYPE_CHECKING:
    import httpx

    from conformance.contract import Edition
    from tests.generating import Clock

pytest_plugins = ["tests.generating"]


@pytest.mark.parametrize("model", MODELS)
def test_reference_answers_validate(client: httpx.Client, edition: Edition, model: str) -> None:
    for fields in ({}, {"response_format": "url"}, {"response_format": "b64_json"}):
        body, kind = draws_accepted(client, model, **fields), fields.get("response_format")
        assert not edition.response_errors(edition.model(model).response_kind(kind), body)
        member = "b64_json" if model in GPT else kind or "url"
        assert [set(item) & {"url", "b64_json"} for item in body["data"]] == [{member}]
        assert ("revised_prompt" in body["data"][0]) is (model == "dall-e-3")
        assert body["created"] == pytest.approx(time.time(), abs=60)
        assert [len(image.getcolors(2**24) or ()) > 9 for image in images_of(body)] == [True]


@pytest.mark.parametrize("model", ["dall-e-2", "gpt-image-1"])
def test_reference_is_deterministic(client: httpx.Client, model: str) -> None:
    first, second = (files_of(draws_accepted(client, model)) for _ in range(2))
    assert first == second
    assert first != files_of(draws_accepted(client, model, prompt="Something else"))


def test_reference_output_compression_shrinks(client: httpx.Client) -> None:
    for kind in ("jpeg", "webp"):
        small, large = (
            draws_accepted(client, "gpt-image-1", output_format=kind, output_compression=level)
            for level in (5, 90)
        )
        assert len(files_of(small)[0]) < len(files_of(large)[0])
    assert len(image_file(Picture("0" * 32, 1024, 1024))) < 60_000


@pytest.mark.parametrize("partial_images", [None, 0, 1, 3])
def test_reference_streams_events(
    client: httpx.Client, edition: Edition, partial_images: int | None
) -> None:
    response = generate(client, GPT[0], stream=True, partial_images=partial_images)
    assert response.headers["content-type"].startswith("text/event-stream")
    stream = read_event_stream(response.content)
    assert stream.fault is None
    bodies = [json.loads(event.data) for event in stream.events]
    kinds = [event.name.removeprefix("image_generation.") for event in stream.events if event.name]
    assert kinds == ["partial_image"] * (partial_images or 0) + ["completed"]
    assert [body["type"].removeprefix("image_generation.") for body in bodies] == kinds
    for kind, body in zip(kinds, bodies, strict=True):
        assert not edition.stream_errors(kind, body)
        assert Image.open(io.BytesIO(base64.b64decode(body["b64_json"]))).size == (1024, 1024)
    assert len({body["b64_json"] for body in bodies}) == len(bodies)


@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
def test_reference_partial_images_show_more_and_more(transparent: bool) -> None:
    pictures = [Picture("0" * 32, 64, 64, transparent, stage) for stage in (1, 2, 3, FINISHED)]
    assert len({paint(picture).tobytes() for picture in pictures}) == 4


def test_reference_lie_that_paints_all_events_at_once_is_run_on_a_thread(edition: Edition) -> None:
    loops: list[object] = []

    def all_at_once(*arguments: Any) -> Iterator[dict[str, Any]]:
        loops.append(asyncio._get_running_loop())
        return iter(list(TRUTHFUL.events(*arguments)))

    steps = replace(TRUTHFUL, events=all_at_once)
    with ReferenceServer(edition, key=KEY, steps=steps) as server, client_of(server) as client:
        assert generate(client, GPT[0], stream=True).status_code == 200
    assert loops == [None]


def test_reference_url_needs_no_key_and_expires(client: httpx.Client, clock: Clock) -> None:
    url = draws_accepted(client, "dall-e-2", size="256x256")["data"][0]["url"]
    assert url.startswith(str(client.base_url).replace("/v1/", "/files/"))
    response = STRANGER.get(url)
    assert response.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (256, 256)
    clock.now += 3601
    try:
        late = STRANGER.get(url)
    finally:
        clock.now -= 3601
    assert late.status_code == 403
    assert b"<Error>" in late.content


def test_reference_url_cannot_be_forged(client: httpx.Client) -> None:
    url = draws_accepted(client, "dall-e-2", size="256x256")["data"][0]["url"]
    for one, other in (("sig=", "sig=A"), ("se=2", "se=3"), ("sp=r", "sp=rw"), ("-256", "-257")):
        assert one in url
        assert STRANGER.get(url.replace(one, other, 1)).status_code == 403, one
    for name in ("x.png", "%2e%2e%2fetc%2fpasswd", "a" * 32 + "-0x1.png"):
        path = str(client.base_url).replace("/v1/", f"/files/{name}")
        assert client.get(path).status_code == 404, name


@pytest.mark.parametrize(
    ("host", "follows"),
    [("images.example:8443", True), ("[::1]:80", True), ("evil/../x", False), ('a"b', False)],
)
def test_reference_url_follows_valid_host(client: httpx.Client, host: str, follows: bool) -> None:
    body = {"model": "dall-e-3", "prompt": "x"}
    response = client.post("/images/generations", json=body, headers={"Host": host})
    url = urlsplit(response.json()["data"][0]["url"])
    assert (url.netloc == host) is follows
    assert set(parse_qs(url.query)) == {"se", "sp", "sig"}
