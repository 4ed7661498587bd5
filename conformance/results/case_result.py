"""What came of one case, and its outcome as JSON for later runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from conformance.exchange.outcome import Outcome
from conformance.findings import Finding, Observation
from conformance.results.records import ExchangeRecord


class CaseResult(Struct, frozen=True):
    """What came of one case; its payload is gone."""

    outcome: Outcome
    findings: Mapping[str, Finding]
    observations: tuple[Observation, ...]
    record: ExchangeRecord | None


def records_of(result: CaseResult) -> list[ExchangeRecord | Observation]:
    """Return the exchange of a case and what was observed in it, as a run file has them."""
    record = result.record and replace(result.record, findings=len(result.findings))
    return [*([record] if record else []), *result.observations]


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome with plain values only."""
    return dict(msgspec.to_builtins(outcome, order="deterministic"))


def outcome_from_json(values: Mapping[str, Any]) -> Outcome:
    """Read an outcome; raises ValueError for any other values."""
    return msgspec.convert(values, Outcome)
