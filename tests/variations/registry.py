"""What a variation is: the truthful provider with one thing done otherwise, and as well.

It is planted as a defect is. Its docstring says what is varied. Where it takes away what a
clause speaks of, it names that clause; every other clause passes wherever it passed before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.exchange.model import Exchange

if TYPE_CHECKING:
    from conformance.reference.defects.planting import Plant

Later = Callable[[Exchange], Exchange]


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
    name: str,
    *takes: str,
    later: Later | None = None,
    varied: str = "",
) -> Callable[[Plant], Plant]:
    """Register a variation, and the clauses that have nothing to speak of any more.

    What is varied is said by ``varied``, else by the docstring.
    """

    def register(plant: Plant) -> Plant:
        assert name not in REGISTRY, f"variation {name!r} is there twice"
        said = varied or " ".join((plant.__doc__ or "").split())
        assert said, f"variation {name!r} does not say what is varied"
        more = {} if later is None else {"later": later}
        REGISTRY[name] = Variation(name, said, plant, takes, **more)
        return plant

    return register
