"""Rewrites decorators as calls, so that mutmut reaches what they decorate.

mutmut leaves alone every function that has a decorator, and all code that runs on import. Of
clauses that would be nearly everything. ``@clause("x", binds=asks("n")) def judge(...)`` means
the same as a plain function, a plain predicate, and a call that registers them.
"""

from __future__ import annotations

import ast
import re

_PREDICATES = frozenset({"all_of", "any_of", "fault"})
_PLAIN = (ast.Name, ast.Attribute)


def desugared(source: str) -> str:
    """Return a module of the same meaning in which every function is plain."""
    tree = ast.parse(source)
    tree.body = _plain(tree.body)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _plain(body: list[ast.stmt]) -> list[ast.stmt]:
    statements: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            node.body = _plain(node.body)
            statements.append(node)
        elif isinstance(node, ast.FunctionDef) and node.decorator_list:
            statements += _undecorate(node)
        elif isinstance(node, ast.Assign):
            statements += _constants(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value.args:
            statements += [
                *_predicates(node.value, _identifier(node.value.args[0])),
                node,
            ]
        else:
            statements.append(node)
    return statements


def _identifier(row: ast.expr) -> str:
    """Turn the id in the first argument of a row of clauses into a name."""
    return re.sub(r"\W+", "_", ast.unparse(row)).strip("_")


def _constants(node: ast.Assign) -> list[ast.stmt]:
    """Make functions of predicates put together on import, when no mutant is active yet."""
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=True))
    else:
        pairs = [(target, value)]
    if not all(_is_predicate(pair) for _, pair in pairs):
        return [node]
    return [statement for name, pair in pairs for statement in _lazily(ast.unparse(name), pair)]


def _is_predicate(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in _PREDICATES


def _undecorate(function: ast.FunctionDef) -> list[ast.stmt]:
    decorators, function.decorator_list = function.decorator_list, []
    statements: list[ast.stmt] = [function]
    value: ast.expr = ast.Name(function.name)
    for decorator in reversed(decorators):
        statements += _predicates(decorator, function.name)
        value = ast.Call(decorator, [value], [])
    return [*statements, ast.Assign([ast.Name(function.name)], value)]


def _predicates(decorator: ast.expr, name: str) -> list[ast.stmt]:
    """Move the predicate of a clause into a function of its own, built anew at every call."""
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    statements: list[ast.stmt] = []
    for keyword in keywords:
        if keyword.arg == "binds" and not isinstance(keyword.value, _PLAIN):
            statements += _lazily(f"{name}_binds", keyword.value)
            keyword.value = ast.Name(f"{name}_binds")
    return statements


def _lazily(name: str, predicate: ast.expr) -> list[ast.stmt]:
    """Define a predicate that is built anew at every call, for the same editions."""
    text = ast.unparse(predicate)
    return ast.parse(
        f"def {name}(sent):\n    return ({text})(sent)\n"
        f"from conformance.clauses.registry import Bound, possible_in\n"
        f"{name} = Bound({name}, lambda edition: possible_in({text}, edition))\n"
    ).body
