"""The types of image: their first bytes, media types and file extensions."""

from __future__ import annotations

import re

_MEDIA_TYPES = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heic": "image/heic",
    "ico": "image/vnd.microsoft.icon",
    "jp2": "image/jp2",
    "jpeg": "image/jpeg",
    "jxl": "image/jxl",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tiff": "image/tiff",
    "webp": "image/webp",
}
_ALIASES = {
    "image/apng": "png",
    "image/jpg": "jpeg",
    "image/pjpeg": "jpeg",
    "image/x-icon": "ico",
    "image/x-ms-bmp": "bmp",
    "image/x-png": "png",
}
_TYPES = {name: kind for kind, name in _MEDIA_TYPES.items()} | _ALIASES
_EXTENSIONS = {"jpeg": "jpg", "tiff": "tif"}

_MAGIC = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        ("png", rb"\x89PNG\r\n\x1a\n"),
        ("jpeg", rb"\xff\xd8\xff"),
        ("webp", rb"RIFF.{4}WEBP"),
        ("gif", rb"GIF8[79]a"),
        ("avif", rb".{4}ftyp(?:.{4}){0,12}?avi[fs]"),
        ("heic", rb".{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)"),
        ("jp2", rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"),
        ("jxl", rb"\x00\x00\x00\x0cJXL |\xff\x0a"),
        ("bmp", rb"BM.{4}\x00{4}"),
        ("tiff", rb"II\*\x00|MM\x00\*"),
        ("ico", rb"\x00\x00\x01\x00[^\x00]\x00"),
        (
            "svg",
            rb"(?i)(?:\xef\xbb\xbf)?\s*+(?:<[?!][^>]*+>\s*+){0,8}<(?:svg|!doctype\s+svg)[\s>\[]",
        ),
    )
)
_OTHERS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "HTML",
            rb"(?i)(?:\xef\xbb\xbf)?\s*+(?:<!--[^>]*+>\s*+)?<(?:!doctype html|html|head|body)",
        ),
        ("XML", rb"(?:\xef\xbb\xbf)?\s*+<\?xml"),
        ("JSON", rb"(?:\xef\xbb\xbf)?\s*+(?:\{\s*+[\"}]|\[\s*+[\[\]{\"0-9])"),
        ("a data URL", rb"(?i)\s*+data:[a-z]"),
        ("a URL", rb"(?i)\s*+https?://"),
        ("an image encoded in base64 once more", rb"iVBORw0KGgo|/9j/|UklGR|R0lGOD"),
        ("PDF", rb"%PDF-"),
        ("gzip", rb"\x1f\x8b"),
        ("ZIP", rb"PK\x03\x04"),
        ("an MP4 video", rb"[^\x80-\xff]{4}ftyp"),
    )
)
_TEXT = re.compile(rb"[\t\n\f\r\x20-\x7e\x80-\xff]+")


def media_type(kind: str) -> str:
    """Return the media type of an image type; of an unknown one, ``application/octet-stream``."""
    return _MEDIA_TYPES.get(kind, "application/octet-stream")


def type_of_media_type(header: str | None) -> str | None:
    """Return the image type that a Content-Type header names, or None."""
    return _TYPES.get((header or "").split(";", 1)[0].strip().lower())


def extension(kind: str) -> str:
    """Return the file extension of an image type, without its dot; of an unknown one, ``bin``."""
    return _EXTENSIONS.get(kind, kind if kind in _MEDIA_TYPES else "bin")


def sniff(data: bytes) -> str | None:
    """Return the type of an image from its first 1024 bytes, or None."""
    head = data[:1024]
    return next((kind for kind, pattern in _MAGIC if pattern.match(head)), None)


def describe_other(data: bytes) -> str:
    """Say what bytes that are no known image look like."""
    if not data:
        return "is empty"
    head = data[:1024]
    name = next((name for name, pattern in _OTHERS if pattern.match(head)), None)
    if name is None:
        name = "text" if _TEXT.fullmatch(head) else "no known image type"
    return f"is not an image: its {len(data)} bytes look like {name}"
