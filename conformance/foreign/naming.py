"""Which model of the edition a recording is about: providers have names of their own for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from conformance.contract import Edition
from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.importers import UNNAMED
from conformance.exchange.model import Exchange


def read_names(texts: Iterable[str], edition: Edition) -> dict[str, str]:
    """Read ``<edition's name>=<provider's name>``, as in a provider's file, the other way round.

    Raises `ConformanceError` for a text without both, and for a model the edition does not know.
    """
    found: dict[str, str] = {}
    for text in texts:
        model, _, name = (each.strip() for each in text.partition("="))
        if not model or not name:
            raise ConformanceError(
                f"--model {text}: say which model a name stands for, as in "
                f"--model dall-e-3=openai/dall-e-3"
            )
        if edition.find(model) is None:
            raise UnknownNameError("model", model, edition.models, edition.id)
        found[name] = model
    return found


def named(exchange: Exchange, names: Mapping[str, str]) -> Exchange:
    """Give an exchange under the edition's name of its model."""
    if exchange.model not in names:
        return exchange
    return replace(exchange, model=names[exchange.model], served_as=exchange.model)


def is_stranger(name: str, edition: Edition) -> bool:
    """Whether a model is none of the edition; a request that names none is not about another."""
    return name != UNNAMED and edition.find(name) is None


def stranger(exchange: Exchange, edition: Edition) -> str | None:
    """Say that a model is unknown and so hardly judged; None for one that is known."""
    name = exchange.model
    if not is_stranger(name, edition):
        return None
    bare = name.rpartition("/")[2]
    model = bare if edition.find(bare) else "MODEL"
    return (
        f"all that is promised of a known model: {name!r} is none of {edition.id}; "
        f"--model {model}={name} says which it is"
    )
