"""64 images from a provider that takes long for each, eight at once, against the ideal."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.measuring import ROOT, BenchmarkError, Row
from conformance.cases.documented import all_cases
from conformance.contract import load_edition
from conformance.reference.server import ReferenceServer
from conformance.results.run_file import read_run

IMAGES = 64
AT_ONCE = 8
SECONDS = 10.0
"""What an image takes; OpenAI's take 8 to 60."""

BOUND = 1.3
_KEY = "sk-concurrency-benchmark"
_PROVIDER = """
title = "A slow provider"
base_url = "http://127.0.0.1:1/v1"
default_key = "sk-concurrency-benchmark"
[models]
"""


class CountingProvider:
    """The reference provider, with a count of how many generations are under way."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._lock = threading.Lock()
        self.posts = self.now = self.most = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counted."""
        generation = scope["type"] == "http" and scope["method"] == "POST"
        self._count(generation, 1)
        try:
            await self._application(scope, receive, send)
        finally:
            self._count(generation, -1)

    def _count(self, generation: bool, by: int) -> None:
        with self._lock:
            self.now += by * generation
            self.posts += max(by, 0) * generation
            self.most = max(self.most, self.now)


def measure(seconds: float = SECONDS, images: int = IMAGES) -> list[Row]:
    """Time the whole command, its start included; raises `BenchmarkError`."""
    cases = _cases(images)
    with tempfile.TemporaryDirectory() as folder, _slow(seconds) as (url, server):
        spent = _run(Path(folder), url, cases)
    if server.posts != images:
        raise BenchmarkError(f"{server.posts} generations were sent, not {images}")
    ideal = images / AT_ONCE * seconds
    what = f"{images} images of {seconds:g} s, {AT_ONCE} at once, nothing sent twice"
    ours = f"{spent:.1f} s, at most {server.most} under way"
    return [Row(what, ours, f"ideal {ideal:g} s", spent / ideal, BOUND, at_least=False)]


def _cases(images: int) -> dict[str, list[str]]:
    """Choose that many accepted requests, by model; the first of each is its baseline."""
    edition = load_edition()
    cases: dict[str, list[str]] = {}
    for case in all_cases(edition, list(edition.models)):
        is_accepted = case.billed and edition.read(case.body or {}).expectation == "accepted"
        if is_accepted and sum(map(len, cases.values())) < images:
            cases.setdefault(case.model, []).append(case.id)
    return cases


def _run(folder: Path, url: str, cases: dict[str, list[str]]) -> float:
    (folder / "slow.toml").write_text(
        _PROVIDER + "\n".join(f'"{name}" = "{name}"' for name in cases)
    )
    command = [sys.executable, "-m", "conformance.cli", "run", "--live", "--base-url", url]
    words = ["--provider", str(folder / "slow.toml"), "--concurrency", str(AT_ONCE), "--quiet"]
    words += ["--budget", "unlimited", "--depth", "thorough"]
    paths = [f"{model}/{name}" for model, ids in cases.items() for name in ids]
    (folder / "plugins").mkdir()  # the current folder is not imported from
    (folder / "plugins/only.py").write_text(_ONLY.format(chosen=paths))
    run_file = folder / "run.jsonl"
    start = time.perf_counter()
    process = subprocess.run(  # noqa: S603 - this suite's own command, and no shell
        [*command, *words, "--output", str(run_file)],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    spent = time.perf_counter() - start
    if not run_file.exists() or read_run(run_file).interrupted:
        raise BenchmarkError(f"the run failed: {process.stdout[-500:]} {process.stderr[-500:]}")
    return spent


_ONLY = """
CHOSEN = frozenset({chosen})

def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if item.parent.name in CHOSEN]
"""


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{folder / 'plugins'}",
        "PYTEST_ADDOPTS": "-p only",
    }


@contextmanager
def _slow(seconds: float) -> Iterator[tuple[str, CountingProvider]]:
    server = ReferenceServer(load_edition(), key=_KEY, delay=seconds)
    counting = CountingProvider(server._application)
    server._application = counting
    with server:
        yield server.base_url, counting
