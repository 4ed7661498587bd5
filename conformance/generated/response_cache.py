"""What drawn requests were answered, so that one that was answered is not paid for again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from conformance.cases.model import Case
from conformance.cases.request import body_bytes
from conformance.exchange.model import Exchange, Response
from conformance.exchange.outcome import Result, outcome_of

MOST_BYTES = 64_000_000
"""Bytes of answers and their images that are remembered; the oldest go first."""


@dataclass(slots=True)
class Memory:
    """The answers to the last requests of one provider, as many as fit."""

    most: int = MOST_BYTES
    held: int = 0  # bytes
    _known: OrderedDict[str, tuple[Exchange, int]] = field(default_factory=OrderedDict)

    def recall(self, case: Case) -> Exchange | None:
        """Give the exchange of an equal request, or None."""
        found = self._known.get(_name(case))
        if found is None:
            return None
        self._known.move_to_end(_name(case))
        return found[0]

    def keep(self, case: Case, exchange: Exchange) -> None:
        """Remember what a request came to first, unless that is nothing or too large.

        What the same request came to later stands against it, where a property repeats it.
        """
        size, name = _size(exchange), _name(case)
        worthless = size > self.most or outcome_of(exchange).result is Result.UNAVAILABLE
        if worthless or name in self._known:
            return
        self._known[name] = exchange, size
        self.held += size
        while self.held > self.most:
            _, (_, gone) = self._known.popitem(last=False)
            self.held -= gone


def _name(case: Case) -> str:
    digest = hashlib.sha256(body_bytes(case)).hexdigest()
    return f"{case.path}/{case.method}/{case.authorization}/{case.content_type}/{digest}"


def _size(exchange: Exchange) -> int:
    responses = (exchange.response, *(each.response for each in exchange.downloads))
    return len(exchange.request.body) + sum(map(_bytes, responses))


def _bytes(response: Response | None) -> int:
    return len(response.body) if response else 0
