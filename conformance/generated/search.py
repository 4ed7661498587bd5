"""Search with hypothesis: profiles, and which providers are explored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.strategies import SearchStrategy

from conformance.cases.schema_keywords import check_keywords
from conformance.exchange.transport.special_addresses import is_loopback
from conformance.generated.properties import BrokenPromise, Check, Falsified
from conformance.output.globs import matches
from conformance.providers import Provider
from conformance.runner.session import Session

_MOST_ROUNDS = 20
_SHRINKS = 5  # times the examples, where requests cost
_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,  # findings become documented cases, not local files
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


class BoundedCheck:
    """A check of a bounded number of distinct examples, whose results are cached."""

    def __init__(self, check: Check, limit: int) -> None:
        self._check, self._limit = check, limit
        self._results: dict[str, tuple[BrokenPromise, ...]] = {}

    def __call__(self, example: Any) -> tuple[BrokenPromise, ...]:
        """Check an example; beyond the bound a new example breaks nothing."""
        key = repr(example)
        if key not in self._results:
            if len(self._results) >= self._limit:
                return ()
            self._results[key] = tuple(self._check(example))
        return self._results[key]


def explore_refusals(drawn: SearchStrategy[Any], check: Check, limits: settings) -> list[Falsified]:
    """Explore a property of requests that must be refused, as `explore` does.

    Examples are shrunk even on a paid provider, because refusals are free. Controls and accepted
    requests are billed, so at most five times the number of examples is sent.
    """
    if Phase.shrink in limits.phases:
        return explore(drawn, check, limits)
    bounded = BoundedCheck(check, _SHRINKS * limits.max_examples)
    return explore(drawn, bounded, settings(limits, phases=_SHRUNK))


class BrokenError(AssertionError):
    """An example that breaks a promise; every promise has its own subclass."""

    def __init__(self, broken: BrokenPromise, others: tuple[str, ...]) -> None:
        super().__init__(broken.message)
        self.broken, self.others = broken, others


@cache
def _error_for(id_: str) -> type[BrokenError]:
    """Return the exception class of a promise: hypothesis distinguishes failures by type."""
    return type(f"Broken[{id_}]", (BrokenError,), {})


def explore(drawn: SearchStrategy[Any], check: Check, limits: settings) -> list[Falsified]:
    """Explore a property; return the smallest example of every promise that is broken.

    A promise that every request breaks would hide the others, so known ones are set aside and the
    search is repeated; only once without shrinking, because those requests are billed.
    """
    smallest: dict[str, Falsified] = {}
    for _ in range(_MOST_ROUNDS if Phase.shrink in limits.phases else 1):
        found = _search(drawn, check, limits, frozenset(smallest))
        smallest |= {falsified.broken.id: falsified for falsified in found}
        if not found:
            break
    return list(smallest.values())


def _search(
    drawn: SearchStrategy[Any], check: Check, limits: settings, known: frozenset[str]
) -> list[Falsified]:
    @limits
    @given(drawn)
    def tried(example: Any) -> None:
        broken = list(check(example))
        new = next((promise for promise in broken if promise.id not in known), None)
        if new is not None:
            others = dict.fromkeys(promise.id for promise in broken if promise.id != new.id)
            raise _error_for(new.id)(new, tuple(others))

    try:
        tried()
    except BrokenError as error:
        return [Falsified(error.broken, error.others)]
    except BaseExceptionGroup as group:
        leaves = list(_leaves(group))
        errors = [leaf for leaf in leaves if isinstance(leaf, BrokenError)]
        expected = (BrokenError, HypothesisException)
        if not errors or not all(isinstance(leaf, expected) for leaf in leaves):
            raise  # an error of the suite itself, which no finding beside it may hide
        is_flaky = isinstance(group, Flaky)
        return [Falsified(error.broken, error.others, is_flaky) for error in errors]
    return []


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def profile(name: str | None, free: bool) -> settings:
    """Return the named profile; by default the one for the price of requests and for CI.

    Raises hypothesis' InvalidArgument for a name that nobody has registered.
    """
    if name is None:
        unpaid = "ci" if os.environ.get("CI") else "reference"
        name = unpaid if free else "live"
    if name in PROFILES:
        return PROFILES[name]
    return settings(settings.get_profile(name), deadline=None, database=None)


def fewer(limits: settings) -> settings:
    """Return the profile with half the examples, for properties with several requests each."""
    return settings(limits, max_examples=max(2, limits.max_examples // 2))


def register_profiles() -> None:
    """Let `--hypothesis-profile` know our names; hypothesis has a `ci` of its own, which stays."""
    for name in ("reference", "live"):
        settings.register_profile(name, PROFILES[name])


def explored(session: Session, paid: bool) -> list[tuple[Provider, str]]:
    """Return the providers and models that generated requests are sent to.

    Only the embedded provider is free, at its own address or on loopback. ``paid`` adds every
    other selected provider, and recording. Raises UnknownKeywordError if a request schema has a
    keyword that nothing would be drawn for.
    """
    options = session.options
    if options.mode == "replay" or options.cases != "*" or (options.mode == "record" and not paid):
        return []
    pairs = [
        (provider, model)
        for provider in session.providers
        if paid or is_free(session, provider)
        for model in provider.models
        if not session.standing(provider, model).retired
        if matches(model, options.models)
    ]
    for model in {model for _, model in pairs}:
        check_keywords(session.edition.model(model))
    return pairs


def is_free(session: Session, provider: Provider) -> bool:
    """Return whether requests are free: the embedded provider on this machine."""
    base_url = session.options.base_url
    local = base_url is None or is_loopback(urlsplit(base_url).hostname or "")
    return provider.embedded and local
