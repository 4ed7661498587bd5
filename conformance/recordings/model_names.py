"""Which model of the edition a recording is about: providers have names of their own for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from conformance.contract import Edition, model_named
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange
from conformance.recordings.readers.foreign_exchange import UNNAMED


@dataclass(frozen=True, slots=True)
class Names:
    """Which model of the edition stands behind a provider's name, and behind none at all."""

    known: Mapping[str, str] = field(default_factory=dict)  # by the provider's name
    unnamed: str | None = None


def read_names(texts: Iterable[str], unnamed: str | None, *editions: Edition) -> Names:
    """Read ``<edition's name>=<provider's name>``, as in a provider's file, the other way round.

    Raises `ConformanceError` for a text without both, and for a model that no edition knows.
    """

    def known_name(model: str) -> str:
        edition = next((edition for edition in editions if edition.find(model)), editions[0])
        return model_named(edition, model).name

    known: dict[str, str] = {}
    for text in texts:
        model, _, name = (part.strip() for part in text.partition("="))
        if not model or not name:
            raise ConformanceError(
                f"--model {text}: say which model a name stands for, as in "
                f"--model dall-e-3=openai/dall-e-3"
            )
        known[name] = known_name(model)
    return Names(known, None if unnamed is None else known_name(unnamed))


def rename_model(exchange: Exchange, names: Names) -> Exchange:
    """Return an exchange under the edition's name of its model."""
    if exchange.model == UNNAMED:
        return replace(exchange, model=names.unnamed or UNNAMED)
    if exchange.model not in names.known:
        return exchange
    return replace(exchange, model=names.known[exchange.model], served_as=exchange.model)


def is_unknown(name: str, edition: Edition) -> bool:
    """Return whether a request names a model that the edition does not know."""
    return name != UNNAMED and edition.find(name) is None


def unknown_model(exchange: Exchange, edition: Edition) -> str | None:
    """Explain that an unknown model is hardly judged; return None for a known one."""
    name = exchange.model
    if not is_unknown(name, edition):
        return None
    # Gateways put the maker before the name, as in `openai/dall-e-3`.
    bare = name.rpartition("/")[2]
    model = bare if edition.find(bare) else "MODEL"
    return (
        f"{name!r} is no model of {edition.id}, so that only what holds for every model "
        f"was judged; --model {model}={name} says which it is, --edition names one that has it"
    )
