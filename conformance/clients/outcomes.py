"""What clients made of answers, in a file: recorded where they are installed, read everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from conformance.clients.installing import ClientsError
from conformance.clients.records import Kind, Outcome
from conformance.output.files import write_text

RECORDED = Path(__file__).with_name("outcomes.json")
"""The outcomes that come with the suite."""
_MOST = 16 * 1024 * 1024  # bytes of a file


class Recorded(Struct, frozen=True):
    """What became of several answers, which stand there by their keys."""

    outcome: Kind
    said: str
    answers: tuple[str, ...]


class Tried(Struct, frozen=True):
    """What one version of a client made of answers, and what it sends by default."""

    version: str
    recorded: tuple[Recorded, ...] = ()
    defaults: Mapping[str, dict[str, Any]] = {}
    """By model, what it sends beside model and prompt, where nothing else is asked."""

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """The outcomes by the key of the answer."""
        return {key: Outcome(one.outcome, one.said) for one in self.recorded for key in one.answers}


Outcomes = Mapping[str, Tried]
"""By client."""


def tried(
    version: str, outcomes: Mapping[str, Outcome], defaults: Mapping[str, dict[str, Any]]
) -> Tried:
    """Return what is recorded of a client; equal outcomes are written once."""
    alike: dict[Outcome, list[str]] = {}
    for key, outcome in sorted(outcomes.items(), key=lambda item: (item[1].said, item[0])):
        alike.setdefault(outcome, []).append(key)
    recorded = tuple(Recorded(one.kind, one.said, tuple(keys)) for one, keys in alike.items())
    return Tried(version, recorded, defaults)


def read_outcomes(path: Path) -> Outcomes:
    """Read a file of outcomes; raises `ClientsError` if it is none."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST + 1)
        if len(text) > _MOST:
            raise ClientsError(f"{path}: is larger than {_MOST:,} bytes")
        return msgspec.json.decode(text, type=dict[str, Tried])
    except OSError as error:
        raise ClientsError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ClientsError(f"{path}: holds no outcomes of clients: {error}") from None


def together(old: Outcomes, new: Outcomes) -> Outcomes:
    """Add outcomes to others; of a client in another version only the new ones count."""
    found = dict(old)
    for name, mine in new.items():
        before = found.get(name)
        if before is not None and before.version == mine.version:
            outcomes = before.outcomes | mine.outcomes
            mine = tried(mine.version, outcomes, {**before.defaults, **mine.defaults})
        found[name] = mine
    return found


def write_outcomes(outcomes: Outcomes, path: Path) -> None:
    """Write a file of outcomes, sorted, an outcome a line."""
    text = json.dumps(msgspec.to_builtins(outcomes), sort_keys=True)
    for opening in ('{"answers"', '"defaults"', '"recorded"', '"version"'):
        text = text.replace(opening, f"\n{opening}")
    write_text(path, text + "\n")
