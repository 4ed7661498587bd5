"""What came of one case, and the same as JSON, for other processes and later runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.exchange.outcome import Outcome, Result
from conformance.findings import Finding, Observation
from conformance.runs.file import finding_from_json, finding_to_json


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one case; its payload is gone."""

    outcome: Outcome
    findings: Mapping[str, Finding]
    observations: tuple[Observation, ...]
    record: Mapping[str, Any] | None


def judged_to_json(judged: Judged) -> dict[str, Any]:
    """Write it with plain values only."""
    return {
        "outcome": outcome_to_json(judged.outcome),
        "findings": [finding_to_json(each) for each in judged.findings.values()],
        "observations": [asdict(each) for each in judged.observations],
        "record": judged.record,
    }


def judged_from_json(values: Mapping[str, Any]) -> Judged:
    """Read it; raises KeyError, TypeError or ValueError for what is none."""
    findings = [finding_from_json(each) for each in values["findings"]]
    return Judged(
        outcome_from_json(values["outcome"]),
        {each.clause: each for each in findings},
        tuple(Observation(**each) for each in values["observations"]),
        values["record"],
    )


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome with plain values only."""
    listed = None if outcome.listed is None else sorted(outcome.listed)
    return {**asdict(outcome), "result": outcome.result.value, "listed": listed}


def outcome_from_json(told: Mapping[str, Any]) -> Outcome:
    """Read an outcome; raises KeyError, TypeError or ValueError for what is none."""
    listed = None if told["listed"] is None else frozenset(told["listed"])
    return Outcome(**{**told, "result": Result(told["result"]), "listed": listed})
