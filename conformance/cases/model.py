"""A case: one request worth sending."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

UNKNOWN_KEY = "sk-conformance-unknown-0000000000000000"
"""A well-formed key that no provider has issued."""

SHORTEST_KEY = 8
"""Characters of a key; a shorter one is taken for an ordinary word, and is never sent."""

UNKNOWN_MODEL = "conformance-no-such-model"  # a model name that no provider serves

GENERATED = "generated"
"""The id of every generated case; deviations refer to generated requests by it."""

COMBINED, OWN = "combined-", "own-"
"""What the ids begin with of requests that combine parameters, and of a user's own."""


class Authorization(StrEnum):
    """How a case authenticates."""

    VALID = "valid"
    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG_SCHEME = "wrong-scheme"
    UNKNOWN = "unknown"


class Depth(StrEnum):
    """How many cases a provider is sent; thorough includes standard."""

    STANDARD = "standard"
    THOROUGH = "thorough"

    def includes(self, case: Case) -> bool:
        """Return whether a case is asked at this depth."""
        return self is Depth.THOROUGH or case.depth is Depth.STANDARD


class Operation(StrEnum):
    """The operation that a case calls."""

    GENERATE = "generate"
    LIST_MODELS = "list-models"


@dataclass(frozen=True, slots=True)
class Case:
    """One request worth sending, and the request it differs from in one field."""

    id: str
    model: str
    operation: Operation = Operation.GENERATE
    body: Mapping[str, Any] | None = None
    raw: bytes | None = None  # sent instead of the body, byte for byte
    method: str = "POST"
    content_type: str | None = "application/json"
    authorization: Authorization = Authorization.VALID
    control: str | None = None
    parameter: str | None = None
    billed: bool = False
    depth: Depth = Depth.STANDARD
    after: tuple[str, ...] = ()  # coarser faults: not sent if one of them was accepted

    @property
    def path(self) -> str:
        """The case's name within its provider."""
        return f"{self.model}/{self.id}"

    @property
    def is_plain(self) -> bool:
        """Return whether it asks for images as any client does: nothing is odd but the body."""
        return (
            self.body is not None
            and (self.method, self.content_type) == ("POST", "application/json")
            and self.authorization is Authorization.VALID
        )

    @property
    def prerequisites(self) -> tuple[str, ...]:
        """The ids of the cases that are sent before it: its control, and coarser faults."""
        return (self.control, *self.after) if self.control else self.after

    @property
    def asks(self) -> frozenset[str]:
        """The parameters beside model and prompt, by name and as name=value."""
        parameters = dict(self.body or {})
        parameters.pop("model", None)
        parameters.pop("prompt", None)
        return frozenset(parameters) | {
            f"{name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in parameters.items()
        }


def needed_for(case: Case, by_path: Mapping[str, Case]) -> dict[str, Case]:
    """Return a case by its path, after those of `by_path` that are sent before it."""
    needed: dict[str, Case] = {}
    for name in case.prerequisites:
        prerequisite = by_path.get(f"{case.model}/{name}")
        needed |= needed_for(prerequisite, by_path) if prerequisite is not None else {}
    return needed | {case.path: case}
