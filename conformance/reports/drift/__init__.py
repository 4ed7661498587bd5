"""What changed between the nights before and a new run, and what of it is a regression."""

from __future__ import annotations

from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import ChangeKind, Drift, DriftChange, DriftError
from conformance.reports.drift.render import drift_json, drift_markdown, print_drift

__all__ = [
    "ChangeKind",
    "Drift",
    "DriftChange",
    "DriftError",
    "drift",
    "drift_json",
    "drift_markdown",
    "print_drift",
]
