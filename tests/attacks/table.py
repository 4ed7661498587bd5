"""How many attacks there are of which kind, and what none of them is: as docs/security.md has it.

``python -m tests.attacks`` writes it anew, and a test fails where it is not up to date.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.attacks import ATTACKS, FILES
from tests.attacks.folders import CONFIGURATION, LINKS, MODULES, OUTPUTS
from tests.mutating import VALUES, lines, members

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN = "<!-- attacks: written by `python -m tests.attacks` -->\n"
END = "<!-- end of attacks -->\n"

UNCOVERED = """\
- A provider that knows the suite, and answers the suite alone as it promised.
- Faults in Python, OpenSSL, libyaml, Pillow and its decoders, or SQLite: keep them up to date.
- An environment that means harm: `PYTHONPATH`, `PYTEST_ADDOPTS`, `PYTEST_PLUGINS` and the programs
  that `PATH` leads to are yours. So is `pytest` in a foreign folder, which runs its `conftest.py`,
  and `python -m` without `-P`.
- Whoever changes files or links while the suite runs, or shares its user.
- A key that was encrypted, or split by rules of the provider's own making.
"""


def render_table() -> str:
    """Return the whole section: a table of kinds with their numbers, and what is not covered."""
    rows = list(_kinds())
    number = sum(count for _, _, count in rows)
    table = ["| from | kind | attacks |", "|---|---|---:|"]
    table += [f"| {where} | {kind} | {count} |" for where, kind, count in rows]
    table += [f"| | **{len(rows)} kinds** | **{number}** |"]
    values = len(VALUES)
    wide = sum(1 for way in members(lines()) if len(way) > 1)
    beside = f"Beside them each of {wide} members of a run file is made into {values} other things."
    return "\n".join([*table, "", beside, "", "Covered by none of them:", "", UNCOVERED])


def _kinds() -> Iterator[tuple[str, str, int]]:
    """Yield who attacks, by which kind of thing, and in how many ways."""
    modules = Counter(attack.answer.__module__ for attack in ATTACKS.values())
    for name, count in sorted(modules.items()):
        said = (importlib.import_module(name).__doc__ or "").split("\n")[0].rstrip(".")
        yield "a provider's answers", said, count
    for kind, count in Counter(file.kind for file in FILES).items():
        yield "a file", kind, count
    yield "the current folder", "modules that would be imported", len(MODULES)
    yield "the current folder", "settings that name such a module", len(CONFIGURATION)
    yield "the current folder", "links where something is written", len(OUTPUTS) + len(LINKS)


def update_table(page: str) -> str:
    """Return the page with the section as it is now."""
    before, _, behind = page.partition(BEGIN)
    _, _, after = behind.partition(END)
    return f"{before}{BEGIN}{render_table()}{END}{after}"
