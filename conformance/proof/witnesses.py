"""Summaries of the findings on one defect."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.findings import SEVERITY, Finding, Verdict
from conformance.proof.matrix import RED


def worst_by_clause(findings: Iterable[Finding]) -> dict[str, Verdict]:
    """Return the worst verdict of every clause."""
    worst: dict[str, Verdict] = {}
    for finding in findings:
        known = worst.get(finding.clause)
        if known is None or SEVERITY[finding.verdict] > SEVERITY[known]:
            worst[finding.clause] = finding.verdict
    return worst


def red_clauses(findings: Iterable[Finding]) -> list[str]:
    """Return the ids of the clauses that are broken, in alphabetical order."""
    return sorted({finding.clause for finding in findings if finding.verdict in RED})


def first_witness(findings: Iterable[Finding], clause: str) -> str:
    """Return the first finding that breaks a clause, as case and message; empty for none."""
    red = (finding for finding in findings if finding.clause == clause and finding.verdict in RED)
    return next((f"{finding.model}/{finding.case}: {finding.message}" for finding in red), "")
