"""What happens to providers in a year: drawn from a seed, and known to nobody who judges them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from conformance.lifecycle import Lifecycle
from conformance.providers import Provider
from conformance.providers.prices import Prices

if TYPE_CHECKING:
    from tests.year_nights import Night

FIRST = date(2025, 1, 1)
NAMES = ("dall-e-2", "dall-e-3", "gpt-image-1-mini", "qwen-image")
BY_TOKENS = "gpt-image-1-mini"
REGRESSION = "count.one-by-default"
_QUIET = 3  # nights without an event at the beginning, and between two events of a model


@dataclass(slots=True)
class Model:
    """One model: when the provider's file has it, when it ends, and whether it keeps to that."""

    name: str
    since: int
    until: int | None
    manner: str  # "keeps", "longer", "early" or "substitutes"
    regressions: tuple[range, ...] = ()
    flaky: frozenset[int] = frozenset()  # nights of one bad answer, which a repeat does not confirm

    def known(self, day: int) -> bool:
        """Return whether the provider's file has it."""
        return day >= self.since

    def behaviour(self, day: int) -> str:
        """Return how the provider treats it on a day: "served", "gone" or "substituted"."""
        until = self.until
        if until is None or day < until - 3 * (self.manner == "early"):
            return "served"
        if self.manner == "longer" and day < until + 4:
            return "served"
        return "substituted" if self.manner == "substitutes" and day < until + 4 else "gone"

    def broken(self, day: int) -> bool:
        """Return whether it is in one of its regressions."""
        return any(day in nights for nights in self.regressions)

    def expected(self, day: int) -> str | None:
        """Return the clause of which a night is to say that it was kept and is not any more."""
        treated, until = self.behaviour(day), self.until
        if until is None or day < until:
            early = "models.served-until-end"
            return early if treated == "gone" else REGRESSION if self.broken(day) else None
        if treated == "substituted":
            return "models.no-silent-substitution"
        return "models.retired-refused" if treated == "served" and day > until else None


@dataclass(slots=True)
class Script:
    """A provider's year."""

    name: str
    models: tuple[Model, ...]
    outages: dict[int, str]  # by night: how it fails
    kills: frozenset[int]
    prices: tuple[tuple[int, float], ...]  # since which night an image costs so much
    at_midnight: bool  # whether its runs cross midnight
    played: list[Night] = field(default_factory=list)

    def day(self, number: int) -> date:
        """Return the date of a night."""
        return FIRST + timedelta(days=number)

    def price(self, day: int) -> float:
        """Return what an image costs, and a million image tokens divided by 100."""
        return next(usd for since, usd in reversed(self.prices) if day >= since)

    def provider(self, day: int) -> Provider:
        """Return the provider's file as it is on a day: somebody keeps it."""
        models = [model for model in self.models if model.known(day)]
        usd = self.price(day)
        ends = {model.name: self.day(model.until) for model in models if model.until is not None}
        return Provider(
            id=self.name,
            title=self.name,
            base_url="https://reference.example/v1",
            default_key="sk-a-year",
            models={model.name: model.name for model in models},
            prices=Prices(
                source="the script",
                date=str(self.day(day)),
                image={model.name: {"default": usd} for model in models},
                tokens={BY_TOKENS: {"input_text": 2, "output_image": usd * 100}},
            ),
            lifecycles={
                name: Lifecycle(until=until, source="the script", retrieved=str(FIRST))
                for name, until in ends.items()
            },
        )


def draw_year(name: str, nights: int, seed: int) -> Script:
    """Draw a provider's year."""
    rng = random.Random(seed)
    at_midnight = bool(seed % 2)
    models = tuple(_model(rng, name, rank, nights) for rank, name in enumerate(NAMES))
    for model in models:  # on the eve it would be both too early and, by then, in time
        model.manner = "keeps" if at_midnight and model.manner == "early" else model.manner
    kinds = ("503", "429", "connect", "timeout")
    free = range(_QUIET, nights)
    outages = {night: rng.choice(kinds) for night in rng.sample(free, max(1, nights // 30))}
    kills = frozenset(rng.sample(free, max(1, nights // 25))) - outages.keys()
    changes = sorted(rng.sample(free, max(1, nights // 120)))
    prices = ((0, 0.02), *((night, round(rng.uniform(0.01, 0.09), 3)) for night in changes))
    return Script(name, models, outages, kills, prices, at_midnight)


def _model(rng: random.Random, name: str, rank: int, nights: int) -> Model:
    since = 0 if rank < 2 else rng.randrange(nights // 2)
    may_end = rank > 0 and nights - since > 20  # one is always there
    until = rng.randrange(since + 10, nights) if may_end and rng.random() < 0.8 else None
    manner = rng.choice(("keeps", "keeps", "longer", "early", "substitutes"))
    last = (nights if until is None else until) - 2 * _QUIET
    return Model(
        name, since, until, manner, tuple(_regressions(rng, since, last)), _flaky(rng, since, last)
    )


def _regressions(rng: random.Random, since: int, last: int) -> Iterator[range]:
    night = since + _QUIET + rng.randrange(40)
    while night < last:
        stop = min(night + rng.randrange(1, 6), last)
        yield range(night, stop)
        night = stop + _QUIET + rng.randrange(90)


def _flaky(rng: random.Random, since: int, last: int) -> frozenset[int]:
    nights = range(since + _QUIET, max(last, since + _QUIET))
    return frozenset(night for night in nights if rng.random() < 0.02)
