"""A run says how far it is and what it spent; where nobody watches it says nothing."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from conformance.runner.options import Options
from conformance.runner.session import Session
from conformance.suite.progress import Progressing
from tests.live import paid_toml, session


def shown(folder: Path, *, quiet: bool = False) -> str:
    """What a terminal of 100 columns shows of one finding out of four."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    report: Any = SimpleNamespace(finding={"provider": "acme", "model": "dall-e-2"})
    with session(folder, "http://127.0.0.1:1/v1", budget=2.0) as live:
        ledger = live.live.ledger
        ledger.settle(ledger.reserve("p", 0.25, 0.25), 0.25, None)
        progress = Progressing(console, quiet, live)
        progress.announce()
        with progress:
            progress.pytest_xdist_node_collection_finished(["a", "b", "c", "d"])
            progress.pytest_runtest_logreport(report)
            progress._bar.refresh()
    return screen.getvalue()


def test_progress_tells_done_left_and_money_unless_nobody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert shown(tmp_path, quiet=True).strip() == ""
    said = shown(tmp_path)
    assert "the 52 selected requests cost about 0.32 USD; the budget is 2 USD" in said
    for part in ("acme dall-e-2", "1/4", "0.25 of 2.00 USD"):
        assert part in said
    monkeypatch.setenv("CI", "true")
    said = shown(tmp_path)
    assert "0.32 USD" in said
    assert "1/4" not in said


def test_live_run_sends_eight_at_once(tmp_path: Path) -> None:
    paid = {"providers": (paid_toml(tmp_path, "dall-e-2"),)}
    chosen: list[tuple[dict[str, Any], int]] = [
        (paid, 8),
        (paid | {"concurrency": 3}, 3),
        ({"providers": ("reference",)}, 1),  # embedded: no network to wait for
    ]
    for options, at_once in chosen:
        assert Session(Options(live=True, **options)).concurrency == at_once
