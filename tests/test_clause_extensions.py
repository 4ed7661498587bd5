"""A plugin is loaded as what it is, and one that cannot be is one sentence that says where."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from conformance.clauses import extensions, registry
from conformance.clauses.extensions import ExtensionError, load_installed, load_plugins
from conformance.contract import OUTSIDE_SOURCES, CitedSource

CLAUSE = """
from conformance.clauses.bindings import accepted
from conformance.clauses.extensions import define_source
from conformance.clauses.registry import Level, clause, cite

define_source("acme-sla", "Acme: service level", "https://acme.example/sla",
              edition="2026-09-01", retrieved="2026-11-01")

@clause("acme.in-time", Level.MUST, "It comes in time.", cite("acme-sla", "2."), binds=accepted)
def in_time(subject):
    \"\"\"Compares the time.\"\"\"
    return iter(())
"""


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what a test registers be gone after it."""
    known = dict(registry.REGISTRY)
    for module in (registry, extensions):
        monkeypatch.setattr(module, "REGISTRY", known)
    monkeypatch.setitem(OUTSIDE_SOURCES, "acme-sla", None)
    yield
    sys.modules.pop("image_conformance_plugin_acme", None)


def file(folder: Path, text: str, name: str = "acme.py") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_file_registers_its_clauses_and_sources_once(tmp_path: Path) -> None:
    path = file(tmp_path, CLAUSE)
    load_plugins([path, path])
    assert registry.REGISTRY["acme.in-time"].statement == "It comes in time."
    assert OUTSIDE_SOURCES["acme-sla"] == CitedSource(
        "acme-sla", "Acme: service level", "https://acme.example/sla", "2026-09-01", "2026-11-01"
    )
    assert sys.modules["image_conformance_plugin_acme"].__file__ == path


def test_module_is_imported_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file(tmp_path, CLAUSE, "acme_by_name.py")
    load_plugins(["acme_by_name"])
    assert "acme.in-time" in registry.REGISTRY


def test_installed_package_is_loaded_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file(tmp_path, CLAUSE, "acme_installed.py")
    point = EntryPoint("acme", "acme_installed", "image_conformance.clauses")
    told = {"image_conformance.clauses": [point]}
    monkeypatch.setattr(extensions, "entry_points", lambda group: told[group])
    load_installed.cache_clear()
    load_installed()
    load_installed.cache_clear()
    assert "acme.in-time" in registry.REGISTRY
    broken = EntryPoint("acme", "acme_gone", "image_conformance.clauses")
    told["image_conformance.clauses"] = [broken]
    with pytest.raises(ExtensionError, match="plugin 'acme_gone': no such module is installed"):
        load_installed()


LOST = "cannot be loaded: ModuleNotFoundError: No module named 'nothing_at_all' (line 1 of acme.py)"
NO_ID = "'Acme' is no id of a clause; write chapter.name in small letters, digits and '-', as in "
UNCITED = (
    "clause acme.in-time cites nothing; cite who promises it, a source of the edition or one of "
)
DIVIDED = "cannot be loaded: ZeroDivisionError: division by zero (line 2 of acme.py)"
CALLED = "cannot be loaded: ValueError: math domain error (line 3 of acme.py)"
DECODED = "JSONDecodeError: Expecting value: line 1 column 1 (char 0) (line 2 of acme.py)"
FAULTS = {
    "syntax": ("\n\ndef f(:", "cannot be loaded: SyntaxError: invalid syntax (line 3 of acme.py)"),
    "called": ("import math\n\nmath.sqrt(-1)", CALLED),
    "called-in-python": ("import json\njson.loads('')", f"cannot be loaded: {DECODED}"),
    "import": ("import nothing_at_all", LOST),
    "division": ("\n1 / 0", DIVIDED),
    "exit": ("raise SystemExit(7)", "cannot be loaded: SystemExit: 7 (line 1 of acme.py)"),
    "id": (CLAUSE.replace("acme.in-time", "Acme"), f"{NO_ID}acme.answers-in-time"),
    "uncited": (CLAUSE.replace('cite("acme-sla", "2."), ', ""), f"{UNCITED}define_source"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_plugin_that_fails_is_one_sentence(name: str, tmp_path: Path) -> None:
    text, said = FAULTS[name]
    path = file(tmp_path, text)
    with pytest.raises(ExtensionError) as caught:
        load_plugins([path])
    colon = " " if said.startswith("cannot") else ": "
    assert str(caught.value) == f"plugin {path!r}{colon}{said}"
    assert caught.value.__suppress_context__ or not said.startswith("cannot")


def test_plugin_with_a_known_id_or_endless_words_is_told_shortly(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match="twice"):
        load_plugins([file(tmp_path, CLAUSE.replace("acme.in-time", "count.as-asked"))])
    with pytest.raises(ExtensionError, match=r"x{250,290}… \("):
        load_plugins([file(tmp_path, "raise ValueError('x' * 400)", "acme_long.py")])


def test_file_that_is_missing_or_no_python_is_one_sentence(tmp_path: Path) -> None:
    missing = str(tmp_path / "gone.py")
    with pytest.raises(ExtensionError) as caught:
        load_plugins([missing])
    assert str(caught.value) == f"plugin {missing!r} cannot be read: No such file or directory"
    other = file(tmp_path, "", "clauses.txt")
    with pytest.raises(ExtensionError) as caught:
        load_plugins([other])
    assert "ImportError: is no Python file: its name must end in .py" in str(caught.value)


def test_module_with_a_fault_in_its_syntax_names_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file(tmp_path, "x = (", "acme_inner.py")
    file(tmp_path, "import acme_inner", "acme_outer.py")
    for name in ("acme_inner", "acme_outer"):
        with pytest.raises(ExtensionError, match=r"closed \(line 1 of acme_inner\.py\)$"):
            load_plugins([name])


def test_module_that_is_not_installed_names_the_file() -> None:
    with pytest.raises(ExtensionError) as caught:
        load_plugins(["acme_nowhere.deep"])
    assert str(caught.value) == (
        "plugin 'acme_nowhere.deep': no such module is installed; a file is named by its path, as"
        " in --plugin ./acme_nowhere.deep.py"
    )
