"""Which addresses an image may be fetched from, and what a URL really names."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpcore
import httpx

from conformance.exchange.transport.limits import GuardedStream, Stopped, current_budget, resolve
from conformance.exchange.transport.special_addresses import (
    Address,
    Network,
    address_kind,
    is_loopback,
    read_address,
)

LONGEST_URL = 16 * 1024
"""Characters of a URL that is still followed; signed ones have some hundreds."""

_LONGEST_HOST = 253  # RFC 1035
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{0,30}):")
_NEVER_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")  # parsers differ in what they make of them
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")

_PLATFORMS: tuple[Network, ...] = tuple(
    ip_network(network)
    for networks in (
        "169.254.0.0/16",  # nearly all clouds
        "168.63.129.16 161.26.0.0/16 166.8.0.0/14",  # Azure, IBM Cloud
        "100.100.100.200 100.100.2.136",  # Alibaba Cloud
        "fd00:ec2::/48 fd20:ce::/48",  # AWS, Google Cloud
        "fd00:42::42 fd00:c1::a9fe:a9fe",  # Scaleway, Oracle Cloud
    )
    for network in networks.split()
)
"""Where clouds hand out credentials, names and time; a provider beside them does not open them."""

_LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_OPENED_WHOLE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_UNIQUE_LOCAL = IPv6Network("fc00::/7")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Decides which addresses an image URL may lead to."""

    host: str | None = None  # of the provider's base URL
    homes: tuple[Address, ...] = ()  # where the provider is known to be
    moved: bool = False  # whether its name has led somewhere else since

    @classmethod
    def for_provider(cls, base_url: str) -> AddressPolicy:
        """Make the policy for images of the provider at a base URL.

        Images come from public addresses. A provider that is itself on loopback opens
        loopback; one in a private IPv4 block opens that block; one at a unique local IPv6
        address opens its /48; any other special address opens only itself, because cloud
        metadata services live among them. A provider known by name is where its first
        API request was connected to.
        """
        try:
            host = _bare(read_url(base_url).host)
        except Stopped:
            return cls()
        home = _literal(host) or (IPv4Address("127.0.0.1") if is_loopback(host) else None)
        return cls(host, (home,) if home else ())

    def refusal(self, address: Address) -> str | None:
        """Name the kind of an address that must not be reached; None for one that may."""
        kind = address_kind(address)
        return None if kind is None or (not self.moved and self._at_home(address)) else kind

    def _at_home(self, address: Address) -> bool:
        if any(address in network for network in _PLATFORMS):
            return address in self.homes
        return any(address in network for home in self.homes for network in _networks_of(home))

    def learned(self, host: str, address: Address) -> AddressPolicy:
        """Remember where the provider was reached first.

        A name that later leads elsewhere opens nothing any more: it could lead into the network
        of the user once, and then to a server that hands out URLs of that network.
        """
        if self.moved or _bare(host) != self.host:
            return self
        if not self.homes:
            return replace(self, homes=(address,))
        return self if self._at_home(address) else replace(self, moved=True)


def _networks_of(home: Address) -> tuple[Network, ...]:
    """Return what the provider's own address opens; the first address pins it for good."""
    if any(home in network for network in _LOOPBACK):
        return _LOOPBACK
    for block in _OPENED_WHOLE:
        if home in block:
            return (block,)
    bits = 48 if home in _UNIQUE_LOCAL else home.max_prefixlen
    without_zone = str(home).partition("%")[0]
    return (ip_network(f"{without_zone}/{bits}", strict=False),)


def read_url(url: str) -> httpx.URL:
    """Read an absolute http or https URL, without its fragment, its host in canonical form.

    Raises `Stopped`: "bad-scheme" for any other scheme, "bad-url" for what is no URL, or
    has user information, an impossible port, or a number that is no address as its host.
    """
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise Stopped("bad-url", "the URL is not absolute")
    if scheme[1].lower() not in ("http", "https"):
        raise Stopped("bad-scheme", f"the URL has the scheme {scheme[1].lower()!r}, not http(s)")
    if len(url) > LONGEST_URL:
        raise Stopped("bad-url", f"the URL is longer than {LONGEST_URL:,} characters")
    if _NEVER_IN_URL.search(url):
        raise Stopped("bad-url", "the URL holds a space, a backslash or a control character")
    try:
        parsed = httpx.URL(_with_canonical_host(url)).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise Stopped("bad-url", "the URL is malformed") from None
    if not parsed.host or "%" in parsed.host or len(parsed.raw_host) > _LONGEST_HOST:
        raise Stopped("bad-url", "the URL has no valid host")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise Stopped("bad-url", f"the URL has the impossible port {parsed.port}")
    return parsed


def _with_canonical_host(url: str) -> str:
    """Write a numeric host (127.1, 0x7f000001, 2130706433) the one way all parsers read."""
    parts = urlsplit(url)
    host = _bare(parts.hostname or "")
    last = host.rpartition(".")[2]
    if "@" in parts.netloc:  # also an empty name, which httpx would let pass
        raise Stopped("bad-url", "the URL carries a user name or password")
    if ":" in host or not _NUMBER.fullmatch(last):
        return url
    address = read_address(host)
    if address is None:
        raise ValueError("no address has these numbers")
    _, colon, port = parts.netloc.partition(":")
    return parts._replace(netloc=f"{address}{colon}{port}").geturl()


def _bare(host: str) -> str:
    return host.lower().removesuffix(".")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name once, checks every address, and connects to one that passed."""

    def __init__(self, policy: AddressPolicy) -> None:
        self.policy = policy
        self._inner = httpcore.SyncBackend()
        self._lock = threading.Lock()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore passes it; the time budget decides
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        budget = current_budget()
        # Looked up once: the address that was checked is the one connected to (ARCHITECTURE 9).
        literal = _literal(host)
        addresses = [literal] if literal else resolve(host, port, budget)
        if budget.guarded:
            addresses = self._permitted_addresses(host, addresses)
        address, stream = self._connect_first(host, port, addresses, local_address, socket_options)
        if not budget.guarded:
            with self._lock:
                self.policy = self.policy.learned(host, address)
        public = address_kind(address) is None and _bare(host) != self.policy.host
        return GuardedStream(stream, foreign=budget.guarded and public)

    def _permitted_addresses(self, host: str, addresses: Sequence[Address]) -> list[Address]:
        """Keep the addresses that may be reached; raises `Stopped` when there is none."""
        refused = {address: self.policy.refusal(address) for address in addresses}
        permitted = [address for address in addresses if refused[address] is None]
        if permitted:
            return permitted
        address = addresses[0]
        where = f"{address}" if _literal(host) else f"{host} ({address})"
        raise Stopped(
            "blocked-address",
            f"{where} is not fetched from: the address is {refused[address]}, not public, "
            "and the provider is not there itself",
        )

    def _connect_first(
        self,
        host: str,
        port: int,
        addresses: Sequence[Address],
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> tuple[Address, httpcore.NetworkStream]:
        """Connect to the first address that answers."""
        budget, reason = current_budget(), ""
        for index, address in enumerate(addresses):
            # Each address gets its share, so that a dead one does not use up the time.
            seconds = budget.connect_seconds_left() / (len(addresses) - index)
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, seconds, local_address, socket_options
                )
            except (httpcore.ConnectTimeout, httpcore.ConnectError) as error:
                cause = error.__cause__
                reason = (cause.strerror if isinstance(cause, OSError) else None) or "no answer"
            else:
                return address, stream
        budget.connect_seconds_left()
        raise Stopped("connect", f"no connection to {host} port {port}: {reason.lower()}")
