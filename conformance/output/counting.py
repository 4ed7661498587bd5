"""Names and numbers as people write them in a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def join_names(names: Sequence[str], most: int = 3) -> str:
    """List some names, and say how many more there are."""
    start = ", ".join(names[:most])
    return start if len(names) <= most else f"{start} and {len(names) - most} more"


def write_all(count: int, noun: str) -> str:
    """Write that all of a kind are meant, of which there are several."""
    return f"both {noun}s" if count == 2 else f"all {count:,} {noun}s"


def write_count(count: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def dollars(value: float) -> str:
    """Write US dollars in cents, and less than one with the fractions of a cent that it has."""
    in_cents = value >= 1 or round(value, 2) == round(value, 4)
    return f"{value:,.2f} USD" if in_cents else f"{value:.4f} USD"
