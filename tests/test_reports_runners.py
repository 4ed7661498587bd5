"""No report, whatever it is printed from, starts a command of a CI runner."""

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
@pytest.mark.parametrize("format_", FORMATS)
def test_report_holds_no_command(text: str, format_: str) -> None:
    assert commands(render([runs.hostile(text)], format_)) == []


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_terminal_shows_no_command(text: str, width: int) -> None:
    screen = io.StringIO()
    print_runs([runs.hostile(text)], Console(file=screen, width=width, color_system=None))
    assert commands(screen.getvalue()) == []
