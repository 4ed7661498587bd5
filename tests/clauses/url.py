"""URL: forms, hosts, expiries and downloads at their limits."""

from __future__ import annotations

from dataclasses import replace

from conformance.exchange.model import Attempt, Download, Exchange, Failure, Response
from tests.miniatures import (
    HTML,
    SENT_AT,
    Case,
    Fetched,
    body,
    exchange,
    image_url,
    items,
    picture,
    requested_picture,
    serve_image,
    to_base64,
    with_item_members,
)

REQUEST = body("dall-e-2")
QWEN = body("qwen-image")
TWO = body("dall-e-2", n=2)
URL = "https://images.provider.example/1.png"
AGAIN = Attempt(503, "HTTP 503")
GONE = serve_image(b"<Error/>", "application/xml", 403)


def at(url: str, fetched: Fetched | None = None, base: str | None = None) -> Exchange:
    """An answer whose image lies at this URL, from a provider at this base URL."""
    truth = exchange(REQUEST, answer=with_item_members(REQUEST, url=url), fetched=fetched)
    if base is None:
        return truth
    return replace(truth, request=replace(truth.request, url=f"{base}/images/generations"))


def fails(kind: str, url: str = image_url()) -> Exchange:
    """An answer whose URL cannot be fetched, for this kind of reason."""
    return at(url, Failure(kind, "it could not be fetched"))


def expired_url(expires: int, elapsed: float | None) -> Exchange:
    """A URL that states its expiry and gives no image, in an answer after so many seconds."""
    return replace(at(f"{URL}?expires={expires}", GONE), elapsed=elapsed)


def either(first: Response, second: Response) -> Exchange:
    """Two URLs, of which each gives something else."""
    content = items(TWO, {"url": f"{URL}?a"}, {"url": f"{URL}?b"})
    return exchange(TWO, answer=content, downloads={f"{URL}?a": first, f"{URL}?b": second})


TRUTH = exchange(REQUEST)
CASES: dict[str, Exchange | Case] = {
    **{model: exchange(body(model)) for model in ("dall-e-3", "qwen-image")},
    **{
        f"url-{name}": at(url)
        for name, url in {
            "percent": "https://images.provider.example/%zz",
            "port": "https://images.provider.example:x/1",
            "bracket": "https://[::1/1.png",
            "relative": "//images.provider.example/1.png",
            "no-host": "https:///1.png",
            "http-no-host": "http:///1.png",
            "data": f"data:image/png;base64,{'A' * 200}",
            "internal": "https://cdn.internal/1.png",
            "private": "http://10.0.0.2/1.png",
            "public-address": "https://1.1.1.1/1",
        }.items()
    },
    "ftp": fails("bad-scheme", "ftp://images.provider.example/1"),
    "password": fails("bad-url", "https://a:b@images.provider.example/1.png"),
    "blocked-address": fails("blocked-address"),
    "loopback-of-loopback": at("http://127.0.0.1:18001/1.png", base="http://127.0.0.1:18001/v1"),
    "private-of-private": at("http://10.0.0.2/1.png", base="http://10.0.0.1/v1"),
    **{
        f"expires-{expires}-after-{elapsed}": expired_url(expires, elapsed)
        for expires, elapsed in (
            *((0, 1.5), (1_000_000_000, 1.5)),
            *((int(SENT_AT) + 2, 2.0), (int(SENT_AT) + 1, 2.0)),
            *((int(SENT_AT), None), (int(SENT_AT) - 1, None)),
        )
    },
    "expired-and-gives-an-image": at(f"{URL}?expires=1780000000"),
    "expired-and-gives-a-text": at(f"{URL}?expires=1780000000", serve_image(b"It has expired.")),
    "expired-and-gives-an-image-as-403": at(
        f"{URL}?expires=1780000000", serve_image(requested_picture(REQUEST), status=403)
    ),
    "expired-and-not-fetched": replace(at(f"{URL}?expires=1780000000"), downloads=()),
    "lifetime-is-no-expiry": at(f"{URL}?expires=3600", GONE),
    **{
        f"download-{kind}": fails(kind)
        for kind in ("timeout", "connect", "disconnect", "redirect-loop", "tls")
    },
    **{
        f"download-{status}": at(URL, serve_image(b"", "text/plain", status))
        for status in (404, 429, 500, 503)
    },
    "download-503-three-times": replace(
        at(URL), downloads=(Download(URL, serve_image(b"", status=503), retried=(AGAIN, AGAIN)),)
    ),
    "download-of-the-first-alone": either(
        serve_image(picture()), serve_image(b"", "text/plain", 503)
    ),
    "download-none": replace(exchange(REQUEST), downloads=()),
    "download-empty": at(URL, serve_image(b"", "image/png")),
    "download-web-page": at(URL, serve_image(HTML, "text/html")),
    "download-octet-stream": at(URL, serve_image(picture(), "application/octet-stream")),
    "download-no-type": at(URL, Response(200, (), picture())),
    "download-odd-and-mislabelled": either(
        serve_image(b"what", "image/png"), serve_image(picture(), "image/webp")
    ),
    "scrubbed": replace(at("REDACTED"), altered=frozenset({"payloads"})),
    "scrubbed-urls-too": replace(at("REDACTED"), altered=frozenset({"payloads", "urls"})),
    "base64-where-either-will-do": exchange(
        QWEN, answer=items(QWEN, {"b64_json": to_base64(picture())})
    ),
    "base64-where-a-url-was-promised": exchange(
        REQUEST, answer=items(REQUEST, {"b64_json": to_base64(picture())})
    ),
    "base64-beside": exchange(
        QWEN, answer=with_item_members(QWEN, b64_json=to_base64(requested_picture(QWEN)))
    ),
}
