"""What came of one case."""

from __future__ import annotations

from collections.abc import Mapping

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
