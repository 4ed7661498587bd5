"""Lies in base64."""

from __future__ import annotations

import base64

from conformance.reference.defects.planting import in_base64, planted

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@planted(in_base64, "base64.data-prefix", "base64.no-data-prefix", modes=["D2"])
def data_prefix(text: str) -> str:
    """Base64 comes as a data URL."""
    return f"data:image/png;base64,{text}"


@planted(in_base64, "base64.comma-prefix", "base64.no-data-prefix", modes=["D2"])
def comma_prefix(text: str) -> str:
    """Base64 comes behind a data prefix that does not even say base64."""
    return f"data:image/png,{text}"


@planted(in_base64, "base64.foreign-character", "base64.alphabet")
def foreign_character(text: str) -> str:
    """One character is of no base64 alphabet."""
    return f"{text[:80]}!{text[81:]}"


@planted(in_base64, "base64.url-safe", "base64.not-url-safe")
def url_safe(text: str) -> str:
    """Base64 is in the alphabet meant for URLs."""
    return text.replace("+", "-").replace("/", "_")


@planted(in_base64, "base64.broken-into-lines", "base64.no-whitespace")
def broken_into_lines(text: str) -> str:
    """Base64 is broken into lines, as in mail."""
    return base64.encodebytes(base64.b64decode(text)).decode("ascii")


@planted(in_base64, "base64.trailing-newline", "base64.no-whitespace")
def trailing_newline(text: str) -> str:
    """Base64 ends with a line feed."""
    return f"{text}\n"


@planted(in_base64, "base64.padding-lost", "base64.padding")
def padding_lost(text: str) -> str:
    """The padding is cut from the end; where there is none, some is put there."""
    return text.rstrip("=") if text.endswith("=") else f"{text}===="


@planted(in_base64, "base64.digit-left-over", "base64.length")
def digit_left_over(text: str) -> str:
    """Base64 is cut off one digit into a group."""
    return text[: len(text) // 8 * 4 + 1]


@planted(in_base64, "base64.trailing-bits", "base64.canonical")
def trailing_bits(text: str) -> str:
    """The last digit has bits set that encode nothing."""
    digits = text.rstrip("=")
    if digits == text:
        return text
    last = _DIGITS[_DIGITS.index(digits[-1]) + 1]
    return digits[:-1] + last + text[len(digits) :]


@planted(in_base64, "base64.encoded-twice", "base64.is-image")
def encoded_twice(text: str) -> str:
    """Base64 of base64 stands where base64 of an image should."""
    return base64.b64encode(text.encode("ascii")).decode("ascii")


@planted(in_base64, "base64.web-page", "base64.is-image")
def web_page(_text: str) -> str:
    """A web page is encoded in place of the image."""
    return base64.b64encode(b"<!DOCTYPE html><html><body>busy</body></html>").decode("ascii")
