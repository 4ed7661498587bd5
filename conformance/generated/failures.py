"""What a property that is falsified says: the promise, the smallest request, the curl line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.cases.request import canonical_json
from conformance.parsing import printable

UNAVAILABLE = "unavailable"
"""The id under which requests are gathered that were neither honoured nor refused."""

_LONGEST_SHOWN = 60  # characters of one string


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that one example breaks, and the curl lines that show it."""

    id: str
    promise: str
    message: str
    request: Mapping[str, Any]
    curls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Falsified:
    """The smallest example that breaks a promise, with whatever else that example breaks."""

    broken: Broken
    others: tuple[str, ...]
    flaky: bool = False

    def __str__(self) -> str:
        """Tell it in full: the promise, the request, the command that sends it again."""
        broken = self.broken
        lines = [broken.id, broken.promise, f"verdict:  {broken.message}"]
        lines += [f"smallest: {shown(broken.request)}"]
        lines += [f"as well:  {', '.join(self.others)}"] if self.others else []
        lines += ["flaky:    the same request did not break it every time"] if self.flaky else []
        return "\n".join([*lines, *broken.curls])


Check = Callable[[Any], Iterable[Broken]]


def conclude(found: list[Falsified]) -> None:
    """Fail the test for what is broken; skip it where some requests could not be judged."""
    broken = [each for each in found if each.broken.id != UNAVAILABLE]
    text = "\n\n".join(map(str, broken or found))
    if broken:
        pytest.fail(text, pytrace=False)
    if found:
        pytest.skip(text)


def shown(body: Mapping[str, Any]) -> str:
    """Write a body in one line, long text cut."""
    return printable(canonical_json({name: _cut(value) for name, value in body.items()}))


def _cut(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= _LONGEST_SHOWN:
        return value
    return f"{value[:_LONGEST_SHOWN]}… ({len(value)} characters)"
