"""Providers, editions or versions of the suite, side by side."""

from __future__ import annotations

from conformance.reports.comparison.columns import ComparisonError
from conformance.reports.comparison.compare import Comparison, compare
from conformance.reports.comparison.render import (
    comparison_csv,
    comparison_json,
    comparison_markdown,
    comparison_page,
    print_comparison,
)

__all__ = [
    "Comparison",
    "ComparisonError",
    "compare",
    "comparison_csv",
    "comparison_json",
    "comparison_markdown",
    "comparison_page",
    "print_comparison",
]
