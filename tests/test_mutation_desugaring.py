"""Mutation testing: decorators are taken apart without a change of meaning."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from mutation.desugaring import desugared

CLAUSES = sorted((Path(__file__).parent.parent / "conformance/clauses").glob("*.py"))
DECORATED = '''
FOUND = []
def register(name, binds=None):
    def add(function):
        FOUND.append((name, binds, function.__doc__))
        return function
    return add
def row(name, binds=None):
    FOUND.append((name, binds, None))
def all_of(*each):
    return lambda sent: all(one(sent) for one in each)
BOTH = all_of(bool, callable)
ONE, TWO = all_of(bool), all_of(callable)
row("x.row", binds=all_of(bool))
@register("a", binds=all_of(bool))
@register("b", binds=bool)
def judge(value):
    """Judges."""
    return value + 1
class Box:
    @property
    def size(self):
        return 3
'''


def run(source: str) -> dict[str, Any]:
    """Run a module's source, and return what it defines."""
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - our own lines above
    return names


def test_decorators_become_calls_in_their_order() -> None:
    plain, sugared = run(desugared(DECORATED)), run(DECORATED)
    calls = [(name, doc) for name, _, doc in plain["FOUND"][1:]]
    assert calls == [("b", "Judges."), ("a", "Judges.")]
    assert plain["judge"](1) == sugared["judge"](1) == 2
    assert plain["Box"]().size == 3


def test_predicate_is_put_together_anew_at_every_call() -> None:
    names = run(desugared(DECORATED))
    (_, row, _), (_, plain, _), (_, lazy, _) = names["FOUND"]
    assert (plain, lazy(1), lazy(0), names["BOTH"](1)) == (bool, True, False, False)
    assert (names["ONE"](1), names["TWO"](1)) == (True, False)
    names["all_of"] = lambda *_: lambda _sent: "mutant"
    assert {
        predicate(1) for predicate in (row, lazy, names["BOTH"], names["ONE"], names["TWO"])
    } == {"mutant"}


def test_no_function_of_the_clauses_keeps_a_decorator() -> None:
    for path in CLAUSES:
        tree = ast.parse(desugared(path.read_text(encoding="utf-8")))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        assert not [node.name for node in functions if node.decorator_list], path
