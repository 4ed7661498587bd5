"""How pytest-xdist deals items out: what shares an exchange stays on one worker.

Its own `loadgroup` marks items by changing their names, which pytest 9 no longer lets it do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

_PARTS = 4  # of a promise's name: file, provider, model/case, clause


class TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Deals out cases one by one in a live run, else all of a model at once."""

    alive = False

    def _reschedule(self, node: WorkerController) -> None:
        """Leave a worker alone that has not collected: xdist fails where it replaces a dead one."""
        if node in self.registered_collections:
            super()._reschedule(node)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid, self.alive)


class LiveScheduling(TogetherScheduling):
    """The same for a live run, whose workers share what they judged."""

    alive = True

    def schedule(self) -> None:
        """Deal cases out in the order of the plan; xdist would put the largest first."""
        self.config.option.loadscopereorder = False
        super().schedule()


def group_of(nodeid: str, alive: bool) -> str:
    """Name the group of an item: a case, or a model where workers share nothing.

    Generated requests go by provider and model, which is what their parameters name; every
    other test is a group of its own.
    """
    parts = nodeid.split("::")
    if len(parts) == _PARTS and "/" in parts[2]:
        model = parts[2].rpartition("/")[0]
        return "::".join(parts[1:3] if alive else (parts[1], model))
    if "test_generated.py::" in nodeid or "test_drawn.py::" in nodeid:
        return nodeid.rpartition("[")[2]
    return nodeid
