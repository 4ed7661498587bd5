"""The documented requests that must be accepted, and those that the contract leaves open."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.cases.domain import Domain
from conformance.cases.model import Case
from conformance.cases.prompts import FORMAT_PROMPT, WORD
from conformance.cases.schema_keywords import types_of
from conformance.errors import ConformanceError

BASELINE = "baseline"
MODELS_LIST = "models-list"
UNKNOWN_PARAMETER = "conformance_unknown"
_PAYLOAD, _SIZE = "response_format", "size"


class DerivationError(ConformanceError):
    """A documented value that the contract itself neither accepts nor refuses."""


def accepted_cases(domain: Domain) -> Iterator[Case]:
    """Derive the requests of one model that must be answered with images."""
    yield _case(domain, BASELINE, {}, control=MODELS_LIST)
    crossed = _crossed(domain)
    yield from crossed
    done = {_PAYLOAD, _SIZE} if crossed else set()
    for name in domain.optional:
        if name not in done:
            yield from _alone(domain, name)
    yield from _null(domain)


def open_cases(domain: Domain) -> Iterator[Case]:
    """Derive the requests of one model that the contract leaves open."""
    for name in domain.optional:
        values = _open_values(domain, name)
        for value in values if name == _PAYLOAD else values[:1]:
            yield _open_case(domain, f"{name}-{slug(value)}", name, value)
    yield _open_case(domain, UNKNOWN_PARAMETER, UNKNOWN_PARAMETER, WORD)
    yield from _unsupported(domain)


def typical(domain: Domain, parameter: str) -> int:
    """Return the usual number to send: 2 for a count, the middle of a scale."""
    schema = domain.model.parameters[parameter]
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


def _case(domain: Domain, id_: str, fragment: Mapping[str, Any], **rest: Any) -> Case:
    body = {**domain.base, **fragment}
    return Case(id_, domain.model.name, body=body, billed=True, **rest)


def _open_case(domain: Domain, id_: str, name: str, value: object) -> Case:
    """Add one parameter to the smallest request, which is its control: it must be accepted."""
    return _case(domain, id_, {name: value}, parameter=name, control=BASELINE)


def _crossed(domain: Domain) -> list[Case]:
    """Cross every documented response format with every documented size."""
    cells = itertools.product(_documented(domain, _PAYLOAD), _documented(domain, _SIZE))
    cases = []
    for payload, size in cells:
        fragment = {"prompt": FORMAT_PROMPT, _PAYLOAD: payload, _SIZE: size}
        if domain.accepted(fragment):
            cases.append(_case(domain, f"{slug(payload)}-{slug(size)}", fragment))
    return cases


def _documented(domain: Domain, name: str) -> tuple[Any, ...]:
    return domain.model.documented(name) if name in domain.model.parameters else ()


def _alone(domain: Domain, name: str) -> Iterator[Case]:
    default = domain.model.default(name)
    for value in _worth_sending(domain, name):
        fragment = None if value == default else domain.completed(name, value)
        if fragment is not None:
            yield _case(domain, _id(domain, name, value), fragment, parameter=name)
        elif domain.read({name: value}).expectation == "refused":
            raise DerivationError(
                f"edition {domain.edition.id}: {domain.model.name}: the documented {name} "
                f"{value!r:.60} is refused whatever is sent with it; look at the rules of {name}"
            )


def _worth_sending(domain: Domain, name: str) -> tuple[Any, ...]:
    """Return every documented value, else the first that a source names, else one of its type."""
    documented = domain.model.documented(name)
    types = types_of(domain.model.parameters[name])
    if documented or "enum" in domain.model.parameters[name]:
        return documented
    examples = domain.model.examples(name)
    if examples:
        return examples
    named = [
        value for value in domain.model.open_values(name) if value != domain.model.default(name)
    ]
    if named:
        return tuple(named[:1])
    return tuple(_of_type(domain, name, type_) for type_ in types if type_ != "null")


def _of_type(domain: Domain, name: str, type_: str) -> Any:
    if type_ == "boolean":
        return not domain.model.default(name)
    return typical(domain, name) if type_ == "integer" else WORD


def _id(domain: Domain, name: str, value: Any) -> str:
    model = domain.model
    named = model.documented(name) or model.examples(name) or model.open_values(name)
    if value is True or (isinstance(value, str) and not named):
        return name
    return f"{name}-{slug(value)}"


def _null(domain: Domain) -> Iterator[Case]:
    """Send null for one parameter that may be null, the size if it may."""
    names = sorted(domain.optional, key=lambda name: name != _SIZE)
    name = next((candidate for candidate in names if domain.accepted({candidate: None})), None)
    if name is not None:
        yield _case(domain, f"{name}-null", {name: None}, parameter=name)


def _open_values(domain: Domain, name: str) -> list[Any]:
    """Return the values that stay open whatever is sent with them."""
    own = [*domain.model.parameters[name].get("enum", ()), *domain.model.open_values(name)]
    own += _worth_sending(domain, name)
    values = dict.fromkeys(value for value in [*own, *elsewhere(domain, name)] if value is not None)
    return [
        value
        for value in values
        if domain.read({name: value}).expectation == "open"
        and domain.completed(name, value) is None
    ]


def elsewhere(domain: Domain, name: str) -> Iterable[Any]:
    """Return what other models document for a parameter, the most common first."""
    others = domain.edition.models.values()
    counts = Counter(value for other in others for value in other.documented(name))
    return [value for value, _ in counts.most_common()]


def _unsupported(domain: Domain) -> Iterator[Case]:
    """Send one parameter that is documented as not for this model."""
    for name in domain.model.unsupported:
        value = next(iter(elsewhere(domain, name)), None)
        fragment = {name: value}
        if value is not None and domain.read(fragment).expectation == "open":
            yield _open_case(domain, f"unsupported-{name}", name, value)
            return
