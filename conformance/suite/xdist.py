"""How pytest-xdist deals the items of a replay out: what shares an exchange stays on one worker.

Its own `loadgroup` marks items by changing their names, which pytest 9 no longer lets it do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from xdist.scheduler.loadscope import LoadScopeScheduling

from conformance.runner.whole_plan import promise_named

if TYPE_CHECKING:
    import pytest
    from xdist.workermanage import WorkerController

MOST_DEATHS = 2  # workers that may die at one case: the first may have been killed by anything


class TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Deals out all cases of a model at once."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        self._deaths: Counter[str] = Counter()  # by case

    def remove_node(self, node: WorkerController) -> str | None:
        """Let another worker judge what a dead one left, but for a case that kills workers."""
        self._give_up(self.assigned_work[node])
        crashed: str | None = super().remove_node(node)
        return crashed

    def _give_up(self, work: Mapping[str, dict[str, bool]]) -> None:
        """Strike out a case at which a second worker died: nobody is to judge it any more."""
        unfinished = [name for unit in work.values() for name, done in unit.items() if not done]
        if not unfinished:
            return
        case = _case_of(unfinished[0])
        self._deaths[case] += 1
        if self._deaths[case] < MOST_DEATHS:
            return
        # done: so that no other worker is given it
        for unit in work.values():
            unit.update((name, True) for name in unit if _case_of(name) == case)

    def _reschedule(self, node: WorkerController) -> None:
        """Leave a worker alone that has not collected: xdist fails where it replaces a dead one."""
        if node in self.registered_collections:
            super()._reschedule(node)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def _case_of(nodeid: str) -> str:
    return nodeid.rpartition("::")[0]


def group_of(nodeid: str) -> str:
    """Name the group of an item: its model, as workers share nothing.

    Generated requests go by provider and model, which is what their parameters name; every
    other test is a group of its own.
    """
    promise = promise_named(nodeid)
    if promise is not None:
        return _case_of(promise).rpartition("/")[0]
    if "test_generated.py::" in nodeid or "test_drawn.py::" in nodeid:
        return nodeid.rpartition("[")[2]
    return nodeid
