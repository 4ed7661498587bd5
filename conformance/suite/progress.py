"""What a run says while it goes: how far it is, what it spent, and what is left of both."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conformance.runner.session import Session

_EVERY = 1.0  # seconds between two looks into the ledger


class Progressing:
    """A line that says how far the run is; silent where nobody watches."""

    def __init__(self, console: Console, quiet: bool, session: Session) -> None:
        self.stopped_by: str | None = None
        self.interrupted = False  # by the user, who did not wait for what was under way
        self.judged = 0  # findings
        self._console = console
        self._quiet = quiet
        self._session = session
        self._sends = session.options.sends
        self._budget = ""
        self._looked = 0.0
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[money]}", markup=False),
            console=console,
            transient=True,
            # a line that is drawn again and again would fill the log of a CI runner
            disable=quiet or not console.is_terminal or bool(os.environ.get("CI")),
        )
        self._task = self._bar.add_task("collecting", total=None, money="")

    def __enter__(self) -> Progressing:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def announce(self) -> None:
        """Say what the run will cost, where it costs anything, before it starts."""
        session = self._session
        lost = session.lost_answers()
        if lost is not None:
            self._console.print(f"note: {lost}", markup=False, soft_wrap=True)
        options = session.options
        estimate = session.cost_estimate if options.live else None
        if options.budget is not None:
            self._budget = f" of {options.budget:.2f}" if options.budget < float("inf") else ""
        if (
            estimate is not None
            and not self._quiet
            and (estimate.usd or options.budget is not None)
        ):
            budget = f"; the budget is {options.budget:g} USD" if self._budget else ""
            self._console.print(f"{estimate}{budget}", markup=False, soft_wrap=True)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how much there is to do."""
        self._bar.update(self._task, total=len(session.items) or None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn the same from a worker."""
        self._bar.update(self._task, total=len(ids) or None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Move on by one finding."""
        values: dict[str, Any] = getattr(report, "finding", None) or {}
        self.judged += bool(values)
        if self._bar.disable:
            return
        name = f"{values.get('provider', '')} {values.get('model', '')}"
        self._bar.update(self._task, advance=1, description=name, money=self._money())

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember why the run was stopped."""
        if isinstance(excinfo.value, KeyboardInterrupt):
            self.interrupted = True
            kept = "; the findings made so far are kept" if self.judged else ", nothing was judged"
            self.stopped_by = f"interrupted{kept}"
        else:
            self.stopped_by = str(getattr(excinfo.value, "msg", excinfo.value))

    def pytest_internalerror(self, excrepr: object) -> None:
        """Remember a fault of the suite itself."""
        self.stopped_by = f"internal error: {str(excrepr).splitlines()[-1]}"

    def _money(self) -> str:
        """Return what is spent, and of how much; looked up now and then."""
        previous = str(self._bar.tasks[0].fields["money"])
        if not self._sends or time.monotonic() - self._looked < _EVERY:
            return previous
        self._looked = time.monotonic()
        spent = self._session.live.ledger.spent()
        return f"{spent.counted:.2f}{self._budget} USD, {spent.requests} requests"
