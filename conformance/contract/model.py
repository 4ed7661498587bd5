"""A model as an edition documents it, and the schema of its requests with all derived from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.checker import ANNOTATIONS, Checker
from conformance.contract.pixels import PixelLimits, pixel_limits, sure_pixel_limits
from conformance.contract.records import Citation, Level, SchemaRule, Violation, read_citations
from conformance.output.printing import labelled

_LEVELS = list(Level)  # the strictest citation counts
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
            keyword = fault.keyword
            if fault.schema_path[:1] == ("allOf",):  # a rule across parameters has a name
                member = self.resolved["allOf"][fault.schema_path[1]]
                keyword = str(member.get("title", "allOf"))
            rule = self._by_keyword.get((fault.member, keyword))
            violations.append(Violation(fault.member, keyword, fault.message, rule))
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
    level = min((citation.level for citation in citations), key=_LEVELS.index, default=Level.MAY)
    return SchemaRule(name, keyword, value, level, citations)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model name, the schema of its requests and the kinds of its answers."""

    name: str
    family: str
    responses: Mapping[str, str]
    citations: tuple[Citation, ...]
    schema: RequestSchema = field(repr=False)
    has_own_entry: bool = True  # whether the edition has it under this very name
    snapshot_of: str | None = None

    @property
    def read_as(self) -> str:
        """Return how a name is read that the edition does not have; empty for one that it has.

        That is as the model of which it is a snapshot, or as a member of a family.
        """
        return "" if self.has_own_entry else self.snapshot_of or "its family"

    @property
    def label(self) -> str:
        """The name in tables, with how it is read."""
        return labelled(self.name, self.read_as)

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The documented parameters and the schema of each."""
        return self.schema.parameters

    @property
    def unsupported(self) -> Mapping[str, tuple[Citation, ...]]:
        """The parameters that a source documents as not for this model."""
        return self.schema.unsupported

    @property
    def rules(self) -> tuple[SchemaRule, ...]:
        """Every constraint of the request schema with level and citations."""
        return self.schema.rules

    def default(self, parameter: str) -> Any | None:
        """Return the documented default of a parameter, or None."""
        return self.schema.parameters.get(parameter, {}).get("default")

    def documented(self, parameter: str) -> tuple[Any, ...]:
        """List the documented values of a parameter that no source disputes, without null."""
        return self.schema.documented.get(parameter, ())

    def examples(self, parameter: str) -> tuple[Any, ...]:
        """List the values that the schema of a parameter gives as examples of its form."""
        return tuple(self.parameters.get(parameter, {}).get("examples", ()))

    def pixel_limits(self, parameter: str) -> PixelLimits | None:
        """Return the limits of a size in pixels, None for a parameter that has none."""
        return pixel_limits(self.parameters.get(parameter, {}))

    def sure_pixel_limits(self, parameter: str) -> PixelLimits | None:
        """Return the limits within which no open question disputes a size."""
        return sure_pixel_limits(self.parameters.get(parameter, {}))

    def open_values(self, parameter: str) -> tuple[Any, ...]:
        """List the values that some source names, but the contract leaves open."""
        return self.schema.open_values(parameter)

    def response_kind(self, response_format: object) -> str:
        """Return which response schema applies: "url", "b64_json" or "either".

        A `response_format` outside the documented ones counts as absent.
        """
        kind = response_format if isinstance(response_format, str) else "default"
        return self.responses.get(kind, self.responses["default"])
