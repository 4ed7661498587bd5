"""The clauses: each a small pure function with its metadata beside it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from conformance.clauses.subject import Problem, Subject
from conformance.contract import Edition, Level
from conformance.exchange.sent_request import SentRequest

Judge = Callable[[Subject], Iterator[Problem]]
Binding = Callable[[SentRequest], bool]
About = TypeVar("About")


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding that speaks of something which not every edition has, such as a parameter."""

    binds: Binding
    possible: Callable[[Edition], bool]

    def __call__(self, sent: SentRequest) -> bool:
        """Return whether a request is bound."""
        return self.binds(sent)


def predicate(binding: Binding) -> Binding:
    """Return what a binding asks of a request, without what it says of editions."""
    return binding.binds if isinstance(binding, Bound) else binding


def possible_in(binding: Binding, edition: Edition) -> bool:
    """Return whether an edition has what a binding speaks of."""
    return binding.possible(edition) if isinstance(binding, Bound) else True


class Needs(StrEnum):
    """Which answer a clause can speak of; any other is *not testable* or *unavailable*."""

    BYTES = "whatever came, even where it decides nothing"
    ANSWER = "any answer at all"
    DECISION = "an answer that is neither 429, 5xx nor a failure"
    ACCEPTANCE = f"{DECISION}, or none at all where its control gets one"
    SUCCESS = "a 2xx answer"
    REFUSAL = "a decision about a request that its control shows to be the only fault"
    ERROR = "a 4xx answer"


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a source says it: the source's id in the edition, and the place in it."""

    source: str
    section: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise: its metadata and its judge."""

    id: str
    level: Level
    statement: str
    citations: tuple[Reference, ...]
    binds: Binding
    needs: Needs
    judge: Judge
    how: str

    @property
    def chapter(self) -> str:
        """The first part of the id."""
        return self.id.partition(".")[0]


REGISTRY: dict[str, Clause] = {}


cite = Reference


def register(
    name: str,
    level: Level,
    statement: str,
    *citations: Reference,
    binds: Binding,
    needs: Needs = Needs.SUCCESS,
    judge: Judge,
    how: str,
) -> None:
    """Register a clause under an id (``name``) that is never used again.

    ``how`` is the published text that says how it judges.
    """
    if name in REGISTRY:
        raise ValueError(f"clause id {name!r} is used twice")
    text = inspect.cleandoc(how)
    REGISTRY[name] = Clause(name, level, statement, citations, binds, needs, judge, text)


def clause(
    name: str,
    level: Level,
    statement: str,
    *citations: Reference,
    binds: Binding,
    needs: Needs = Needs.SUCCESS,
) -> Callable[[Judge], Judge]:
    """Register the decorated judge; its docstring is the clause's ``how``."""

    def decorate(judge: Judge) -> Judge:
        how = judge.__doc__ or ""
        register(name, level, statement, *citations, binds=binds, needs=needs, judge=judge, how=how)
        return judge

    return decorate


@dataclass(frozen=True, slots=True)
class Shape(Generic[About]):
    """What several clauses of one shape share; calling it registers one more of them.

    The judge gets the exchange and ``about``, the one thing in which the clauses differ.
    """

    judge: Callable[[Subject, About], Iterator[Problem]]
    needs: Needs = Needs.SUCCESS
    binds: Binding | None = None  # where the clauses of the shape bind the same requests

    def __call__(
        self,
        name: str,
        level: Level,
        statement: str,
        *citations: Reference,
        binds: Binding | None = None,
        about: About,
        how: str,
    ) -> None:
        """Register a clause of this shape."""
        shared_or_own = binds or self.binds
        if shared_or_own is None:
            raise ValueError(f"clause {name!r} says of no request that it binds it")
        register(
            name,
            level,
            statement,
            *citations,
            binds=shared_or_own,
            needs=self.needs,
            judge=lambda subject: self.judge(subject, about),
            how=how,
        )
