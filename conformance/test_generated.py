"""Properties of every request, tried on requests that hypothesis draws from the edition.

Collected with `--live` for providers that cost nothing, and for others with `--explore`; in
replay there is nothing to collect. `--hypothesis-profile` chooses how far to search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from conformance.cases import properties as drawn
from conformance.exploring import (
    conclude,
    connected,
    explore,
    explore_refusals,
    explored,
    fewer,
    is_free,
    profile,
)
from conformance.plugin import session_of
from conformance.properties import Explorer

if TYPE_CHECKING:
    from hypothesis import settings

    from conformance.cases.properties import Caps
    from conformance.exchange.client import Client
    from conformance.providers import Provider


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every property on every model."""
    config = metafunc.config
    found = explored(session_of(config), config.getoption("--explore"))
    names = [f"{provider.id}/{model}" for provider, model in found]
    values = [pytest.param(*each, id=name) for each, name in zip(found, names, strict=True)]
    metafunc.parametrize(("provider", "model"), values)


@pytest.fixture(scope="session")
def clients(pytestconfig: pytest.Config) -> Iterator[Callable[[Provider], Client]]:
    """Clients of providers, each connected once and closed at the end."""
    made: dict[str, Client] = {}
    with ExitStack() as closing:

        def client(provider: Provider) -> Client:
            if provider.id not in made:
                connection = connected(session_of(pytestconfig), provider)
                made[provider.id] = closing.enter_context(connection)
            return made[provider.id]

        yield client


@pytest.fixture
def explorer(
    pytestconfig: pytest.Config,
    clients: Callable[[Provider], Client],
    provider: Provider,
    model: str,
) -> Explorer:
    """What sends and judges the requests for one model."""
    session = session_of(pytestconfig)
    return Explorer(
        client=clients(provider),
        provider=provider,
        edition=session.edition,
        model=model,
        clauses=session.clauses,
        chosen=session.options.clauses,
        today=session.today,
    )


@pytest.fixture
def limits(pytestconfig: pytest.Config, provider: Provider) -> settings:
    """How far to search."""
    free = is_free(session_of(pytestconfig), provider)
    return profile(pytestconfig.getoption("--hypothesis-profile", None), free)


@pytest.fixture
def caps(pytestconfig: pytest.Config, provider: Provider) -> Caps:
    """How many images a request may ask for."""
    return drawn.FREE if is_free(session_of(pytestconfig), provider) else drawn.FEW


def test_valid_request_is_honoured(explorer: Explorer, limits: settings, caps: Caps) -> None:
    bodies = drawn.honoured(explorer.edition, explorer.documented, caps)
    conclude(explore(bodies, explorer.honours, limits))


def test_invalid_request_is_refused(explorer: Explorer, limits: settings) -> None:
    pairs = drawn.refused(explorer.edition, explorer.documented)
    conclude(explore_refusals(pairs, explorer.refuses, limits))


def test_n_above_the_limit_is_refused(explorer: Explorer, limits: settings) -> None:
    pairs = drawn.too_many(explorer.edition, explorer.documented)
    conclude(explore_refusals(pairs, explorer.refuses, fewer(limits)))


def test_response_format_decides(explorer: Explorer, limits: settings) -> None:
    bodies = drawn.formats(explorer.edition, explorer.documented)
    conclude(explore(bodies, explorer.formats, fewer(limits)))


def test_answer_depends_on_the_request(explorer: Explorer, limits: settings) -> None:
    pairs = drawn.between(explorer.edition, explorer.documented)
    conclude(explore(pairs, explorer.forgets, fewer(limits)))


def test_unknown_parameter_is_treated_alike(explorer: Explorer, limits: settings) -> None:
    places = drawn.placed(explorer.edition, explorer.documented)
    conclude(explore(places, explorer.places, fewer(limits)))
