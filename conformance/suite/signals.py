"""How a run that sends is stopped: what is under way is billed, so it is waited for; or at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

SAID = (
    "stopping: nothing more is sent; waiting for what is under way; "
    "press Ctrl-C again to stop at once\n"
)
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is not on Windows
SIGNALS = tuple(number for number in signal.Signals if number.name in _NAMES)
"""Of Ctrl-C, of who ends a process, and of a terminal that is closed."""
_AS_ONE = 0.5
"""Seconds: `timeout` and others signal a process and then its group; nobody means two by that."""
_STANDARD_ERROR = 2


class Stopping:
    """The signals of a run that sends: the first asks it to end, the second ends it."""

    def __init__(self, stop: Callable[[], None]) -> None:
        """Take the signals over; `stop` lets nothing more be sent, and takes no lock."""
        self.at_once = False
        self._stop = stop
        self._stopping = False
        self._last = float("-inf")
        self._before: dict[signal.Signals, Any] = {}
        if threading.current_thread() is threading.main_thread():
            self._before = {
                number: signal.signal(number, self._on_signal)
                for number in SIGNALS
                if number.name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN  # `nohup`
            }

    def end(self) -> None:
        """Restore the signal handlers."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, *_: object) -> None:
        last, self._last = self._last, time.monotonic()
        if not self._stopping:
            self._stopping = True
            self._stop()
            with suppress(OSError):  # a stream of Python may be in the midst of a write
                os.write(_STANDARD_ERROR, SAID.encode())
        elif self._last - last > _AS_ONE:
            self.at_once = True
            raise KeyboardInterrupt
