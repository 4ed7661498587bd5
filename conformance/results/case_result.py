"""What came of one case, and its outcome as JSON for later runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.cases.model import Case
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import Finding, Observation


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one case; its payload is gone."""

    outcome: Outcome
    findings: Mapping[str, Finding]
    observations: tuple[Observation, ...]
    record: Mapping[str, Any] | None


def evidence_of(provider: str, case: Case, judged: Judged) -> dict[str, Any]:
    """Return the exchange of a case with its observations, as plain values."""
    record = judged.record and {**judged.record, "findings": len(judged.findings)}
    return {
        "case": f"{provider}::{case.path}",
        "exchange": record,
        "observations": [asdict(each) for each in judged.observations],
    }


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome with plain values only."""
    listed = None if outcome.listed is None else sorted(outcome.listed)
    return {**asdict(outcome), "result": outcome.result.value, "listed": listed}


def outcome_from_json(told: Mapping[str, Any]) -> Outcome:
    """Read an outcome; raises KeyError, TypeError or ValueError for what is none."""
    listed = None if told["listed"] is None else frozenset(map(str, told["listed"]))
    return Outcome(**{**told, "result": Result(told["result"]), "listed": listed})
