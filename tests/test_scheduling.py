"""What shares an exchange stays on one worker of pytest-xdist."""

from __future__ import annotations

import pytest

from conformance.scheduling import group_of

ITEM = "conformance/test_promises.py::acme::dall-e-2/n-2::count.as-asked"


@pytest.mark.parametrize(
    ("nodeid", "alive", "group"),
    [
        (ITEM, True, "acme::dall-e-2/n-2"),
        (ITEM, False, "acme::dall-e-2"),
        ("conformance/test_generated.py::test_x[acme/dall-e-2]", True, "acme/dall-e-2]"),
        ("tests/test_x.py::TestX::test_y[a/b]", True, "tests/test_x.py::TestX::test_y[a/b]"),
    ],
    ids=["live", "replay", "generated", "other"],
)
def test_group_is_what_shares_an_exchange(nodeid: str, alive: bool, group: str) -> None:
    assert group_of(nodeid, alive) == group
