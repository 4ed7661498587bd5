"""By which edition a recording is judged: the one that was chosen, or that of its day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from urllib.parse import urlsplit

from conformance.clauses import clauses_of, select
from conformance.clauses.registry import Clause
from conformance.contract import Edition, edition_ids, load_edition
from conformance.exchange.model import Exchange
from conformance.recordings.readers.foreign_exchange import UNNAMED


@dataclass(frozen=True, slots=True)
class Contract:
    """An edition with the clauses that were chosen of it."""

    edition: Edition
    clauses: tuple[Clause, ...]


class Contracts:
    """One edition, by which every exchange is judged."""

    def __init__(
        self, edition: Edition, clauses: Iterable[Clause] | None = None, pattern: str = "*"
    ) -> None:
        self.pattern = pattern
        found = clauses_of(edition) if clauses is None else clauses
        self.default = Contract(edition, tuple(e for e in found if fnmatchcase(e.id, pattern)))

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The editions that may judge, the default one first."""
        return (self.default.edition,)

    def of(self, exchange: Exchange) -> Contract:  # noqa: ARG002 - for those that look at its day
        """Return the contract of an exchange."""
        return self.default


class ContractsByDay(Contracts):
    """The edition of the day on which an exchange was recorded.

    It is the newest one that was published by then and knows the model: of the document of the
    host's own domain, where an edition is of it; else of the document of the default edition, or
    of any, that has the model by its name. Without a day, or where there is none, it is the
    default edition.
    """

    def __init__(self, default: Edition, pattern: str = "*") -> None:
        super().__init__(default, pattern=pattern)
        others = (load_edition(name) for name in edition_ids() if name != default.id)
        self._others = tuple(sorted(others, key=lambda each: each.published, reverse=True))
        every = [clause for edition in self.editions for clause in clauses_of(edition)]
        select(every, pattern)  # or say what is wrong with it
        self._contract = cache(lambda edition: Contracts(edition, pattern=pattern).default)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The editions that may judge, the default one first."""
        return (self.default.edition, *self._others)

    def of(self, exchange: Exchange) -> Contract:
        """Return the contract of an exchange."""
        if not exchange.sent_at:
            return self.default
        day = datetime.fromtimestamp(exchange.sent_at, UTC).date().isoformat()
        found = self._of_day(exchange.provider, exchange.model, day)
        return self._contract(found) if found else self.default

    def _of_day(self, host: str, model: str, day: str) -> Edition | None:
        newest = sorted(self.editions, key=lambda each: each.published, reverse=True)
        published = [edition for edition in newest if edition.published <= day]
        owner = _domain(host)
        if any(_owner(edition) == owner for edition in newest):
            own = (edition for edition in published if _owner(edition) == owner)
            return next((each for each in own if model == UNNAMED or each.find(model)), None)
        naming = [edition for edition in published if _names(edition, model)]
        ours = _owner(self.default.edition)
        naming.sort(key=lambda edition: _owner(edition) != ours)
        return next(iter(naming), None)


def _names(edition: Edition, model: str) -> bool:
    """Return whether an edition has a model by its name, or as a dated snapshot of one."""
    found = edition.find(model)
    return found is not None and (found.named or found.snapshot_of is not None)


def _owner(edition: Edition) -> str:
    return _domain(urlsplit(edition.document).hostname or "")


def _domain(host: str) -> str:
    """Return the last two labels of a host; those of an address say nothing of its owner."""
    return ".".join(host.rsplit(".", 2)[-2:])
