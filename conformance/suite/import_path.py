"""Where modules are imported from: never the current folder, which may be somebody else's.

A live run has the key of an API in its environment. Python puts the current folder before the
standard library for `python -c`, as which the workers of pytest-xdist start, so that a file of
that folder named `json.py` or `queue.py` would run with the key in hand.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HOME = Path(__file__).resolve().parents[2]


def start_workers_safely() -> None:
    """Let no Python that this process starts look into the current folder of its own accord."""
    os.environ["PYTHONSAFEPATH"] = "1"


def leave_out_current_folder() -> None:
    """Take the current folder out of what this process, and those that it starts, import from.

    `python -m` and an empty entry of PYTHONPATH put it before the standard library. It stays where
    it holds the suite, and after the standard library, where what is installed from it stands.
    """
    start_workers_safely()
    library = str(Path(os.__file__).parent)
    place = sys.path.index(library) if library in sys.path else len(sys.path)
    sys.path[:place] = filter(_is_elsewhere, sys.path[:place])
    named = os.environ.get("PYTHONPATH")
    if named is not None:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(_is_elsewhere, named.split(os.pathsep)))


def _is_elsewhere(entry: str) -> bool:
    try:
        place = Path(entry).resolve()
        return place == _HOME or place != Path.cwd().resolve()
    except OSError:  # a folder that is gone
        return bool(entry)
