"""What a variation is: the truthful provider with one thing done otherwise, and as well.

It is planted as a defect is. Its docstring says what is varied. Where it takes away what a
clause speaks of, it names that clause; every other clause passes wherever it passed before.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.exchange.model import Exchange

if TYPE_CHECKING:
    from conformance.reference.defects.planting import Plant

Later = Callable[[Exchange], Exchange]
Change = TypeVar("Change", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Variation:
    """One legal way to answer otherwise."""

    id: str
    varied: str
    plant: Plant
    takes: tuple[str, ...] = ()
    later: Later = lambda exchange: exchange
    """What is done to an exchange that cannot be done by a server, such as to let time pass."""


REGISTRY: dict[str, Variation] = {}


def legal(
    where: Callable[[Change], Plant],
    name: str,
    *takes: str,
    later: Later | None = None,
    varied: str = "",
) -> Callable[[Change], Change]:
    """Register a variation, and the clauses that have nothing to speak of any more.

    What is varied is said by ``varied``, else by the docstring.
    """

    def register(change: Change) -> Change:
        assert name not in REGISTRY, f"variation {name!r} is there twice"
        said = varied or " ".join((change.__doc__ or "").split())
        assert said, f"variation {name!r} does not say what is varied"
        more = {} if later is None else {"later": later}
        REGISTRY[name] = Variation(name, said, where(change), takes, **more)
        return change

    return register


def legal_rows(into: Callable[[Any], Plant], rows: Mapping[str, tuple[Any, ...]]) -> None:
    """Register variations of one step, by name: what is varied, the change, and what that takes."""
    for name, (varied, change, *takes) in rows.items():
        legal(into, name, *takes, varied=varied)(change)


def members(**more: object) -> Callable[..., None]:
    """Put members into a body."""
    return lambda body, *_: body.update(copy.deepcopy(more))


def no_members(*names: str) -> Callable[..., None]:
    """Take members out of a body, where it has them."""

    def change(body: dict[str, Any], *_: object) -> None:
        for name in names:
            body.pop(name, None)

    return change


def reverse(body: dict[str, Any], *_: object) -> None:
    """Turn the order of the members of a body."""
    members = dict(reversed(body.items()))
    body.clear()
    body.update(members)
