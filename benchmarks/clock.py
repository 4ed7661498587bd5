"""A pytest plugin that measures its process: the time its items take, and its peak memory."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from benchmarks.measuring import RESULT

_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Measure the loop alone: imports and collection are paid once, however much is judged."""
    start = time.perf_counter()
    try:
        return (yield)
    finally:
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
        values = {"seconds": seconds, "peak": peak}
        Path(os.environ[RESULT]).write_text(json.dumps(values), encoding="utf-8")
