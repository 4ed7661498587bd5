"""No report, whatever it is printed from, starts a command of a CI runner or hides a character."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from conformance.reports import FORMATS, print_runs, render
from tests import runs
from tests.runners import commands

TEXTS = {
    **runs.HOSTILE,
    "command-after-a-wrap": f"{'x' * 60} ::error::x",
    "command-in-a-long-word": "x" * 150 + "::stop-commands::y",
    "command-in-parts": "::error",
    "anywhere": "x##[group]y##vso[a]z",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_report_holds_a_command(text: str) -> None:
    found = runs.hostile(text)
    for format_ in FORMATS:
        report = render([found], format_)
        assert commands(report) == [], format_
        if format_ in ("md", "junit"):
            assert all(line.isprintable() for line in report.split("\n")), format_
    for width in (20, 40, 80):
        screen = io.StringIO()
        print_runs([found], Console(file=screen, width=width, color_system=None))
        assert commands(screen.getvalue()) == [], width
