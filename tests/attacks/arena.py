"""Attacks against the real suite: recorded, judged, written, replayed, and reported."""

from __future__ import annotations

import io
import itertools
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from rich.console import Console

from conformance.exchange.source import RecordMode
from conformance.findings import Finding
from conformance.output.files import write_text
from conformance.reports import folder, print_runs, summarize
from conformance.results.records import RunFooter
from conformance.results.run_file import Run, RunWriter, read_run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.attacks.model import API, BASE64_CASE, KEY, PUBLIC, Attack
from tests.attacks.provider import HostileProvider
from tests.attacks.watching import Activity, record_activity

PROVIDER = """\
title = "Hostile"
base_url = "http://{host}:{port}/{attack}/v1"
free = true
key_variable = "HOSTILE_KEY"
[models]
"dall-e-3" = "dall-e-3"
"gpt-image-1" = "gpt-image-1"
"""
NAMES: Mapping[str, Sequence[Sequence[str]]] = {
    API: [[PUBLIC]],
    "rebinding.test": [[PUBLIC], ["169.254.169.254"], ["127.0.0.1"]],
    "mixed.test": [["127.0.0.1", PUBLIC]],
    "inside.test": [["10.0.0.5"]],
    "metadata.test": [["169.254.169.254"]],
    "loop.test": [["127.0.0.1", "::1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "translated.test": [["64:ff9b::7f00:1"]],
    "crowd.test": [[f"20.20.{n >> 8}.{n & 255}" for n in range(21, 2021)]],
}


class FakeNetwork:
    """Names that lead where an attacker wants, and a public address that leads to loopback."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reached: set[str] = set()
        self._answers: dict[str, Iterator[Sequence[str]]] = {}
        self._resolve = socket.getaddrinfo
        self._connect = httpcore.SyncBackend.connect_tcp

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of the resolver, and of what connects."""
        patch.setattr(socket, "getaddrinfo", self.resolve)
        network = self

        def connect(backend: Any, host: str, port: int, *more: Any, **options: Any) -> Any:
            network.reached.add(host)
            if host != PUBLIC:
                raise httpcore.ConnectError("nobody there")
            return network._connect(backend, "127.0.0.1", network.port, *more, **options)

        patch.setattr(httpcore.SyncBackend, "connect_tcp", connect)

    def resolve(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        """Answer as DNS would; a number is read as every system reads it."""
        name = host.lower().rstrip(".")
        if name not in NAMES:
            flags = socket.AI_NUMERICHOST
            return self._resolve(host, port, type=socket.SOCK_STREAM, flags=flags)
        if name not in self._answers:
            answers = NAMES[name]
            self._answers[name] = itertools.chain(answers, itertools.repeat(answers[-1]))
        return [_entry(answer, port) for answer in next(self._answers[name])]


def _entry(address: str, port: int) -> Any:
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    return (family, socket.SOCK_STREAM, 6, "", (address, port))


@dataclass
class Fought:
    """What came of one attack."""

    findings: list[Finding]  # of the case that was attacked
    after: list[Finding]  # of the next case, which was answered honestly
    replayed: list[Finding] | None  # the first again, from its cassette; None without one
    run: Run
    seen: Activity
    reached: set[str]
    seconds: float


@dataclass
class ReportOutputs:
    """The reports of some runs: what the screen shows, the documents by name, and what was done."""

    screen: str
    documents: Mapping[str, str]
    seen: Activity


def fight(
    attack: Attack, provider: HostileProvider, folder: Path, patch: pytest.MonkeyPatch
) -> Fought:
    """Run the suite against one attack in a folder, by a provider of the attack's name."""
    network = FakeNetwork(provider.port)
    network.install(patch)
    patch.setenv("HOSTILE_KEY", KEY)
    patch.chdir(folder)
    text = PROVIDER.format(host=API, port=provider.port, attack=attack.name)
    Path(f"{attack.name}.toml").write_text(text)
    provider.forget()
    naps: list[float] = []
    start = time.monotonic()
    with record_activity() as seen:
        findings, after = _judge(attack, RecordMode.REWRITE, naps)
        has_cassette = Path("cassettes", attack.name, f"{attack.case}.yaml").is_file()
        replayed = _judge(attack, None, naps)[0] if has_cassette else None
        run = read_run(Path(f"reports/{attack.name}-record.jsonl"))
    seconds = time.monotonic() - start + sum(naps)  # as if it had waited
    return Fought(findings, after, replayed, run, seen, network.reached, seconds)


@contextmanager
def _session(attack: Attack, mode: RecordMode | None) -> Iterator[Session]:
    path = f"./{attack.name}.toml"
    session = Session(Options((path,), record_mode=mode, limits=attack.limits))
    try:
        yield session
    finally:
        session.close()


def _judge(
    attack: Attack, mode: RecordMode | None, naps: list[float]
) -> tuple[list[Finding], list[Finding]]:
    """Judge the case that is attacked, and one more, and write the run file as a run does.

    What it would wait before it asks again is not waited, and is added to `naps`, in seconds.
    """
    with _session(attack, mode) as session:
        session.live.sleep = naps.append
        [engine] = session.engines
        path = Path(f"reports/{attack.name}-{'replay' if mode is None else 'record'}.jsonl")
        writer = RunWriter(path, session.header())
        findings_by_case = []
        for name in dict.fromkeys((attack.case, BASE64_CASE)):
            result = engine.judged(engine.cases[name])
            if result.record is not None:
                writer.add(result.record)
            for observation in result.observations:
                writer.add(observation)
            for finding in result.findings.values():
                writer.add(finding)
            findings_by_case.append(list(result.findings.values()))
        writer.close(RunFooter(finished="", complete=True, conclusion=1))
    return findings_by_case[0], findings_by_case[-1]


def report_runs(runs: Sequence[Run]) -> ReportOutputs:
    """Report runs in every format."""
    screen = io.StringIO()
    with record_activity() as seen:
        summary = summarize(runs)
        print_runs(summary, Console(file=screen, width=100, color_system=None))
        documents = folder(summary)
        for name, text in documents.items():
            write_text(Path("reports", name), text)
    return ReportOutputs(screen.getvalue(), documents, seen)
