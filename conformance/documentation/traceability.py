"""Which clause keeps which promise, and what of an edition is neither judged nor explained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.cases import all_cases
from conformance.clauses import clauses_of
from conformance.clauses.bindings import flaw
from conformance.clauses.derivation import clause_id, models_of
from conformance.clauses.registry import Needs
from conformance.contract.promises import cited_places, load_promises
from conformance.errors import ConformanceError
from conformance.runner.planned_request import sent_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.clauses.registry import Clause
    from conformance.contract import Edition, Rule
    from conformance.contract.promises import Promise, Promises
    from conformance.exchange.sent_request import Sent

OBSERVED = "-observed"
"""Sources of this ending were seen, and promise nothing."""


class TraceabilityError(ConformanceError):
    """An edition of which something is neither judged nor explained."""


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One constraint of the request schemas, for all models that have it."""

    name: str  # parameter and keyword, such as "n.maximum"
    models: tuple[str, ...]
    clauses: tuple[str, ...]
    promises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traceability:
    """The promises of an edition, its rules, and what is wrong with them."""

    edition: Edition
    promises: Promises
    rules: tuple[RuleTrace, ...]
    gaps: tuple[str, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many promises are judged, left open, or not judged for a reason."""
        found = Counter(state(each) for each in self.promises.all)
        return {name: found[name] for name in ("judged", "open", "not judged")}

    def check(self) -> None:
        """Raise TraceabilityError where something is neither judged nor explained."""
        if self.gaps:
            more = f" (and {len(self.gaps) - 1} more)" if len(self.gaps) > 1 else ""
            raise TraceabilityError(
                f"edition {self.edition.id}: {self.gaps[0]}{more}; mend its promises.json"
            )


def state(promise: Promise) -> str:
    """Say in a word what becomes of a promise."""
    return "judged" if promise.clauses else "open" if promise.open else "not judged"


def settling(promise: Promise) -> str:
    """Say what judges a promise, or why nothing does."""
    opened = f"left open: {', '.join(promise.open)}" if promise.open else ""
    return "; ".join(filter(None, (", ".join(promise.clauses), opened, promise.none)))


def trace(edition: Edition) -> Traceability:
    """Trace every promise and every rule of an edition; raises EditionError for a faulty file."""
    promises = load_promises(edition)
    clauses = clauses_of(edition)
    rules = tuple(_rules(edition, clauses, promises))
    gaps = (
        *_broken_names(edition, clauses, promises),
        *_unsettled(promises),
        *_unpromised(clauses, promises),
        *_unread(edition, promises),
        *(f"rule {each.name} has neither clause nor promise" for each in _loose(rules)),
    )
    return Traceability(edition, promises, rules, gaps)


def _rules(
    edition: Edition, clauses: tuple[Clause, ...], promises: Promises
) -> Iterator[RuleTrace]:
    grouped: dict[str, list[tuple[str, Rule, str | None]]] = {}
    for model in models_of(edition):
        for rule in model.rules:
            found = (model.name, rule, clause_id(model, rule))
            grouped.setdefault(rule_name(rule), []).append(found)
    known = {each.id for each in clauses}
    refusing = [each for each in clauses if each.needs is Needs.REFUSAL]
    sent = [sent_by(each, edition) for each in all_cases(edition, list(edition.models))]
    for name, members in grouped.items():
        derived = dict.fromkeys(each for _, _, each in members if each in known)
        yield RuleTrace(
            name=name,
            models=tuple(each for each, _, _ in members),
            clauses=tuple(filter(None, derived)) or _refusing(members[0][1], refusing, sent),
            promises=tuple(each.id for each in promises.all if name in each.rules),
        )


def rule_name(rule: Rule) -> str:
    """Name a rule by its parameter and keyword."""
    return f"{rule.parameter or 'body'}.{rule.keyword}"


def _refusing(rule: Rule, clauses: list[Clause], sent: list[Sent]) -> tuple[str, ...]:
    """Name the clauses that ask for a refusal of a request which breaks a rule."""
    if rule.parameter is None:
        return ()
    breaking = [each for each in sent if flaw(each, rule.parameter) == rule.keyword]
    return tuple(each.id for each in clauses if any(map(each.binds, breaking)))


def _loose(rules: tuple[RuleTrace, ...]) -> Iterator[RuleTrace]:
    yield from (each for each in rules if not (each.clauses or each.promises))


def _broken_names(
    edition: Edition, clauses: tuple[Clause, ...], promises: Promises
) -> Iterator[str]:
    known = {each.id for each in clauses}
    rules = {rule_name(rule) for model in models_of(edition) for rule in model.rules}
    if promises.edition != edition.id:
        yield f"promises.json is of another edition, {promises.edition}"
    for name, count in Counter(each.id for each in promises.all).items():
        if count > 1:
            yield f"promise id {name} is used {count} times"
    for each in promises.all:
        if each.source not in edition.sources:
            yield f"promise {each.id} cites the unknown source {each.source}"
        for kind, names, there in (
            ("clause", each.clauses, known),
            ("open question", each.open, edition.open_questions.keys()),
            ("rule", each.rules, rules),
        ):
            yield from (
                f"promise {each.id} names the unknown {kind} {name}"
                for name in names
                if name not in there
            )


def _unsettled(promises: Promises) -> Iterator[str]:
    for each in promises.all:
        if not each.settled:
            yield f"promise {each.id} has neither clause nor open question nor reason"
        if each.none and (each.clauses or each.open):
            yield f"promise {each.id} has a reason not to be judged, and yet is settled otherwise"


def _unpromised(clauses: tuple[Clause, ...], promises: Promises) -> Iterator[str]:
    """Name the places that a clause cites and no promise of that clause comes from."""
    kept = {(each.source, each.section, name) for each in promises.all for name in each.clauses}
    named = {name for _, _, name in kept}
    for clause in clauses:
        if clause.id not in named:
            yield f"clause {clause.id} is named by no promise"
        for cited in clause.citations:
            place = (cited.source, cited.section, clause.id)
            if not cited.source.endswith(OBSERVED) and place not in kept:
                yield f"clause {clause.id} cites {cited.source}, {cited.section}: no such promise"


def _unread(edition: Edition, promises: Promises) -> Iterator[str]:
    """Name open questions, and places that schemas cite, of which no promise is written down."""
    asked = {name for each in promises.all for name in each.open}
    for name in edition.open_questions:
        if name not in asked:
            yield f"open question {name} is named by no promise"
    places = {(each.source, each.section) for each in promises.all}
    for source, section in sorted(cited_places(edition)):
        if not source.endswith(OBSERVED) and (source, section) not in places:
            yield f"a schema cites {source}, {section}: no such promise"


def as_json(found: Traceability) -> dict[str, Any]:
    """Give the table as JSON values, for other tools to read."""
    return {
        "edition": found.edition.id,
        "counts": dict(found.counts),
        "gaps": list(found.gaps),
        "promises": [_promise_json(each) for each in found.promises.all],
        "clauses": {
            each.id: [kept.id for kept in found.promises.naming(each.id)]
            for each in clauses_of(found.edition)
        },
        "rules": [_rule_json(each) for each in found.rules],
    }


def _promise_json(promise: Promise) -> dict[str, Any]:
    return {
        "id": promise.id,
        "source": promise.source,
        "section": promise.section,
        "level": promise.level.value,
        "says": promise.says,
        "state": state(promise),
        "lines": sorted(promise.lines),
        "clauses": list(promise.clauses),
        "open": list(promise.open),
        "none": promise.none or None,
    }


def _rule_json(rule: RuleTrace) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "models": list(rule.models),
        "clauses": list(rule.clauses),
        "promises": list(rule.promises),
    }
