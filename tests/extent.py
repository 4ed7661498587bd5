"""How much the tests try: a sample in `make test`, all of it in `make long`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")
LONG = os.environ.get("EXTENT") == "all"


def sample(items: Iterable[Item], step: int) -> list[Item]:
    """Return every `step`-th item, from the first; in `make long`, all of them."""
    return list(items)[:: 1 if LONG else step]


def examples(number: int) -> int:
    """Return how many examples hypothesis tries: a sixth of `number`; in `make long`, all."""
    return number if LONG else max(number // 6, 6)
