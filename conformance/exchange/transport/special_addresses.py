"""Which addresses are not on the public network: one table for transport, clauses and providers."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registries for IPv4 and IPv6, written out because what the ipaddress
# module calls global differs between patch releases of Python.
_SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for kind, networks in (
        ("loopback", "127.0.0.0/8 ::1/128"),
        ("private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10"),
        ("link-local", "169.254.0.0/16 fe80::/10"),
        ("shared (carrier-grade NAT)", "100.64.0.0/10"),
        ("multicast", "224.0.0.0/4 ff00::/8"),
        ("unspecified", "0.0.0.0/8 ::/128"),
        ("documentation", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"),
        ("benchmarking", "198.18.0.0/15"),
        ("IPv4-mapped", "::ffff:0:0/96"),
        ("IPv4-translated", "64:ff9b::/96 64:ff9b:1::/48"),
        ("6to4", "192.88.99.0/24 2002::/16"),
        ("protocol assignment", "192.0.0.0/24 2001::/23"),
        ("reserved", "240.0.0.0/4"),
        # among public ones, but each machine of a cloud finds its platform there: of Azure, of IBM
        ("cloud platform", "168.63.129.16/32 161.26.0.0/16 166.8.0.0/14"),
    )
    for network in networks.split()
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# What C's inet_aton takes, and so do many clients: one to four decimal, octal or hex numbers.
_NUMERIC = re.compile(r"(?:0[xX][0-9a-fA-F]+|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]+|[0-9]+)){0,3}")


def address_kind(address: Address) -> str | None:
    """Name the special kind of an address; None for one on the public network."""
    for network, kind in _SPECIAL:
        if address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "reserved"
    return None


def read_address(host: str) -> Address | None:
    """Return the address that a host is written as, in any notation; None for a name."""
    try:
        if _NUMERIC.fullmatch(host):  # also 127.1, 0x7f000001 and 2130706433
            return IPv4Address(socket.inet_aton(host))
        address = IPv6Address(host)
    except (ValueError, OSError):
        return None
    # `::ffff:10.0.0.1` is as private as what it maps
    return address.ipv4_mapped or address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: localhost and below (RFC 6761), or its address."""
    bare = host.lower().removesuffix(".")
    address = read_address(bare)
    if address is not None:
        return address_kind(address) == "loopback"
    return bare == "localhost" or bare.endswith(".localhost")
