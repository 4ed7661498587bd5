"""Image URLs that lead where the provider may not go itself: the user's machine and network."""

from __future__ import annotations

from tests.attacks.model import PUBLIC, Answer, Request, attack, image, redirect, urls
from tests.hostile import honest_answer

METADATA = "169.254.169.254"
LOOPBACK = {
    "dotted": "127.0.0.1",
    "other": "127.255.255.254",
    "decimal": "2130706433",
    "octal": "0177.0.0.01",
    "hexadecimal": "0x7f000001",
    "short": "127.1",
    "dot": "127.0.0.1.",
    "six": "[::1]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped-hexadecimal": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "translated": "[64:ff9b::7f00:1]",
    "6to4": "[2002:7f00:1::]",
    "zero": "0.0.0.0",
    "zero-six": "[::]",
    "zero-short": "0",
    "wide": "\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11",
    "circled": "①②⑦.⓪.⓪.①",
    "name": "localhost",
    "subdomain": "images.localhost",
}
INSIDE = {
    "class-a": "10.0.0.1",
    "class-b": "172.16.0.1",
    "class-c": "192.168.1.1",
    "carrier": "100.64.0.1",
    "link-local-six": "[fe80::1]",
    "zone": "[fe80::1%25eth0]",
    "unique-local": "[fd00:ec2::254]",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "documentation": "192.0.2.1",
    "decimal": "3232235777",
}
SERVICES = {
    "dotted": METADATA,
    "decimal": "2852039166",
    "hexadecimal": "0xa9fea9fe",
    "octal": "0251.0376.0251.0376",
    "short": "169.16689662",
    "mapped": "[::ffff:169.254.169.254]",
    "translated": "[64:ff9b::a9fe:a9fe]",
    "other-cloud": "100.100.100.200",
    "public-looking": "168.63.129.16",
    "public-looking-decimal": "2822734096",
    "public-looking-mapped": "[::ffff:168.63.129.16]",
    "public-looking-translated": "[64:ff9b::a83f:8110]",
    "six": "[fd00:ec2::254]",
    "other-six": "[fd20:ce::254]",
}


def _each(hosts: dict[str, str], path: str) -> bytes:
    return urls(*(f"http://{host}{path}" for host in list(hosts.values())[:16]))


def not_found() -> bytes:
    """Answer that there is nothing."""
    return honest_answer(b"", status="404 Not Found")


@attack("fail", "url.public-host")
def loopback_in_every_notation(request: Request) -> bytes:
    """The user's own machine, written in each way that some resolver reads."""
    return urls(*(f"http://{host}:{request.server.port}/" for host in list(LOOPBACK.values())[:16]))


@attack("fail", "url.public-host")
def loopback_by_name_and_letters(request: Request) -> bytes:
    """Names of the user's machine, and digits of other scripts that become an address."""
    return urls(*(f"http://{host}:{request.server.port}/" for host in list(LOOPBACK.values())[16:]))


@attack("fail", "url.public-host")
def private_networks(request: Request) -> bytes:
    """Routers, printers and everything else behind the user's firewall."""
    return _each(INSIDE, "/admin?reboot=1")


@attack("fail", "url.public-host")
def cloud_metadata(request: Request) -> bytes:
    """The service that hands out the credentials of the machine, in each notation."""
    return _each(SERVICES, "/latest/meta-data/iam/security-credentials/")


@attack("fail", "url.public-host")
def name_that_leads_inside(request: Request) -> bytes:
    """A public name whose address is private."""
    names = ("inside.test", "metadata.test", "loop.test", "mapped.test", "translated.test")
    return urls(*(f"http://{name}:{request.server.port}/" for name in names))


@attack("fail", "url.public-host")
def name_that_changes(request: Request) -> Answer:
    """DNS rebinding: the name is public when it is checked, and the metadata service after."""
    if request.image:
        return redirect(request.url("/again", "rebinding.test"))
    return urls(request.url("/first", "rebinding.test"))


@attack("pass", "url.public-host")
def name_with_two_addresses(request: Request) -> Answer:
    """A name has a public address and the user's own; who connects to any takes either."""
    if request.image:
        return image(b"GIF89a")
    return urls(request.url("/image.png", "mixed.test"))


@attack("unavailable", "url.fetchable")
def name_with_thousands_of_addresses(request: Request) -> bytes:
    """A name with two thousand addresses that do not answer: each costs a timeout."""
    return urls("http://crowd.test:9/image.png")


