"""The documented requests that must be accepted, and those that the contract leaves open."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from conformance.cases.domain import WORD, Domain, text_of
from conformance.cases.model import Case, Depth
from conformance.cases.schema_keywords import condition_names, conditions, types_of
from conformance.errors import ConformanceError

BASELINE = "baseline"
MODELS_LIST = "models-list"
UNKNOWN_PARAMETER = "conformance_unknown"
FORMAT_PROMPT = "Three striped umbrellas on a sandy beach, gouache painting."
"""The prompt of the cases that cross response format with size."""
_PAYLOAD, _SIZE, _COUNT = "response_format", "size", "n"
_SEVERAL = 3  # images: finds servers that paint at most two at a time


class DerivationError(ConformanceError):
    """A documented value that the contract itself neither accepts nor refuses."""


def accepted_cases(domain: Domain) -> Iterator[Case]:
    """Derive the requests of one model that must be answered with images."""
    yield domain.case(BASELINE, {}, control=MODELS_LIST)
    documented = domain.model.documented
    crossed = [
        domain.case(f"{slug(payload)}-{slug(size)}", fragment)
        for payload, size in itertools.product(documented(_PAYLOAD), documented(_SIZE))
        if domain.accepts(fragment := {"prompt": FORMAT_PROMPT, _PAYLOAD: payload, _SIZE: size})
    ]
    yield from crossed
    for name in domain.optional:
        if not crossed or name not in (_PAYLOAD, _SIZE):
            yield from _documented_values(domain, name)
    # null is tried for one parameter that may be null, the size if it may
    names = sorted(domain.optional, key=lambda name: name != _SIZE)
    nullable = next((name for name in names if domain.accepts({name: None})), None)
    if nullable is not None:
        yield domain.case(f"{nullable}-null", {nullable: None}, parameter=nullable)


def open_cases(domain: Domain) -> Iterator[Case]:
    """Derive the requests of one model that the contract leaves open.

    The smallest request is their control: it must be accepted.
    """
    # a provider that refuses everything then breaks one clause, and not all (ARCHITECTURE 14)
    case = partial(domain.case, control=BASELINE)
    for name in domain.optional:
        earlier: list[tuple[str, ...]] = []
        for fragment in _open_fragments(domain, name):
            questions = domain.read(fragment).left_open
            if name == _PAYLOAD or questions not in earlier:
                earlier.append(questions)
                yield case(words_of(fragment), fragment, parameter=name)
    unknown = {UNKNOWN_PARAMETER: WORD}
    yield case(UNKNOWN_PARAMETER, unknown, parameter=UNKNOWN_PARAMETER)
    # One parameter that is documented as not for this model, with a value of another model, or
    # with any word where no model documents a value.
    values = {
        name: next(iter(documented_anywhere(domain, name)), None)
        for name in domain.model.unsupported
    }
    known = {name: value for name, value in values.items() if value is not None}
    for name, value in (known or dict.fromkeys(values, WORD)).items():
        if domain.read({name: value}).expectation == "open":
            yield case(f"unsupported-{name}", {name: value}, parameter=name)
            return


def edge_cases(domain: Domain, documented: Sequence[Case]) -> Iterator[Case]:
    """Derive legal requests at the documented limits, and unusual combinations.

    They are expensive and rarely broken. The bodies of ``documented`` cases are not sent again.
    """
    sent = [case.body for case in documented]
    for id_, fragment in _edges(domain):
        case = domain.case(id_, fragment, parameter=next(iter(fragment)), depth=Depth.THOROUGH)
        if case.body not in sent:
            yield case
    empty = {"prompt": ""}
    if domain.read(empty).expectation == "open":
        yield domain.case(
            "prompt-empty", empty, parameter="prompt", control=BASELINE, depth=Depth.THOROUGH
        )


def typical(domain: Domain, parameter: str) -> int:
    """Return the usual number to send: 2 for a count, the middle of a scale."""
    schema = domain.model.parameters[parameter]
    if domain.model.examples(parameter):
        return int(domain.model.examples(parameter)[0])
    low, high = schema.get("minimum", 0), schema.get("maximum")
    if high is not None and schema.get("default") == high > low:
        return int((low + high) // 2)
    return int(max(low, 2 if high is None else min(high, 2)))


def slug(value: object) -> str:
    """Return a value as a part of a case id, which is also a file name."""
    text = "null" if value is None else str(value).lower()
    return "".join(
        character if character.isalnum() or character in "_.-" else "-" for character in text
    )


def words_of(fragment: Mapping[str, Any]) -> str:
    """Return parameters and their values as a case id; of an object its name alone."""
    return "-".join(
        name if isinstance(value, dict) else f"{name}-{slug(value)}"
        for name, value in fragment.items()
    )


def documented_anywhere(domain: Domain, name: str) -> Iterable[Any]:
    """Return what other models document for a parameter, the most common first."""
    models = domain.edition.models.values()
    counts = Counter(value for model in models for value in model.documented(name))
    return [value for value, _ in counts.most_common()]


def _documented_values(domain: Domain, name: str) -> Iterator[Case]:
    """Ask for each value of a parameter, with whatever it needs to be accepted."""
    model = domain.model
    named_values = model.documented(name) or model.examples(name) or model.open_values(name)
    for value in _worth_sending(domain, name):
        # the smallest request asks for the default already; it may still be refused when spelt out
        fragment = None if value == model.default(name) else domain.complete(name, value)
        if fragment is not None:
            is_only = value is True or (isinstance(value, str) and not named_values)
            id_ = name if is_only else f"{name}-{slug(value)}"
            yield domain.case(id_, fragment, parameter=name)
        elif (
            domain.read({name: value}).expectation == "refused"
            and _left_open(domain, name, value) is None
        ):
            raise DerivationError(
                f"edition {domain.edition.id}: {model.name}: the documented {name} "
                f"{value!r:.60} is refused whatever is sent with it; look at the rules of {name}"
            )


def _worth_sending(domain: Domain, name: str) -> tuple[Any, ...]:
    """Return every documented value, else the first that a source names, else one of its type."""
    model = domain.model
    schema, default = model.parameters[name], model.default(name)
    if model.documented(name) or "enum" in schema:
        return model.documented(name)
    if model.examples(name):
        return model.examples(name)
    open_values = [value for value in model.open_values(name) if value != default]
    if open_values:
        return tuple(open_values[:1])
    of_type: dict[str, Any] = {"boolean": not default, "integer": typical(domain, name)}
    return tuple(of_type.get(type_, WORD) for type_ in types_of(schema) if type_ != "null")


def _open_fragments(domain: Domain, name: str) -> Iterator[dict[str, Any]]:
    """Yield the smallest open request of every value that stays open whatever is sent with it."""
    own_values = [*domain.model.parameters[name].get("enum", ()), *domain.model.open_values(name)]
    own_values += _worth_sending(domain, name)
    values = [
        value for value in [*own_values, *documented_anywhere(domain, name)] if value is not None
    ]
    # by comparison: a value may be an object, which cannot be hashed
    values = [value for index, value in enumerate(values) if value not in values[:index]]
    for value in values:
        fragment = _left_open(domain, name, value)
        if fragment is not None and domain.complete(name, value) is None:
            yield fragment


def _left_open(domain: Domain, name: str, value: object) -> dict[str, Any] | None:
    """Return the smallest fragment with this value that the contract leaves open, or None."""
    alone = domain.read({name: value})
    if alone.expectation == "open":
        return {name: value}
    across = condition_names(domain.model)
    if any(violation.keyword not in across for violation in alone.violations):
        return None  # nothing that is sent with it can mend it
    return domain.complete(name, value, "open")


def _edges(domain: Domain) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield accepted fragments at a limit with their ids."""
    for name, schema in domain.model.parameters.items():
        for words, value in _limits(domain, name, schema):
            if name in domain.optional:
                fragment = domain.complete(name, value)
            else:
                fragment = {name: value} if domain.accepts({name: value}) else None
            if fragment is not None:
                yield f"{name}-{words}", fragment
    # several images with each value that a rule across parameters is about
    for condition in conditions(domain.model):
        for name, schema in condition.get("if", {}).get("properties", {}).items():
            several = {name: schema.get("const"), _COUNT: _SEVERAL}
            if several[name] is not None and domain.accepts(several):
                yield words_of(several), several


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
