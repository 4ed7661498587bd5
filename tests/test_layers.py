"""The layers of ARCHITECTURE.md, imports without circles, and names of classes with one meaning."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

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


def imports(path: Path, *, typing: bool) -> set[str]:
    """Return the modules of the suite that a module imports, for type checkers as well."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if typing else iter(tree.body)
    found = [each for each in nodes if isinstance(each, ast.ImportFrom) and each.module]
    names = [(f"{each.module}.{one.name}", each.module) for each in found for one in each.names]
    return {name if name in MODULES else module or "" for name, module in names} & MODULES.keys()


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
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(module)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}
