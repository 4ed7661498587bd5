"""Live runs against a provider that is watched, and answers something else where told to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from conformance.contract import load_edition
from conformance.findings import Finding
from conformance.live.ledger import Spent
from conformance.reference.server import ReferenceServer
from conformance.results.case_result import CaseResult
from conformance.results.records import ExchangeRecord
from conformance.runner.live_run import LiveRun
from conformance.runner.options import Options
from conformance.runner.pool import Pool
from conformance.runner.session import Session

EDITION = load_edition()
KEY = "sk-live-for-tests-0123456789"
PAID = """
title = "Paid"
base_url = "http://127.0.0.1:1/v1"
default_key = "sk-live-for-tests-0123456789"
{more}
[models]
{models}
[prices]
source = "made up for tests"
date = "2026-01-01"
[prices.image]
"dall-e-2" = {{default = 0.02}}
"dall-e-3" = {{default = 0.04}}
"qwen-image" = {{default = 0.05}}
[prices.tokens]
"gpt-image-1-mini" = {{input_text = 2, output_image = 8}}
"""

Answer = Callable[[int, str], Response | None]
"""Given how many generations came before and the path, what to answer instead; None: the truth."""
ByBody = Callable[[Any], Response | None]
"""The same, given what is asked for, as JSON."""


@dataclass
class CountingServer:
    """The reference provider behind an eye that counts."""

    application: ASGIApp
    answer: Answer | None = None
    by_body: ByBody | None = None
    pause: float = 0.0  # seconds before any answer
    gate: threading.Event = field(default_factory=threading.Event)
    """Answers that are sent while it is not set wait for it; set unless a test clears it."""
    held_from: int = 0  # the generation from which on they wait, counted from 0
    posts: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        override = None
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            self.asked.append((scope["method"], scope["path"]))
            override = self.answer(self.posts, scope["path"]) if self.answer else None
            number, self.posts = self.posts, self.posts + (scope["method"] == "POST")
            if self.by_body is not None and scope["method"] == "POST" and override is None:
                body, receive = await _read_body(receive)
                override = self.by_body(body)
            await asyncio.sleep(self.pause)
            while number >= self.held_from and not self.gate.is_set():
                await asyncio.sleep(0.01)
        await (override or self.application)(scope, receive, send)


async def _read_body(receive: Receive) -> tuple[Any, Receive]:
    """Read a body as JSON; return it, and what receives it once more."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    text = b"".join(message.get("body", b"") for message in messages)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    try:
        return json.loads(text), again
    except ValueError:
        return None, again


@dataclass
class Clock:
    """A monotonic clock that only sleeping moves; remembers every sleep, in seconds."""

    now: float = 1000.0
    naps: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@contextmanager
def serve_counting(
    answer: Answer | None = None, **options: Any
) -> Iterator[tuple[str, CountingServer]]:
    """Serve; yield the base URL and what is counted."""
    server = ReferenceServer(EDITION, key=KEY, **options)
    eye = CountingServer(server._application, answer)
    eye.gate.set()
    server._application = eye
    with server:
        try:
            yield server.base_url, eye
        finally:
            eye.gate.set()


def images(response: Response, start: int = 0, stop: int | None = None) -> Answer:
    """Answer generations with something else, from one of them up to another."""

    def answer(number: int, path: str) -> Response | None:
        among = start <= number and (stop is None or number < stop)
        return response if among and "images" in path else None

    return answer


def answer_instead(values: Mapping[str, Any], response: Response) -> ByBody:
    """Answer generations that ask for some values with something else."""

    def answer(body: Any) -> Response | None:
        return response if isinstance(body, dict) and values.items() <= body.items() else None

    return answer


def error(
    status: int, code: str = "", kind: str = "x", param: str | None = None, **headers: str
) -> Response:
    """Return an error as the API writes it."""
    body = {"error": {"message": "no", "type": kind, "code": code or None, "param": param}}
    header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse(body, status, header_fields)


def paid_toml(folder: Path, *models: str, more: str = "") -> str:
    """Write a provider that bills, and return its path."""
    path = folder / "paid.toml"
    lines = "\n".join(f'"{model}" = "{model}"' for model in models)
    path.write_text(PAID.format(models=lines, more=more))
    return str(path)


