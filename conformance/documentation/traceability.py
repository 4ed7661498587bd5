"""Traceability: which clause judges which promise and parameter, and the gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.clauses.bindings import broken_keyword
from conformance.clauses.derivation import clause_id
from conformance.clauses.registry import Clause, Needs
from conformance.contract import Edition, Model, SchemaRule
from conformance.contract.promises import DocumentedPromise, Promises, cited_places, load_promises
from conformance.contract.records import Citation
from conformance.errors import ConformanceError
from conformance.exchange.sent_request import SentRequest
from conformance.runner.planned_request import sent_by

OBSERVED = "-observed"
"""Sources with this suffix were observed, and promise nothing."""


class TraceabilityError(ConformanceError):
    """An edition with a promise or rule that is neither judged nor explained."""


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One constraint of the request schemas, for all models that have it."""

    name: str  # parameter and keyword, such as "n.maximum"
    models: tuple[str, ...]
    clauses: tuple[str, ...]
    promises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traceability:
    """The promises and rules of an edition, and the gaps in their coverage."""

    edition: Edition
    promises: Promises
    rules: tuple[RuleTrace, ...]
    gaps: tuple[str, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of promises that are judged, left open, or not judged for a reason."""
        counts = Counter(state(promise) for promise in self.promises.all)
        return {name: counts[name] for name in ("judged", "open", "not judged")}

    def check(self) -> None:
        """Raise TraceabilityError where something is neither judged nor explained."""
        if self.gaps:
            more = f" (and {len(self.gaps) - 1} more)" if len(self.gaps) > 1 else ""
            raise TraceabilityError(
                f"edition {self.edition.id}: {self.gaps[0]}{more}; mend its promises.json"
            )


def state(promise: DocumentedPromise) -> str:
    """Return whether a promise is judged, open or not judged."""
    return "judged" if promise.clauses else "open" if promise.open else "not judged"


def settling(promise: DocumentedPromise) -> str:
    """Return what judges a promise, or why nothing does."""
    opened = f"left open: {', '.join(promise.open)}" if promise.open else ""
    return "; ".join(filter(None, (", ".join(promise.clauses), opened, promise.none)))


def trace(edition: Edition) -> Traceability:
    """Trace every promise and rule of an edition; raises EditionError for an invalid file."""
    promises = load_promises(edition)
    clauses = clauses_of(edition)
    rules = tuple(_rules(edition, clauses, promises))
    untraced = [rule for rule in rules if not (rule.clauses or rule.promises)]
    gaps = (
        *_broken_names(edition, clauses, promises),
        *_unsettled(promises),
        *_unpromised(clauses, promises),
        *_unread(edition, promises),
        *(f"rule {rule.name} has neither clause nor promise" for rule in untraced),
    )
    return Traceability(edition, promises, rules, gaps)


def _rules(
    edition: Edition, clauses: tuple[Clause, ...], promises: Promises
) -> Iterator[RuleTrace]:
    grouped: dict[str, list[tuple[str, SchemaRule, str | None]]] = {}
    for model in edition.every_model:
        for rule in model.rules:
            member = (model.name, rule, clause_id(model, rule))
            grouped.setdefault(rule_name(rule), []).append(member)
    known = {clause.id for clause in clauses}
    refusing = [clause for clause in clauses if clause.needs is Needs.REFUSAL]
    sent = [sent_by(case, edition) for case in all_cases(edition, list(edition.models))]
    for name, members in grouped.items():
        derived = dict.fromkeys(id_ for _, _, id_ in members if id_ in known)
        yield RuleTrace(
            name=name,
            models=tuple(model for model, _, _ in members),
            clauses=tuple(filter(None, derived)) or _refusing(members[0][1], refusing, sent),
            promises=tuple(promise.id for promise in promises.all if name in promise.rules),
        )


def rule_name(rule: SchemaRule) -> str:
    """Return the name of a rule: its parameter and keyword."""
    return f"{rule.parameter or 'body'}.{rule.keyword}"


def _refusing(rule: SchemaRule, clauses: list[Clause], sent: list[SentRequest]) -> tuple[str, ...]:
    """Return the clauses that require a refusal of a request which breaks a rule."""
    if rule.parameter is None:
        return ()
    breaking = [
        request for request in sent if broken_keyword(request, rule.parameter) == rule.keyword
    ]
    return tuple(clause.id for clause in clauses if any(map(clause.binds, breaking)))


def _broken_names(
    edition: Edition, clauses: tuple[Clause, ...], promises: Promises
) -> Iterator[str]:
    known = {clause.id for clause in clauses}
    rules = {rule_name(rule) for model in edition.every_model for rule in model.rules}
    if promises.edition != edition.id:
        yield f"promises.json is of another edition, {promises.edition}"
    for name, count in Counter(promise.id for promise in promises.all).items():
        if count > 1:
            yield f"promise id {name} is used {count} times"
    for promise in promises.all:
        if promise.source not in edition.sources:
            yield f"promise {promise.id} cites the unknown source {promise.source}"
        for kind, names, known_names in (
            ("clause", promise.clauses, known),
            ("open question", promise.open, edition.open_questions.keys()),
            ("rule", promise.rules, rules),
        ):
            unknown = (name for name in names if name not in known_names)
            yield from (f"promise {promise.id} names the unknown {kind} {name}" for name in unknown)


def _unsettled(promises: Promises) -> Iterator[str]:
    for promise in promises.all:
        if not promise.settled:
            yield f"promise {promise.id} has neither clause nor open question nor reason"
        if promise.none and (promise.clauses or promise.open):
            yield f"promise {promise.id} has a reason not to be judged, but is settled otherwise"


def _unpromised(clauses: tuple[Clause, ...], promises: Promises) -> Iterator[str]:
    """Yield the citations of a clause that no promise of that clause comes from."""
    pairs = ((promise, name) for promise in promises.all for name in promise.clauses)
    promised = {(promise.source, promise.section, name) for promise, name in pairs}
    promised_clauses = {name for _, _, name in promised}
    for clause in clauses:
        if clause.id not in promised_clauses:
            yield f"clause {clause.id} is named by no promise"
        for cited in clause.citations:
            citation = (cited.source, cited.section, clause.id)
            if not cited.source.endswith(OBSERVED) and citation not in promised:
                yield f"clause {clause.id} cites {cited.source}, {cited.section}: no such promise"


def _unread(edition: Edition, promises: Promises) -> Iterator[str]:
    """Yield open questions and citations of schemas for which there is no promise."""
    named_questions = {name for promise in promises.all for name in promise.open}
    for name in edition.open_questions:
        if name not in named_questions:
            yield f"open question {name} is named by no promise"
    promised_places = {(promise.source, promise.section) for promise in promises.all}
    for source, section in sorted(cited_places(edition)):
        if not source.endswith(OBSERVED) and (source, section) not in promised_places:
            yield f"a schema cites {source}, {section}: no such promise"


def as_json(traced: Traceability) -> dict[str, Any]:
    """Return the table as JSON values."""
    return {
        "edition": traced.edition.id,
        "counts": dict(traced.counts),
        "gaps": list(traced.gaps),
        "promises": [
            _json(promise, "rules")
            | {
                "state": state(promise),
                "lines": sorted(promise.lines),
                "none": promise.none or None,
            }
            for promise in traced.promises.all
        ],
        "clauses": {
            clause.id: [promise.id for promise in traced.promises.naming(clause.id)]
            for clause in clauses_of(traced.edition)
        },
        "rules": [{"rule": rule.name} | _json(rule, "name") for rule in traced.rules],
    }


def _json(record: DocumentedPromise | RuleTrace, *left_out: str) -> dict[str, Any]:
    values = ((name, value) for name, value in asdict(record).items() if name not in left_out)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


_KEYWORDS = {
    "enum": "one of",
    "const": "always",
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters, at least",
    "maxLength": "characters, at most",
    "pattern": "form",
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
