"""Generated requests, sent and judged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from conformance.cases.schema_keywords import check_keywords
from conformance.clauses.locators import is_loopback
from conformance.generated.failures import UNAVAILABLE as UNAVAILABLE
from conformance.generated.failures import Broken as Broken
from conformance.generated.failures import Check as Check
from conformance.generated.failures import Falsified as Falsified
from conformance.generated.failures import conclude as conclude
from conformance.providers import Provider
from conformance.runner.session import Session

_MOST_ROUNDS = 20
_SHRINKS = 5  # times the examples, where requests cost
_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,  # what is worth keeping becomes a documented case, not a local file
    "print_blob": False,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
_UNSHRUNK = (Phase.explicit, Phase.generate)
_SHRUNK = (*_UNSHRUNK, Phase.target, Phase.shrink)
PROFILES = {
    "reference": settings(max_examples=2000, derandomize=False, phases=_SHRUNK, **_COMMON),
    "live": settings(max_examples=5, derandomize=False, phases=_UNSHRUNK, **_COMMON),
    "ci": settings(max_examples=20, derandomize=True, phases=_SHRUNK, **_COMMON),
}
"""How far to search, by the name that `--hypothesis-profile` takes."""


class Bounded:
    """A check that sends only so many different examples, and remembers what those broke."""

    def __init__(self, check: Check, most: int) -> None:
        self._check, self._most = check, most
        self._known: dict[str, tuple[Broken, ...]] = {}

    def __call__(self, example: Any) -> tuple[Broken, ...]:
        """Try an example; beyond the bound a new one counts as harmless."""
        key = repr(example)
        if key not in self._known:
            if len(self._known) >= self._most:
                return ()
            self._known[key] = tuple(self._check(example))
        return self._known[key]


def explore_refusals(drawn: SearchStrategy[Any], check: Check, limits: settings) -> list[Falsified]:
    """Try a property of requests that are to be refused, as `explore` does.

    They are shrunk even where requests cost, as a refusal is free; but what is accepted, and the
    controls, are not, so that no more than five times the examples are sent.
    """
    if Phase.shrink in limits.phases:
        return explore(drawn, check, limits)
    bounded = Bounded(check, _SHRINKS * limits.max_examples)
    return explore(drawn, bounded, settings(limits, phases=_SHRUNK))


class BrokenError(AssertionError):
    """An example that breaks a promise; each promise has a subclass of its own."""

    def __init__(self, broken: Broken, others: tuple[str, ...]) -> None:
        super().__init__(broken.message)
        self.broken, self.others = broken, others


@cache
def error_for(id_: str) -> type[BrokenError]:
    """Give the exception of one promise: hypothesis tells failures apart by their type."""
    return type(f"Broken[{id_}]", (BrokenError,), {})


def explore(drawn: SearchStrategy[Any], check: Check, limits: settings) -> list[Falsified]:
    """Try a property; gives one smallest example for every promise that some example breaks.

    Where one promise is broken by all requests it would hide the others, so what was found is
    set aside and the search goes on; but only once where shrinking is off, as requests cost.
    """
    found: dict[str, Falsified] = {}
    for _ in range(_MOST_ROUNDS if Phase.shrink in limits.phases else 1):
        new = _search(drawn, check, limits, frozenset(found))
        found |= {each.broken.id: each for each in new}
        if not new:
            break
    return list(found.values())


def _search(
    drawn: SearchStrategy[Any], check: Check, limits: settings, known: frozenset[str]
) -> list[Falsified]:
    @limits
    @given(drawn)
    def tried(example: Any) -> None:
        broken = list(check(example))
        new = next((each for each in broken if each.id not in known), None)
        if new is not None:
            others = dict.fromkeys(each.id for each in broken if each.id != new.id)
            raise error_for(new.id)(new, tuple(others))

    try:
        tried()
    except BrokenError as error:
        return [Falsified(error.broken, error.others)]
    except BaseExceptionGroup as group:
        errors = list(_leaves(group))
        if not errors:
            raise  # a fault of ours, and shown as one
        return [Falsified(each.broken, each.others, isinstance(group, Flaky)) for each in errors]
    return []


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BrokenError]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        elif isinstance(each, BrokenError):
            yield each


def profile(name: str | None, free: bool) -> settings:
    """Give the limits that were named; else by what requests cost, and by where this runs.

    Raises hypothesis' InvalidArgument for a name that nobody has registered.
    """
    if name is None:
        unpaid = "ci" if os.environ.get("CI") else "reference"
        name = unpaid if free else "live"
    if name in PROFILES:
        return PROFILES[name]
    return settings(settings.get_profile(name), deadline=None, database=None)


def fewer(limits: settings) -> settings:
    """Give the limits of a property that says little, or takes several requests an example."""
    return settings(limits, max_examples=max(2, limits.max_examples // 2))


def register_profiles() -> None:
    """Let `--hypothesis-profile` know our names; hypothesis has a `ci` of its own, which stays."""
    for name in ("reference", "live"):
        settings.register_profile(name, PROFILES[name])


def explored(session: Session, paid: bool) -> list[tuple[Provider, str]]:
    """Say which models of which providers generated requests are sent to.

    They go to what costs nothing: the embedded provider, at its own address or on loopback.
    ``paid`` adds every other provider that was selected, and what is to be recorded. Raises
    UnknownKeywordError where a request schema says what nothing would be drawn for.
    """
    options = session.options
    if options.mode == "replay" or options.cases != "*" or (options.mode == "record" and not paid):
        return []
    found = [
        (provider, model)
        for provider in session.providers
        if paid or is_free(session, provider)
        for model in provider.models
        if fnmatchcase(model, options.models)
    ]
    for model in {model for _, model in found}:
        check_keywords(session.edition.model(model))
    return found


def is_free(session: Session, provider: Provider) -> bool:
    """Whether its requests cost nothing: it is our own, and it is here."""
    base_url = session.options.base_url
    local = base_url is None or is_loopback(urlsplit(base_url).hostname or "")
    return provider.embedded and local
