"""The clauses that an edition's request schemas give: one for every constraint of a parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases.schema_keywords import condition_names, is_constraint
from conformance.clauses.bindings import flaw
from conformance.clauses.refusals import refusal
from conformance.clauses.registry import Binding, Clause, Judge, Needs, cite
from conformance.clauses.subject import Problem, Subject
from conformance.contract import Edition, Level, Model, SchemaRule

_OTHER_CHAPTER = "n"  # its rules are the chapter count


def derived(edition: Edition) -> tuple[Clause, ...]:
    """Derive a clause from every constraint of a parameter in the edition's request schemas.

    What several models share is one clause, at the weakest level that any of them gives it.
    """
    grouped: dict[str, list[tuple[Model, SchemaRule]]] = {}
    for model in edition.every_model:
        for rule in model.rules:
            name = clause_id(model, rule)
            if name is not None:
                grouped.setdefault(name, []).append((model, rule))
    return tuple(_derive(name, rules) for name, rules in grouped.items())


def clause_id(model: Model, rule: SchemaRule) -> str | None:
    """Return the id of the clause that a rule gives, None for a rule that gives none."""
    if rule.keyword in condition_names(model):
        return f"parameters.{_raised_by(rule)}-{rule.keyword.lower()}"
    if rule.parameter == _OTHER_CHAPTER or not is_constraint(model, rule):
        return None
    return f"parameters.{rule.parameter}-{rule.keyword.lower()}"


def _raised_by(rule: SchemaRule) -> str:
    """Return the parameter that brings a rule across parameters into force."""
    condition = rule.value.get("if", {})
    names = [*condition.get("required", ()), *condition.get("properties", ())]
    return str(next(iter(names), rule.parameter))


def _derive(name: str, rules: list[tuple[Model, SchemaRule]]) -> Clause:
    model, rule = rules[0]
    across = rule.keyword in condition_names(model)
    level = max((each.level for _, each in rules), key=list(Level).index)
    cited = (cite(each.source, each.section) for _, rule in rules for each in rule.citations)
    return Clause(
        id=name,
        level=level,
        statement=_statement(model, rule, across),
        citations=tuple(dict.fromkeys(cited)),
        binds=_breaks(rule, across),
        needs=Needs.REFUSAL,
        judge=_refuses(rule),
        how=_how(rules, across),
    )


def _breaks(rule: SchemaRule, across: bool) -> Binding:
    if across:
        return lambda sent: flaw(sent) == rule.keyword
    return lambda sent: flaw(sent, rule.parameter) == rule.keyword


def _refuses(rule: SchemaRule) -> Judge:
    def judge(subject: Subject) -> Iterator[Problem]:
        asked = subject.sent.asked
        assert asked is not None  # for the clause binds what breaks its rule
        broken = next(fault for fault in asked.violations if fault.keyword == rule.keyword)
        yield from refusal(subject, f"a request whose {broken.message}")

    return judge


_WORDS = {
    "required": "A request without `{name}` is refused.",
    "type": "A request whose `{name}` is not {types} is refused.",
    "enum": "A request whose `{name}` is not among the documented values is refused.",
    "const": "A request whose `{name}` is other than the documented value is refused.",
    "pattern": "A request whose `{name}` is not of the documented form is refused.",
    "minimum": "A request whose `{name}` is below the documented minimum is refused.",
    "maximum": "A request whose `{name}` is above the documented maximum is refused.",
    "minLength": "A request whose `{name}` is shorter than the documented minimum is refused.",
    "maxLength": "A request whose `{name}` is longer than the documented maximum is refused.",
    "sidesMultipleOf": "A request whose `{name}` has a side of no documented length is refused.",
    "longestSide": "A request whose `{name}` has a longer side than documented is refused.",
    "widestRatio": "A request whose `{name}` is narrower than documented is refused.",
    "minPixels": "A request whose `{name}` has fewer pixels than documented is refused.",
    "maxPixels": "A request whose `{name}` has more pixels than documented is refused.",
}


def _statement(model: Model, rule: SchemaRule, across: bool) -> str:
    if across:
        words = rule.keyword.replace("-", " ")
        return f"A request is refused that breaks this rule on `{_raised_by(rule)}`: {words}."
    text = _WORDS.get(rule.keyword, "A request whose `{name}` breaks a documented rule is refused.")
    return text.format(name=rule.parameter, types=_types(model, rule))


def _types(model: Model, rule: SchemaRule) -> str:
    stated = model.parameters.get(str(rule.parameter), {}).get("type", ())
    types = [stated] if isinstance(stated, str) else [each for each in stated if each != "null"]
    articles = {"integer": "an integer", "object": "an object", "array": "an array"}
    return " or ".join(articles.get(each, f"a {each}") for each in types)


def _how(rules: list[tuple[Model, SchemaRule]], across: bool) -> str:
    limits = "" if across else _limits(rules)
    return (
        "Fails on anything but a 4xx to a request whose only fault is this one; the control is\n"
        f"the same request without the fault, and must have been accepted.{limits}"
    )


def _limits(rules: list[tuple[Model, SchemaRule]]) -> str:
    """Return what each model allows, where that is a number or a list."""
    keyword = rules[0][1].keyword
    if keyword in ("required", "type"):
        return ""
    limits = "; ".join(f"{model.name}: {_shown(rule.value)}" for model, rule in rules)
    return f"\nDocumented are {limits}."


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value if each is not None)
    return str(value)
