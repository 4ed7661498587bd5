"""The documented requests that must be refused: a control with exactly one invalid field.

Near misses are invalid values that lenient servers accept: coerced, borrowed, nearly valid, huge.
Each is sent only where the coarser faults of its rule were refused. A server that accepts a coarse
fault has broken the rule already. So a server without validation paints no more images than
without these requests, and a careless one paints one (ARCHITECTURE 28).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.cases.domain import Domain, Pattern, Span, samples, text_of
from conformance.cases.model import UNKNOWN_MODEL, Authorization, Case, Depth
from conformance.cases.request import canonical_json
from conformance.cases.schema_keywords import condition_names, is_constraint, types_of
from conformance.cases.valid import BASELINE, DerivationError, slug, typical, words_of
from conformance.contract import PIXEL_KEYWORDS, SchemaRule
from conformance.contract.pixels import sizes_breaking

ABSENT = object()  # stands for a parameter that is left out


@dataclass(frozen=True, slots=True)
class InvalidValue:
    """A value that breaks a rule, and its words in the case id."""

    words: str
    value: Any
    right: Any = ABSENT  # the valid value that it may be mistaken for
    depth: Depth = Depth.STANDARD


def refused_cases(domain: Domain, controls: Sequence[Case]) -> Iterator[Case]:
    """Derive the requests that break one documented rule of a model, and nothing else."""
    ids: set[str] = set()
    for rule in domain.model.rules:
        for case in _break_rule(domain, rule, controls):
            if case.id not in ids:
                ids.add(case.id)
                yield case


def faulty_cases(domain: Domain) -> Iterator[Case]:
    """Derive the requests whose fault is not a parameter of the model: key, transport, model."""
    baseline = Case(BASELINE, domain.model.name, body=domain.base)
    sound = replace(baseline, control=BASELINE)
    for authorization in Authorization:
        if authorization is not Authorization.VALID:
            yield replace(
                sound, id=f"authentication-{authorization.value}", authorization=authorization
            )
    text = canonical_json(domain.base)
    yield replace(sound, id="json-malformed", body=None, raw=text[:-1].encode())
    yield replace(sound, id="body-array", body=None, raw=f"[{text}]".encode())
    yield replace(sound, id="content-type-text", content_type="text/plain")
    yield replace(sound, id="method-get", method="GET")
    unknown = {**domain.base, "model": UNKNOWN_MODEL}
    yield replace(sound, id="model-unknown", body=unknown, parameter="model")


def wrong_values(rule: SchemaRule, schema: Mapping[str, Any]) -> tuple[InvalidValue, ...]:
    """List values that break a rule of one parameter."""
    name, value = str(rule.parameter), rule.value
    match rule.keyword:
        case "required":
            return (InvalidValue("missing", ABSENT),)
        case "type":
            return tuple(_wrong_types(name, schema))
        case "enum" | "const" | "pattern":
            ending = "outside-pattern" if rule.keyword == "pattern" else "outside-enum"
            return (InvalidValue(ending, f"no-such-{slug(name)}"),)
        case "minimum":  # a lenient server may take 0 for absent, and not a negative number
            numbers = dict.fromkeys((value - 1, min(value - 1, -1)))
            words = ("0" if n == 0 else "negative" if n < 0 else "below-minimum" for n in numbers)
            return tuple(map(InvalidValue, words, numbers))
        case "maximum":
            return (InvalidValue("above-maximum", value + 1),)
        case "minLength":
            return (InvalidValue("too-short" if value > 1 else "empty", text_of(value - 1)),)
        case "maxLength":
            return (InvalidValue("too-long", text_of(value + 1)),)
    if rule.keyword in PIXEL_KEYWORDS:  # the size that is farthest beyond, if there is one
        sizes = sizes_breaking(schema, rule.keyword)[:1]
        return tuple(InvalidValue(PIXEL_KEYWORDS[rule.keyword].words, size) for size in sizes)
    raise AssertionError(rule.keyword)  # the caller has checked it


def _wrong_types(name: str, schema: Mapping[str, Any]) -> Iterator[InvalidValue]:
    types = types_of(schema)
    if "integer" in types:
        fraction = max(schema.get("minimum", 0), 1) + 0.5
        yield InvalidValue(str(fraction), fraction)
        yield InvalidValue("many", "many")
    elif "boolean" in types:
        yield InvalidValue("not-boolean", f"no-such-{slug(name)}")
    elif "object" in types:
        yield InvalidValue("not-object", f"no-such-{slug(name)}")
    else:
        yield InvalidValue("not-string", 1)


def _break_rule(domain: Domain, rule: SchemaRule, controls: Sequence[Case]) -> Iterator[Case]:
    if rule.keyword in condition_names(domain.model):
        yield _break_rule_across(domain, rule, controls)
    elif is_constraint(domain.model, rule) and rule.parameter is not None:
        schema = domain.model.parameters.get(rule.parameter, {})
        for wrong in wrong_values(rule, schema):
            case, is_open = spoil_control(domain, rule.parameter, wrong, controls)
            if case is not None:
                yield case
            elif not is_open:
                raise DerivationError(
                    f"edition {domain.edition.id}: {domain.model.name}: no request breaks "
                    f"{rule.parameter} alone with the value {wrong.value!r:.60}; look at the "
                    f"rules of {rule.parameter} in its schema"
                )


def spoil_control(
    domain: Domain, name: str, wrong: InvalidValue, controls: Sequence[Case]
) -> tuple[Case | None, bool]:
    """Spoil one field of the control that leaves the fewest other reasons to refuse.

    Among these comes first one with the value that the wrong one may be mistaken for. Return no
    case where none breaks this parameter alone, and whether the contract leaves all of them open.
    """
    candidates, expectations = [], set()
    for control in controls:
        right = (control.body or {}).get(name, ABSENT)
        if right is ABSENT and control is not controls[0]:
            continue
        body = spoil(control.body or {}, name, wrong.value)
        reading = domain.edition.read(body)
        expectations.add(reading.expectation)
        if reading.breaks_only(name):
            case = Case(
                f"{name}-{wrong.words}",
                domain.model.name,
                body=body,
                control=control.id,
                parameter=name,
                depth=wrong.depth,
            )
            candidates.append(((len(reading.left_open), right != wrong.right), case))
    best = min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None
    return best, expectations == {"open"}


def differing_names(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return the fields in which two bodies differ, in the order in which they have them."""
    names = dict.fromkeys((*left, *right))
    return [name for name in names if left.get(name, ABSENT) != right.get(name, ABSENT)]


