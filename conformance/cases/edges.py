"""Edge cases: legal requests at the documented limits, expensive and rarely broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.cases.domain import Domain, text_of
from conformance.cases.model import Case, Depth
from conformance.cases.schema_keywords import conditions, types_of
from conformance.cases.valid import BASELINE, slug, typical

_COUNT = "n"
_SEVERAL = 3  # images: finds servers that paint at most two at a time


def edge_cases(domain: Domain, known: Sequence[Case]) -> Iterator[Case]:
    """Derive the legal requests at the documented limits, and unusual combinations.

    ``known`` are the documented cases; their bodies are not sent again.
    """
    sent = [case.body for case in known]
    for id_, fragment in _edges(domain):
        body = {**domain.base, **fragment}
        if body not in sent:
            yield _case(domain, id_, body, next(iter(fragment)))
    if domain.read({"prompt": ""}).expectation == "open":
        body = {**domain.base, "prompt": ""}
        yield _case(domain, "prompt-empty", body, "prompt", control=BASELINE)


def _case(
    domain: Domain, id_: str, body: Mapping[str, Any], parameter: str, control: str | None = None
) -> Case:
    return Case(
        id_,
        domain.model.name,
        body=body,
        parameter=parameter,
        control=control,
        billed=True,
        depth=Depth.THOROUGH,
    )


def _edges(domain: Domain) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in domain.model.parameters.items():
        for words, value in _limits(domain, name, schema):
            fragment = _accepted(domain, name, value)
            if fragment is not None:
                yield f"{name}-{words}", fragment
    yield from _together(domain)


def _limits(
    domain: Domain, name: str, schema: Mapping[str, Any]
) -> Iterator[tuple[str, int | str]]:
    """Yield the minimum and maximum of a parameter, unless they are sent anyway."""
    if "integer" in types_of(schema):
        low, high = schema.get("minimum"), schema.get("maximum")
        usual = (typical(domain, name), domain.model.default(name))
        if low is not None and low not in usual:
            yield str(low), low
        if high is not None:
            yield str(high), high
    elif "maxLength" in schema:
        yield "longest", text_of(schema["maxLength"])
    limits = domain.model.sure_pixel_limits(name)
    if limits is not None:
        yield from limits.edges().items()


def _accepted(domain: Domain, name: str, value: int | str) -> dict[str, Any] | None:
    if name in domain.optional:
        return domain.completed(name, value)
    return {name: value} if domain.accepted({name: value}) else None


def _together(domain: Domain) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ask for several images with each value that a rule across parameters is about."""
    for condition in conditions(domain.model):
        for name, schema in condition.get("if", {}).get("properties", {}).items():
            fragment = {name: schema.get("const"), _COUNT: _SEVERAL}
            if fragment[name] is not None and domain.accepted(fragment):
                yield f"{name}-{slug(fragment[name])}-{_COUNT}-{_SEVERAL}", fragment
