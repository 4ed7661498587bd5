"""What is read off the URL of an image, and off the headers it comes with."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.clauses.locators import (
    Locator,
    cached_for,
    expiry_of,
    host_of,
    is_internal,
    read_locator,
)
from conformance.exchange.transport.special_addresses import is_loopback


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://A.example/x", ("https", "a.example", False)),
        ("HTTPS://a.example./x", ("https", "a.example", False)),
        ("https://u:p@a.example:8/x", ("https", "a.example", True)),
        ("https://a.example/x@y", ("https", "a.example", False)),
        ("https://[2606:4700::1]/x", ("https", "2606:4700::1", False)),
        ("/relative", ("", "", False)),
        ("data:image/png;base64,AA==", ("data", "", False)),
        ("https://a.example/b c", None),
        ("https://a.example:x/", None),
        ("http://[::1", None),
        ("https://a.example/%zz", None),
    ],
)
def test_url_is_taken_apart(text: str, parts: tuple[str, str, bool] | None) -> None:
    assert read_locator(text) == (parts and Locator(*parts, text))
    assert host_of(text) == (parts[1] if parts else "")


LOOPBACK = "localhost a.localhost 127.1 0x7f000001 2130706433 ::1 ::ffff:127.0.0.1"
INSIDE = "10.0.0.1 169.254.169.254 224.0.0.1 ff0e::1 fd00::1 printer db.internal x.home.arpa"
SPECIAL = (
    "168.63.129.16 2002:a00:1:: 64:ff9b::a00:1 192.0.0.9 3fff::1"  # Python's is_global is unsure
)
OUTSIDE = "notlocalhost.example localhost.example.com 128.0.0.1 ::ffff:1.1.1.1 999.1.1.1 a.example"


@pytest.mark.parametrize(
    ("hosts", "internal", "loopback"),
    [(LOOPBACK, True, True), (f"{INSIDE} {SPECIAL}", True, False), (OUTSIDE, False, False)],
)
def test_host_leads_inside(hosts: str, internal: bool, loopback: bool) -> None:
    for host in hosts.split():
        assert (is_internal(host), is_loopback(host)) == (internal, loopback), host


DAY = 1_790_000_000
WIDE = {digit: digit - ord("0") + 0xFF10 for digit in range(ord("0"), ord("9") + 1)}
AT = "20260921T141320Z"  # the same moment


EXPIRIES: list[tuple[str, tuple[float, str] | None]] = [
    ("se=2026-09-21T14:13:20Z", (DAY, "se")),
    ("se=2026-09-21T14:13:20", (DAY, "se")),
    ("se=2026-09-21T16:13:20%2B02:00", (DAY, "se")),
    (f"X-Amz-Date={AT}&X-Amz-Expires=60", (DAY + 60, "x-amz-expires")),
    (f"X-Goog-Date={AT}&X-Goog-Expires=60", (DAY + 60, "x-goog-expires")),
    (f"x-oss-date={AT}&x-oss-expires=60", (DAY + 60, "x-oss-expires")),
    (f"Expires={DAY}", (DAY, "expires")),
    (f"expiry={DAY}", (DAY, "expiry")),
    ("exp=9999999999", (9_999_999_999, "exp")),
    ("exp=1000000000", (1_000_000_000, "exp")),
    (f"expires=3600&expiry={DAY}", (DAY, "expiry")),
    (f"sp=r&exp={DAY}", (DAY, "exp")),
]
NO_EXPIRIES = [
    f"X-Amz-Date={AT}", "X-Amz-Expires=60", f"X-Amz-Date=yesterday&X-Amz-Expires=60&exp={DAY}",
    "exp=0999999999", "exp=999999999", "exp=10000000000", f"exp={str(DAY).translate(WIDE)}",
    "expiry=20271231", "expires=3600", "exp=soon", "exp=", "se=tomorrow", "x=1",
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), [*EXPIRIES, *((one, None) for one in NO_EXPIRIES)])
def test_expiry_is_read_from_what_signed_urls_say(
    query: str, expected: tuple[float, str] | None
) -> None:
    expiry = expiry_of(f"https://a.example/1.png?{query}")
    assert (expiry and (expiry.at, expiry.said_in)) == expected


def test_expiry_is_read_as_utc_wherever_the_suite_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    for query, after in ((f"X-Amz-Date={AT}&X-Amz-Expires=60", 60), ("se=2026-09-21T14:13:20", 0)):
        expiry = expiry_of(f"https://a.example/1.png?{query}")
        assert expiry is not None
        assert expiry.at == DAY + after
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("cache_control", "expires", "expected"),
    [
        ("max-age=60", "", "60 seconds (Cache-Control)"),
        ("public, max-age=007", "0", "7 seconds (Cache-Control)"),
        ("s-max-age=60", "", None),
        ("no-store", "", None),
        ("", "", None),
        ("", "soon", None),
        ("no-cache", "Mon, 21 Sep 2026 14:13:20 GMT", "until 2026-09-21T14:13:20+00:00 (Expires)"),
    ],
)
def test_headers_say_how_long_an_image_may_be_kept(
    cache_control: str, expires: str, expected: str | None
) -> None:
    assert cached_for(cache_control, expires) == expected


URL_TEXT = st.text() | st.text("htps:/?#[]@&=%0123456789.x-abcdefET", max_size=60).map(
    "https://".__add__
)


@given(URL_TEXT)
def test_no_text_breaks_the_reading_of_urls(text: str) -> None:
    assert isinstance(is_internal(host_of(text)), bool)
    assert isinstance(is_loopback(text), bool)
    expiry_of(text)
    expiry_of(f"https://images.provider.example/?se={text}&Expires={text}")
    cached_for(text, text)
