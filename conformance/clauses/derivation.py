"""The clauses that an edition's request schemas give: one for every constraint of a parameter."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.schema_keywords import condition_names, is_constraint, types_of
from conformance.clauses.bindings import broken_keyword, condition_parameters
from conformance.clauses.refusals import refusal
from conformance.clauses.registry import Clause, Needs, cite
from conformance.clauses.subject import Problem, Subject
from conformance.contract import Edition, Level, Model, SchemaRule

_OTHER_CHAPTER = "n"  # its rules are the chapter count
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
_HOW = """\
Fails on anything but a 4xx to a request whose only fault is this one; the control is
the same request without the fault, and must have been accepted."""
_OTHER_WORDS = "A request whose `{name}` breaks a documented rule is refused."
_ARTICLES = {"integer": "an integer", "object": "an object", "array": "an array"}


def derive_clauses(edition: Edition) -> tuple[Clause, ...]:
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
    across = rule.keyword in condition_names(model)
    if not across and (rule.parameter == _OTHER_CHAPTER or not is_constraint(model, rule)):
        return None
    return f"parameters.{_deciding_parameter(rule)}-{rule.keyword.lower()}"


def _deciding_parameter(rule: SchemaRule) -> str:
    """Return the parameter that brings a rule into force; of a rule for one it is that one."""
    return next(iter(condition_parameters(rule)), str(rule.parameter))


def _derive(name: str, rules: list[tuple[Model, SchemaRule]]) -> Clause:
    model, rule = rules[0]
    across = rule.keyword in condition_names(model)
    cited = (
        cite(citation.source, citation.section) for _, rule in rules for citation in rule.citations
    )
    # A rule across parameters is a violation of the one that its schema names, or of none.
    parameter = None if across else rule.parameter

    def judge(subject: Subject) -> Iterator[Problem]:
        reading = subject.sent.reading
        assert reading is not None  # for the clause binds what breaks its rule
        violation = next(fault for fault in reading.violations if fault.keyword == rule.keyword)
        yield from refusal(subject, f"a request whose {violation.message}")

    return Clause(
        id=name,
        level=max((rule.level for _, rule in rules), key=list(Level).index),
        statement=_statement(model, rule, across),
        citations=tuple(dict.fromkeys(cited)),
        binds=lambda sent: broken_keyword(sent, parameter) == rule.keyword,
        needs=Needs.REFUSAL,
        judge=judge,
        how=_HOW if across else _HOW + _limits(rules),
    )


def _statement(model: Model, rule: SchemaRule, across: bool) -> str:
    if across:
        words = rule.keyword.replace("-", " ")
        return (
            f"A request is refused that breaks this rule on `{_deciding_parameter(rule)}`: {words}."
        )
    type_names = types_of(model.parameters.get(str(rule.parameter), {}))
    types = [_ARTICLES.get(name, f"a {name}") for name in type_names if name != "null"]
    text = _WORDS.get(rule.keyword, _OTHER_WORDS)
    return text.format(name=rule.parameter, types=" or ".join(types))


def _limits(rules: list[tuple[Model, SchemaRule]]) -> str:
    """Return what each model allows, where that is a number or a list."""
    if rules[0][1].keyword in ("required", "type"):
        return ""
    allowed = []
    for model, rule in rules:
        values = rule.value if isinstance(rule.value, list | tuple) else [rule.value]
        listed_values = ", ".join(str(value) for value in values if value is not None)
        allowed.append(f"{model.name}: {listed_values}")
    return f"\nDocumented are {'; '.join(allowed)}."
