"""What a terminal shows: tables that cut no number, and how far a run is and what it spent."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from conformance.output.tables import Paper, TableColumn, fits, print_table
from conformance.runner.options import Options
from conformance.runner.session import Session
from conformance.suite.command import Progressing
from tests.live import paid_toml, session

COLUMNS = [
    TableColumn("name", least=6),
    TableColumn("left out", is_number=True),
    TableColumn("USD", True),
]
ROWS = [[Text(cell) for cell in row] for row in (("x" * 30, "24 (5.61 USD)", "10.4260"),)]


def table_lines(width: int) -> list[str]:
    file = io.StringIO()
    print_table(Console(file=file, width=width), COLUMNS, ROWS)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60])
def test_table_keeps_every_word_of_numbers_and_all_of_names(width: int) -> None:
    lines = table_lines(width)
    words = " ".join(lines).split()
    assert {"left", "out", "USD", "24", "(5.61", "USD)", "10.4260"} <= set(words)
    assert sum(line.count("x") for line in lines) == 30
    if fits(width, COLUMNS, ROWS, gap=2):
        assert max(map(len, lines)) <= width


def test_table_that_has_room_is_one_line_a_row() -> None:
    assert [" ".join(line.split()) for line in table_lines(80)] == [
        "name left out USD",
        f"{'x' * 30} 24 (5.61 USD) 10.4260",
    ]


def test_table_fits_where_its_names_can_be_folded() -> None:
    least = 6 + 2 + len("5.61)") + 2 + len("10.4260")
    assert fits(least, COLUMNS, ROWS, gap=2)
    assert not fits(least - 1, COLUMNS, ROWS, gap=2)


@pytest.mark.parametrize(("is_terminal", "parts"), [(True, 3), (False, 1)], ids=["tty", "pipe"])
def test_grid_comes_in_parts_where_a_terminal_is_too_narrow(is_terminal: bool, parts: int) -> None:
    file = io.StringIO()
    console = Console(file=file, width=40, force_terminal=is_terminal, color_system=None)
    rows = [("size", *(f"cell-{side}" for side in range(9)))]
    Paper(console).grid(("asked for", *(f"side-{side}" for side in range(9))), rows)
    lines = file.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["asked", "size"] * parts
    assert sum(line.count("cell-") for line in lines) == 9
    assert not is_terminal or max(map(len, lines)) <= 40


def progress_screen(folder: Path, *, quiet: bool = False) -> str:
    """Return what a terminal of 100 columns shows of one finding out of four."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    report: Any = SimpleNamespace(finding={"provider": "acme", "model": "dall-e-2"})
    with session(folder, "http://127.0.0.1:1/v1", budget=2.0) as live:
        ledger = live.live.ledger
        ledger.settle(ledger.reserve("p", 0.25, 0.25), 0.25, None)
        progress = Progressing(console, quiet, live)
        progress.announce()
        with progress:
            progress.pytest_xdist_node_collection_finished(["a", "b", "c", "d"])
            progress.pytest_runtest_logreport(report)
            progress._bar.refresh()
    return screen.getvalue()


def test_progress_tells_done_left_and_money_unless_nobody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert progress_screen(tmp_path, quiet=True).strip() == ""
    text = progress_screen(tmp_path)
    assert "the 52 selected requests cost about 0.32 USD; the budget is 2.00 USD" in text
    for part in ("acme dall-e-2", "1/4", "0.25 of 2.00 USD"):
        assert part in text
    monkeypatch.setenv("CI", "true")
    text = progress_screen(tmp_path)
    assert "0.32 USD" in text
    assert "1/4" not in text


def test_live_run_sends_eight_at_once(tmp_path: Path) -> None:
    paid_provider = {"providers": (paid_toml(tmp_path, "dall-e-2"),)}
    rows: list[tuple[dict[str, Any], int]] = [
        (paid_provider, 8),
        (paid_provider | {"concurrency": 3}, 3),
        ({"providers": ("reference",)}, 1),  # embedded: no network to wait for
    ]
    for options, at_once in rows:
        assert Session(Options(live=True, **options)).concurrency == at_once
