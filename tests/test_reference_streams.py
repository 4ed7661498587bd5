"""The streams of the reference provider, and the partial images in them."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from conformance.parsing import read_event_stream
from conformance.reference import ReferenceServer
from conformance.reference.painting import FINISHED, Picture, paint
from conformance.reference.steps import TRUTHFUL
from tests.generating import GPT, KEY, client_of, generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from conformance.contract import Edition

pytest_plugins = ["tests.generating"]


@pytest.mark.parametrize("partial_images", [None, 0, 1, 3])
@pytest.mark.parametrize("model", GPT)
def test_reference_streams_events(
    client: httpx.Client, edition: Edition, model: str, partial_images: int | None
) -> None:
    response = generate(client, model, stream=True, partial_images=partial_images)
    assert response.headers["content-type"].startswith("text/event-stream")
    stream = read_event_stream(response.content)
    assert stream.fault is None
    bodies = [json.loads(event.data) for event in stream.events]
    kinds = [event.name.removeprefix("image_generation.") for event in stream.events if event.name]
    assert kinds == ["partial_image"] * (partial_images or 0) + ["completed"]
    assert [each["type"].removeprefix("image_generation.") for each in bodies] == kinds
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

    def all_at_once(*asked: Any) -> Iterator[dict[str, Any]]:
        loops.append(asyncio._get_running_loop())
        return iter(list(TRUTHFUL.events(*asked)))

    steps = replace(TRUTHFUL, events=all_at_once)
    with ReferenceServer(edition, key=KEY, steps=steps) as server, client_of(server) as client:
        assert generate(client, GPT[0], stream=True).status_code == 200
    assert loops == [None]
