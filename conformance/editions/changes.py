"""Two editions side by side: all that differs, and what is breaking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.clauses.derivation import clause_id
from conformance.contract import Edition, Level, Model
from conformance.contract.promises import DocumentedPromise, load_promises
from conformance.documentation.traceability import settling
from conformance.editions.answers import answer_changes
from conformance.editions.records import (
    AREAS,
    Changes,
    EditionChange,
    EditionFacts,
    changes_of,
    edition_change,
    text_of,
)
from conformance.editions.requests import common_models, request_changes
from conformance.runner.planned_request import read_case

UNSUPPORTED = "not for this model"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule of one model, as text, with the clause that it gives."""

    text: str
    level: Level = Level.MUST
    clause: str | None = None


def changes_between(old: Edition, new: Edition) -> Changes:
    """Return what differs between two editions.

    Breaking is what a provider that keeps the old edition may break of the new one: a request
    that it must accept or refuse now and need not before, an answer that must hold more, a MUST
    that was none.
    """
    models = common_models(old, new)
    areas = list(AREAS)
    changes = sorted(_changes(old, new, models), key=lambda change: areas.index(change.area))
    return Changes(
        schema=1,
        old=_facts(old),
        new=_facts(new),
        breaking=any(change.breaking for change in changes),
        in_common=models,
        changes=tuple(changes),
    )


def lifecycle_changes(old: Edition, new: Edition) -> Iterator[EditionChange]:
    """Yield the dates of models that differ; a day on which one ends binds a provider."""
    before, after = (
        {
            f"{model}.{name}": text_of(value)
            for model, dates in edition.lifecycles.items()
            for name in ("since", "deprecated", "until", "replaced_by")
            if (value := getattr(dates, name))
        }
        for edition in (old, new)
    )
    for difference in changes_of("lifecycle", before, after):
        model, _, name = difference.subject.rpartition(".")
        ends = name == "until" and bool(difference.after)
        must = f"serve {model} until {difference.after}, and refuse it from then on" if ends else ""
        yield replace(difference, models=(model,), must=must)


def _changes(old: Edition, new: Edition, models: tuple[str, ...]) -> Iterator[EditionChange]:
    endpoints = (
        {
            "method": edition.endpoint.method,
            "path": edition.endpoint.path,
            "content type": edition.endpoint.content_type,
            "path of the models": edition.models_path,
        }
        for edition in (old, new)
    )
    for difference in changes_of("endpoint", *endpoints):
        must = f"answer at the {difference.subject} {difference.after}"
        yield replace(difference, must=must if difference.after else "")
    yield from _model_changes(old, new)
    yield from lifecycle_changes(old, new)
    requests = request_changes(old, new)
    yield from requests
    yield from _parameter_changes(old, new)
    yield from answer_changes(old, new)
    bound = bound_cases(new, models)
    yield from clause_changes(old, new, bound, requests)
    yield from promise_changes(old, new, {**bound_cases(old, models), **bound})
    questions = (
        {name: entry.question for name, entry in edition.open_questions.items()}
        for edition in (old, new)
    )
    yield from changes_of("open", *questions)


def _facts(edition: Edition) -> EditionFacts:
    return EditionFacts(
        id=edition.id,
        title=edition.title,
        document=edition.document,
        published=edition.published,
        digest=edition.digest,
        models=tuple(edition.models),
    )


def _model_changes(old: Edition, new: Edition) -> Iterator[EditionChange]:
    """Yield the models that one edition has and the other does not under its name."""
    for name, model in new.models.items():
        if name not in old.models:
            known = old.find(name)
            yield EditionChange(
                area="models",
                kind="added",
                subject=name,
                before=f"as {known.read_as}" if known else "",
                after=f"{model.family}: {', '.join(model.parameters)}",
            )
    for name, model in old.models.items():
        if name not in new.models:
            known = new.find(name)
            after = f"as {known.read_as}" if known else ""
            yield EditionChange(
                area="models", kind="removed", subject=name, before=model.family, after=after
            )
    patterns = (
        {f"family {name}": family.pattern.pattern for name, family in edition.families.items()}
        for edition in (old, new)
    )
    yield from changes_of("models", *patterns)


