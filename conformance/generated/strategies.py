"""Hypothesis strategies for request bodies, from an edition's schemas alone.

Kept out of `conformance.cases` itself, so that whoever only wants the documented cases does
not pay for importing hypothesis.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from conformance.cases.domain import WORD, Domain, Pattern, Region, Sizes, Span, Text, samples
from conformance.cases.invalid import differing_names, spoil
from conformance.cases.schema_keywords import condition_names
from conformance.cases.valid import DerivationError
from conformance.contract import Edition, Model
from conformance.generated.invalid_values import Spoiling, spoilings
from conformance.generated.texts import texts

Body = dict[str, Any]
Bodies = st.SearchStrategy[Body]


class Invalid(NamedTuple):
    """A body with one fault, the same body without it, and what is broken."""

    body: Body
    control: Body
    parameter: str
    keyword: str


def valid_bodies(edition: Edition, model: Model) -> Bodies:
    """Draw bodies that must be accepted; rules across parameters hold by construction.

    Raises UnknownKeywordError if the request schema has a keyword nothing would be drawn for.
    """
    return _Parts(edition, model).bodies()


def invalid_bodies(edition: Edition, model: Model) -> st.SearchStrategy[Invalid]:
    """Draw bodies that break exactly one parameter, each with an accepted body one field away."""
    parts = _Parts(edition, model)
    by_rule: dict[tuple[str, str], list[st.SearchStrategy[Invalid]]] = {}
    for spoiling in spoilings(parts.domain):
        by_rule.setdefault((spoiling.parameter, spoiling.rule.keyword), []).append(
            _spoiled_bodies(parts, spoiling)
        )
    choices = [*(st.one_of(choices) for choices in by_rule.values()), *_break_across(parts)]
    # the rule first, the kind of wrong value second: st.one_of would flatten the two, and the
    # rules with many kinds would crowd out the rest
    return st.integers(0, len(choices) - 1).flatmap(choices.__getitem__)


def above_limit_n(edition: Edition, model: Model) -> st.SearchStrategy[Invalid]:
    """Draw bodies that ask for more images than the model documents, over all integers."""
    parts = _Parts(edition, model)
    for spoiling in spoilings(parts.domain):
        if (spoiling.parameter, spoiling.rule.keyword) == ("n", "maximum"):
            return _spoiled_bodies(parts, spoiling)
    raise DerivationError(f"edition {edition.id}: {model.name}: its schema gives n no maximum")


def prompts(model: Model) -> st.SearchStrategy[str]:
    """Draw harmless prompts within the documented length, and within those left open."""
    schema = model.parameters["prompt"]
    limits = [schema, *(question["keywords"] for question in schema.get("open", ()))]
    longest = [limit["maxLength"] for limit in limits if "maxLength" in limit]
    shortest = [limit["minLength"] for limit in limits if "minLength" in limit]
    return texts(max([1, *shortest]), min(longest, default=None))


class _Parts:
    """The strategies that bodies are composed of; hypothesis prepares a shared one once."""

    def __init__(self, edition: Edition, model: Model) -> None:
        self.domain = Domain(edition, model)
        if not self.domain.accepts({}):
            raise DerivationError(
                f"edition {edition.id}: {model.name}: model and prompt alone are not accepted; "
                "a required parameter without a documented value cannot be drawn"
            )
        self._base = st.fixed_dictionaries({"model": st.just(model.name), "prompt": prompts(model)})
        self._own = {group: _fragments(self.domain.allowed(group)) for group in self.domain.groups}

    def bodies(self) -> Bodies:
        """Draw accepted bodies."""
        return st.tuples(self._base, *self._own.values()).map(_merge)

    def around(self, name: str, choice: Bodies) -> Bodies:
        """Add to a choice for the group of one parameter an accepted one for every other."""
        other_choices = [strategy for group, strategy in self._own.items() if name not in group]
        return st.tuples(self._base, *other_choices, choice).map(_merge)


def _merge(parts: Iterable[Mapping[str, Any]]) -> Body:
    return {name: value for part in parts for name, value in part.items()}


def _fragments(patterns: Sequence[Pattern]) -> Bodies:
    return st.one_of(*map(_fragment, patterns))


def _fragment(pattern: Pattern) -> Bodies:
    return st.fixed_dictionaries({name: _values(region) for name, region in pattern.items()})


def _values(region: Region) -> st.SearchStrategy[Any]:
    if isinstance(region, Span):
        ends = [region.low, *(() if region.high is None else (region.high,))]
        return st.one_of(st.sampled_from(ends), st.integers(region.low, region.high))
    if isinstance(region, Text):
        return texts(region.shortest, region.longest)
    if isinstance(region, Sizes):
        limits = region.limits
        at_a_limit = st.sampled_from(list(limits.edges().values()))
        any_size = st.sampled_from(limits.widths()).flatmap(
            lambda width: st.sampled_from(limits.heights(width)).map(f"{width}x{{}}".format)
        )
        return st.one_of(at_a_limit, any_size)
    return st.just(region.sample)


def _spoiled_bodies(parts: _Parts, spoiling: Spoiling) -> st.SearchStrategy[Invalid]:
    """Draw an accepted body in which the value is the only fault, and put it in."""
    name, keyword = spoiling.parameter, spoiling.rule.keyword
    return st.builds(
        lambda control, value: Invalid(spoil(control, name, value), control, name, keyword),
        parts.around(name, _fragments(spoiling.controls)),
        spoiling.values,
    )


def _break_across(parts: _Parts) -> list[st.SearchStrategy[Invalid]]:
    """Draw, for every rule that ties parameters, the choices that break it and it alone."""
    domain = parts.domain
    keywords: set[str] = set()
    drawn: list[st.SearchStrategy[Invalid]] = []
    for group in domain.groups:
        allowed = domain.allowed(group)
        for pattern in domain.patterns(group):
            violations = domain.read(samples(pattern)).violations
            if len(violations) == 1 and violations[0].keyword in condition_names(domain.model):
                parameter, keyword = str(violations[0].parameter), violations[0].keyword
                for control in allowed:
                    differing = differing_names(pattern, control)
                    if len(differing) == 1:
                        keywords.add(keyword)
                        pair = (pattern, control)
                        drawn.append(_pair(parts, pair, differing[0], parameter, keyword))
    missing = condition_names(domain.model) - keywords
    if missing:
        raise DerivationError(
            f"edition {domain.edition.id}: {domain.model.name}: nothing breaks "
            f"{', '.join(sorted(missing))} and differs in one field from an accepted body"
        )
    return [st.one_of(*drawn)] if drawn else []


def _pair(
    parts: _Parts, sides: tuple[Pattern, Pattern], changed: str, parameter: str, keyword: str
) -> st.SearchStrategy[Invalid]:
    """Draw a body and its control from two choices that share all but the field ``changed``."""
    wrong = sides[0]
    shared = {name: region for name, region in wrong.items() if name != changed}
    ends = [_fragment({changed: side[changed]} if changed in side else {}) for side in sides]
    return st.builds(
        lambda body, bad, good: Invalid({**body, **bad}, {**body, **good}, parameter, keyword),
        parts.around(next(iter(wrong)), _fragment(shared)),
        *ends,
    )


Caps = tuple[int | None, ...]
FEW: Caps = (1, 2)  # caps on the number of images where they are billed or irrelevant
FREE: Caps = (1, 2, 3, None)  # caps where requests are free; None leaves `n` as drawn

_VALUES: tuple[Any, ...] = (1, 0, 1.5, True, None, WORD, "", [], [WORD], {}, {"value": 1})


class Formats(NamedTuple):
    """One request with every `response_format`, and without any."""

    bodies: tuple[Body, ...]


class Between(NamedTuple):
    """A request that is sent twice, and one that is sent in between."""

    body: Body
    other: Body


class Placed(NamedTuple):
    """One unknown parameter in several positions: the position and the JSON text."""

    name: str
    texts: tuple[tuple[str, str], ...]


@cache  # building the strategy takes longer than drawing
def honoured(edition: Edition, model: Model, caps: Caps = FREE) -> Bodies:
    """Draw bodies that must be honoured; few ask for more than three images."""
    # no partial: hypothesis would print it for every failure, with the whole edition in it
    pairs = st.tuples(valid_bodies(edition, model), st.sampled_from(caps))
    return pairs.map(lambda pair: _fewer(edition, *pair))


@cache
def refused(edition: Edition, model: Model) -> st.SearchStrategy[Invalid]:
    """Draw bodies with one fault, each with a control of one image."""
    return invalid_bodies(edition, model).map(lambda invalid: _cheaper(edition, invalid))


@cache
def too_many(edition: Edition, model: Model) -> st.SearchStrategy[Invalid]:
    """Draw bodies that ask for too many images, each with a control of one image."""
    return above_limit_n(edition, model).map(lambda invalid: _cheaper(edition, invalid))


def formats(edition: Edition, model: Model) -> st.SearchStrategy[Formats]:
    """Draw bodies that are asked for in every format that any model documents."""
    name = "response_format"
    values = dict.fromkeys(
        value
        for other in edition.models.values()
        for value in (*other.documented(name), *other.open_values(name))
    )

    def in_formats(body: Body) -> Formats:
        bare = {key: value for key, value in body.items() if key != name}
        return Formats((bare, *({**bare, name: value} for value in values)))

    return honoured(edition, model, FEW).map(in_formats)


def between(edition: Edition, model: Model) -> st.SearchStrategy[Between]:
    """Draw two bodies: one that leaves much to defaults, and one that may be refused.

    State that a provider keeps shows in the defaults of the next request.
    """
    good = honoured(edition, model, FEW)
    bad = refused(edition, model).map(lambda invalid: invalid.body)
    bare = good.map(lambda body: {name: body[name] for name in ("model", "prompt")})
    return st.builds(Between, st.one_of(bare, good), st.one_of(good, good, bad))


def placed(edition: Edition, model: Model) -> st.SearchStrategy[Placed]:
    """Draw a parameter that no source knows: alone, and around the parameters of a valid body.

    Its name is a plain one, or looks like a documented one.
    """
    near = [
        miss
        for parameter in edition.parameters
        for miss in (f"{parameter}s", f"x_{parameter}", parameter.upper())
    ]
    names = [name for name in dict.fromkeys((WORD, *near)) if name not in edition.parameters]
    bodies = honoured(edition, model, (1,))
    return st.builds(_place, bodies, st.sampled_from(names), st.sampled_from(_VALUES))


def _fewer(edition: Edition, body: Body, cap: int | None) -> Body:
    """Ask for fewer images, unless that changes the expectation."""
    n = body.get("n")
    if cap is None or type(n) is not int or n <= cap:
        return body
    fewer = {**body, "n": cap}
    return fewer if edition.read(fewer).expectation == edition.read(body).expectation else body


def _cheaper(edition: Edition, invalid: Invalid) -> Invalid:
    """Ask for one image in the control, and in the body unless its fault is there."""
    control = _fewer(edition, invalid.control, 1)
    if control is invalid.control or invalid.body.get("n") != invalid.control["n"]:
        return invalid._replace(control=control)
    body = {**invalid.body, "n": control["n"]}
    broken, broken_before = (
        {violation.parameter for violation in edition.read(candidate).violations}
        for candidate in (body, invalid.body)
    )
    return invalid._replace(body=body, control=control) if broken == broken_before else invalid


def _place(body: Body, name: str, value: Any) -> Placed:
    members, added = list(body.items()), (name, value)
    middle = len(members) // 2
    alone = [member for member in members if member[0] in ("model", "prompt")]
    orders = {
        "alone": [*alone, added],
        "first": [added, *members],
        "between": [*members[:middle], added, *members[middle:]],
        "last": [*members, added],
    }
    texts: dict[str, str] = {}
    for position, order in orders.items():
        # not `canonical_json`, whose order hides the place
        body = dict(order)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        texts.setdefault(text, position)
    return Placed(name, tuple((position, text) for text, position in texts.items()))
