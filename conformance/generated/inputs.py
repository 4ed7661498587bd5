"""Strategies for the examples of properties: requests that are compared with each other.

Kept out of `conformance.cases` itself, as `conformance.generated.strategies` is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
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
    return st.builds(partial(_fewer, edition), valid_bodies(edition, model), st.sampled_from(caps))


@cache
def refused(edition: Edition, model: Model) -> st.SearchStrategy[Invalid]:
    """Draw bodies with one fault, each with a control of one image."""
    return invalid_bodies(edition, model).map(partial(_cheaper, edition))


@cache
def too_many(edition: Edition, model: Model) -> st.SearchStrategy[Invalid]:
    """Draw bodies that ask for too many images, each with a control of one image."""
    return above_limit_n(edition, model).map(partial(_cheaper, edition))


def formats(edition: Edition, model: Model) -> st.SearchStrategy[Formats]:
    """Draw bodies that are asked for in every format that any model documents."""
    named = [value for other in edition.models.values() for value in _formats(other)]
    return honoured(edition, model, FEW).map(partial(_in_formats, list(dict.fromkeys(named))))


def between(edition: Edition, model: Model) -> st.SearchStrategy[Between]:
    """Draw two bodies: one that leaves much to defaults, and one that may be refused.

    State that a provider keeps shows in the defaults of the next request.
    """
    good = honoured(edition, model, FEW)
    bad = refused(edition, model).map(lambda invalid: invalid.body)
    return st.builds(Between, st.one_of(good.map(_bare), good), st.one_of(good, good, bad))


def placed(edition: Edition, model: Model) -> st.SearchStrategy[Placed]:
    """Draw a parameter that no source knows: alone, and around the parameters of a valid body."""
    bodies = honoured(edition, model, (1,))
    return st.builds(_placed, bodies, st.sampled_from(_unknown(edition)), st.sampled_from(_VALUES))


def _fewer(edition: Edition, body: Body, most: int | None) -> Body:
    """Ask for fewer images, unless that changes the expectation."""
    n = body.get("n")
    if most is None or type(n) is not int or n <= most:
        return body
    fewer = {**body, "n": most}
    return fewer if edition.read(fewer).expectation == edition.read(body).expectation else body


def _cheaper(edition: Edition, drawn: Invalid) -> Invalid:
    """Ask for one image in the control, and in the body unless its fault is there."""
    control = _fewer(edition, drawn.control, 1)
    if control is drawn.control or drawn.body.get("n") != drawn.control["n"]:
        return drawn._replace(control=control)
    body = {**drawn.body, "n": control["n"]}
    faults = [
        {x.parameter for x in edition.read(candidate).violations}
        for candidate in (body, drawn.body)
    ]
    return drawn._replace(body=body, control=control) if faults[0] == faults[1] else drawn


def _bare(body: Body) -> Body:
    return {name: body[name] for name in ("model", "prompt")}


def _formats(model: Model) -> tuple[Any, ...]:
    return (*model.documented("response_format"), *model.open_values("response_format"))


def _in_formats(named: Sequence[Any], body: Body) -> Formats:
    bare = {name: value for name, value in body.items() if name != "response_format"}
    return Formats((bare, *({**bare, "response_format": value} for value in named)))


def _unknown(edition: Edition) -> tuple[str, ...]:
    """Names that no model documents: a plain one, then those that look like documented ones."""
    near = [
        miss
        for parameter in edition.parameters
        for miss in (f"{parameter}s", f"x_{parameter}", parameter.upper())
    ]
    names = (WORD, *near)
    return tuple(name for name in dict.fromkeys(names) if name not in edition.parameters)


def _placed(body: Body, name: str, value: Any) -> Placed:
    members, added = list(body.items()), (name, value)
    middle = len(members) // 2
    alone = [member for member in members if member[0] in ("model", "prompt")]
    places = {
        "alone": [*alone, added],
        "first": [added, *members],
        "between": [*members[:middle], added, *members[middle:]],
        "last": [*members, added],
    }
    texts: dict[str, str] = {}
    for place, ordered in places.items():
        texts.setdefault(_text(dict(ordered)), place)
    return Placed(name, tuple((place, text) for text, place in texts.items()))


def _text(body: Body) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
