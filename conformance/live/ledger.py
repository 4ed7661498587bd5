"""What one run has spent and may spend, shared by all of its processes.

SQLite keeps the sums right between processes and, where money is at stake, on the disk before a
request is sent. Moments are of the monotonic clock, so that no jump of the wall clock matters.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import ConformanceError
from conformance.live.circuit_breaker import Tried, in_vain

_TABLES = """
create table if not exists request (
  id integer primary key, provider text, aside real, estimate real, counted real, actual real,
  known integer
);
create table if not exists note (name text primary key, value);
create table if not exists tried (
  id integer primary key, provider text, model text, began real, ended real, why text,
  valid integer, asks text
);
"""
_PATIENCE = 60.0  # seconds until another process lets go of the ledger
_STOP = "stop"  # the name of its note
STOPPED = "the run was stopped; go on with --resume"
_CENT_FRACTION = 1e-9  # US dollars; what sums of binary fractions may be off by


class NotSentError(Exception):
    """A request that was not sent, why, and the US dollars that it would have cost."""

    def __init__(self, why: str, estimate: float) -> None:
        super().__init__(why)
        self.estimate = estimate


class InFlightError(NotSentError):
    """The same, but what is set aside for answers still to come may be given back."""


class LedgerError(ConformanceError):
    """A ledger that cannot be written; without it nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What was sent so far: requests, and US dollars, each of them counted once.

    By the price list, by usage (None where no answer said), and guessed where no price is known.
    """

    estimate: float
    actual: float | None
    guess: float
    requests: int
    counted: float
    """US dollars that count against the budget: all of these, and with them what is set aside
    for answers still to come."""
    pending: float = 0.0
    """US dollars of that which are set aside."""


class Ledger:
    """Counts money and requests; sets the dearest outcome aside before each request."""

    def __init__(
        self,
        path: Path | None = None,
        budget: float | None = None,
        most_requests: int | None = None,
    ) -> None:
        """Open the ledger at a path; without one it is in memory and this process's own."""
        self.budget = budget
        self.most_requests = most_requests
        self._where = path or "memory"
        try:
            self._db = sqlite3.connect(path or ":memory:", timeout=_PATIENCE, isolation_level=None)
            self._db.execute("pragma synchronous=full")
            with self._alone() as db:
                for statement in _TABLES.split(";"):
                    db.execute(statement)
        except sqlite3.Error as error:
            raise LedgerError(f"{self._where}: no ledger can be kept there: {error}") from None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def set_aside(
        self, provider: str, estimate: float, most: float, known: bool = True, model: str = ""
    ) -> int:
        """Set aside the most that a request may cost; gives its number.

        `estimate` is what it costs if all goes as it should; `known` says whether a price stands
        behind the most. Raises `NotSentError` where the
        request would cross the budget or the number of requests, or the run has been halted,
        or that model of it.
        """
        with self._alone() as db:
            self._check(db, provider, model, estimate, most)
            row = db.execute(
                "insert into request (provider, aside, estimate, known) values (?, ?, ?, ?)",
                (provider, most, estimate, known),
            )
            return int(row.lastrowid or 0)

    def settle(self, number: int, counted: float, actual: float | None, known: bool = True) -> None:
        """Put in the place of what was set aside what the request came to.

        `known` says whether a price stands behind what is counted.
        """
        with self._alone() as db:
            db.execute(
                "update request set counted = ?, actual = ?, known = ? where id = ?",
                (counted, actual, known, number),
            )

    def spent(self) -> Spent:
        """Give the sums so far."""
        with self._alone() as db:
            return _sums(db)

    def slot(self, provider: str, now: float, interval: float) -> float:
        """Give the moment at which the next request to a provider may be sent, and take it."""
        with self._alone() as db:
            at = max(now, _note(db, f"next {provider}") or now)
            _put(db, f"next {provider}", at + interval)
            return at

    def hold(self, provider: str, until: float) -> None:
        """Let nothing be sent to a provider before a moment."""
        with self._alone() as db:
            _put(db, f"next {provider}", max(until, _note(db, f"next {provider}") or until))

    def admitted(self, provider: str) -> bool:
        """Whether the provider has answered an authorised request, so that the key is good."""
        with self._alone() as db:
            return _note(db, f"admitted {provider}") is not None

    def admit(self, provider: str) -> None:
        """Remember that the key is good."""
        with self._alone() as db:
            _put(db, f"admitted {provider}", 1)

    def halt(self, provider: str, why: str) -> None:
        """Let nothing more be sent to a provider; the first reason stays."""
        with self._alone() as db:
            _halt(db, provider, why)

    def came_to(self, provider: str, tried: Tried) -> None:
        """Remember what a generation came to, and halt what is asked in vain."""
        with self._alone() as db:
            db.execute(
                "insert into tried (provider, model, began, ended, why, valid, asks) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                (
                    provider,
                    tried.model,
                    tried.began,
                    tried.ended,
                    tried.why,
                    tried.valid,
                    json.dumps(sorted(tried.asks)),
                ),
            )
            found = in_vain(provider, _tried(db, provider)) if tried.why is not None else None
            if found is not None:
                _halt(db, *found)

    def stop(self) -> None:
        """Let nothing more be sent to anybody."""
        with self._alone() as db:
            db.execute("insert or ignore into note values (?, ?)", (_STOP, STOPPED))

    def stopped(self) -> bool:
        """Whether the whole run was stopped."""
        with self._alone() as db:
            return _reason(db, _STOP) is not None

    def halted(self, provider: str) -> str | None:
        """Say why nothing is sent to a provider any more; None where it may be."""
        with self._alone() as db:
            return _reason(db, _STOP) or _reason(db, f"halt {provider}")

    def halts(self) -> list[str]:
        """Give the reasons for which providers are not asked any more."""
        with self._alone() as db:
            found = db.execute("select value from note where name like 'halt %' order by name")
            return [str(value) for (value,) in found]

    def _check(
        self, db: sqlite3.Connection, provider: str, model: str, estimate: float, most: float
    ) -> None:
        names = (_STOP, f"halt {provider}", f"halt {provider}/{model}")
        why = next((found for name in names if (found := _reason(db, name))), None)
        if why is not None:
            raise NotSentError(why, estimate)
        sums = _sums(db)
        if self.most_requests is not None and sums.requests >= self.most_requests:
            why = f"the {self.most_requests:,} requests of --max-requests are sent"
            raise NotSentError(why, estimate)
        if self.budget is not None and sums.counted + most > self.budget + _CENT_FRACTION:
            why = f"it may cost {most:.3f} USD, which would cross the budget of {self.budget:g} USD"
            waits = sums.counted - sums.pending + most <= self.budget + _CENT_FRACTION
            raise (InFlightError if waits else NotSentError)(why, estimate)

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """Read and write as one step, with no other process in between."""
        try:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")
        except sqlite3.Error as error:
            raise LedgerError(f"{self._where}: the ledger cannot be kept: {error}") from None


