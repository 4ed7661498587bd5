"""Planted defects: the reference provider lies on request, one named lie at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from conformance.cases.documented import cases_for
from conformance.clauses import CHAPTERS as CLAUSE_CHAPTERS
from conformance.clauses import clauses_of
from conformance.clauses.bindings import gravest_keyword
from conformance.clauses.derivation import clause_id
from conformance.contract import Edition, RequestBody, SchemaRule, load_edition, model_named
from conformance.errors import ConformanceError, UnknownNameError
from conformance.reference.defects.planting import REGISTRY, Defect, Plant, forgiving
from conformance.reference.steps import ASKED_MODEL, TRUTHFUL, Steps, replaced_steps

__all__ = ["CHAPTERS", "Defect", "defects", "lying_steps"]

CHAPTERS = (*CLAUSE_CHAPTERS, "outages")
"""The chapters of clauses in reading order, then outages, which break no promise."""

# Importing them registers the defects; `lenient` has some of several chapters. Within a chapter
# defects are listed as they were registered, so the order of the imports is fixed here.
for _module in sorted((*CHAPTERS, "lenient")):
    import_module(f"conformance.reference.defects.{_module}")

_ABOUT_OPEN = {"parameters.unknown", "parameters.unsupported", "parameters.disputed-value"}
"""The clauses about requests that an edition neither accepts nor refuses."""


def defects(edition: Edition | None = None) -> Mapping[str, Defect]:
    """Return every defect by id: the hand-written ones, and those derived from an edition's rules.

    Left out are those of which no clause of the edition speaks, and those that neither refuse nor
    accept anything wrongly there. The default edition is used unless another is given.
    """
    return _defects(edition or load_edition())


@cache
def _defects(edition: Edition) -> Mapping[str, Defect]:
    known = {clause.id for clause in clauses_of(edition)}
    kinds = {kind for model in edition.every_model for kind in model.responses.values()}
    streams = any("stream" in model.parameters for model in edition.every_model)
    lies: dict[str, Defect] = {}
    for defect in sorted(
        (*REGISTRY.values(), *derive_defects(edition)),
        key=lambda defect: CHAPTERS.index(defect.chapter),
    ):
        claims = tuple(claim for claim in defect.claims if claim in known)
        possible = streams if defect.chapter == "stream" else "url" in kinds or not defect.in_urls
        if possible and claims and _is_lie_in(edition, defect):
            lies[defect.id] = replace(defect, claims=claims)
    return MappingProxyType(lies)


def _is_lie_in(edition: Edition, defect: Defect) -> bool:
    """Return whether a lie about what is accepted is one about any request of an edition."""
    # Where an edition leaves open what is taken or refused wrongly, nothing is wrong there. So it
    # has to be one of the requests that the edition accepts or refuses for certain.
    validate = defect.plant(TRUTHFUL).validate
    derived_or_open = defect.id not in REGISTRY or bool(_ABOUT_OPEN & {*defect.claims})
    if defect.chapter != "parameters" or validate is TRUTHFUL.validate or derived_or_open:
        return True
    served = tuple(edition.models)
    return any(
        (request.expectation == "accepted") != (validate(request, served) is None)
        for request in _certain_requests(edition)
    )


@cache
def _certain_requests(edition: Edition) -> tuple[RequestBody, ...]:
    representatives = {model.schema: model for model in edition.models.values()}.values()
    cases = (case for model in representatives for case in cases_for(edition, model, lead=False))
    requests = (edition.read(case.body) for case in cases)
    return tuple(request for request in requests if request.expectation != "open")


def lying_steps(
    ids: Sequence[str], model: str | None = None, edition: Edition | None = None
) -> Steps:
    """Plant defects one upon the other; with a model, in the answers of that model only.

    Raises UnknownNameError for an unknown defect or model, and ConformanceError for a lie about
    no one model.
    """
    known, lying = defects(edition), TRUTHFUL
    if model is not None:
        model_named(edition or load_edition(), model)
    for name in ids:
        if name not in known:
            raise UnknownNameError("defect", name, known)
        if model is not None:
            _check_restrictable(known[name], model)
        lying = known[name].plant(lying)
    return lying if model is None else _restricted(lying, model)


def _check_restrictable(defect: Defect, model: str) -> None:
    """Raise ConformanceError for a lie that cannot be about one model only.

    A lie that replaces other steps besides `file` knows which files are of its own answers.
    """
    changed = replaced_steps(TRUTHFUL, defect.plant(TRUTHFUL))
    if "model_list" in changed or changed == {"file"}:
        subject = "image files" if changed == {"file"} else "the list of models"
        raise ConformanceError(
            f"--defect-model {model}: {defect.id} is a lie about {subject}, which no request asks "
            f"by model; leave --defect-model out"
        )


def _restricted(lying: Steps, model: str) -> Steps:
    """Return steps that lie only if the request names this model."""

    def either(truth: Callable[..., Any], lie: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *values: (lie if ASKED_MODEL.get() == model else truth)(*values)

    # The list is about all models, and a lie itself knows which files are of its own answers.
    of_models = replaced_steps(TRUTHFUL, lying) - {"model_list", "file"}
    restricted: dict[str, Any] = {
        name: either(getattr(TRUTHFUL, name), getattr(lying, name)) for name in of_models
    }
    return replace(lying, **restricted)


_COUNT = (
    "count.zero-refused",
    "count.negative-refused",
    "count.fractional-refused",
    "count.non-numeric-refused",
    "count.above-maximum-refused",
)


def derive_defects(edition: Edition) -> Iterator[Defect]:
    """Yield a defect for every rule of the edition that a request can break, and one for all."""
    ids = ((clause_id(model, rule), rule) for model in edition.every_model for rule in model.rules)
    rules = {claim: rule for claim, rule in ids if claim is not None}
    for claim, rule in rules.items():
        name = claim.partition(".")[2]
        lie = f"A request that breaks the rule {name} is answered with an image."
        yield Defect(f"{claim}-broken", lie, (claim,), ("D1",), _taking(rule))
    yield Defect(
        "parameters.accept-all",
        "Nothing is validated: what breaks a rule is left out, and the rest is answered.",
        (*rules, *_COUNT),
        ("accept-all",),
        lambda steps: forgiving(steps, None, lambda _request: True),
    )


def _taking(rule: SchemaRule) -> Plant:
    return lambda steps: forgiving(
        steps, rule.parameter, lambda request: gravest_keyword(request) == rule.keyword
    )
