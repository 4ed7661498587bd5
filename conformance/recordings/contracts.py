"""By which edition a recording is judged, and which model of it: names of providers differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import urlsplit

from conformance.clauses import clauses_of, select
from conformance.clauses.registry import Clause
from conformance.contract import Edition, edition_ids, load_edition, model_named
from conformance.errors import ConformanceError
from conformance.exchange.model import Exchange
from conformance.output.globs import matches
from conformance.recordings.readers.model import UNNAMED


@dataclass(frozen=True, slots=True)
class EditionClauses:
    """An edition with the clauses that were chosen of it."""

    edition: Edition
    clauses: tuple[Clause, ...]


class Contracts:
    """One edition, by which every exchange is judged; or that of the day of its recording.

    That is the newest edition that was published by then and knows the model. A host whose own
    domain publishes editions is judged by one of these alone. For any other host the edition must
    have the model by its name, and the document of the default edition comes first. Without a
    day, or without such an edition, the default edition judges.
    """

    def __init__(self, default: Edition, pattern: str = "*", *, by_day: bool = False) -> None:
        """Choose clauses by a glob; raises UnknownNameError for one that matches none."""
        other_ids = [name for name in edition_ids() if by_day and name != default.id]
        self.pattern = pattern
        self.editions = (default, *_newest_first(map(load_edition, other_ids)))
        """The editions that may judge, the default one first."""
        known = list(chain.from_iterable(map(clauses_of, self.editions)))
        select(known, pattern)  # or say what is wrong with it
        self._by_day = by_day
        self._contracts = {
            edition.id: EditionClauses(
                edition, tuple(c for c in clauses_of(edition) if matches(c.id, pattern))
            )
            for edition in self.editions
        }
        self.default = self._contracts[default.id]

    def of(self, exchange: Exchange) -> EditionClauses:
        """Return the contract of an exchange."""
        if not (self._by_day and exchange.sent_at):
            return self.default
        day = datetime.fromtimestamp(exchange.sent_at, UTC).date().isoformat()
        edition = self._of_day(exchange.provider, exchange.model, day)
        return self._contracts[edition.id] if edition else self.default

    def _of_day(self, host: str, model: str, day: str) -> Edition | None:
        newest = _newest_first(self.editions)
        published = [edition for edition in newest if edition.published <= day]
        owner = _domain(host)
        # A host that publishes editions is judged by its own alone.
        if any(_owner(edition) == owner for edition in self.editions):
            candidates = [
                edition
                for edition in published
                if _owner(edition) == owner and (model == UNNAMED or edition.find(model))
            ]
        else:
            candidates = []
            for edition in published:  # that have the model by its name, or a snapshot of it
                match = edition.find(model)
                if match is not None and (match.has_own_entry or match.snapshot_of is not None):
                    candidates.append(edition)
            default_owner = _owner(self.default.edition)
            candidates.sort(key=lambda edition: _owner(edition) != default_owner)
        return candidates[0] if candidates else None


def _newest_first(editions: Iterable[Edition]) -> list[Edition]:
    return sorted(editions, key=lambda edition: edition.published, reverse=True)


def _owner(edition: Edition) -> str:
    return _domain(urlsplit(edition.document).hostname or "")


def _domain(host: str) -> str:
    """Return the last two labels of a host; those of an address say nothing of its owner."""
    return ".".join(host.rsplit(".", 2)[-2:])


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
