"""What shares an exchange stays on one worker of pytest-xdist."""

from __future__ import annotations

from collections import Counter, OrderedDict

from conformance.suite.xdist import TogetherScheduling, group_of

ITEM = "conformance/suite/test_promises.py::acme::dall-e-2/n-2::count.as-asked"


def test_group_is_what_shares_an_exchange() -> None:
    generated = "conformance/suite/test_generated.py::test_x[acme/dall-e-2]"
    other = "tests/test_x.py::TestX::test_y[a/b]"
    groups = [group_of(nodeid) for nodeid in (ITEM, generated, other)]
    assert groups == ["acme::dall-e-2", "acme/dall-e-2]", other]


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
    scheduling = object.__new__(TogetherScheduling)
    scheduling.log, scheduling.workqueue = print, OrderedDict()
    scheduling._deaths = Counter()
    scheduling.registered_collections = {dead: [ITEM]}
    scheduling.assigned_work = {dead: {"group": {ITEM: False}}, fresh: {}}
    assert scheduling.remove_node(dead) == ITEM
    assert fresh.sent == []
    scheduling.registered_collections[fresh] = [ITEM]
    scheduling._reschedule(fresh)
    assert fresh.sent == [[0]]
