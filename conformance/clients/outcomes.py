"""What clients made of answers, in a file: recorded where they are installed, read everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from conformance.clients.installing import ClientsError
from conformance.clients.records import ClientOutcome, Effect
from conformance.output.files import write_text

RECORDED = Path(__file__).with_name("outcomes.json")
"""The outcomes that come with the suite."""
_MOST = 16 * 1024 * 1024  # bytes of a file


class SharedOutcome(Struct, frozen=True):
    """What became of several answers, which stand there by their keys."""

    outcome: Effect
    said: str
    answers: tuple[str, ...]


class ClientOutcomes(Struct, frozen=True):
    """What one version of a client made of answers, and what it sends by default."""

    version: str
    recorded: tuple[SharedOutcome, ...] = ()
    defaults: Mapping[str, dict[str, Any]] = {}
    """By model, what it sends beside model and prompt, where nothing else is asked."""

    @property
    def outcomes(self) -> dict[str, ClientOutcome]:
        """The outcomes by the key of the answer."""
        return {
            key: ClientOutcome(recorded.outcome, recorded.said)
            for recorded in self.recorded
            for key in recorded.answers
        }


Outcomes = Mapping[str, ClientOutcomes]
"""By client."""


def record_outcomes(
    version: str, outcomes: Mapping[str, ClientOutcome], defaults: Mapping[str, dict[str, Any]]
) -> ClientOutcomes:
    """Return what is recorded of a client; equal outcomes are written once."""
    keys_by_outcome: dict[ClientOutcome, list[str]] = {}
    for key, outcome in sorted(outcomes.items(), key=lambda item: (item[1].said, item[0])):
        keys_by_outcome.setdefault(outcome, []).append(key)
    recorded = tuple(
        SharedOutcome(outcome.kind, outcome.said, tuple(keys))
        for outcome, keys in keys_by_outcome.items()
    )
    return ClientOutcomes(version, recorded, defaults)


def read_outcomes(path: Path) -> Outcomes:
    """Read a file of outcomes; raises `ClientsError` if it is not one."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST + 1)
        if len(text) > _MOST:
            raise ClientsError(f"{path}: is larger than {_MOST:,} bytes")
        return msgspec.json.decode(text, type=dict[str, ClientOutcomes])
    except OSError as error:
        raise ClientsError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ClientsError(f"{path}: holds no outcomes of clients: {error}") from None


def merge_outcomes(old: Outcomes, new: Outcomes) -> Outcomes:
    """Add outcomes to others; of a client in another version only the new ones count."""
    merged = dict(old)
    for name, newer in new.items():
        older = merged.get(name)
        if older is not None and older.version == newer.version:
            outcomes = older.outcomes | newer.outcomes
            newer = record_outcomes(newer.version, outcomes, {**older.defaults, **newer.defaults})
        merged[name] = newer
    return merged


def write_outcomes(outcomes: Outcomes, path: Path) -> None:
    """Write a file of outcomes, sorted, an outcome a line."""
    text = json.dumps(msgspec.to_builtins(outcomes), sort_keys=True)
    for opening in ('{"answers"', '"defaults"', '"recorded"', '"version"'):
        text = text.replace(opening, f"\n{opening}")
    write_text(path, text + "\n")
