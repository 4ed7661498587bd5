"""The layers of ARCHITECTURE.md, imports without circles, names of one meaning, whole files."""

from __future__ import annotations

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LAYERS = (
    ("errors", "lifecycle", "version"),
    ("output",),
    ("parsing",),
    ("contract",),
    ("cases",),
    ("findings",),
    ("exchange",),
    ("clauses",),
    ("reference",),
    ("providers",),
    ("live",),
    ("results",),
    ("clients",),
    ("runner",),
    ("generated",),
    ("reports",),
    ("recordings",),
    ("proof",),
    ("documentation",),
    ("editions",),
    ("plugin", "suite"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""Packages, and modules at the top, from below; each is in one of them."""
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "conformance").rglob("*.py")
}


class Outline(NamedTuple):
    """What a module imports, at its top and anywhere, and the classes that it defines."""

    at_top: list[ast.ImportFrom]
    anywhere: list[ast.ImportFrom]
    classes: list[str]


@cache
def outline(path: Path) -> Outline:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.ClassDef)]
    anywhere = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    classes = [node.name for node in nodes if isinstance(node, ast.ClassDef)]
    return Outline([node for node in anywhere if node in tree.body], anywhere, classes)


def imports(path: Path, *, typing: bool) -> set[str]:
    """Return the modules of the suite that a module imports, for type checkers as well.

    A package that imports by names from a table counts as if it imported all its modules.
    """
    modules: set[str] = set()
    for node in outline(path).anywhere if typing else outline(path).at_top:
        if node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            modules.update(name if name in MODULES else node.module for name in names)
    if path.name == "__init__.py" and "import_module(" in path.read_text(encoding="utf-8"):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        modules.update(name for name in MODULES if name.startswith(f"{package}."))
    return modules & MODULES.keys()


def layer(module: str) -> int:
    name = module.split(".")[1]
    return next(level for level, names in enumerate(LAYERS) if name in names)


def test_module_imports_from_no_layer_above() -> None:
    upward = [
        f"{name} imports {module}"
        for name in MODULES.keys() - {"conformance"}
        for module in imports(MODULES[name], typing=True) - {"conformance"}
        if layer(module) > layer(name)
    ]
    assert upward == []


def test_modules_import_in_no_circle() -> None:
    graph = {name: imports(path, typing=False) - {name} for name, path in MODULES.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(MODULES)


def test_name_of_a_class_has_one_meaning() -> None:
    places: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        for name in outline(path).classes:
            places.setdefault(name, []).append(module)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_no_file_of_the_suite_holds_a_merge_conflict() -> None:
    texts = {".css", ".jinja", ".js", ".json", ".md", ".py", ".toml"}
    folders = (ROOT / name for name in ("conformance", "docs", "schemas", "tests"))
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in texts]
    markers = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
    assert [str(path) for path in files if markers.search(path.read_bytes())] == []
