"""The suite's own name and version, as cassettes and run files carry it, and its main edition."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

DEFAULT_EDITION = "cometapi-2026-03-12"
"""The edition that judges where nothing names another."""


@cache
def tool() -> str:
    """Name and version; a checkout that was never installed says so."""
    try:
        return f"image-conformance {version('image-conformance')}"
    except PackageNotFoundError:
        return "image-conformance (not installed)"
