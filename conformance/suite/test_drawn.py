"""The properties over requests that were drawn and recorded: data, so nothing is drawn here.

Collected in replay where a provider has such recordings; see
`conformance.exchange.cassettes.example_manifest`.
"""

from __future__ import annotations

from functools import cache
from itertools import chain

import pytest

from conformance.errors import ConformanceError
from conformance.exchange.cassettes.example_manifest import Example, recorded_examples
from conformance.generated.example_recorder import DrawnSource, try_all
from conformance.generated.properties import Explorer, Falsified, conclude
from conformance.plugin import session_of
from conformance.runner.engine import Engine
from conformance.runner.session import Session


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every property on every model that it was recorded for, and each known deviation."""
    session = session_of(metafunc.config)
    models = list(session.recorded_models())
    if "deviation" in metafunc.fixturenames:
        metafunc.parametrize(("engine", "deviation"), _deviations(session, models))
        return
    values = [
        pytest.param(engine, model, examples, id=f"{engine.provider.id}/{model}/{name}")
        for engine, model in models
        for name, examples in recorded_examples(session.library(engine.provider), model).items()
    ]
    metafunc.parametrize(("engine", "model", "examples"), values)


def _deviations(session: Session, models: list[tuple[Engine, str]]) -> list[object]:
    """Return the deviations of generated requests that this run can say anything of."""
    if not session.options.whole:
        return []
    return [
        pytest.param(engine, deviation.name, id=f"{engine.provider.id}/{deviation.name}")
        for engine in dict(models)
        for deviation in engine.provider.deviations
        if deviation.of_generated
    ]


def test_recorded_request(
    pytestconfig: pytest.Config, engine: Engine, model: str, examples: list[Example]
) -> None:
    falsified, _ = try_examples(session_of(pytestconfig), engine, model, examples)
    conclude(falsified)


def test_deviation_still_occurs(
    pytestconfig: pytest.Config, engine: Engine, deviation: str
) -> None:
    occurred = occurred_deviations(session_of(pytestconfig), engine)
    if deviation not in occurred:
        why = f"deviation {deviation} no longer occurs in what was drawn; remove it"
        pytest.fail(f"{engine.provider.file}: {why}", pytrace=False)


@cache
def occurred_deviations(session: Session, engine: Engine) -> set[str]:
    """Name the deviations that excuse anything drawn."""
    occurred = set[str]()
    for owner, model in session.recorded_models():
        if owner is engine:
            recorded = recorded_examples(session.library(engine.provider), model).values()
            occurred |= try_examples(session, engine, model, list(chain.from_iterable(recorded)))[1]
    return occurred


def try_examples(
    session: Session, engine: Engine, model: str, examples: list[Example]
) -> tuple[list[Falsified], set[str]]:
    """Try recorded examples; return what they falsify, and the deviations that excused some."""
    source = DrawnSource(engine.source)
    explorer = Explorer.of(session, source, engine.provider, model)
    try:
        falsified = try_all(examples, lambda name: getattr(explorer, name), source)
    except ConformanceError as error:
        pytest.fail(str(error), pytrace=False)
    return falsified, explorer.occurred
