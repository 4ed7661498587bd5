"""What tests share: the reference provider on loopback, a client of it, and the edition."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from conformance.contract import Edition, load_edition
from conformance.exchange.client import Client, Target
from conformance.exchange.model import Provenance
from conformance.exchange.transport.transport import AddressPolicy, Limits, Transport
from conformance.proof import Proof
from conformance.reference.server import ReferenceServer
from tests.extent import LONG, examples

settings.register_profile("tests", max_examples=examples(100))
settings.load_profile("tests")
KEPT_TOGETHER = (
    "blocked", "ci_page", "drawn_replay", "edition_changes", "edition_making", "ground_truth",
    "live_runs", "live_stopping", "looking_ahead", "no_false_alarm", "page", "planning", "plugin",
    "proof", "sdk_", "strategies", "whole",
)  # fmt: skip
"""Starts of the names of modules whose tests share what is dear to make, so on one worker."""

pytest_plugins = ["pytester", "tests.browser", "tests.pages"]
# they assert for tests, and hold the fixtures of those that name them as their plugin
pytest.register_assert_rewrite(
    "tests.sending",
    "tests.generating",
    "tests.living",
    "tests.sums",
    "tests.wheel",
    "tests.workflows",
)
REFERENCE_KEY = "sk-reference-for-tests-0123456789"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: what only `make long` runs; others deselect it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is long to `make long`: it is counted as deselected."""
    left_out = [] if LONG else [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # the plugin has one, for what it judges
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give pytest-xdist our scheduler, which keeps some modules together."""
    from conformance.suite.xdist import TogetherScheduling

    class Scheduling(TogetherScheduling):
        """The suite's own scheduling, with modules that are kept together."""

        def _split_scope(self, nodeid: str) -> str:
            name = Path(nodeid.partition("::")[0]).stem.removeprefix("test_")
            kept = (each for each in KEPT_TOGETHER if name.startswith(each))
            return next(kept, None) or super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def reference() -> Iterator[ReferenceServer]:
    with ReferenceServer(load_edition(), key=REFERENCE_KEY) as server:
        yield server


@pytest.fixture(scope="session")
def reference_client(reference: ReferenceServer) -> Iterator[Client]:
    models = {name: name for name in load_edition().models}
    target = Target("reference", reference.base_url, reference.key, models)
    policy = AddressPolicy.for_provider(reference.base_url)
    with Transport(Limits(), policy) as transport:
        yield Client(target, transport, Provenance.REFERENCE)


@pytest.fixture(scope="session")
def edition() -> Edition:
    return load_edition()


@pytest.fixture(scope="session")
def proof(edition: Edition) -> Iterator[Proof]:
    """Return a proof that has judged the truth; the modules of that name are on one worker."""
    with Proof(edition) as made:
        yield made


@pytest.fixture(autouse=True)
def _pipes_stay_errors() -> Iterator[None]:
    """A command called in process lets a broken pipe end it; the tests after it must not end so."""
    before = signal.getsignal(signal.SIGPIPE)
    yield
    signal.signal(signal.SIGPIPE, before)
