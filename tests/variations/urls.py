"""Variations of an image URL: where it leads, how it is signed, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import Response

from conformance.proof.extra_cases import NOW
from conformance.reference.defects.planting import documented, in_file, in_url
from tests.variations.registry import legal

if TYPE_CHECKING:
    from conformance.reference.defects.planting import Plant

ELSEWHERE: dict[str, str] = {}
"""Where an image really lies, by the URL that a variation gives it."""

STAMP = datetime.fromtimestamp(NOW, UTC).strftime("%Y%m%dT%H%M%SZ")
LATER = datetime.fromtimestamp(NOW + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lying_at(place: Callable[[str, str], str]) -> Plant:
    """Put every image elsewhere; the function is told the name and the query that it had."""

    def moved(url: str) -> str:
        parts = urlsplit(url)
        there = place(parts.path.rpartition("/")[2], parts.query)
        ELSEWHERE[there] = url
        return there

    return documented(in_url(moved), place)


@legal("url.other-host")
@lying_at
def other_host(name: str, query: str) -> str:
    """Images lie on a host of another site."""
    return f"https://filesystem.example/cdn/{name}?{query}"


@legal("url.azure-sas")
@lying_at
def azure(name: str, _query: str) -> str:
    """A URL is signed as Azure does, with escaped and unescaped signs in its query."""
    signed = f"st=2026-09-21T13%3A13%3A20Z&se={LATER.replace(':', '%3A')}&sp=r&sv=2024-08-04&sr=b"
    return f"https://acc.blob.core.windows.net/private/org-x/user-y/{name}?{signed}&sig=aB%2B/c%3D"


@legal("url.s3-presigned")
@lying_at
def s3(name: str, _query: str) -> str:
    """A URL is signed as S3 does."""
    credential = f"AKIA%2F{STAMP[:8]}%2Fus-east-1%2Fs3%2Faws4_request"
    signed = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={STAMP}"
    more = "X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=00ff"
    return f"https://bucket.s3.us-east-1.amazonaws.com/{name}?{signed}&{more}"


@legal("url.google-signed")
@lying_at
def google(name: str, _query: str) -> str:
    """A URL is signed as Google Cloud Storage does."""
    signed = f"X-Goog-Date={STAMP}&X-Goog-Expires=86400&X-Goog-SignedHeaders=host"
    return f"https://storage.googleapis.com/bucket/{name}?{signed}&X-Goog-Signature=00ff"


@legal("url.oss-expires")
@lying_at
def oss(name: str, _query: str) -> str:
    """A URL is signed as Alibaba does, for 24 hours."""
    query = f"Expires={int(NOW) + 86400}&OSSAccessKeyId=LTAI&Signature=a%2Bb%3D"
    return f"https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/7d/{name}?{query}"


@legal("url.lifetime-stated")
@lying_at
def lifetime(name: str, _query: str) -> str:
    """A URL says how many seconds it lives, and not until when."""
    return f"https://cdn.example/{name}?expires=3600"


@legal("url.day-of-expiry")
@lying_at
def day(name: str, _query: str) -> str:
    """A URL says on which day it expires, without any signs between the digits."""
    return f"https://cdn.example/{name}?expiry=20271231"


@legal("url.never-expires")
@lying_at
def lasting(name: str, _query: str) -> str:
    """A URL has no query, no signature and no ending that tells a type."""
    return f"https://cdn.example/{name.partition('.')[0]}"


@legal("url.percent-encoded")
@lying_at
def encoded(name: str, _query: str) -> str:
    """A path has escapes of UTF-8, of blanks and of slashes."""
    return f"https://cdn.example/b%C3%A4r%20%2F/{name}?q=%F0%9F%9A%A4"


@legal("url.odd-characters")
@lying_at
def odd(name: str, _query: str) -> str:
    """A path and a query have every sign that RFC 3986 leaves unescaped."""
    return f"https://cdn.example/-._~!$&'()*+,;=:@/{name}?a=/?:@-._~!$&'()*+,;=&&b"


@legal("url.port")
@lying_at
def port(name: str, _query: str) -> str:
    """The image host has a port."""
    return f"https://images.example:8443/{name}"


@legal("url.fragment")
@lying_at
def fragment(name: str, _query: str) -> str:
    """A URL has a fragment, which is never sent."""
    return f"https://images.example/{name}#full"


@legal("url.capital-letters")
@lying_at
def capitals(name: str, _query: str) -> str:
    """Scheme and host are in capitals, which mean the same."""
    return f"HTTPS://Images.EXAMPLE/{name}"


@legal("url.international-host")
@lying_at
def international(name: str, _query: str) -> str:
    """The name of the host is international, in its ASCII form."""
    return f"https://xn--br-via.example/{name}"


@legal("url.final-dot")
@lying_at
def final_dot(name: str, _query: str) -> str:
    """The name of the host is absolute, with a final dot."""
    return f"https://images.example./{name}"


@legal("url.ipv4")
@lying_at
def ipv4(name: str, _query: str) -> str:
    """The image host is a public address."""
    return f"https://8.8.8.8/{name}"


@legal("url.ipv6")
@lying_at
def ipv6(name: str, _query: str) -> str:
    """The image host is a public address of IPv6, with a port."""
    return f"https://[2001:4860:4860::8888]:8443/{name}"


@legal("url.long")
@lying_at
def long(name: str, _query: str) -> str:
    """A URL is 1,900 characters long."""
    return f"https://cdn.example/{name}?token={'a' * 1850}"


@legal("file.cacheable")
@in_file
def cacheable(truth: Response) -> Response:
    """The image host lets images be kept for a year, and says no length of time itself."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Accept-Ranges": "bytes"}
    return Response(truth.body, headers=headers, media_type=truth.media_type)


@legal("file.type-with-parameters")
@in_file
def parameters(truth: Response) -> Response:
    """The image host writes the type in capitals and with a parameter."""
    return Response(truth.body, headers={"Content-Type": "Image/PNG; name=boat.png"})


@legal("file.attachment")
@in_file
def attachment(truth: Response) -> Response:
    """The image host offers the image as a download."""
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''b%C3%A4r.png", "ETag": '"x"'}
    return Response(truth.body, headers=headers, media_type=truth.media_type)


@legal("file.other-type")
@in_file
def octets(truth: Response) -> Response:
    """The image is WebP where no type is documented, and the host says so."""
    from tests.variations.images import opened, saved

    data = saved(opened(bytes(truth.body)), "webp", lossless=True, method=0)
    return Response(data, media_type="image/webp")