def embedded_toml(model: str, key: str = "sk-reference-conformance") -> str:
    """Describe the reference provider as one of a user's, with one model."""
    return (
        'title = "A provider with one model"\nbase_url = "http://127.0.0.1:1/v1"\n'
        f'default_key = "{key}"\nembedded = true\n[models]\n"{model}" = "{model}"\n'
    )


def deviation_toml(clause: str, *cases: str) -> str:
    """Describe a known deviation that does not expire."""
    return (
        f'[[deviations]]\nclause = "{clause}"\ncases = {list(cases or "*")}\n'
        'reason = "planted"\nsince = "2026-01-01"\nexpires = "2099-01-01"\n'
    )


@contextmanager
def session(folder: Path, base_url: str, *models: str, more: str = "", **options: Any) -> Any:
    """Return a session that sends to a server, and waits for nothing."""
    provider = paid_toml(folder, *(models or ("dall-e-2",)), more=more)
    values = {"live": True, "base_url": base_url, "budget": 9.0, **options}
    live_session = Session(Options(providers=(provider,), **values))
    clock = Clock()
    live_session.__dict__["live"] = LiveRun(live_session.options, clock, clock.sleep)
    live_session.__dict__["clock"] = clock
    try:
        yield live_session
    finally:
        live_session.close()


def judge_all(live_session: Session, threads: int = 0) -> Mapping[str, CaseResult]:
    """Judge every selected case, in order, or by several threads."""
    (engine,) = live_session.engines
    cases = [case for case, _ in live_session.selected(engine)]
    engine.expect(cases)
    if threads:
        engine.begin_pool(lambda *_: None)
        Pool([(engine, case) for case in cases], threads).wait()
    return {case.path: engine.judged(case) for case in cases}


@dataclass(frozen=True)
class LiveResult:
    """A live run that has ended: who was asked, and what it came to."""

    eye: CountingServer
    session: Session
    results: Mapping[str, CaseResult]

    @property
    def posts(self) -> int:
        return self.eye.posts

    @property
    def halts(self) -> list[str]:
        """Why nothing more was sent."""
        return self.session.live.ledger.halts()

    @property
    def spent(self) -> Spent:
        return self.session.live.ledger.spent()

    @property
    def clock(self) -> Clock:
        clock: Clock = self.session.__dict__["clock"]
        return clock

    @property
    def verdicts(self) -> set[str]:
        return verdicts(self.results)

    def record(self, path: str) -> ExchangeRecord:
        """Return what is kept of the exchange of a case, by model and id."""
        record = self.results[path].record
        assert record is not None
        return record

    def finding(self, path: str, clause: str) -> Finding:
        return self.results[path].findings[clause]


def run_live(
    folder: Path,
    answer: Answer | None = None,
    *models: str,
    by_body: ByBody | None = None,
    threads: int = 0,
    served: Sequence[str] = tuple(EDITION.models),
    pause: float = 0.0,
    takes: float = 0.0,
    check: Callable[[Session], None] = lambda _: None,
    **options: Any,
) -> LiveResult:
    """Check what comes first, then judge every selected case, and wait for nothing.

    An answer `takes` so many seconds by the clock of the run, and is `pause` seconds late by ours.
    """
    with (
        serve_counting(answer, models=served) as (url, eye),
        session(folder, url, *models, **options) as live_session,
    ):
        eye.by_body, eye.pause = by_body, pause
        if takes:
            eye.answer = _slowly(answer, live_session.__dict__["clock"], takes)
        check(live_session)
        return LiveResult(eye, live_session, judge_all(live_session, threads))


def _slowly(answer: Answer | None, clock: Clock, seconds: float) -> Answer:
    def answered(number: int, path: str) -> Response | None:
        clock.now += seconds
        return answer(number, path) if answer else None

    return answered


def verdicts(results: Mapping[str, CaseResult]) -> set[str]:
    """Every verdict that occurs."""
    return {finding.verdict.value for one in results.values() for finding in one.findings.values()}
