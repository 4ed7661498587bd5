"""What came of one case, and the same as JSON, for other processes and later runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from conformance.exchange.outcome import Outcome
from conformance.findings import Finding, Observation
from conformance.results.records import ExchangeRecord


class Judged(Struct, frozen=True):
    """What came of one case; its payload is gone."""

    outcome: Outcome
    findings: Mapping[str, Finding]
    observations: tuple[Observation, ...]
    record: ExchangeRecord | None


def judged_to_json(judged: Judged) -> dict[str, Any]:
    """Write it with plain values only."""
    return dict(msgspec.to_builtins(judged, order="deterministic"))


def judged_from_json(values: Mapping[str, Any]) -> Judged:
    """Read it; raises ValueError for what is none."""
    return msgspec.convert(values, Judged)


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome with plain values only."""
    return dict(msgspec.to_builtins(outcome, order="deterministic"))


def outcome_from_json(values: Mapping[str, Any]) -> Outcome:
    """Read an outcome; raises ValueError for what is none."""
    return msgspec.convert(values, Outcome)
