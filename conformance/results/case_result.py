"""What came of one case, and the same as JSON, for other processes and later runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.exchange.outcome import Outcome, Result
from conformance.findings import Finding, Observation
from conformance.results.records import checked
from conformance.results.run_file import finding_from_json, finding_to_json


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
    record = values["record"]
    findings = [finding_from_json(_record("finding", each)) for each in values["findings"]]
    for each in values["observations"]:
        _record("observation", each)
    if record is not None:
        _record("exchange", record)
    return Judged(
        outcome_from_json(values["outcome"]),
        {each.clause: each for each in findings},
        tuple(Observation(**each) for each in values["observations"]),
        record,
    )


def _record(kind: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check a record as one of a run file; raises TypeError or ValueError."""
    return checked({**values, "type": kind})


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Write an outcome with plain values only."""
    listed = None if outcome.listed is None else sorted(outcome.listed)
    return {**asdict(outcome), "result": outcome.result.value, "listed": listed}


def outcome_from_json(told: Mapping[str, Any]) -> Outcome:
    """Read an outcome; raises KeyError, TypeError or ValueError for what is none."""
    listed = None if told["listed"] is None else frozenset(map(str, told["listed"]))
    return Outcome(**{**told, "result": Result(told["result"]), "listed": listed})