def spoil(body: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Replace the value of one field, or leave the field out."""
    if value is ABSENT:
        return {key: other for key, other in body.items() if key != name}
    return {**body, name: value}


def _break_rule_across(domain: Domain, rule: SchemaRule, controls: Sequence[Case]) -> Case:
    """Break a rule across parameters with as few parameters as possible."""
    name = str(rule.parameter)
    # the control keeps the constrained field: it shows that its value alone is fine
    preferred = sorted(controls, key=lambda control: name not in (control.body or {}))
    for fragment in _fragments(domain.patterns(domain.group(name)), preferred):
        wrong = {**domain.base, **fragment}
        near = (case for case in preferred if abs(len(wrong) - len(case.body or {})) < 2)
        control = next(
            (case for case in near if len(differing_names(wrong, case.body or {})) == 1), None
        )
        if control is None:
            continue  # true of most, and a hundred times faster than to read them by the schema
        if [broken.keyword for broken in domain.read(fragment).violations] == [rule.keyword]:
            body = {**(control.body or {}), **fragment}
            model = domain.model.name
            return Case(words_of(fragment), model, body=body, control=control.id, parameter=name)
    raise DerivationError(
        f"edition {domain.edition.id}: {domain.model.name}: no request breaks {rule.keyword!r} "
        "and differs in one field from an accepted case; look at that rule in its schema"
    )


def _fragments(patterns: Iterable[Pattern], controls: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """Yield the samples of patterns, then the same with the numbers of controls.

    A rule may bound a number that a control sends: then its sample is two fields away.
    """
    tried = list(patterns)
    yield from map(samples, tried)
    for pattern in tried:
        spans = {name: region for name, region in pattern.items() if isinstance(region, Span)}
        for control in controls if spans else ():
            numbers = {name: (control.body or {}).get(name) for name in spans}
            if all(numbers[name] in span for name, span in spans.items()):
                yield {**samples(pattern), **numbers}


# --- Near misses ---

_COUNT = "n"
_HUGE = 10**20  # more than 64 bits hold
_HUGE_SIDE = 100_000  # pixels; no server has the memory for their square
_DIMENSIONS = re.compile(r"(\d+)(\D)(\d+)")


def near_miss_cases(
    domain: Domain, controls: Sequence[Case], refused: Sequence[Case]
) -> tuple[Case, ...]:
    """Derive the near misses of a model; those that may harm a server come last.

    ``refused`` are the coarse faults, and ``controls`` the accepted requests to spoil.
    """
    coarse = {case.id for case in refused}
    cases: list[Case] = []
    harmful: list[Case] = []
    for rule in domain.model.rules:
        if rule.keyword in condition_names(domain.model) or not is_constraint(domain.model, rule):
            continue
        # the cases that break the same promise; a fractional count has a promise of its own
        wrong = wrong_values(rule, domain.model.parameters.get(str(rule.parameter), {}))
        earlier = [
            id_
            for value in wrong
            if not isinstance(value.value, float)
            and (id_ := f"{rule.parameter}-{value.words}") in coarse
        ]
        for miss in _near_misses(domain, rule):
            case, _ = spoil_control(domain, str(rule.parameter), miss, controls)
            if case is not None:
                case = replace(case, after=tuple(earlier))
                earlier.append(case.id)
                is_harmful = isinstance(miss.value, str) and miss.words == "huge"
                (harmful if is_harmful else cases).append(case)
    return (*cases, *harmful, *_signs_of_life(harmful, refused))


def nearly(value: str) -> str:
    """Return a nearly valid value: another number in a size, else the word in capitals."""
    match = _DIMENSIONS.fullmatch(value)
    if match is None:
        return value.upper()
    side = int(match[3])
    return f"{match[1]}{match[2]}{side - (side % 100 or 10)}"


def _signs_of_life(harmful: Sequence[Case], refused: Sequence[Case]) -> Iterator[Case]:
    """Follow each request that may harm a server with one that any living server refuses."""
    plain = next((case for case in refused if case.id.endswith("-missing")), None)
    if plain is None:
        return
    for case in harmful:
        yield replace(
            plain,
            id=f"{plain.id}-after-{case.id}",
            depth=Depth.STANDARD,
            after=(plain.id, *case.after, case.id),
        )


def _near_misses(domain: Domain, rule: SchemaRule) -> Iterator[InvalidValue]:
    """Yield the near misses of a rule of one parameter, the most often accepted last."""
    name = str(rule.parameter)
    match rule.keyword:
        case "type":
            yield from _coerced(domain, name, domain.model.parameters[name])
        case "enum" | "const" | "pattern":
            yield from _outsiders(domain, name)
        case "maximum":
            # every image painted for it is billed
            depth = Depth.THOROUGH if name == _COUNT else Depth.STANDARD
            yield InvalidValue("huge", _HUGE, typical(domain, name), depth)
        case keyword if keyword in PIXEL_KEYWORDS:
            sizes = sizes_breaking(domain.model.parameters[name], keyword)
            for size in sizes[1:][-1:]:  # the nearest; the farthest is the coarse fault
                yield InvalidValue(f"barely-{PIXEL_KEYWORDS[keyword].words}", size)


def _coerced(domain: Domain, name: str, schema: Mapping[str, Any]) -> Iterator[InvalidValue]:
    """Yield valid values of another type, which coercing servers take."""
    types = types_of(schema)
    if "integer" in types:
        usual = typical(domain, name)
        # the cheapest number if it multiplies the price, else the usual one
        least = max(schema.get("minimum", 0), 1) if name == _COUNT else usual
        yield InvalidValue("true", True, usual)
        yield InvalidValue(f"string-{least}", str(least), least)
        if usual != least:
            yield InvalidValue(f"string-{usual}", str(usual), usual, Depth.THOROUGH)
    elif "boolean" in types:
        yield InvalidValue("string-true", "true", True)
        yield InvalidValue("1", 1, True)
    if "null" not in types:
        yield InvalidValue("null", None)  # may be mistaken for an absent parameter


def _outsiders(domain: Domain, name: str) -> Iterator[InvalidValue]:
    """Yield values outside an enumeration: another model's, a nearly valid and a huge one."""
    model = domain.model

    def is_refused(value: Any) -> bool:
        return domain.read({name: value}).expectation == "refused"

    borrowed = next(filter(is_refused, _values_of_other_models(domain, name)), None)
    if borrowed is not None:
        yield InvalidValue("of-another-model", borrowed)
    values = [*model.documented(name), *model.examples(name), *model.open_values(name)]
    values += model.parameters[name].get("enum", ())
    texts = [value for value in values if isinstance(value, str)]
    sizes = sorted(filter(_DIMENSIONS.fullmatch, texts), key=_squareness, reverse=True)
    near_miss = next(filter(is_refused, map(nearly, (*sizes, *texts))), None)
    if near_miss is not None:
        yield InvalidValue("near-miss", near_miss)
    if sizes:
        yield InvalidValue("huge", _DIMENSIONS.sub(rf"{_HUGE_SIDE}\g<2>{_HUGE_SIDE}", sizes[0]))


def _values_of_other_models(domain: Domain, name: str) -> Iterator[Any]:
    """Yield the values of other models for a parameter, those of the nearest model first.

    The last value of a model comes first, because its peculiar values are listed late.
    """
    model, edition = domain.model, domain.edition
    other_models = sorted(edition.models.values(), key=lambda other: other.family != model.family)
    for other in other_models:
        yield from reversed(other.documented(name))
        limits = other.pixel_limits(name)
        yield from [limits.edges()["square"]] if limits else []
    for family in edition.families.values():
        enum = family.template.parameters.get(name, {}).get("enum", ())
        yield from (value for value in reversed(enum) if value is not None)


def _squareness(size: str) -> tuple[bool, int]:
    """Rank squares first, then large sizes, whose neighbours are the most plausible."""
    width, height = (int(side) for side in re.findall(r"\d+", size))
    return width == height, width
