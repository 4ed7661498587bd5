"""Tables of the terminal fold names, and cut neither a number nor a heading."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from conformance.output.tables import TableColumn, fits, print_table
from conformance.reports.console_text import Paper

COLUMNS = [
    TableColumn("name", least=6),
    TableColumn("left out", is_number=True),
    TableColumn("USD", True),
]
ROWS = [[Text(cell) for cell in row] for row in (("x" * 30, "24 (USD 5.61)", "10.4260"),)]


def printed(width: int) -> list[str]:
    file = io.StringIO()
    print_table(Console(file=file, width=width), COLUMNS, ROWS)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60])
def test_table_keeps_every_word_of_numbers_and_all_of_names(width: int) -> None:
    lines = printed(width)
    words = " ".join(lines).split()
    assert {"left", "out", "USD", "24", "(USD", "5.61)", "10.4260"} <= set(words)
    assert sum(line.count("x") for line in lines) == 30
    if fits(width, COLUMNS, ROWS, gap=2):
        assert max(map(len, lines)) <= width


def test_table_that_has_room_is_one_line_a_row() -> None:
    assert [" ".join(line.split()) for line in printed(80)] == [
        "name left out USD",
        f"{'x' * 30} 24 (USD 5.61) 10.4260",
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
    Paper(console)._grid(("asked for", *(f"side-{side}" for side in range(9))), rows)
    lines = file.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["asked", "size"] * parts
    assert sum(line.count("cell-") for line in lines) == 9
    assert not is_terminal or max(map(len, lines)) <= 40
