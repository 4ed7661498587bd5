"""What a URL names, and which addresses may be reached."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from conformance.exchange.transport.addresses import AddressPolicy, read_url
from conformance.exchange.transport.limits import Stopped
from conformance.exchange.transport.special_addresses import address_kind

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
PUBLIC = (
    "1.1.1.1 11.0.0.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 169.253.0.1"
    " 223.255.255.255 2606:4700::1111 2a00:1450::1 168.63.129.15 168.63.129.17 166.12.0.1"
)


@pytest.mark.parametrize("kind", KINDS)
def test_address_that_is_special(kind: str) -> None:
    for address in map(ip_address, KINDS[kind].split()):
        assert address_kind(address) == AddressPolicy().refusal(address) == kind, address


def test_address_that_is_public() -> None:
    assert [name for name in PUBLIC.split() if AddressPolicy().refusal(ip_address(name))] == []


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


@pytest.mark.parametrize(("base_url", "may", "must_not"), OPENED, ids=[row[0] for row in OPENED])
def test_policy_opens_where_the_provider_is(base_url: str, may: str, must_not: str) -> None:
    policy = AddressPolicy.for_provider(base_url)
    assert [name for name in may.split() if policy.refusal(ip_address(name))] == []
    assert [name for name in must_not.split() if not policy.refusal(ip_address(name))] == []


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
    "127.0.0.1": "127.0.0.1 127.1 127.0.1 127.0.0.1. 2130706433 0x7f000001 0X7F.1 0177.0.0.01"
    " 017700000001",
    "10.0.255.255": "10.65535",
    "0.0.0.1": "1",
    "169.254.169.254": "169.16689662",
}


@pytest.mark.parametrize(("address", "hosts"), NUMERIC.items(), ids=NUMERIC)
def test_numeric_host_is_read_in_every_notation(address: str, hosts: str) -> None:
    for host in hosts.split():
        url = read_url(f"http://{host}:81/x?y")
        assert (url.host, url.port) == (address, 81), host


NO_NUMBERS = "256.1.1.1 1.2.3.4.5 08.1 1..2 4294967296 1.2.3.256 x.1 0x.1"
BAD_SCHEMES = [
    "file:///etc/passwd", "FILE:///etc/passwd", "data:image/png;base64," + "A" * 100_000,
    "ftp://example.com/x.png", "javascript:alert(1)", "gopher://127.0.0.1:25/_HELO",
]  # fmt: skip
BAD_URLS = [
    *(f"http://{host}/" for host in [*NO_NUMBERS.split(), "9" * 5000]),
    "", "/relative/x.png", "//example.com/x.png", "https://", "https:x.png", "https:///x.png",
    "https://user@example.com/", "https://user:secret@example.com/",
    "https://example.com\\@127.0.0.1/", "https://example.com/a b",
    "https://example.com/\r\nx: y", "https://example.com/\x00", "https://example.com:0/",
    "https://example.com:65536/", "https://127.0.0.1:65536/", "https://example.com:port/",
    "https://[::1/", "https://[fe80::1%25eth0]/", "https://%31%32%37.0.0.1/",
    "https://127%2e0%2e0%2e1/", "https://exa\ud800mple.com/", "https://" + "a." * 200 + "com/",
    "https://example.com/" + "a" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize(("kind", "urls"), [("bad-scheme", BAD_SCHEMES), ("bad-url", BAD_URLS)])
def test_url_that_is_refused(kind: str, urls: list[str]) -> None:
    for url in urls:
        with pytest.raises(Stopped) as excinfo:
            read_url(url)
        assert excinfo.value.failure.kind == kind, url[:99]
        assert "secret" not in excinfo.value.failure.message


SIGNED = "https://example.com:8443/x?sig=a%2Bb%3D&se=2026-01-01T00%3A00%3A00Z"
GOOD_URLS = {
    "https://example.com/x.png": "https://example.com/x.png",
    "HTTPS://Example.COM/X.png": "https://example.com/X.png",
    f"{SIGNED}#top": SIGNED,
    "http://[2606:4700::1111]/x": "http://[2606:4700::1111]/x",
    "http://[::ffff:127.0.0.1]/x": "http://[::ffff:127.0.0.1]/x",
    "https://example.com": "https://example.com",
    "https://example.com:443/": "https://example.com/",
    "https://example.com/bild-\u00e4.png": "https://example.com/bild-%C3%A4.png",
}


def test_url_that_is_read() -> None:
    assert {url: str(read_url(url)) for url in GOOD_URLS} == GOOD_URLS
