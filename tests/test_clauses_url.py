"""The chapter url: one lie a clause, and the exchange without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clauses.locators import (
    cached_for,
    expiry_of,
    host_of,
    is_internal,
    is_loopback,
)
from conformance.exchange.model import Failure, Response
from conformance.findings import Verdict
from tests.miniatures import (
    HTML,
    body,
    changed,
    encoded,
    exchange,
    image_url,
    lie,
    painted,
    picture,
    red,
    served,
    verdicts,
)

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange
    from tests.miniatures import Fetched

REQUEST = body("dall-e-2")
TEXT = encoded(picture())


def at(url: str, fetched: Fetched | None = None, base: str | None = None) -> Exchange:
    """An answer whose image lies at this URL, from a provider at this base URL."""
    made = exchange(REQUEST, answer=changed(REQUEST, url=url), fetched=fetched)
    if base is None:
        return made
    return replace(made, request=replace(made.request, url=f"{base}/images/generations"))


def gives(fetched: Fetched) -> Exchange:
    """An answer whose URL gives this."""
    return exchange(REQUEST, fetched=fetched)


def fails(kind: str, url: str = image_url()) -> Exchange:
    """An answer whose URL cannot be fetched, for this kind of reason."""
    return at(url, Failure(kind, "it could not be fetched"))


INTERNAL = (
    "http://localai.local:8080/1.png",
    "https://localhost/1.png",
    "https://minio:9000/1.png",
    "https://cdn.internal/1.png",
    "https://10.0.0.7/1.png",
    "https://169.254.169.254/latest",
    "https://[::1]/1.png",
    "https://[::ffff:192.168.0.1]/1.png",
    "https://127.1/1.png",
    "https://2130706433/1.png",
    "https://0x7f000001/1.png",
)

LIES = {
    each.id: each
    for each in (
        lie("blank", lambda: at("https://images.provider.example/a b.png"), "url.well-formed"),
        lie("backslash", lambda: at(r"https://images.provider.example\1"), "url.well-formed"),
        lie("percent", lambda: at("https://images.provider.example/%zz"), "url.well-formed"),
        lie("port", lambda: at("https://images.provider.example:x/1"), "url.well-formed"),
        lie("bracket", lambda: at("https://[::1/1.png"), "url.well-formed"),
        lie("umlaut", lambda: at("https://images.provider.example/ü"), "url.well-formed"),
        lie("relative", lambda: at("/files/1.png"), "url.absolute"),
        lie("no-scheme", lambda: at("//images.provider.example/1.png"), "url.absolute"),
        lie("no-host", lambda: at("https:///1.png"), "url.absolute"),
        lie(
            "data-url",
            lambda: at(f"data:image/png;base64,{encoded(picture())}"),
            "url.not-data-url",
        ),
        lie("http", lambda: at("http://images.provider.example/1.png"), "url.https"),
        lie("ftp", lambda: fails("bad-scheme", "ftp://images.provider.example/1"), "url.https"),
        lie("file", lambda: fails("bad-scheme", "file:///etc/passwd"), "url.https"),
        lie(
            "password",
            lambda: fails("bad-url", "https://a:b@images.provider.example/1.png"),
            "url.no-credentials",
        ),
        lie("private-address", lambda: at("https://10.0.0.7/1.png"), "url.public-host"),
        lie("blocked-address", lambda: fails("blocked-address"), "url.public-host"),
        lie(
            "expired",
            lambda: gives_at(image_url().replace("2026-09", "2026-08")),
            "url.not-expired",
        ),
        lie("not-found", lambda: gives(served(HTML, "text/html", 404)), "url.fetchable"),
        lie("needs-key", lambda: gives(served(b"{}", "application/json", 401)), "url.fetchable"),
        lie("redirect-loop", lambda: fails("redirect-loop"), "url.fetchable"),
        lie("dns", lambda: fails("dns"), "url.fetchable"),
        lie("empty-file", lambda: gives(served(b"", "image/png")), "url.not-empty"),
        lie("web-page", lambda: gives(served(HTML, "text/html")), "url.is-image"),
        lie("web-page-as-png", lambda: gives(served(HTML, "image/png")), "url.is-image"),
        lie(
            "base64-file",
            lambda: gives(served(encoded(picture()).encode(), "image/png")),
            "url.is-image",
        ),
        lie(
            "webp-as-png",
            lambda: gives(served(picture("webp"), "image/png")),
            "url.content-type",
        ),
        lie(
            "octet-stream",
            lambda: gives(served(picture(), "application/octet-stream")),
            "url.content-type",
        ),
        lie("no-type", lambda: gives(Response(200, (), picture())), "url.content-type"),
    )
}
CLAUSES = sorted({clause for each in LIES.values() for clause in each.red})


def gives_at(url: str) -> Exchange:
    """An answer whose URL is refused by the image host, as an expired one is."""
    return at(url, served(b"<Error/>", "application/xml", 403))


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3", "qwen-image"])
@pytest.mark.parametrize("clause", CLAUSES)
def test_truth_passes(clause: str, model: str) -> None:
    assert verdicts(exchange(body(model)))[clause] is Verdict.PASS


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    told = LIES[name]
    assert red(told.exchange(), told.control) == told.red


@pytest.mark.parametrize("url", INTERNAL)
def test_internal_host_of_a_public_provider(url: str) -> None:
    assert "url.public-host" in red(at(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://oaidalle.blob.core.windows.net/1.png?sp=r",
        "https://1.1.1.1/1",
        "https://[2606:4700::1]/1",
    ],
)
def test_public_host(url: str) -> None:
    assert red(at(url)) == frozenset()


@pytest.mark.parametrize("base", ["http://127.0.0.1:18001/v1", "http://localhost:18001/v1"])
def test_loopback_provider_may_serve_http_from_loopback(base: str) -> None:
    assert red(at("http://127.0.0.1:18001/files/1.png", base=base)) == frozenset()


@pytest.mark.parametrize("query", ["expiry=20271231", "expires=3600", "expires=1780000000"])
def test_url_that_gives_an_image_has_not_expired(query: str) -> None:
    made = at(f"https://images.provider.example/1.png?{query}")
    assert red(made) == frozenset()
    found = verdicts(made)
    assert all(found[each] is Verdict.PASS for each in CLAUSES)


def test_day_or_lifetime_in_a_url_does_not_keep_it_from_being_fetched() -> None:
    assert red(gives_at("https://images.provider.example/1.png?expires=3600")) == {"url.fetchable"}


def test_url_past_its_expiry_has_expired_unless_it_gives_an_image() -> None:
    past = "https://images.provider.example/1.png?Expires=1780000000"
    assert red(gives_at(past)) == {"url.not-expired"}
    assert red(at(past, served(b"The link has expired.", "text/plain"))) == {"url.not-expired"}
    assert red(replace(at(past), downloads=())) == {"url.not-expired"}
    assert red(at(past, served(painted(REQUEST), status=403))) == {"url.not-expired"}


@pytest.mark.parametrize("kind", ["timeout", "connect", "disconnect"])
def test_outage_of_the_image_host_is_unavailable(kind: str) -> None:
    assert verdicts(fails(kind))["url.fetchable"] is Verdict.UNAVAILABLE


@pytest.mark.parametrize("status", [429, 500, 503], ids=str)
def test_overload_of_the_image_host_is_unavailable(status: int) -> None:
    found = verdicts(gives(served(b"", "text/plain", status)))
    assert found["url.fetchable"] is Verdict.UNAVAILABLE


def test_url_that_was_not_fetched_is_not_testable() -> None:
    found = verdicts(replace(exchange(REQUEST), downloads=()))
    assert found["url.fetchable"] is found["url.is-image"] is Verdict.NOT_TESTABLE


def test_altered_urls_are_not_testable() -> None:
    made = replace(at("REDACTED"), altered=frozenset({"payloads"}))
    assert red(made) == frozenset()


def test_image_beside_base64_is_told_once() -> None:
    request = body("qwen-image")
    made = exchange(request, answer=changed(request, b64_json=encoded(painted(request))))
    assert red(made) == {"format.qwen-image-one-payload"}


@pytest.mark.parametrize(
    ("query", "at_second"),
    [
        ("se=2026-09-21T15%3A13%3A20Z", 1_790_003_600),
        ("Expires=1790003600&Signature=x", 1_790_003_600),
        ("X-Amz-Date=20260921T141320Z&X-Amz-Expires=3600", 1_790_003_600),
        ("x-oss-date=20260921T141320Z&x-oss-expires=60", 1_790_000_060),
        ("X-Goog-Date=20260921T141320Z&X-Goog-Expires=60", 1_790_000_060),
    ],
    ids=["azure", "s3-2", "s3-4", "oss", "google"],
)
def test_expiry_is_read_from_a_signed_url(query: str, at_second: int) -> None:
    expiry = expiry_of(f"https://images.provider.example/1.png?{query}")
    assert expiry is not None
    assert expiry.at == at_second


@pytest.mark.parametrize(
    "query",
    ["", "se=soon", "Expires=1e9", "X-Amz-Date=x&X-Amz-Expires=1", "se=", "exp=" + "9" * 99],
)
def test_expiry_that_is_not_stated(query: str) -> None:
    assert expiry_of(f"https://images.provider.example/1.png?{query}") is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "::1", "localhost", "a.localhost"])
def test_loopback_in_any_notation(host: str) -> None:
    assert is_loopback(host)
    assert is_internal(host)


URL_TEXT = st.text() | st.text("htps:/?#[]@&=%0123456789.x-abcdefET", max_size=60).map(
    "https://".__add__
)


@given(URL_TEXT)
def test_no_text_breaks_the_reading_of_urls(text: str) -> None:
    host = host_of(text)
    assert isinstance(is_internal(host), bool)
    assert isinstance(is_loopback(text), bool)
    expiry_of(text)
    expiry_of(f"https://images.provider.example/?se={text}&Expires={text}")
    cached_for(text, text)
