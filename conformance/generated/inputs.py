"""Strategies for the examples of properties: requests that are compared with each other.

Kept out of `conformance.cases` itself, as `conformance.generated.strategies` is.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from conformance.cases.prompts import WORD
from conformance.contract import Edition, Model
from conformance.generated.strategies import (
    Bodies,
    Body,
    Invalid,
    above_limit_n,
    invalid_bodies,
    valid_bodies,
)

Caps = tuple[int | None, ...]
FEW: Caps = (1, 2)
"""Caps on the number of images where they are billed or irrelevant."""
FREE: Caps = (1, 2, 3, None)
"""Caps where requests are free; None leaves `n` as drawn."""

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