def _parameter_changes(old: Edition, new: Edition) -> Iterator[EditionChange]:
    """Yield the rules that differ, those of several models as one change.

    A new default is a demand of its own: no request tries it. Every other rule demands what the
    requests say that it decides (`request_changes`).
    """
    grouped: dict[tuple[str, str, str, str], list[tuple[str, _Rule]]] = {}
    for model in common_models(old, new):
        before, after = _rules(old.model(model)), _rules(new.model(model))
        for name in dict.fromkeys((*before, *after)):
            text, new_text = (
                rules[name].text if name in rules else "" for rules in (before, after)
            )
            if text != new_text:
                parameter, _, keyword = name.rpartition(".")
                is_new_default = keyword == "default" and new_text and parameter in before
                must = f"treat a request without {parameter} as {parameter}={new_text}"
                key = (name, text, new_text, must if is_new_default else "")
                rule = after.get(name) or before[name]
                grouped.setdefault(key, []).append((new.model(model).label, rule))
    for (name, text, new_text, must), rules in grouped.items():
        yield edition_change(
            "parameters",
            name,
            text,
            new_text,
            models=tuple(model for model, _ in rules),
            must=must,
            level=min((rule.level for _, rule in rules), key=list(Level).index).value,
            clauses=tuple(dict.fromkeys(rule.clause for _, rule in rules if rule.clause)),
        )


def _rules(model: Model) -> Mapping[str, _Rule]:
    """Return what is said of each parameter, by parameter and keyword."""
    # the name of a model stands in its own schema, and is no difference between editions
    rules = {
        f"{rule.parameter or 'body'}.{rule.keyword}": _Rule(
            text_of(rule.value), rule.level, clause_id(model, rule)
        )
        for rule in model.rules
        if (rule.parameter, rule.keyword) not in {("model", "enum"), ("model", "const")}
    }
    for name in model.unsupported:
        rules[name] = _Rule(UNSUPPORTED, Level.MAY)
    for name in model.parameters:
        rules[name] = _Rule("documented")
    for point in model.schema.open_points:
        name = f"{point.parameter or 'body'} left open by {point.question}"
        rules[name] = _Rule(text_of(point.keywords), Level.MAY)
    return rules


Bound = Mapping[str, tuple[str, ...]]
"""The cases that each clause binds, by their ids; which models have them, the cases say."""


def bound_cases(edition: Edition, models: Collection[str]) -> Bound:
    """Return the cases of some models that each clause of an edition binds."""
    sent = [(case.id, read_case(case, edition)) for case in all_cases(edition, [*models])]
    return {
        clause.id: tuple(dict.fromkeys(name for name, request in sent if clause.binds(request)))
        for clause in clauses_of(edition)
    }


def clause_changes(
    old: Edition, new: Edition, bound: Bound, requests: Iterable[EditionChange]
) -> Iterator[EditionChange]:
    """Yield the clauses that one edition has, or grades, differently from the other.

    ``bound`` are the cases of the models that both editions read: a clause that binds none of
    them asks nothing of a provider that kept the old edition. What ``requests`` demand already is
    no demand again.
    """
    demanded = {name for request in requests for name in request.clauses}
    before, after = (
        {clause.id: clause for clause in clauses_of(edition)} for edition in (old, new)
    )
    for name in dict.fromkeys((*after, *before)):
        levels = [
            clauses[name].level.value if name in clauses else "" for clauses in (before, after)
        ]
        if levels[0] != levels[1]:
            clause = after.get(name) or before[name]
            cases = bound.get(name, ())
            order = ["", *(level.value for level in reversed(Level))]
            is_stricter = order.index(levels[1]) > order.index(levels[0])
            is_new = cases and name not in demanded and is_stricter
            yield edition_change(
                "clauses",
                name,
                *levels,
                must=clause.statement if is_new else "",
                level=clause.level.value,
                clauses=(name,),
                cases=cases,
            )


def promise_changes(old: Edition, new: Edition, bound: Bound) -> Iterator[EditionChange]:
    """Yield the promises that are new, gone, or of another level or settlement.

    A promise that a document makes in the same words is the same promise, whatever its id is.
    """
    before, after = (
        {(promise.source, promise.section, promise.says): promise for promise in promises.all}
        for promises in map(load_promises, (old, new))
    )
    by_id = {promise.id: promise for promise in before.values()}
    matched: set[str] = set()
    for key, promise in after.items():
        earlier = before.get(key) or by_id.get(promise.id)
        if earlier is not None and earlier.source == promise.source:
            matched.add(earlier.id)
            if _text(earlier) != _text(promise):
                yield _promise_change(promise, _text(earlier), _text(promise), bound)
        else:
            yield _promise_change(promise, "", _text(promise), bound)
    for promise in before.values():
        if promise.id not in matched:
            yield _promise_change(promise, _text(promise), "", bound)


def _text(promise: DocumentedPromise) -> str:
    return f"{promise.level.value}: {promise.says} ({settling(promise)})"


def _promise_change(
    promise: DocumentedPromise, before: str, after: str, bound: Bound
) -> EditionChange:
    cases = dict.fromkeys(case for name in promise.clauses for case in bound.get(name, ()))
    return edition_change(
        "promises",
        promise.id,
        before,
        after,
        level=promise.level.value,
        clauses=promise.clauses,
        cases=tuple(cases),
    )
