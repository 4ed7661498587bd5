"""What a provider must accept or refuse now: requests that two editions read differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.cases.documented import cases_for
from conformance.cases.model import Case
from conformance.clauses import clauses_of
from conformance.clauses.registry import Clause, Needs
from conformance.contract import Edition, Level, RequestBody
from conformance.contract.checker import describe_value
from conformance.editions.records import EditionChange, edition_change
from conformance.output.counting import join_names
from conformance.proof.extra_cases import family_names
from conformance.runner.planned_request import read_case

_JUDGING = {"accepted": Needs.ACCEPTANCE, "refused": Needs.REFUSAL}
_MOST_VALUES = 6


@dataclass(slots=True)
class _Demand:
    """Requests to one model that the new edition decides differently, for one rule."""

    values: dict[str, None] = field(default_factory=dict)
    cases: dict[str, None] = field(default_factory=dict)
    clauses: dict[str, Clause] = field(default_factory=dict)


def common_models(old: Edition, new: Edition) -> tuple[str, ...]:
    """Return the names that both editions read, those first that the new one has.

    What is said of a family is tried on one more member that neither edition has.
    """
    names = [*new.models, *old.models]
    members = [name for name in (*family_names(new), *family_names(old)) if name not in names]
    for family in new.families.values():  # a name of an example, else a made-up one
        candidates = (*members, f"{family.template.family}-any")
        names += [name for name in candidates if family.pattern.search(name)][:1]
    return tuple(dict.fromkeys(name for name in names if old.find(name) and new.find(name)))


def request_changes(old: Edition, new: Edition) -> tuple[EditionChange, ...]:
    """List what must be accepted or refused now, by rule; models of one demand share a change.

    The requests are the cases of both editions: what an edition says at all, a case of it tries.
    """
    grouped: dict[tuple[str, str, str, tuple[str, ...]], tuple[list[str], _Demand]] = {}
    for model in common_models(old, new):
        for (subject, before, after), demand in _demands(old, new, model).items():
            key = (subject, before, after, tuple(demand.values))
            models, shared = grouped.setdefault(key, ([], demand))
            models.append(new.model(model).label)
            shared.cases |= demand.cases
    return tuple(_change(*key[:3], *value) for key, value in grouped.items())


def _demands(old: Edition, new: Edition, model: str) -> Mapping[tuple[str, str, str], _Demand]:
    """Return the demands on one model by subject and by what each edition expects."""
    demands: dict[tuple[str, str, str], _Demand] = {}
    for case in _requests(old, new, model):
        body = case.body or {}
        before, after = old.read(body), new.read(body)
        if before.expectation == after.expectation:
            continue
        # the clauses that judge whether the request is answered as the new edition says
        sent = read_case(case, new)
        needs = _JUDGING.get(sent.expectation)
        clauses = (clause for clause in clauses_of(new) if clause.needs is needs)
        judging = {clause.id: clause for clause in clauses if clause.binds(sent)}
        if judging:
            key = (_subject(before, after), before.expectation, after.expectation)
            demand = demands.setdefault(key, _Demand())
            demand.values[_value_text(body, key[0])] = None
            demand.cases[case.path] = None
            demand.clauses |= judging
    return demands


def _requests(old: Edition, new: Edition, model: str) -> Iterator[Case]:
    sent_bodies: set[str] = set()
    for edition in (new, old):
        for case in cases_for(edition, edition.model(model), lead=True):
            if case.is_plain and repr(case.body) not in sent_bodies:
                sent_bodies.add(repr(case.body))
                yield case


def _subject(before: RequestBody, after: RequestBody) -> str:
    """Name the rule or parameter by which one edition decides what the other does not."""
    broken = next(iter((*after.violations, *before.violations)), None)
    if broken is not None:
        return f"{broken.parameter or 'body'}.{broken.keyword}"
    names = (*before.unsupported, *before.unknown)
    undocumented = []
    if before.model and after.model:
        added = after.model.parameters.keys() - before.model.parameters.keys()
        undocumented = [name for name in before.body if name in added]
    return next(iter((*undocumented, *names, *before.left_open)), "body")


def _value_text(body: Mapping[str, Any], subject: str) -> str:
    """Write what a request sends of the parameter in question, else all but the prompt."""
    name = subject.partition(".")[0]
    if name in body:
        return f"{name}={describe_value(body[name])}"
    texts = [f"{key}={describe_value(body[key])}" for key in body if key not in ("model", "prompt")]
    return " ".join(texts) or f"no {name}"


def _change(
    subject: str, before: str, after: str, models: list[str], demand: _Demand
) -> EditionChange:
    verb = {"accepted": "accept", "refused": "refuse"}[after]
    levels = [clause.level for clause in demand.clauses.values()]
    return edition_change(
        "requests",
        subject,
        before,
        after,
        models=tuple(models),
        must=f"{verb} {join_names([*demand.values], _MOST_VALUES)}",
        level=min(levels, key=list(Level).index).value,
        clauses=tuple(demand.clauses),
        cases=tuple(demand.cases),
    )
