"""What changed between the nights before and a new run, and what of it is a regression."""

from __future__ import annotations

from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import Change, Drift, DriftError, Kind
from conformance.reports.drift.render import drift_json, drift_markdown, print_drift

__all__ = [
    "Change",
    "Drift",
    "DriftError",
    "Kind",
    "drift",
    "drift_json",
    "drift_markdown",
    "print_drift",
]