def _sums(db: sqlite3.Connection) -> Spent:
    requests, actual, listed, guessed, counted, pending = db.execute(
        "select count(*), sum(actual), "
        "total(case when actual is null and known then coalesce(counted, aside) end), "
        "total(case when actual is null and not known then coalesce(counted, aside) end), "
        "total(coalesce(actual, counted, aside)), "
        "total(case when counted is null then aside end) from request"
    ).fetchone()
    return Spent(
        estimate=round(listed, 6),
        actual=None if actual is None else round(actual, 6),
        guess=round(guessed, 6),
        requests=requests,
        counted=round(counted, 9),
        pending=round(pending, 9),
    )


def _reason(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("select value from note where name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def _halt(db: sqlite3.Connection, name: str, why: str) -> None:
    db.execute("insert or ignore into note values (?, ?)", (f"halt {name}", why))


def _tried(db: sqlite3.Connection, provider: str) -> list[Tried]:
    """Give the generations of a provider, the newest first."""
    found = db.execute(
        "select model, began, ended, why, valid, asks from tried "
        "where provider = ? order by id desc",
        (provider,),
    )
    return [
        Tried(model, began, ended, why, valid, frozenset(json.loads(asks)))
        for model, began, ended, why, valid, asks in found
    ]


def _note(db: sqlite3.Connection, name: str) -> float | None:
    row = db.execute("select value from note where name = ?", (name,)).fetchone()
    return float(row[0]) if row else None


def _put(db: sqlite3.Connection, name: str, value: float) -> None:
    db.execute("insert or replace into note values (?, ?)", (name, value))
