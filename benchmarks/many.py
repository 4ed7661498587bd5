"""A pytest plugin: the suite's own items, over the samples instead of an edition's cases."""

from __future__ import annotations

from functools import cached_property

import pytest

from benchmarks.samples import Plan
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import REDACTED_KEY, Provenance
from conformance.exchange.source import Client, Replay, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.plugin import SESSION
from conformance.runner.engine import Engine
from conformance.runner.options import Options
from conformance.runner.session import Session
from conformance.version import tool


class ManySession(Session):
    """A session whose one provider has as many cases as there are samples."""

    def __init__(self, plan: Plan) -> None:
        cassettes = plan.folder / "cassettes"
        output = plan.folder / "run.jsonl"
        options = Options(providers=(str(plan.provider),), cassettes=cassettes, output=output)
        super().__init__(options)
        self.plan = plan
        self.clauses = plan.select(self.edition)

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """The engine over the samples, replayed as every cassette is."""
        (provider,) = self.providers
        target = Target(provider.id, provider.base_url, REDACTED_KEY, provider.models)
        transport = Transport(Limits(), AddressPolicy.for_provider(provider.base_url))
        library = CassetteLibrary(self.options.cassettes, provider.id, self.edition.id, tool())
        source = Replay(Client(target, transport, Provenance.CASSETTE), library)
        cases = self.plan.cases
        return (Engine(provider, self.edition, self.clauses, cases, source, self.today),)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Stand in for the session that the options would make."""
    config.stash[SESSION] = ManySession(Plan.read())
