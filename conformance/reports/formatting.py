"""Moments and durations, as people write them; JSON for machines."""

from __future__ import annotations

import json
from datetime import datetime

from conformance.output.printing import without_commands


def duration(seconds: float) -> str:
    """Write a duration in the units that people speak in."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def took(seconds: float) -> str:
    """Write how long a run took; its moments are whole seconds, so that nothing takes 0 ms."""
    return "under 1 s" if seconds < 1 else duration(seconds)


def moment(text: object) -> str:
    """Write a moment for people: `2026-11-24 04:48 UTC`; of anything else, itself."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    zone = " UTC" if instant.utcoffset() is not None and not instant.utcoffset() else ""
    return f"{instant:%Y-%m-%d %H:%M}{zone}"


def json_document(value: object) -> str:
    """Write a value as indented JSON, in which nothing steers a terminal or a CI runner."""
    return without_commands(json.dumps(value, indent=1)) + "\n"
