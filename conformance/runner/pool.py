"""The threads of a live run: each waits for one answer, then judges it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Barrier, BrokenBarrierError, Lock, Thread

from conformance.cases.model import Case
from conformance.runner.engine import Engine


class Pool:
    """Threads that run cases in the order of the plan, and then confirm what got worse.

    They are daemons: a run that is stopped at once does not wait for an answer.
    """

    def __init__(self, work: Iterable[tuple[Engine, Case]], size: int) -> None:
        """Begin; `size` requests are under way at once."""
        self._work = list(work)
        self._engines = {engine for engine, _ in self._work}
        self._to_run, self._to_confirm = iter(self._work), iter(self._work)
        self._lock = Lock()
        self._all_are_sent = Barrier(size)
        self._threads = [Thread(target=self._run, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Wait until all cases are run."""
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        try:
            for engine, case in self._take_each(self._to_run):
                engine.run(case)
            self._all_are_sent.wait()
            for engine, case in self._take_each(self._to_confirm):
                engine.confirm(case)
        except BrokenBarrierError:
            return  # another thread failed, and has told all that wait
        except BaseException as error:  # whoever waits for a case raises it
            self._all_are_sent.abort()
            for engine in self._engines:
                engine.fail(error)

    def _take_each(self, work: Iterator[tuple[Engine, Case]]) -> Iterator[tuple[Engine, Case]]:
        """Take and yield, one by one, what no other thread has taken."""
        while True:
            with self._lock:
                item = next(work, None)
            if item is None:
                return
            yield item
