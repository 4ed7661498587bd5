"""The page about security says how many attacks there are, of which kinds, and what is missing."""

from __future__ import annotations

from tests.attacks import ATTACKS, FILES
from tests.attacks.table import BEGIN, END, PAGE, renewed, written


def test_page_has_the_attacks_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    assert page == renewed(page), "write it anew with: python -m tests.attacks"


def test_table_counts_every_attack_once() -> None:
    rows = [line.split("|") for line in written().split("\n") if line.startswith("| a")]
    counted = {where: 0 for _, where, *_ in rows}
    for _, where, _, number, _ in rows:
        counted[where] += int(number)
    assert counted == {" a provider's answers ": len(ATTACKS), " a file ": len(FILES)}


def test_every_attack_on_a_file_has_a_name_of_its_own_and_says_its_harm() -> None:
    assert len({(each.kind, each.name) for each in FILES}) == len(FILES)
    assert all(len(each.harm) > 10 for each in FILES)
