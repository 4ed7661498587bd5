"""What a page about a model tells: its parameters, their rules, and what is left open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.clauses.derivation import clause_id
from conformance.documentation.traceability import rule_name

if TYPE_CHECKING:
    from conformance.contract import Citation, Model, Rule
    from conformance.contract.promises import Promise
    from conformance.documentation.traceability import Traceability

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
    """One rule of one parameter, with where it is said and what judges it."""

    keyword: str
    value: str
    level: str
    citations: tuple[Citation, ...]
    clauses: tuple[str, ...]
    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class ParameterRows:
    """One parameter with its rules and open questions."""

    name: str
    rules: tuple[RuleRow, ...]
    questions: tuple[str, ...]


def parameter_rows(traced: Traceability, model: Model) -> tuple[ParameterRows, ...]:
    """Give the parameters of a model in the order of its schema; what is of the body comes last."""
    names: list[str | None] = [*model.parameters, None]
    rows = []
    for name in names:
        rules = tuple(_row(traced, model, each) for each in model.rules if each.parameter == name)
        asked = (each.question for each in model.schema.open_points if each.parameter == name)
        questions = tuple(dict.fromkeys(asked))
        if rules or questions:
            rows.append(ParameterRows(name or "the body", rules, questions))
    return tuple(rows)


def _row(traced: Traceability, model: Model, rule: Rule) -> RuleRow:
    trace = next(each for each in traced.rules if each.name == rule_name(rule))
    cited = {(each.source, each.section) for each in rule.citations}
    named = (each for each in traced.promises.all if each.id in trace.promises)
    own = clause_id(model, rule)
    return RuleRow(
        keyword=_KEYWORDS.get(rule.keyword, rule.keyword.replace("-", " ")),
        value=_shown(rule),
        level=rule.level.value,
        citations=rule.citations,
        clauses=(own,) if own in trace.clauses else trace.clauses,
        promises=tuple(each for each in named if (each.source, each.section) in cited),
    )


def _shown(rule: Rule) -> str:
    value: Any = rule.value
    if rule.keyword == "required":
        return "yes"
    if isinstance(value, dict):
        return ""  # its name says it
    if isinstance(value, list | tuple):
        return ", ".join("null" if each is None else str(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
