"""What real recorders write of real traffic is read: VCR.py in the ways that people use it."""

from __future__ import annotations

import contextlib
import gzip
import ssl
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import brotli
import httpx
import pytest
import requests
import vcr

from conformance.contract import load_edition
from conformance.exchange.transport.codings import zstd
from conformance.recordings.judging import judge_files
from conformance.reference.server import ReferenceServer
from conformance.reference.steps import TRUTHFUL
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import read_run
from tests.extent import LONG

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}
BODIES: list[dict[str, Any]] = [
    {"model": "dall-e-3", "prompt": "a kite"},
    {"model": "dall-e-2", "prompt": "a kite", "response_format": "b64_json", "n": 2},
    {"model": "gpt-image-1", "prompt": "a kite", "output_format": "jpeg"},
    {"model": "gpt-image-1", "prompt": "a kite", "stream": True, "partial_images": 2},
    {"model": "dall-e-2", "prompt": "a kite", "size": "1x1"},
]


@contextlib.contextmanager
def provider(coding: str) -> Iterator[ReferenceServer]:
    """Serve the truth in a content coding, but for streams and errors."""

    def finish(response: Response, started: float) -> Response:
        response = TRUTHFUL.finish(response, started)
        if coding != "identity" and hasattr(response, "body"):
            response.body = CODINGS[coding](bytes(response.body))
            response.headers["content-encoding"] = coding
            response.headers["content-length"] = str(len(response.body))
        return response

    with ReferenceServer(load_edition(), steps=replace(TRUTHFUL, finish=finish)) as server:
        yield server


def by_httpx(server: ReferenceServer) -> None:
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading whom to trust takes 40 ms
    headers = {"Authorization": f"Bearer {server.key}"}
    with httpx.Client(headers=headers, verify=nobody) as client:
        for body in BODIES:
            client.post(f"{server.base_url}/images/generations", json=body)


def by_requests(server: ReferenceServer) -> None:
    headers = {"Authorization": f"Bearer {server.key}"}
    for body in BODIES:
        url = f"{server.base_url}/images/generations"
        requests.post(url, json=body, headers=headers, stream=True, timeout=30).raw.read()


def by_openai(server: ReferenceServer) -> None:
    import openai  # takes a second

    client = openai.OpenAI(api_key=server.key, base_url=server.base_url, max_retries=0)
    for body in BODIES:
        with contextlib.suppress(openai.BadRequestError):
            answer = client.images.generate(**body)
            list(answer)


CLIENTS = {"httpx": by_httpx, "requests": by_requests, "openai": by_openai}


DECODED = {"serializer": "yaml", "decode_compressed_response": True}
WAYS: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"httpx-{coding}": ("httpx", coding, {"serializer": "yaml"}) for coding in CODINGS},
    "httpx-gzip-decoded": ("httpx", "gzip", DECODED),
    "requests-gzip": ("requests", "gzip", {"serializer": "yaml"}),
    "requests-json": ("requests", "identity", {"serializer": "json"}),
}
if LONG:  # importing openai takes longer than all the others together
    WAYS["openai-json"] = ("openai", "identity", {"serializer": "json"})


@pytest.mark.parametrize(("client", "coding", "options"), WAYS.values(), ids=WAYS)
def test_recorders_vcrpy_is_judged_whole_and_without_its_key(
    tmp_path: Path, client: str, coding: str, options: dict[str, Any]
) -> None:
    """Every exchange was judged, nothing is broken, images and events were really looked at.

    That it conforms is not said: the images that the URLs lead to were not recorded, and with
    them goes a tenth of what binds dall-e-3.
    """
    path = tmp_path / f"cassette.{options['serializer']}"
    with provider(coding) as server, vcr.VCR(**options).use_cassette(str(path)):
        CLIENTS[client](server)
    report = judge_files([path], load_edition(), tmp_path / "run.jsonl")
    assert server.key in path.read_text()
    assert server.key not in report.run_file.read_text()
    assert report.problems == []
    assert report.verdicts.keys() == {"pass", "not testable"}
    assert report.conclusion is Conclusion.NOT_JUDGED
    assert (report.files[0].entries, report.judged) == (len(BODIES), len(BODIES))
    findings = read_run(report.run_file).findings
    clauses = {finding.clause for finding in findings if finding.verdict == "pass"}
    assert {"image.complete", "stream.completed-image", "format.url-by-default"} <= clauses
    assert {"parameters.size-enum", "envelope.json-syntax", "stream.framing"} <= clauses
