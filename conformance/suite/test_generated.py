"""Properties of every request, tried on requests that hypothesis draws from the edition.

Collected with `--live` for providers that cost nothing, and for others with `--explore`; with
`--record-mode` and `--explore` what was drawn is recorded. Replay runs `test_drawn` instead.
`--hypothesis-profile` chooses how far to search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from conformance.generated import strategies as drawn
from conformance.generated.example_recorder import DrawnSource, ExampleRecorder
from conformance.generated.properties import Explorer, conclude
from conformance.generated.search import (
    explore,
    explore_refusals,
    explored,
    fewer,
    is_free,
    profile,
)
from conformance.plugin import session_of

if TYPE_CHECKING:
    from hypothesis import settings

    from conformance.exchange.source import Source
    from conformance.generated.properties import Check
    from conformance.generated.strategies import Caps
    from conformance.providers import Provider


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every property on every model."""
    config = metafunc.config
    pairs = explored(session_of(config), config.getoption("--explore"))
    names = [f"{provider.id}/{model}" for provider, model in pairs]
    values = [pytest.param(*pair, id=name) for pair, name in zip(pairs, names, strict=True)]
    metafunc.parametrize(("provider", "model"), values)


Keep = Callable[["Check"], "Check"]


@pytest.fixture
def source(pytestconfig: pytest.Config, provider: Provider) -> Source:
    """Return what sends requests, and records them where the run does."""
    session = session_of(pytestconfig)
    (engine,) = [engine for engine in session.engines if engine.provider.id == provider.id]
    return DrawnSource(engine.source) if session.options.mode == "record" else engine.source


@pytest.fixture
def keep(
    request: pytest.FixtureRequest, provider: Provider, model: str, source: Source
) -> Iterator[Keep]:
    """Keep what was drawn as data, where it is recorded."""
    if not isinstance(source, DrawnSource):
        yield lambda check: check
        return
    name = request.node.originalname.removeprefix("test_").replace("_", "-")
    recorder = ExampleRecorder(session_of(request.config).library(provider), model, name, source)
    yield recorder.recording
    recorder.write()


@pytest.fixture
def explorer(
    pytestconfig: pytest.Config, source: Source, provider: Provider, model: str
) -> Explorer:
    """Return what sends and judges the requests for one model."""
    return Explorer.of(session_of(pytestconfig), source, provider, model)


@pytest.fixture
def free(pytestconfig: pytest.Config, provider: Provider) -> bool:
    """Return whether requests are neither billed nor recorded, so that there may be many."""
    session = session_of(pytestconfig)
    return is_free(session, provider) and session.options.mode == "live"


@pytest.fixture
def limits(pytestconfig: pytest.Config, free: bool) -> settings:
    """Return how far to search."""
    return profile(pytestconfig.getoption("--hypothesis-profile", None), free)


@pytest.fixture
def caps(free: bool) -> Caps:
    """Return how many images a request may ask for."""
    return drawn.FREE if free else drawn.FEW


def test_valid_request_is_honoured(
    explorer: Explorer, limits: settings, caps: Caps, keep: Keep
) -> None:
    bodies = drawn.honoured(explorer.edition, explorer.documented, caps)
    conclude(explore(bodies, keep(explorer.accepts_valid), limits))


def test_invalid_request_is_refused(explorer: Explorer, limits: settings, keep: Keep) -> None:
    pairs = drawn.refused(explorer.edition, explorer.documented)
    conclude(explore_refusals(pairs, keep(explorer.refuses_invalid), limits))


def test_n_above_the_limit_is_refused(explorer: Explorer, limits: settings, keep: Keep) -> None:
    pairs = drawn.too_many(explorer.edition, explorer.documented)
    conclude(explore_refusals(pairs, keep(explorer.refuses_invalid), fewer(limits)))


def test_response_format_decides(explorer: Explorer, limits: settings, keep: Keep) -> None:
    bodies = drawn.formats(explorer.edition, explorer.documented)
    conclude(explore(bodies, keep(explorer.follows_format), fewer(limits)))


def test_answer_depends_on_the_request(explorer: Explorer, limits: settings, keep: Keep) -> None:
    pairs = drawn.between(explorer.edition, explorer.documented)
    conclude(explore(pairs, keep(explorer.is_stateless), fewer(limits)))


def test_unknown_parameter_is_treated_alike(
    explorer: Explorer, limits: settings, keep: Keep
) -> None:
    places = drawn.placed(explorer.edition, explorer.documented)
    conclude(explore(places, keep(explorer.treats_unknown_alike), fewer(limits)))
