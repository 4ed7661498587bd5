"""Two editions side by side: all that differs, and what is breaking."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.contract import Edition
from conformance.editions.answers import answer_changes
from conformance.editions.promises import bound_cases, clause_changes, promise_changes
from conformance.editions.records import AREAS, Changes, EditionChange, EditionFacts, changes_of
from conformance.editions.requests import common_models, request_changes
from conformance.editions.rules import (
    lifecycle_changes,
    model_changes,
    open_changes,
    parameter_changes,
)


def changes_between(old: Edition, new: Edition) -> Changes:
    """Return what differs between two editions.

    Breaking is what a provider that keeps the old edition may break of the new one: a request
    that it must accept or refuse now and need not before, an answer that must hold more, a MUST
    that was none.
    """
    models = common_models(old, new)
    changes = sorted(_changes(old, new, models), key=lambda change: AREAS.index(change.area))
    return Changes(
        schema=1,
        old=_facts(old),
        new=_facts(new),
        breaking=any(change.breaking for change in changes),
        in_common=models,
        changes=tuple(changes),
    )


def _changes(old: Edition, new: Edition, models: tuple[str, ...]) -> Iterator[EditionChange]:
    yield from _endpoint_changes(old, new)
    yield from model_changes(old, new)
    yield from lifecycle_changes(old, new)
    requests = request_changes(old, new)
    yield from requests
    yield from parameter_changes(old, new)
    yield from answer_changes(old, new)
    bound = bound_cases(new, models)
    yield from clause_changes(old, new, bound, requests)
    yield from promise_changes(old, new, {**bound_cases(old, models), **bound})
    yield from open_changes(old, new)


def _endpoint_changes(old: Edition, new: Edition) -> Iterator[EditionChange]:
    before, after = (
        {
            "method": edition.endpoint.method,
            "path": edition.endpoint.path,
            "content type": edition.endpoint.content_type,
            "path of the models": edition.models_path,
        }
        for edition in (old, new)
    )
    for difference in changes_of("endpoint", before, after):
        place = f"{difference.subject} {difference.after}"
        yield replace(difference, must=f"answer at the {place}" if difference.after else "")


def _facts(edition: Edition) -> EditionFacts:
    return EditionFacts(
        id=edition.id,
        title=edition.title,
        document=edition.document,
        published=edition.published,
        digest=edition.digest,
        models=tuple(edition.models),
    )
