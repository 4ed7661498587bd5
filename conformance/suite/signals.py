"""How a run that sends is stopped: what is under way is waited for, as it is paid; or at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from conformance.errors import ConformanceError
from conformance.live.ledger import Ledger

SAID = (
    "stopping: nothing more is sent; waiting for what is under way; "
    "press Ctrl-C again to stop at once"
)
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AS_ONE = 0.5
"""Seconds: `timeout` and others signal a process and then its group; nobody means two by that."""


class Stopping:
    """The signals of the process that collects what a run finds, from its first request on."""

    def __init__(self, ledger: Callable[[], Path | None]) -> None:
        """Know where the ledger is that the processes of the run share; None where none is."""
        self._ledger = ledger
        self._before: dict[signal.Signals, Any] = {}
        self._nodes: list[Any] = []
        self._asked: SimpleQueue[bool] = SimpleQueue()  # which a handler may put into at any time
        self._stopping = False
        self._last = float("-inf")

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Generator[None, object, object]:
        """Take over the signals once all is ready: until then nothing was sent."""
        try:
            result = yield
            self._take_over()
        finally:
            _hold_back(False)
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """Start workers that are left alone by what a terminal sends to all processes of a run."""
        _hold_back(self._ledger() is not None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Remember a worker."""
        self._nodes.append(node)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Give the signals back."""
        for each, handler in self._before.items():
            signal.signal(each, handler)
        self._asked.put(False)

    def _take_over(self) -> None:
        path = self._ledger()
        if path is None or threading.current_thread() is not threading.main_thread():
            return
        threading.Thread(target=self._wait, args=(path, sys.stderr), daemon=True).start()
        self._before = {each: signal.signal(each, self._on_signal) for each in SIGNALS}

    def _on_signal(self, *_: object) -> None:
        """Only ask: the thread that is interrupted here may be writing to a ledger or stream."""
        last, self._last = self._last, time.monotonic()
        if not self._stopping:
            self._stopping = True
            self._asked.put(True)
        elif self._last - last > _AS_ONE:
            self._stop_at_once()

    def _stop_at_once(self) -> None:
        for node in self._nodes:
            with suppress(Exception):
                node.gateway._io.kill()  # as execnet itself does with who does not end
        raise KeyboardInterrupt

    def _wait(self, path: Path, stream: Any) -> None:
        if not self._asked.get():
            return
        stream.write(f"{SAID}\n")
        stream.flush()
        with suppress(ConformanceError):  # no ledger, no request
            ledger = Ledger(path)
            ledger.stop()
            ledger.close()


def _hold_back(back: bool) -> None:
    """Let no signal through, neither to this process nor to those that it starts; or let it."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK if back else signal.SIG_UNBLOCK, SIGNALS)


def follow(gateway: Any, seconds: float) -> None:
    """Let a worker be stopped through the ledger alone, and outlive its parent for what is paid.

    Where the parent is killed, execnet ends the process 15 seconds later; this waits for an
    answer that may take some seconds more.
    """
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if not hasattr(gateway, "_execpool"):
        return
    ends = gateway._terminate_execution

    def wait_and_end() -> None:
        gateway._execpool.waitall(seconds)
        ends()

    gateway._terminate_execution = wait_and_end


def gateway_of(config: pytest.Config) -> Any:
    """Give what connects a worker of pytest-xdist to its parent; None where nothing does."""
    plugins: Iterable[Any] = config.pluginmanager.get_plugins()
    channels = [each.channel for each in plugins if hasattr(each, "channel")]
    return next((each.gateway for each in channels if hasattr(each, "gateway")), None)


def parent_of(config: pytest.Config) -> int | None:
    """Give the process that collects what this worker finds; None in that process itself."""
    return os.getppid() if hasattr(config, "workerinput") else None
