"""A pytest plugin that runs the collected tests once a mutant, each time in a fork.

mutmut itself starts and collects pytest anew for every mutant. Here that is done once: a fork
only runs tests, those of the mutant's own chapter first, until one fails.
"""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

KILLED, SURVIVED, TIMEOUT, NO_TESTS = "killed", "survived", "timeout", "no tests"
_SECONDS = 60  # of processor time, for all tests of one mutant
_BYTES = 4 * 2**30  # of address space
_EXITS = {0: SURVIVED, 1: KILLED}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function, by the names that mutmut gives them."""

    name: str
    function: str

    @property
    def chapter(self) -> str:
        """The module that is mutated, but for what it adds to its chapter."""
        return self.function.split(".")[2].split("_")[0]


class Forking:
    """Runs the tests for every mutant, in so many processes at a time."""

    def __init__(
        self,
        mutants: Sequence[Mutant],
        workers: int,
        seconds: float,
        report: Callable[[Mutant, str], object],
    ) -> None:
        self._mutants = mutants
        self._workers = workers
        self._seconds = seconds  # of processor time, after which a mutant counts as survived
        self._report = report
        self._running: dict[int, Mutant] = {}

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run what pytest would run, once to see what reaches what, then once a mutant."""
        tests_of = self._tests_by_function(session.items)
        gc.freeze()
        for mutant in self._mutants:
            tests = _in_order(tests_of.get(mutant.function, ()), mutant)
            if not tests:
                self._report(mutant, NO_TESTS)
                continue
            while len(self._running) >= self._workers:
                self._wait()
            self._fork(mutant, tests)
        while self._running:
            self._wait()
        return True

    def _tests_by_function(self, items: Iterable[pytest.Item]) -> Mapping[str, list[pytest.Item]]:
        """Run all tests without a mutant, and list by function which of them call it, by time."""
        timed_items: dict[str, list[tuple[float, pytest.Item]]] = {}
        set_mutant_under_test("stats")
        for item in items:
            state()._stats.clear()
            start = time.process_time()
            if not _passes(item):
                raise pytest.UsageError(f"{item.nodeid} fails without any mutant")
            for function in state()._stats:
                timed_items.setdefault(function, []).append((time.process_time() - start, item))
        set_mutant_under_test("")
        return {
            name: [item for _, item in sorted(items, key=lambda timed: timed[0])]
            for name, items in timed_items.items()
        }

    def _fork(self, mutant: Mutant, tests: Iterable[pytest.Item]) -> None:
        process = os.fork()
        if process:
            self._running[process] = mutant
            return
        code = 3
        try:
            code = _try(mutant, tests, self._seconds)
        finally:
            os._exit(code)

    def _wait(self) -> None:
        process, status = os.wait()
        mutant = self._running.pop(process)
        self._report(mutant, _EXITS.get(os.waitstatus_to_exitcode(status), TIMEOUT))


def _try(mutant: Mutant, tests: Iterable[pytest.Item], seconds: float) -> int:
    gc.disable()
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        set_mutant_under_test(mutant.name)
        for test in tests:
            if not _passes(test):
                return 1
            if time.process_time() > seconds:
                break
        return 0


def _passes(item: pytest.Item) -> bool:
    return not any(report.failed for report in runtestprotocol(item, nextitem=None, log=False))


_BY_HAND = ("test_clause", "test_locators", "test_verdict_context")
_GENERAL = ("truth_gone_wrong", "binds_the_requests")


def _in_order(tests: Iterable[pytest.Item], mutant: Mutant) -> list[pytest.Item]:
    """Put first the tests that most likely notice: quick ones, of the chapter, of everything."""

    def rank(item: pytest.Item) -> int:
        if any(name in item.nodeid for name in _BY_HAND):
            return 0
        if mutant.chapter in item.nodeid:
            return 1
        return 2 if any(name in item.nodeid for name in _GENERAL) else 3

    return sorted(tests, key=rank)


def mutants_of(module: str, names: Iterable[str]) -> Iterator[Mutant]:
    """Yield a module's mutants by their whole names."""
    for name in names:
        function = name.partition("__mutmut_")[0]
        yield Mutant(f"{module}.{name}", f"{module}.{function}")