@attack("fail", "url.public-host")
def redirect_inside(request: Request) -> Answer:
    """The URL is public, and redirects to the metadata service."""
    if request.image:
        hosts = [*SERVICES.values(), *LOOPBACK.values(), *INSIDE.values()]
        return redirect(f"http://{hosts[int(request.path[1:])]}/latest/")
    return urls(*(request.url(f"/{number}") for number in range(16)))


@attack("fail", "url.fetchable")
def redirect_to_other_schemes(request: Request) -> Answer:
    """The URL is public, and redirects to a file, a data URL, a script or another protocol."""
    targets = (
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "ftp://127.0.0.1/x",
        "dict://127.0.0.1:11211/stats",
        "//169.254.169.254/",
        "http:///etc/passwd",
        "http://user:password@127.0.0.1/",
        "\\\\evil.test\\share",
    )
    if request.image:
        return redirect(targets[int(request.path[1:])])
    return urls(*(request.url(f"/{number}") for number in range(len(targets))))


@attack("fail", "url.fetchable")
def redirect_loop(request: Request) -> Answer:
    """Redirects that lead back."""
    return redirect(request.url("/image.png")) if request.image else urls(request.url())


@attack("fail", "url.fetchable")
def redirects_without_end(request: Request) -> Answer:
    """Redirects that lead on, for ever."""
    if request.image:
        return redirect(request.url(f"/{int(request.path[1:]) + 1}"))
    return urls(request.url("/0"))


@attack("fail", "url.fetchable")
def redirect_with_a_cookie(request: Request) -> Answer:
    """A redirect sets a cookie, and the next hop would tell the user by it."""
    if request.path == "/image.png":
        return redirect(request.url("/next"), "Set-Cookie: seen=user; Path=/; Domain=public.test")
    return not_found() if request.image else urls(request.url())


@attack("deviates", "url.https")
def other_schemes(request: Request) -> bytes:
    """URLs that are no web addresses: files, shares, scripts, other protocols."""
    return urls(
        "file:///etc/passwd",
        "file://localhost/etc/shadow",
        "FILE:/etc/hosts",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "ftp://ftp.public.test/x.png",
        "javascript:alert(document.cookie)",
        "data:text/html,<script>alert(1)</script>",
        "jar:http://a.test!/x",
        "ldap://127.0.0.1/x",
        "blob:http://a.test/1",
    )


@attack("deviates", "url.no-credentials")
def credentials_in_urls(request: Request) -> bytes:
    """A name and a password before the host, or what looks like a host and is a name."""
    port = request.server.port
    return urls(
        f"http://user:password@{PUBLIC}:{port}/a.png",
        f"http://api.public.test@127.0.0.1:{port}/a.png",
        f"http://127.0.0.1:{port}\\@api.public.test/a.png",
        f"http://@0x7f.1:{port}/",
        "http://a:b:c@[::1]/",
    )


@attack("fail", "url.well-formed")
def malformed_urls(request: Request) -> bytes:
    """What one parser reads as one host, and another as another."""
    return urls(
        "http://[::1",
        "http://]/",
        "http://a.test:99999/",
        "http://a.test:-1/",
        "http://a.test:x/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1%00.public.test/",
        "http://a.test#@127.0.0.1/",
        "http://a.test/\r\nHost: 127.0.0.1\r\n\r\n",
        "http:127.0.0.1/",
        "http:///127.0.0.1/",
        "//127.0.0.1/",
        "\x00http://127.0.0.1/",
    )


@attack("fail", "url.fetchable")
def endless_url(request: Request) -> bytes:
    """A URL of a quarter of a megabyte, and a host of ten thousand letters."""
    return urls(
        request.url("/" + "a" * 250_000), f"http://{'a' * 10_000}.test/", "http://" + "1." * 500
    )


@attack("fail", "url.well-formed")
def url_that_splits_the_request(request: Request) -> bytes:
    """Line breaks in a URL write a second request to whatever listens there."""
    return urls(
        request.url("/a HTTP/1.1\r\nHost: x\r\nX-Injected: 1\r\n\r\nGET /b"),
        request.url("/a%0d%0aX-Injected:%201"),
        request.url("/a\nb"),
        request.url("/a\tb"),
        request.url("/a?\u2028b"),
    )
