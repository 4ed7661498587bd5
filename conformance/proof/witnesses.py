"""What the findings of one defect come to: the worst verdicts, and what shows them."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.findings import SEVERITY, Finding, Verdict
from conformance.proof.matrix import RED


def worst_by_clause(findings: Iterable[Finding]) -> dict[str, Verdict]:
    """Return the worst verdict of every clause."""
    worst: dict[str, Verdict] = {}
    for each in findings:
        known = worst.get(each.clause)
        if known is None or SEVERITY[each.verdict] > SEVERITY[known]:
            worst[each.clause] = each.verdict
    return worst


def red_clauses(findings: Iterable[Finding]) -> list[str]:
    """Return the ids of the clauses that are broken, in alphabetical order."""
    return sorted({each.clause for each in findings if each.verdict in RED})


def first_witness(findings: Iterable[Finding], clause: str) -> str:
    """Return the first finding that breaks a clause, as case and message; empty for none."""
    red = (each for each in findings if each.clause == clause and each.verdict in RED)
    return next((f"{each.model}/{each.case}: {each.message}" for each in red), "")
