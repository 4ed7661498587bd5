"""The image URLs of the reference provider: signed, and good for an hour."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from tests.generating import STRANGER, accepted

if TYPE_CHECKING:
    import httpx

    from tests.generating import Clock

pytest_plugins = ["tests.generating"]


def test_reference_url_needs_no_key_and_expires(client: httpx.Client, clock: Clock) -> None:
    url = accepted(client, "dall-e-2", size="256x256")["data"][0]["url"]
    assert url.startswith(str(client.base_url).replace("/v1/", "/files/"))
    response = STRANGER.get(url)
    assert response.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(response.content)).size == (256, 256)
    clock.now += 3601
    try:
        expired = STRANGER.get(url)
    finally:
        clock.now -= 3601
    assert expired.status_code == 403
    assert b"<Error>" in expired.content


@pytest.mark.parametrize(
    "change",
    [("sig=", "sig=A"), ("se=2", "se=3"), ("sp=r", "sp=rw"), ("-256", "-257")],
    ids=["signature", "expiry", "permission", "other-picture"],
)
def test_reference_url_cannot_be_forged(client: httpx.Client, change: tuple[str, str]) -> None:
    url = accepted(client, "dall-e-2", size="256x256")["data"][0]["url"]
    forged = url.replace(*change, 1)
    assert forged != url
    assert STRANGER.get(forged).status_code == 403


@pytest.mark.parametrize("name", ["x.png", "%2e%2e%2fetc%2fpasswd", "a" * 32 + "-0x1.png"])
def test_reference_url_unknown_is_404(client: httpx.Client, name: str) -> None:
    response = client.get(str(client.base_url).replace("/v1/", f"/files/{name}"))
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("host", "kept"),
    [("images.example:8443", True), ("[::1]:80", True), ("evil/../x", False), ('a"b', False)],
)
def test_reference_url_follows_valid_host(client: httpx.Client, host: str, kept: bool) -> None:
    response = client.post(
        "/images/generations", json={"model": "dall-e-3", "prompt": "x"}, headers={"Host": host}
    )
    url = urlsplit(response.json()["data"][0]["url"])
    assert (url.netloc == host) is kept
    assert set(parse_qs(url.query)) == {"se", "sp", "sig"}
