"""What shares an exchange stays on one worker of pytest-xdist."""

from __future__ import annotations

from collections import Counter, OrderedDict

import pytest

from conformance.suite.xdist import TogetherScheduling, group_of

ITEM = "conformance/suite/test_promises.py::acme::dall-e-2/n-2::count.as-asked"


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        (ITEM, "acme::dall-e-2"),
        ("conformance/suite/test_generated.py::test_x[acme/dall-e-2]", "acme/dall-e-2]"),
        ("tests/test_x.py::TestX::test_y[a/b]", "tests/test_x.py::TestX::test_y[a/b]"),
    ],
    ids=["promise", "generated", "other"],
)
def test_group_is_what_shares_an_exchange(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group


class Worker:
    """What a scheduler knows of a worker."""

    shutting_down = False

    def __init__(self) -> None:
        self.sent: list[list[int]] = []

    def send_runtest_some(self, indexes: list[int]) -> None:
        self.sent.append(indexes)

    def shutdown(self) -> None:
        self.shutting_down = True


def test_work_of_a_dead_worker_waits_for_the_one_that_replaces_it() -> None:
    dead, fresh = Worker(), Worker()
    found = object.__new__(TogetherScheduling)
    found.log, found.workqueue = print, OrderedDict()
    found._deaths = Counter()
    found.registered_collections = {dead: [ITEM]}
    found.assigned_work = {dead: {"group": {ITEM: False}}, fresh: {}}
    assert found.remove_node(dead) == ITEM
    assert fresh.sent == []
    found.registered_collections[fresh] = [ITEM]
    found._reschedule(fresh)
    assert fresh.sent == [[0]]
