"""Falsified properties: the promise, the smallest request, the curl command."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.cases.request import canonical_json
from conformance.parsing import printable

UNAVAILABLE = "unavailable"
"""The id for requests that were neither accepted nor refused."""

_LONGEST_SHOWN = 60  # characters of one string


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """A promise that one example breaks, and the curl lines that show it."""

    id: str
    promise: str
    message: str
    request: Mapping[str, Any]
    curls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Falsified:
    """The smallest example that breaks a promise, with whatever else that example breaks."""

    broken: BrokenPromise
    others: tuple[str, ...]
    flaky: bool = False

    def __str__(self) -> str:
        """Return the promise, the request and the command that sends it again."""
        broken = self.broken
        lines = [broken.id, broken.promise, f"verdict:  {broken.message}"]
        lines += [f"smallest: {describe_body(broken.request)}"]
        lines += [f"as well:  {', '.join(self.others)}"] if self.others else []
        lines += ["flaky:    the same request did not break it every time"] if self.flaky else []
        return "\n".join([*lines, *broken.curls])


Check = Callable[[Any], Iterable[BrokenPromise]]


def conclude(falsified: list[Falsified]) -> None:
    """Fail the test if a promise is broken; skip it if requests could not be judged."""
    broken = [failure for failure in falsified if failure.broken.id != UNAVAILABLE]
    text = "\n\n".join(map(str, broken or falsified))
    if broken:
        pytest.fail(text, pytrace=False)
    if falsified:
        pytest.skip(text)


def describe_body(body: Mapping[str, Any]) -> str:
    """Return a body in one line, with long text cut."""
    cut = dict(body)
    for name, value in body.items():
        if isinstance(value, str) and len(value) > _LONGEST_SHOWN:
            cut[name] = f"{value[:_LONGEST_SHOWN]}… ({len(value)} characters)"
    return printable(canonical_json(cut))
