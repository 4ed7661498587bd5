"""A request schema with its parameters, rules and defaults, and its violations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.checker import ANNOTATIONS, Checker
from conformance.contract.records import Citation, SchemaRule, Violation, read_citations, strictest

# a default is a promise of its own; the others below are taken apart into rules of their own
_NOT_CONSTRAINTS = ANNOTATIONS - {"default"} | {"properties", "allOf", "required"}


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """A constraint that the contract leaves open: a value that breaks it touches the question."""

    question: str
    parameter: str | None
    keywords: Mapping[str, Any]
    checker: Checker

    def touched_by(self, body: Mapping[str, Any]) -> bool:
        """Return whether a request body raises this question."""
        if self.parameter is None:
            return not self.checker.accepts(body)
        return self.parameter in body and not self.checker.accepts(body[self.parameter])


@dataclass(frozen=True, slots=True, eq=False)
class RequestSchema:
    """A request schema with its `$ref`s resolved, and everything that is derived from it."""

    resolved: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]  # without `model`, whose absence is left open
    unsupported: Mapping[str, tuple[Citation, ...]]
    rules: tuple[SchemaRule, ...]
    open_points: tuple[OpenPoint, ...]
    documented: Mapping[str, tuple[Any, ...]]
    _checker: Checker = field(repr=False)
    _by_keyword: Mapping[tuple[str | None, str], SchemaRule] = field(repr=False)

    def violations(self, body: Mapping[str, Any]) -> tuple[Violation, ...]:
        """List the documented constraints that a body breaks."""
        violations = []
        for fault in self._checker.faults(body):
            keyword, parameter = fault.keyword, str(fault.path[0]) if fault.path else None
            if fault.schema_path[:1] == ("allOf",):  # a rule across parameters has a name
                member = self.resolved["allOf"][fault.schema_path[1]]
                keyword = str(member.get("title", "allOf"))
            rule = self._by_keyword.get((parameter, keyword))
            violations.append(Violation(parameter, keyword, fault.message, rule))
        return tuple(violations)

    def open_questions(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        """List the ids of the open questions that a body raises, each once."""
        ids = (point.question for point in self.open_points if point.touched_by(body))
        return tuple(dict.fromkeys(ids))

    def open_values(self, parameter: str) -> tuple[Any, ...]:
        """List the values that some source names for a parameter, but the contract leaves open."""
        points = (point for point in self.open_points if point.parameter == parameter)
        values = (value for point in points for value in point.keywords.get("enum", ()))
        return tuple(dict.fromkeys(value for value in values if value is not None))


def request_schema(resolved: Mapping[str, Any]) -> RequestSchema:
    """Build a request schema from its resolved JSON."""
    parameters: Mapping[str, Mapping[str, Any]] = resolved.get("properties", {})
    rules = tuple(_rules(resolved))
    points = tuple(
        OpenPoint(entry["question"], name, entry["keywords"], Checker(entry["keywords"]))
        for name, part in [(None, resolved), *parameters.items()]
        for entry in part.get("open", ())
    )
    documented = {}
    for name, schema in parameters.items():
        checkers = [point.checker for point in points if point.parameter == name]
        documented[name] = tuple(
            value
            for value in schema.get("enum", ())
            if value is not None and all(checker.accepts(value) for checker in checkers)
        )
    return RequestSchema(
        resolved=resolved,
        parameters=parameters,
        required=tuple(resolved.get("required", ())),
        unsupported={
            name: read_citations(entry["citations"])
            for name, entry in resolved.get("unsupported", {}).items()
        },
        rules=rules,
        open_points=points,
        documented=documented,
        _checker=Checker(resolved),
        _by_keyword={(rule.parameter, rule.keyword): rule for rule in rules},
    )


def schema_of_snapshot(schema: RequestSchema, name: str) -> RequestSchema:
    """Return the schema of a model for a snapshot of it, which is asked by a name of its own."""
    model = {**schema.parameters.get("model", {}), "enum": [name]}
    model.pop("const", None)
    properties = {**schema.parameters, "model": model}
    return request_schema({**schema.resolved, "properties": properties})


def _rules(schema: Mapping[str, Any]) -> Iterator[SchemaRule]:
    cited = schema.get("citations", [])
    for name in schema.get("required", ()):
        yield _rule(name, "required", True, cited)
    yield from _constraints(None, schema)
    for name, parameter in schema.get("properties", {}).items():
        yield from _constraints(name, parameter)
    for member in schema.get("allOf", ()):
        title = member.get("title", "allOf")
        value = {key: part for key, part in member.items() if key not in _NOT_CONSTRAINTS}
        # the field that it constrains: the first one in its `then`
        then = member.get("then", member)
        constrained = next(iter([*then.get("properties", {}), *then.get("required", [])]), None)
        yield _rule(constrained, title, value, member.get("citations", []), "then")


def _constraints(name: str | None, schema: Mapping[str, Any]) -> Iterator[SchemaRule]:
    for keyword, value in schema.items():
        if keyword not in _NOT_CONSTRAINTS:
            yield _rule(name, keyword, value, schema.get("citations", []))


def _rule(
    name: str | None, keyword: str, value: Any, cited: list[dict[str, Any]], cited_keyword: str = ""
) -> SchemaRule:
    """Join a constraint with the citations of its keyword, or of `cited_keyword`."""
    cited_keyword = cited_keyword or keyword
    citations = read_citations(
        [citation for citation in cited if cited_keyword in citation.get("keywords", ())]
    )
    return SchemaRule(name, keyword, value, strictest(citations), citations)
