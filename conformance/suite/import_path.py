"""Where modules are imported from: never the current folder, which may be somebody else's.

A live run has the key of an API in its environment. The workers of pytest-xdist start as
`python -c`, for which Python puts the current folder before the standard library. A file of that
folder named `json.py` or `queue.py` would then run with the key in hand.
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
    index = sys.path.index(library) if library in sys.path else len(sys.path)
    sys.path[:index] = filter(_is_elsewhere, sys.path[:index])
    search_path = os.environ.get("PYTHONPATH")
    if search_path is not None:
        entries = filter(_is_elsewhere, search_path.split(os.pathsep))
        os.environ["PYTHONPATH"] = os.pathsep.join(entries)


def _is_elsewhere(entry: str) -> bool:
    try:
        folder = Path(entry).resolve()
        return folder == _HOME or folder != Path.cwd().resolve()
    except OSError:  # a folder that is gone
        return bool(entry)
