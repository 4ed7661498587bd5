"""The clauses and promises of two editions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.contract import Edition, Level
from conformance.contract.promises import DocumentedPromise, load_promises
from conformance.documentation.traceability import settling
from conformance.editions.records import EditionChange, edition_change
from conformance.runner.planned_request import read_case

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
