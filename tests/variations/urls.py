"""Variations of an image URL: where it leads, how it is signed, how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.responses import Response

from conformance.proof.extra_cases import NOW
from conformance.reference.defects.planting import in_file, in_url
from tests.variations.registry import legal

ELSEWHERE: dict[str, str] = {}
"""Where an image really lies, by the URL that a variation gives it."""

STAMP = datetime.fromtimestamp(NOW, UTC).strftime("%Y%m%dT%H%M%SZ")
LATER = datetime.fromtimestamp(NOW + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


PLACES: Mapping[str, tuple[str, str]] = {
    "other-host": (
        "Images lie on a host of another site.",
        "https://filesystem.example/cdn/{name}?{query}",
    ),
    "azure-sas": (
        "A URL is signed as Azure does, with escaped and unescaped signs in its query.",
        (
            "https://acc.blob.core.windows.net/private/org-x/user-y/{name}?st=2026-09-21T13%3A13%3A20Z"
            f"&se={LATER.replace(':', '%3A')}&sp=r&sv=2024-08-04&sr=b&sig=aB%2B/c%3D"
        ),
    ),
    "s3-presigned": (
        "A URL is signed as S3 does.",
        (
            "https://bucket.s3.us-east-1.amazonaws.com/{name}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Credential=AKIA%2F{STAMP[:8]}%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date={STAMP}"
            "&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=00ff"
        ),
    ),
    "google-signed": (
        "A URL is signed as Google Cloud Storage does.",
        (
            f"https://storage.googleapis.com/bucket/{{name}}?X-Goog-Date={STAMP}&X-Goog-Expires=86400"
            "&X-Goog-SignedHeaders=host&X-Goog-Signature=00ff"
        ),
    ),
    "oss-expires": (
        "A URL is signed as Alibaba does, for 24 hours.",
        (
            "https://dashscope-result-bj.oss-cn-beijing.aliyuncs.com/7d/{name}?"
            f"Expires={int(NOW) + 86400}&OSSAccessKeyId=LTAI&Signature=a%2Bb%3D"
        ),
    ),
    "lifetime-stated": (
        "A URL says how many seconds it lives, and not until when.",
        "https://cdn.example/{name}?expires=3600",
    ),
    "day-of-expiry": (
        "A URL says on which day it expires, without any signs between the digits.",
        "https://cdn.example/{name}?expiry=20271231",
    ),
    "never-expires": (
        "A URL has no query, no signature and no ending that tells a type.",
        "https://cdn.example/{stem}",
    ),
    "percent-encoded": (
        "A path has escapes of UTF-8, of blanks and of slashes.",
        "https://cdn.example/b%C3%A4r%20%2F/{name}?q=%F0%9F%9A%A4",
    ),
    "odd-characters": (
        "A path and a query have every sign that RFC 3986 leaves unescaped.",
        "https://cdn.example/-._~!$&'()*+,;=:@/{name}?a=/?:@-._~!$&'()*+,;=&&b",
    ),
    "port": ("The image host has a port.", "https://images.example:8443/{name}"),
    "fragment": (
        "A URL has a fragment, which is never sent.",
        "https://images.example/{name}#full",
    ),
    "capital-letters": (
        "Scheme and host are in capitals, which mean the same.",
        "HTTPS://Images.EXAMPLE/{name}",
    ),
    "international-host": (
        "The name of the host is international, in its ASCII form.",
        "https://xn--br-via.example/{name}",
    ),
    "final-dot": (
        "The name of the host is absolute, with a final dot.",
        "https://images.example./{name}",
    ),
    "ipv4": ("The image host is a public address.", "https://8.8.8.8/{name}"),
    "ipv6": (
        "The image host is a public address of IPv6, with a port.",
        "https://[2001:4860:4860::8888]:8443/{name}",
    ),
    "long": (
        "A URL is 1,900 characters long.",
        f"https://cdn.example/{{name}}?token={'a' * 1850}",
    ),
}
"""What is varied, and where an image lies instead: of its file the name, the stem and the query."""


def _lying_at(place: str) -> Callable[[str], str]:
    def move(url: str) -> str:
        parts = urlsplit(url)
        name = parts.path.rpartition("/")[2]
        there = place.format(name=name, stem=name.partition(".")[0], query=parts.query)
        ELSEWHERE[there] = url
        return there

    return move


for _name, (_varied, _place) in PLACES.items():
    legal(in_url, f"url.{_name}", varied=_varied)(_lying_at(_place))


@legal(in_file, "file.cacheable")
def cacheable(truth: Response) -> Response:
    """The image host lets images be kept for a year, and says no length of time itself."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Accept-Ranges": "bytes"}
    return Response(truth.body, headers=headers, media_type=truth.media_type)


@legal(in_file, "file.type-with-parameters")
def parameters(truth: Response) -> Response:
    """The image host writes the type in capitals and with a parameter."""
    return Response(truth.body, headers={"Content-Type": "Image/PNG; name=boat.png"})


@legal(in_file, "file.attachment")
def attachment(truth: Response) -> Response:
    """The image host offers the image as a download."""
    headers = {"Content-Disposition": "attachment; filename*=UTF-8''b%C3%A4r.png", "ETag": '"x"'}
    return Response(truth.body, headers=headers, media_type=truth.media_type)


@legal(in_file, "file.other-type")
def octets(truth: Response) -> Response:
    """The image is WebP where no type is documented, and the host says so."""
    from tests.variations.images import open_image, save_image

    data = save_image(open_image(bytes(truth.body)), "webp", lossless=True, method=0)
    return Response(data, media_type="image/webp")
