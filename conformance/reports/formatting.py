"""Moments, durations and US dollars, as people write them."""

from __future__ import annotations

from datetime import datetime


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


def dollars(value: float) -> str:
    """Write US dollars, with as many digits as a fraction of a cent needs."""
    return f"{value:,.2f} USD" if value >= 1 or not value else f"{value:.4f} USD"


def moment(text: object) -> str:
    """Write a moment for people: `2026-11-24 04:48 UTC`; of anything else, itself."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    zone = " UTC" if found.utcoffset() is not None and not found.utcoffset() else ""
    return f"{found:%Y-%m-%d %H:%M}{zone}"
