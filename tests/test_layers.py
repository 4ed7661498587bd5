"""The layers of ARCHITECTURE.md, imports without circles, and names of classes with one meaning."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYERS = (
    *("errors lifecycle version", "output", "parsing", "contract", "cases", "findings"),
    *("exchange", "clauses", "reference", "providers", "live", "results", "clients", "runner"),
    *("generated", "reports", "recordings", "proof", "documentation", "editions"),
    *("plugin suite", "commands", "cli", "__main__"),
)
"""Packages, and modules at the top, from below; each is in one of them."""


@cache
def trees() -> dict[str, ast.Module]:
    """Parse every module of the suite once, by its name."""
    paths = sorted((ROOT / "conformance").rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return {
        name.removesuffix(".__init__"): ast.parse(path.read_text(encoding="utf-8"))
        for name, path in zip(names, paths, strict=True)
    }


@cache
def statements() -> dict[str, list[ast.ImportFrom | ast.ClassDef]]:
    """Return the imports and classes of every module, those for type checkers as well."""
    kinds = (ast.ImportFrom, ast.ClassDef)
    return {
        name: [node for node in ast.walk(tree) if isinstance(node, kinds)]
        for name, tree in trees().items()
    }


def imports(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the modules of the suite that are imported there."""
    known = trees().keys()
    told = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    names = [(f"{node.module}.{one.name}", node.module) for node in told for one in node.names]
    return {name if name in known else module or "" for name, module in names} & known


def layer(module: str) -> int:
    name = module.split(".")[1]
    return next(level for level, names in enumerate(LAYERS) if name in names.split())


def test_module_imports_from_no_layer_above() -> None:
    upward = [
        f"{name} imports {module}"
        for name in trees().keys() - {"conformance"}
        for module in imports(statements()[name]) - {"conformance"}
        if layer(module) > layer(name)
    ]
    assert upward == []


def test_modules_import_in_no_circle() -> None:
    """What only type checkers import may be a circle."""
    graph = {name: imports(tree.body) - {name} for name, tree in trees().items()}
    assert set(TopologicalSorter(graph).static_order()) == graph.keys()


def test_name_of_a_class_has_one_meaning() -> None:
    nodes = chain.from_iterable(statements().values())
    names = Counter(node.name for node in nodes if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []
