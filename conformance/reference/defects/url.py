"""Lies about image URLs and about what lies behind them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from conformance.reference.answers import AnswerContext, Job, picture
from conformance.reference.defects.planting import Body, in_file, in_items, in_step, in_url, planted
from conformance.reference.painting import image_file


def _elsewhere(url: str, origin: str) -> str:
    """Return the same path at another origin."""
    return origin + "/files/" + url.partition("/files/")[2]


@planted(in_url, "url.blank", "url.well-formed", modes=["D12"])
def blank(url: str) -> str:
    """A URL has a blank in it."""
    return url.replace("/files/", "/my files/")


@planted(in_url, "url.backslash", "url.well-formed")
def backslash(url: str) -> str:
    """A URL has a backslash in it."""
    return url.replace("/files/", "\\files\\")


@planted(in_url, "url.relative", "url.absolute")
def relative(url: str) -> str:
    """A URL is a path without a host."""
    return _elsewhere(url, "")


@planted(in_url, "url.no-scheme", "url.absolute")
def no_scheme(url: str) -> str:
    """A URL has a host and no scheme."""
    return url.partition(":")[2]


@planted(in_items, "url.data-url", "url.not-data-url", modes=["D2"])
def data_url(item: Body, job: Job) -> None:
    """A data URL holds the image that a URL should lead to."""
    if "url" in item:
        data = base64.b64encode(image_file(picture(job, 0))).decode("ascii")
        item["url"] = f"data:image/png;base64,{data}"


@planted(in_url, "url.plain-http", "url.https", modes=["D12"], public=True)
def plain_http(url: str) -> str:
    """A URL is http."""
    return url.replace("https:", "http:")


@planted(in_url, "url.file-scheme", "url.https")
def file_scheme(url: str) -> str:
    """A URL names a file on the provider's own disk."""
    return "file:///srv/files/" + url.partition("/files/")[2]


@planted(in_url, "url.credentials", "url.no-credentials", modes=["D12"])
def credentials(url: str) -> str:
    """A URL carries a user name and a password."""
    return url.replace("://", "://images:secret@", 1)


@planted(in_url, "url.internal-host", "url.public-host", modes=["D12"], public=True)
def internal_host(url: str) -> str:
    """A URL leads to a name that only the provider's own network knows."""
    return _elsewhere(url, "https://localai.local:8080")


@planted(in_url, "url.private-address", "url.public-host", modes=["D12"], public=True)
def private_address(url: str) -> str:
    """A URL leads to a private address."""
    return _elsewhere(url, "https://10.0.0.7")


@planted(in_step("answer"), "url.expired", "url.not-expired", modes=["D12"])
def expired(answer: Any, job: Job, images: Sequence[bytes], context: AnswerContext) -> Body:
    """A URL has expired before it arrives."""
    dead = replace(context.signer, lifetime=-60.0)
    body: Body = answer(job, images, replace(context, signer=dead))
    return body


@planted(in_url, "url.ampersand-escaped", "url.fetchable", modes=["D12"])
def ampersand_escaped(url: str) -> str:
    """A signed URL is escaped as for a web page, which breaks its signature."""
    return url.replace("&", "&amp;")


@planted(in_url, "url.host-gone", "url.fetchable")
def host_gone(url: str) -> str:
    """A URL leads to a host that does not exist."""
    return _elsewhere(url, "https://images.reference.example")


@planted(in_file, "url.needs-key", "url.fetchable", modes=["URL needing the key"])
def needs_key(_file: Response) -> Response:
    """An image is given to those alone who send the API key."""
    return Response('{"error":"unauthorized"}', 401, media_type="application/json")


@planted(in_file, "url.gone", "url.fetchable", modes=["D12"])
def gone(_file: Response) -> Response:
    """An image is gone before its URL has expired."""
    return Response("<Error/>", 404, media_type="application/xml")


@planted(in_file, "url.empty-file", "url.not-empty")
def empty_file(_file: Response) -> Response:
    """A URL leads to a file of no bytes."""
    return Response(b"", media_type="image/png")


@planted(in_file, "url.web-page", "url.is-image", modes=["D12"])
def web_page(_file: Response) -> Response:
    """A URL leads to a page that shows the image."""
    return Response("<!DOCTYPE html><html><body><img src=1.png></body></html>")


@planted(in_file, "url.error-as-image", "url.is-image")
def error_as_image(_file: Response) -> Response:
    """A URL leads to an error that is declared as an image."""
    return Response('{"error":"busy"}', media_type="image/png")


@planted(in_file, "url.octet-stream", "url.content-type")
def octet_stream(file: Response) -> Response:
    """The image host does not say what it serves."""
    return Response(file.body, media_type="application/octet-stream")


@planted(in_file, "url.png-declared-webp", "url.content-type", modes=["D5", "D12"])
def png_declared_webp(file: Response) -> Response:
    """The image host declares PNG as WebP."""
    return Response(file.body, media_type="image/webp")
