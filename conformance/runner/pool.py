"""The threads of a live run: each waits for one answer, then judges it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.cases.model import Case
    from conformance.runner.engine import Engine


class Pool:
    """Threads that run cases in the order of the plan, which is theirs to be given.

    They are daemons: a run that is stopped at once does not wait for an answer.
    """

    def __init__(self, work: Iterable[tuple[Engine, Case]], size: int) -> None:
        """Begin; `size` requests are under way at once."""
        self._work = list(work)
        self._engines = {engine for engine, _ in self._work}
        self._next = iter(self._work)
        self._lock = Lock()
        self._threads = [Thread(target=self._run, daemon=True) for _ in range(size)]
        for each in self._threads:
            each.start()

    def wait(self) -> None:
        """Wait until all cases are run."""
        for each in self._threads:
            each.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                engine, case = next(self._next, (None, None))
            if engine is None or case is None:
                return
            try:
                engine.run(case)
            except BaseException as error:  # whoever waits for a case raises it
                for each in self._engines:
                    each.fail(error)
                return
