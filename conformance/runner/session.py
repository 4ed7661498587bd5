"""What one invocation runs: its providers, each with cases, clauses and a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path

from conformance.cases.documented import all_cases
from conformance.cases.model import Case, needed_for
from conformance.cases.own_requests import read_own_requests
from conformance.clauses import clauses_of, select
from conformance.clauses.extensions import load_plugins
from conformance.clauses.own_requests import clauses_of_own
from conformance.clauses.registry import Clause
from conformance.contract import load_edition
from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.cassettes.example_manifest import (
    MANIFEST,
    recorded_cassettes,
    recorded_providers,
)
from conformance.exchange.model import REDACTED_KEY, Provenance
from conformance.exchange.source import Client, Live, Record, RecordMode, Replay, Source, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.transport import Transport
from conformance.lifecycle import Standing
from conformance.live.budget import CostEstimate, check_affordable, estimate_cost
from conformance.live.ledger import LostRequest
from conformance.live.plan import cases_of, cheapest_first
from conformance.live.sender import Sender
from conformance.output.counting import dollars, write_count
from conformance.output.globs import matches
from conformance.providers import Provider, load_provider
from conformance.providers.asked import (
    cassette_options,
    check_selected,
    edition_of,
    nothing_selected,
    selected,
    with_asked_models,
)
from conformance.results.records import RunHeader
from conformance.results.run_file import read_header
from conformance.results.standings import day_of
from conformance.runner.engine import Engine
from conformance.runner.header import header_of
from conformance.runner.live_run import LiveRun, once
from conformance.runner.model_outcomes import CONTROL_AGAIN
from conformance.runner.options import Options
from conformance.runner.output_path import check_output, is_being_written, ledger_of
from conformance.runner.provider_claims import check_names
from conformance.runner.resume import InterruptedRun
from conformance.version import tool

CONCURRENCY = 8  # requests at once to a provider on a network; each thread waits for one answer
LOST = "its answer was lost when an earlier run was killed, and may be billed; --resend sends it"


class Session:
    """The engines of one invocation, closed together."""

    def __init__(self, options: Options) -> None:
        load_plugins(options.plugins)
        if options.provider is None and not options.providers:
            options = replace(options, providers=tuple(recorded_providers(options.cassettes)))
        providers = [load_provider(name) for name in dict.fromkeys(options.providers)]
        edition = edition_of(options.edition, providers)
        self.today = options.today or _day_of_start(options)
        """The day of the run in UTC: that of its start, however long it goes on."""
        self.options = replace(options, edition=edition, today=self.today)
        self.started = datetime.now(UTC)
        self._closing = ExitStack()
        self.edition = load_edition(edition)
        file = options.requests
        self.own_requests = None if file is None else read_own_requests(file)
        own_clauses = clauses_of_own(self.own_requests) if self.own_requests else ()
        self.all_clauses = (*clauses_of(self.edition), *own_clauses)
        self.clauses = select(self.all_clauses, options.clauses)
        for provider in providers if options.provider is None else (options.provider,):
            check_names(provider, self.edition, self.all_clauses)

    @cached_property
    def providers(self) -> tuple[Provider, ...]:
        """The providers that were named, or all that have cassettes; an error where none has."""
        if self.options.provider is not None:
            return (self.options.provider,)
        if not self.options.providers:
            raise ConformanceError(
                f"there are no cassettes in {self.options.cassettes}; "
                f"name a --provider and --live, or the folder with --cassettes"
            )
        models = self.options.models
        providers = tuple(
            with_asked_models(load_provider(name), self.edition, models, self.today)
            for name in dict.fromkeys(self.options.providers)
        )
        if self.options.base_url is None:
            return providers
        if len(providers) != 1:
            raise ConformanceError("--base-url goes with exactly one --provider")
        return (providers[0].at(self.options.base_url),)

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """One engine a provider, with the cases that were selected."""
        known = {model for provider in self.providers for model in provider.models}
        check_selected(known, self.options.models, self.edition)
        return tuple(self._engine(provider) for provider in self.providers)

    @cached_property
    def live(self) -> LiveRun:
        """The part that sends."""
        live = LiveRun(self.options, billed=self.billed)
        self._closing.callback(live.close)
        return live

    @property
    def billed(self) -> bool:
        """Return whether any provider bills, so that nothing that was paid for may be lost."""
        return any(not provider.prices.free for provider in self.providers)

    @property
    def concurrency(self) -> int:
        """Requests at once: several where an answer takes long; the embedded one is quick."""
        embedded = all(self.is_embedded(provider) for provider in self.providers)
        return self.options.concurrency or (1 if embedded else CONCURRENCY)

    @cached_property
    def resumed(self) -> InterruptedRun | None:
        """What is taken over from an earlier run; None where none was named."""
        path = self.options.resume
        return None if path is None else InterruptedRun.read(path, self)

    @cached_property
    def cost_estimate(self) -> CostEstimate:
        """What the requests still to be sent will cost."""
        return estimate_cost(self._to_send(), self.edition)

    def check_affordable(self) -> None:
        """Refuse what nobody allowed to cost so much, and a run that cannot be resumed.

        Raises `ConformanceError` before anything is sent; does nothing in replay.
        """
        options = self.options
        if not options.sends:
            return
        self.live.confirmer  # noqa: B018 - a run file that cannot be read is an error now
        terms = options.budget, options.max_requests, options.partial
        billed = [provider.option for provider in self.providers if not provider.prices.free]
        lost = [self.resumed.counted(request) for request in self._lost] if self.resumed else []
        check_affordable(self.cost_estimate, *terms, billed, lost)

    def is_embedded(self, provider: Provider) -> bool:
        """Return whether a provider is the embedded one, at no address of its own."""
        return provider.embedded and self.options.base_url is None

    def prepare(self, run_file: Path | None) -> None:
        """Begin a ledger beside the run file, and take over what an earlier run has judged."""
        self.live.ledger_file = ledger_of(run_file) if run_file is not None else None
        self.live.ledger  # noqa: B018 - one that cannot be written is an error now
        resumed = self.resumed
        if resumed is None:
            return
        for engine in self.engines:
            engine.take_over(resumed.judged(engine))
            # what was lost counts against this budget too (ARCHITECTURE 13)
            lost = resumed.lost(engine)
            for request in lost.values():
                self.live.ledger.carry_over(request, resumed.counted(request))
            if not self.options.resend:
                unsent = {path: engine.not_sent_again(engine.cases[path], LOST) for path in lost}
                engine.take_over(unsent)

    def lost_answers(self) -> str | None:
        """Say what a resumed run may have been billed for, whose answers were not kept."""
        lost = self._lost
        if not lost:
            return None
        requests = write_count(len(lost), "request")
        usd = sum(request.usd for request in lost)
        fate = "are sent again" if self.options.resend else "are not sent again without --resend"
        return (
            f"{requests} of {self.options.resume} may be billed, and the answers are lost: "
            f"{dollars(usd)} at most, counted as spent; they {fate}"
        )

    @property
    def _lost(self) -> list[LostRequest]:
        """The requests of the run that is resumed whose answers were not kept."""
        if self.resumed is None:
            return []
        return [
            request for engine in self.engines for request in self.resumed.lost(engine).values()
        ]

    def _to_send(self) -> Iterator[tuple[Provider, Case]]:
        for engine in self.engines:
            settled = set[str]()
            if self.resumed is not None:
                settled = {*self.resumed.judged(engine)}
                settled |= set() if self.options.resend else {*self.resumed.lost(engine)}
            for case, _ in self.selected(engine):
                for path, needed in needed_for(case, engine.cases).items():
                    if path not in settled:
                        yield engine.provider, needed

    def standing(self, provider: Provider, model: str) -> Standing:
        """Return when a model ends, and the day by which it is judged (ARCHITECTURE 41).

        What is replayed is judged as it was when it was recorded.
        """
        dates = provider.lifecycle(model, self.edition)
        replays = not self.options.sends and dates.until is not None
        recorded = self.library(provider).recorded_on(model) if replays else None
        return Standing(dates, recorded or self.today)

    def check(self) -> None:
        """Find every mistake of a user that can be seen before a run begins.

        Raises `ConformanceError`.
        """
        if self.options.output is not None:
            check_output(self.options.output, self.options)
        for engine in self.engines:
            if not any(True for _ in self.selected(engine)):
                raise nothing_selected(engine.provider.id)
        self.check_confirming()
        self.check_affordable()

    def check_confirming(self) -> None:
        """Refuse a baseline where nothing is sent again: it would be read by nobody."""
        if self.options.baseline is not None and not self.options.live:
            raise ConformanceError(
                "--baseline is for a live run, which sends again what got worse; name --live, or "
                "set the runs side by side with image-conformance drift"
            )

    def selected(self, engine: Engine) -> Iterator[tuple[Case, list[Clause]]]:
        """Yield the cases of a provider that are to be judged, each with its clauses."""
        options = self.options
        for case in engine.cases.values():
            is_listed = options.paths is None or case.path in options.paths
            is_of_model = matches(case.model, options.models)
            if is_listed and is_of_model and matches(case.id, options.cases):
                clauses = engine.planned(case)
                if clauses:
                    yield case, clauses

    def header(self) -> RunHeader:
        """Return what a run file says first."""
        return header_of(self)

    def unused_cassettes(self) -> list[str]:
        """Name the cassettes that no case of the edition plays, and payloads of no cassette."""
        if self.options.sends or not self.options.whole:
            return []
        problems = []
        for engine in self.engines:
            library = self.library(engine.provider)
            models = list(engine.provider.models)
            # an accepted request that was sent once more is recorded under a name of its own
            control_repeats = (Case(CONTROL_AGAIN, model) for model in models)
            all_planned = all_cases(self.edition, models)  # of all depths
            cases = (*all_planned, *engine.cases.values(), *control_repeats)
            used = {library.path(case) for case in cases} | recorded_cassettes(library)
            unused = sorted(library.files() - used)
            problems += [
                f"{path}: no case of {self.edition.id} uses it; remove it" for path in unused
            ]
            problems += [
                f"{path}: no cassette uses it; remove it" for path in sorted(library.orphans())
            ]
        return problems

    def recorded_models(self) -> Iterator[tuple[Engine, str]]:
        """Name the selected models for which drawn requests were recorded, in replay."""
        if self.options.sends or self.options.cases != "*":
            return
        for engine in self.engines:
            folder = self.library(engine.provider).directory
            for model in selected(engine.provider.models, self.options.models, self.edition):
                if (folder / model / MANIFEST).is_file():
                    yield engine, model

    def close(self) -> None:
        """Close connections and stop the embedded provider."""
        self._closing.close()

    def _engine(self, provider: Provider) -> Engine:
        standings = {model: self.standing(provider, model) for model in provider.models}
        retired = [model for model, standing in standings.items() if standing.retired]
        options = self.options
        cases = cases_of(
            self.edition,
            provider,
            models=options.models,
            cases=options.cases,
            strength=options.strength,
            depth=options.depth,
            own_requests=self.own_requests,
            retired=retired,
        )
        sends = options.sends
        if sends and not provider.prices.free:  # in the order of the plan (ARCHITECTURE 19)
            cases = cheapest_first(self.edition, provider, cases)
        return Engine(
            provider,
            self.edition,
            self.clauses,
            cases,
            self._source(provider),
            self.today,
            self.live if sends else None,
            options.limits,
            standings,
        )

    def _source(self, provider: Provider) -> Source:
        live_client = once(lambda: self.live_client(provider))
        if self.options.sends:
            provider.key()  # a missing key is an error before anything is sent
        if self.options.live:
            return Live(live_client)
        target = Target(provider.id, provider.base_url, REDACTED_KEY, provider.models)
        player = Client(target, self._transport(provider, replays=True), Provenance.CASSETTE)
        replay = Replay(player, self.library(provider))
        if not self.options.sends:
            self._check_recorded(provider, replay.library)
            return replay
        mode = self.options.record_mode or RecordMode.NONE

        def halt(why: str) -> None:
            sentence = f"provider {provider.id!r}: {why}; nothing more is sent"
            self.live.ledger.halt(provider.id, sentence)

        return Record(live_client, replay, mode, halt)

    def _check_recorded(self, provider: Provider, library: CassetteLibrary) -> None:
        models = selected(provider.models, self.options.models, self.edition)
        if {path.parent.name for path in library.files()}.isdisjoint(models):
            of = f" of {', '.join(models)}" if self.options.models != "*" else ""
            raise ConformanceError(
                f"provider {provider.id!r} has no cassettes{of} in {library.directory}; name "
                f"another folder with --cassettes, record them with --record-mode rewrite, or send "
                f"real requests with --live"
            )

    def live_client(self, provider: Provider) -> Sender:
        """Return what sends to a provider; the embedded one is started, unless it is elsewhere."""
        provenance = Provenance.LIVE
        base_url, key = provider.base_url, provider.key()
        if self.is_embedded(provider):
            from conformance.reference.server import ReferenceServer

            reference = ReferenceServer(self.edition, key=key, models=provider.models)
            server = self._closing.enter_context(reference)
            base_url, key = server.base_url, server.key
            provenance = Provenance.REFERENCE
        provider = provider.at(base_url)
        target = Target(provider.id, base_url, key, provider.models)
        wait = partial(self.live.rest, provider.id)
        transport = self._transport(provider, replays=False)
        client = Client(target, transport, provenance, rest=wait)
        return self.live.sender(client, provider, self.edition)

    def _transport(self, provider: Provider, replays: bool) -> Transport:
        policy = AddressPolicy.for_provider(provider.base_url)
        return self._closing.enter_context(Transport(self.options.limits, policy, replays))

    def library(self, provider: Provider) -> CassetteLibrary:
        """Return the cassettes of a provider."""
        folder = self.options.cassettes
        options = cassette_options(provider, str(self.options.edition), folder)
        return CassetteLibrary(folder, provider.id, self.edition.id, tool(), options)


def _day_of_start(options: Options) -> date:
    """Return the day in UTC of a run that begins now; one that is resumed keeps its own."""
    path = options.resume
    # what is being written is refused later, in words of its own
    if path is None or is_being_written(path):
        return datetime.now(UTC).date()
    return day_of(read_header(path))
