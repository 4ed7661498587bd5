"""By which edition a recording is judged: the one that was chosen, or that of its day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import chain
from urllib.parse import urlsplit

from conformance.clauses import clauses_of, select
from conformance.clauses.registry import Clause
from conformance.contract import Edition, edition_ids, load_edition
from conformance.exchange.model import Exchange
from conformance.recordings.readers.foreign_exchange import UNNAMED


@dataclass(frozen=True, slots=True)
class EditionClauses:
    """An edition with the clauses that were chosen of it."""

    edition: Edition
    clauses: tuple[Clause, ...]


class Contracts:
    """One edition, by which every exchange is judged."""

    def __init__(
        self, edition: Edition, clauses: Iterable[Clause] | None = None, pattern: str = "*"
    ) -> None:
        self.pattern = pattern
        known = clauses_of(edition) if clauses is None else clauses
        self.default = _choose(edition, known, pattern)
        self.editions: tuple[Edition, ...] = (edition,)
        """The editions that may judge, the default one first."""

    def of(self, exchange: Exchange) -> EditionClauses:  # noqa: ARG002 - for those that look at its day
        """Return the contract of an exchange."""
        return self.default


class ContractsByDay(Contracts):
    """The edition of the day on which an exchange was recorded.

    It is the newest edition that was published by then and knows the model. A host whose own
    domain publishes editions is judged by one of these alone. For any other host the edition must
    have the model by its name, and the document of the default edition comes first. Without a
    day, or without such an edition, the default edition judges.
    """

    def __init__(self, default: Edition, pattern: str = "*") -> None:
        super().__init__(default, pattern=pattern)
        other_editions = [load_edition(name) for name in edition_ids() if name != default.id]
        self.editions = (default, *_newest_first(other_editions))
        clauses = {edition.id: clauses_of(edition) for edition in self.editions}
        select(list(chain(*clauses.values())), pattern)  # or say what is wrong with it
        self._contracts = {
            edition.id: _choose(edition, clauses[edition.id], pattern) for edition in self.editions
        }

    def of(self, exchange: Exchange) -> EditionClauses:
        """Return the contract of an exchange."""
        if not exchange.sent_at:
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


def _choose(edition: Edition, clauses: Iterable[Clause], pattern: str) -> EditionClauses:
    chosen = tuple(clause for clause in clauses if fnmatchcase(clause.id, pattern))
    return EditionClauses(edition, chosen)


def _newest_first(editions: Iterable[Edition]) -> list[Edition]:
    return sorted(editions, key=lambda edition: edition.published, reverse=True)


def _owner(edition: Edition) -> str:
    return _domain(urlsplit(edition.document).hostname or "")


def _domain(host: str) -> str:
    """Return the last two labels of a host; those of an address say nothing of its owner."""
    return ".".join(host.rsplit(".", 2)[-2:])
