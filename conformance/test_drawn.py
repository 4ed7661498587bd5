"""The properties over requests that were drawn and recorded: data, so nothing is drawn here.

Collected in replay where a provider has such recordings; see `conformance.drawn`.
"""

from __future__ import annotations

import pytest

from conformance.drawn import DrawnSource, Example, recorded_examples, try_all
from conformance.errors import ConformanceError
from conformance.falsified import conclude
from conformance.plugin import session_of
from conformance.properties import Explorer
from conformance.runs.engine import Engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every property on every model that it was recorded for."""
    session = session_of(metafunc.config)
    values = [
        pytest.param(engine, model, examples, id=f"{engine.provider.id}/{model}/{name}")
        for engine, model in session.recorded_models()
        for name, examples in recorded_examples(session.library(engine.provider), model).items()
    ]
    metafunc.parametrize(("engine", "model", "examples"), values)


def test_recorded_request(
    pytestconfig: pytest.Config, engine: Engine, model: str, examples: list[Example]
) -> None:
    session = session_of(pytestconfig)
    source = DrawnSource(engine.source)
    explorer = Explorer(
        client=source,
        provider=engine.provider,
        edition=session.edition,
        model=model,
        clauses=session.clauses,
        chosen=session.options.clauses,
        today=session.today,
        limits=session.options.limits,
    )
    try:
        found = try_all(examples, lambda name: getattr(explorer, name), source)
    except ConformanceError as error:
        pytest.fail(str(error), pytrace=False)
    conclude(found)
