"""What tests share: the reference provider on loopback, a client of it, and the edition."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.testing
from hypothesis import settings
from typer.main import get_command

from conformance.contract import Edition, load_edition
from conformance.exchange.model import Provenance
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.proof.proving import Proof
from conformance.reference.server import ReferenceServer
from tests.extent import LONG, examples
from tests.processes import serve_forks

# `make test` tries the same examples every time; `make long` looks for others
settings.register_profile("tests", max_examples=examples(100), derandomize=not LONG)
settings.load_profile("tests")
DEAR = (
    "page proof", "sentences edition traceability model_names contract_editions", "generated",
    "plugin", "ci_page", "hostile_provider",
    "live_runs", "lost_workers", "good_nights", "live_sending", "no_false_alarm", "hostile_files",
    "live_values", "recorders", "fuzz", "strategies", "standard_streams", "cli",
    "check", "money", "planning",
)  # fmt: skip
"""Starts of the names of modules that take long, and so begin first.

Modules of one row run on one worker: they share what is dear to make, as do tests of one module.
"""

pytest_plugins = ["pytester", "tests.browser", "tests.pages"]
# they assert for tests, and hold the fixtures of those that name them as their plugin
pytest.register_assert_rewrite(
    "tests.sending",
    "tests.generating",
    "tests.living",
    "tests.shown",
    "tests.sums",
    "tests.wheel",
    "tests.workflows",
)
# looking for circles of objects as often as Python does takes a sixth of the time of all tests
gc.set_threshold(100_000, 50, 50)
# Typer makes all commands anew for each invocation, which takes longer than most of them
typer.testing._get_command = cache(get_command)  # type: ignore[attr-defined]
REFERENCE_KEY = "sk-reference-for-tests-0123456789"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: what only `make long` runs; others deselect it")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        serve_forks()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is long to `make long`: it is counted as deselected. Begin with what is dear."""
    left_out = [] if LONG else [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    order = [*DEAR, ""]
    selected = (item for item in items if item not in left_out)
    items[:] = sorted(selected, key=lambda item: (order.index(_dear(item.path.stem)), _opens(item)))


def _opens(item: pytest.Item) -> bool:
    """Return whether a test opens the browser, which is started once for those of a row."""
    return "browser" in getattr(item, "fixturenames", ())


@cache
def _dear(module: str) -> str:
    """Return the row of DEAR that a module belongs to, or nothing."""
    name = module.removeprefix("test_")
    return next((row for row in DEAR if name.startswith(tuple(row.split()))), "")


def pytest_collection_finish() -> None:
    gc.freeze()  # modules and items stay until the end


def pytest_unconfigure() -> None:
    gc.freeze()  # what is left ends with the process: pytest need not look for circles in it


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # the plugin has one, for what it judges
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler of pytest-xdist that deals out modules, in the order of the items."""
    from conformance.suite.xdist import TogetherScheduling

    class ByModule(TogetherScheduling):
        """Deals out modules: to deal out single tests takes the square of their number."""

        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return _dear(Path(module).stem) or module

    config.option.loadscopereorder = False
    return ByModule(config, log)


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
    with Proof(edition) as shared:
        yield shared


@pytest.fixture(autouse=True)
def _pipes_stay_errors() -> Iterator[None]:
    """A command called in process lets a broken pipe end it; the tests after it must not end so."""
    before = signal.getsignal(signal.SIGPIPE)
    yield
    signal.signal(signal.SIGPIPE, before)
