"""Nights built by hand: runs that follow each other, with exchanges that can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.runs.file import Run
from tests import runs

SHAPE = ["created:integer", "data:array", "data[].url:string", "data[]:object"]
HEADERS = [["content-type", "application/json"], ["server", "nginx"], ["x-request-id", "r1"]]
BROKEN = runs.broken(repeats=3)
"""A regression that repeats confirmed."""


def night(day: int, *records: Any, head: Mapping[str, Any] | None = None, end: Any = ...) -> Run:
    """A run of January 2026, with an id of its own."""
    about = {"id": f"202601{day:02}T030000Z-0000000{day % 10}"}
    started = {"started": f"2026-01-{day:02}T03:00:00+00:00"}
    return runs.run(*records, head={**runs.header(), **about, **started, **(head or {})}, end=end)


def answer(
    case: str = "baseline",
    shape: Sequence[str] | None = SHAPE,
    headers: Sequence[Sequence[str]] = HEADERS,
    status: int = 200,
    host: str = "img.acme.test",
    image: str = "png",
    **changes: Any,
) -> dict[str, Any]:
    """An exchange with everything that drift looks at."""
    kept = {key: changes.pop(key) for key in ("provider", "model", "provenance") if key in changes}
    return {
        **runs.exchange(case=case, **kept),
        "response": {"status": status, "headers": headers, "body": "{}", "bytes": 2},
        "shape": None if shape is None else list(shape),
        "error": None,
        "downloads": [{"url": f"https://{host}/{case}.png"}],
        "images": [{"index": 0, "member": "url", "type": image}],
        **changes,
    }


def answers(count: int = 6, **changes: Any) -> list[dict[str, Any]]:
    """Several exchanges, a case each."""
    return [answer(f"case-{number}", **changes) for number in range(count)]
