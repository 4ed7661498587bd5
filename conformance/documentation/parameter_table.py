"""The parameter table of a model: rules, and open questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.clauses.derivation import clause_id
from conformance.contract import Model, SchemaRule
from conformance.contract.promises import DocumentedPromise
from conformance.contract.records import Citation
from conformance.documentation.traceability import Traceability, rule_name

_KEYWORDS = {
    "type": "type",
    "enum": "one of",
    "const": "always",
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters, at least",
    "maxLength": "characters, at most",
    "pattern": "form",
    "default": "default",
    "required": "required",
}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule of one parameter, with its sources and the clauses that judge it."""

    keyword: str
    value: str
    level: str
    citations: tuple[Citation, ...]
    clauses: tuple[str, ...]
    promises: tuple[DocumentedPromise, ...]


@dataclass(frozen=True, slots=True)
class ParameterRows:
    """One parameter with its rules and open questions."""

    name: str
    rules: tuple[RuleRow, ...]
    questions: tuple[str, ...]


def parameter_rows(traced: Traceability, model: Model) -> tuple[ParameterRows, ...]:
    """Return the parameters of a model in the order of its schema, rules of the body last."""
    names: list[str | None] = [*model.parameters, None]
    rows = []
    for name in names:
        rules = tuple(_row(traced, model, rule) for rule in model.rules if rule.parameter == name)
        points = [point for point in model.schema.open_points if point.parameter == name]
        questions = tuple(dict.fromkeys(point.question for point in points))
        if rules or questions:
            rows.append(ParameterRows(name or "the body", rules, questions))
    return tuple(rows)


def _row(traced: Traceability, model: Model, rule: SchemaRule) -> RuleRow:
    trace = next(candidate for candidate in traced.rules if candidate.name == rule_name(rule))
    cited = {(citation.source, citation.section) for citation in rule.citations}
    promises = (promise for promise in traced.promises.all if promise.id in trace.promises)
    own_clause = clause_id(model, rule)
    return RuleRow(
        keyword=_KEYWORDS.get(rule.keyword, rule.keyword.replace("-", " ")),
        value=_value_text(rule),
        level=rule.level.value,
        citations=rule.citations,
        clauses=(own_clause,) if own_clause in trace.clauses else trace.clauses,
        promises=tuple(
            promise for promise in promises if (promise.source, promise.section) in cited
        ),
    )


def _value_text(rule: SchemaRule) -> str:
    value: Any = rule.value
    if rule.keyword == "required":
        return "yes"
    if isinstance(value, dict):
        return ""  # the name of the rule says it
    if isinstance(value, list | tuple):
        return ", ".join("null" if member is None else str(member) for member in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
