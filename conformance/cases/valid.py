"""The documented requests that must be accepted, and those that the contract leaves open."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.cases.domain import Domain
from conformance.cases.model import Case
from conformance.cases.prompts import FORMAT_PROMPT, WORD
from conformance.cases.schema_keywords import condition_names, types_of
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
        raised: list[tuple[str, ...]] = []
        for fragment in _open_fragments(domain, name):
            questions = domain.read(fragment).left_open
            if name == _PAYLOAD or questions not in raised:
                raised.append(questions)
                yield _open_case(domain, words_of(fragment), name, fragment)
    yield _open_case(domain, UNKNOWN_PARAMETER, UNKNOWN_PARAMETER, {UNKNOWN_PARAMETER: WORD})
    yield from _unsupported(domain)


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


def _case(domain: Domain, id_: str, fragment: Mapping[str, Any], **rest: Any) -> Case:
    body = {**domain.base, **fragment}
    return Case(id_, domain.model.name, body=body, billed=True, **rest)


def _open_case(domain: Domain, id_: str, name: str, fragment: Mapping[str, Any]) -> Case:
    """Add parameters to the smallest request, which is its control: it must be accepted."""
    return _case(domain, id_, fragment, parameter=name, control=BASELINE)


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
        elif (
            domain.read({name: value}).expectation == "refused"
            and _left_open(domain, name, value) is None
        ):
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


def _open_fragments(domain: Domain, name: str) -> Iterator[dict[str, Any]]:
    """Yield the smallest open request of every value that stays open whatever is sent with it."""
    own = [*domain.model.parameters[name].get("enum", ()), *domain.model.open_values(name)]
    own += _worth_sending(domain, name)
    values = [value for value in [*own, *elsewhere(domain, name)] if value is not None]
    values = [value for at, value in enumerate(values) if value not in values[:at]]
    for value in values:
        fragment = _left_open(domain, name, value)
        if fragment is not None and domain.completed(name, value) is None:
            yield fragment


def _left_open(domain: Domain, name: str, value: object) -> dict[str, Any] | None:
    """Return the smallest fragment with this value that the contract leaves open, or None."""
    alone = domain.read({name: value})
    if alone.expectation == "open":
        return {name: value}
    across = condition_names(domain.model)
    if any(violation.keyword not in across for violation in alone.violations):
        return None  # nothing that is sent with it can mend it
    return domain.completed(name, value, "open")


def elsewhere(domain: Domain, name: str) -> Iterable[Any]:
    """Return what other models document for a parameter, the most common first."""
    others = domain.edition.models.values()
    counts = Counter(value for other in others for value in other.documented(name))
    return [value for value, _ in counts.most_common()]


def _unsupported(domain: Domain) -> Iterator[Case]:
    """Send one parameter that is documented as not for this model, with a value of another's.

    Where no model documents one, any word will do.
    """
    named = [(name, next(iter(elsewhere(domain, name)), None)) for name in domain.model.unsupported]
    known = [(name, value) for name, value in named if value is not None]
    for name, value in known or [(name, WORD) for name, _ in named]:
        fragment = {name: value}
        if domain.read(fragment).expectation == "open":
            yield _open_case(domain, f"unsupported-{name}", name, fragment)
            return
