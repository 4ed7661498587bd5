"""What a URL names, and which addresses may be reached."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from conformance.exchange.transport.addresses import (
    AddressPolicy,
    address_kind,
    is_loopback_name,
    numeric_address,
    read_url,
)
from conformance.exchange.transport.limits import Stopped

KINDS = {
    "loopback": "127.0.0.1 127.255.255.254 ::1",
    "private": "10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 fd00:ec2::254 fec0::1 fd20:ce::254",
    "link-local": "169.254.169.254 fe80::1 fe80::1%eth0",
    "shared (carrier-grade NAT)": "100.64.0.1 100.100.100.200",
    "multicast": "224.0.0.1 ff02::1",
    "unspecified": "0.0.0.0 0.1.2.3 ::",
    "documentation": "192.0.2.1 2001:db8::1 3fff::1",
    "benchmarking": "198.18.0.1",
    "IPv4-mapped": "::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:168.63.129.16",
    "IPv4-translated": "64:ff9b::7f00:1 64:ff9b:1::1 64:ff9b::a83f:8110",
    "6to4": "2002:7f00:1:: 192.88.99.1 2002:a83f:8110::1",
    "protocol assignment": "192.0.0.1 2001::1",
    "reserved": "240.0.0.1 255.255.255.255 ::127.0.0.1 100::1 ::168.63.129.16 4000::1",
    "cloud platform": "168.63.129.16 161.26.0.10 166.9.250.194",
}
SPECIAL = [(address, kind) for kind, addresses in KINDS.items() for address in addresses.split()]
PUBLIC = (
    "1.1.1.1 11.0.0.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 169.253.0.1"
    " 223.255.255.255 2606:4700::1111 2a00:1450::1 168.63.129.15 168.63.129.17 166.12.0.1"
)


@pytest.mark.parametrize(("address", "kind"), SPECIAL)
def test_address_that_is_special(address: str, kind: str) -> None:
    assert address_kind(ip_address(address)) == kind
    assert AddressPolicy().refusal(ip_address(address)) == kind


@pytest.mark.parametrize("address", PUBLIC.split())
def test_address_that_is_public(address: str) -> None:
    assert AddressPolicy().refusal(ip_address(address)) is None


OPENED = [
    ("http://127.0.0.1:4000/v1", "127.0.0.1 127.8.9.10 ::1", "10.0.0.1 0.0.0.0 ::ffff:127.0.0.1"),
    ("http://[::1]:4000/v1", "::1 127.0.0.1", "fe80::1 192.168.0.1"),
    ("http://localhost:4000/v1", "127.0.0.1 ::1", "169.254.169.254 172.17.0.1"),
    ("http://api.localhost/v1", "127.0.0.1", "10.0.0.1"),
    ("http://127.1/v1", "127.0.0.1", "10.0.0.1"),
    ("http://192.168.7.8/v1", "192.168.7.8 192.168.1.1", "10.0.0.1 127.0.0.1 172.16.0.1"),
    ("http://10.0.0.5/v1", "10.255.0.1", "192.168.0.1 169.254.169.254 100.64.0.1"),
    ("http://[fd12:3456:789a::5]/v1", "fd12:3456:789a:1::6", "fd12:3456:789b::6 fd00:ec2::254"),
    ("http://[fd00:ec2::5]/v1", "fd00:ec2::5", "fd00:ec2::254 fd00:ec2::6"),
    ("http://[fd20:ce::9]/v1", "fd20:ce::9", "fd20:ce::254"),
    ("http://[fd00:42::1]/v1", "fd00:42::1 fd00:42::9", "fd00:42::42"),
    ("http://168.63.129.16/v1", "168.63.129.16", "161.26.0.10"),
    ("http://169.254.1.1/v1", "169.254.1.1", "169.254.169.254"),
    ("http://100.64.1.1/v1", "100.64.1.1", "100.100.100.200"),
    ("https://api.example.com/v1", "1.1.1.1", "127.0.0.1 10.0.0.1"),
    ("https://1.1.1.1/v1", "8.8.8.8", "127.0.0.1 10.0.0.1"),
    ("not a url", "8.8.8.8", "127.0.0.1"),
]


@pytest.mark.parametrize(("base_url", "may", "must_not"), OPENED, ids=[each[0] for each in OPENED])
def test_policy_opens_where_the_provider_is(base_url: str, may: str, must_not: str) -> None:
    policy = AddressPolicy.for_provider(base_url)
    assert [each for each in may.split() if policy.refusal(ip_address(each))] == []
    assert [each for each in must_not.split() if not policy.refusal(ip_address(each))] == []


def test_policy_learns_only_the_provider_and_closes_when_its_name_moves() -> None:
    policy = AddressPolicy.for_provider("https://API.example.com./v1")
    assert policy.learned("other.example.com", ip_address("10.0.0.1")) == policy
    policy = policy.learned("api.example.com", ip_address("10.0.0.1"))
    assert policy.refusal(ip_address("10.0.0.2")) is None
    assert policy.learned("api.example.com", ip_address("10.0.0.9")) == policy
    policy = policy.learned("api.example.com", ip_address("1.1.1.1"))
    policy = policy.learned("api.example.com", ip_address("10.0.0.1"))
    assert policy.refusal(ip_address("10.0.0.2")) == "private"
    assert policy.refusal(ip_address("8.8.8.8")) is None


NUMERIC = {
    "127.0.0.1": "127.0.0.1",
    "127.1": "127.0.0.1",
    "127.0.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "0X7F.1": "127.0.0.1",
    "0177.0.0.01": "127.0.0.1",
    "017700000001": "127.0.0.1",
    "10.65535": "10.0.255.255",
    "1": "0.0.0.1",
    "127.0.0.1.": "127.0.0.1",
    "169.16689662": "169.254.169.254",
}


@pytest.mark.parametrize(("host", "address"), NUMERIC.items(), ids=NUMERIC)
def test_numeric_host_is_read_in_every_notation(host: str, address: str) -> None:
    assert str(numeric_address(host)) == address
    assert read_url(f"http://{host}:81/x?y").host == address
    assert read_url(f"http://{host}:81/x?y").port == 81


NO_NUMBERS = ["256.1.1.1", "1.2.3.4.5", "08.1", "1..2", "4294967296", "1.2.3.256", "x.1", "0x.1"]


@pytest.mark.parametrize("host", [*NO_NUMBERS, "9" * 5000], ids=lambda host: host[:20])
def test_numeric_host_that_is_no_address(host: str) -> None:
    with pytest.raises(Stopped) as stopped:
        read_url(f"http://{host}/")
    assert stopped.value.failure.kind == "bad-url"


BAD_URLS = [
    ("file:///etc/passwd", "bad-scheme"),
    ("FILE:///etc/passwd", "bad-scheme"),
    ("data:image/png;base64," + "A" * 100_000, "bad-scheme"),
    ("ftp://example.com/x.png", "bad-scheme"),
    ("javascript:alert(1)", "bad-scheme"),
    ("gopher://127.0.0.1:25/_HELO", "bad-scheme"),
    ("", "bad-url"),
    ("/relative/x.png", "bad-url"),
    ("//example.com/x.png", "bad-url"),
    ("https://", "bad-url"),
    ("https:x.png", "bad-url"),
    ("https:///x.png", "bad-url"),
    ("https://user@example.com/", "bad-url"),
    ("https://user:secret@example.com/", "bad-url"),
    ("https://example.com\\@127.0.0.1/", "bad-url"),
    ("https://example.com/a b", "bad-url"),
    ("https://example.com/\r\nx: y", "bad-url"),
    ("https://example.com/\x00", "bad-url"),
    ("https://example.com:0/", "bad-url"),
    ("https://example.com:65536/", "bad-url"),
    ("https://127.0.0.1:65536/", "bad-url"),
    ("https://example.com:port/", "bad-url"),
    ("https://[::1/", "bad-url"),
    ("https://[fe80::1%25eth0]/", "bad-url"),
    ("https://%31%32%37.0.0.1/", "bad-url"),
    ("https://127%2e0%2e0%2e1/", "bad-url"),
    ("https://exa\ud800mple.com/", "bad-url"),
    ("https://" + "a." * 200 + "com/", "bad-url"),
    ("https://example.com/" + "a" * 20_000, "bad-url"),
]


@pytest.mark.parametrize(("url", "kind"), BAD_URLS, ids=[ascii(each[0])[:40] for each in BAD_URLS])
def test_url_that_is_refused(url: str, kind: str) -> None:
    with pytest.raises(Stopped) as stopped:
        read_url(url)
    assert stopped.value.failure.kind == kind
    assert "secret" not in stopped.value.failure.message


GOOD_URLS = {
    "https://example.com/x.png": "https://example.com/x.png",
    "HTTPS://Example.COM/X.png": "https://example.com/X.png",
    "https://example.com:8443/x?sig=a%2Bb%3D&se=2026-01-01T00%3A00%3A00Z#top": (
        "https://example.com:8443/x?sig=a%2Bb%3D&se=2026-01-01T00%3A00%3A00Z"
    ),
    "http://[2606:4700::1111]/x": "http://[2606:4700::1111]/x",
    "http://[::ffff:127.0.0.1]/x": "http://[::ffff:127.0.0.1]/x",
    "https://example.com": "https://example.com",
    "https://example.com:443/": "https://example.com/",
    "https://example.com/bild-\u00e4.png": "https://example.com/bild-%C3%A4.png",
}


@pytest.mark.parametrize(
    ("url", "read"), GOOD_URLS.items(), ids=[ascii(each) for each in GOOD_URLS]
)
def test_url_that_is_read(url: str, read: str) -> None:
    assert str(read_url(url)) == read


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("notlocalhost", False),
        ("128.0.0.1", False),
    ],
)
def test_host_that_is_loopback(host: str, is_loopback: bool) -> None:
    assert is_loopback_name(host) is is_loopback
