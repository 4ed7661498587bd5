"""Answers that a run which was killed still waits for: they are paid for, so they are waited for.

The processes that a run started live on until their request is answered and the answer is kept.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from filelock import FileLock, Timeout

_A_MOMENT = 0.2  # seconds


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock, by its file; where none can be held, none does."""
    try:
        FileLock(lock).acquire(timeout=0).lock.release()
    except Timeout:
        return True
    except OSError:
        return False
    return False


def await_answers(shared: Path, run_file: Path) -> None:
    """Wait until no process makes a case in the folder that those of a run share."""
    told = False
    for lock in sorted(shared.glob("*/*.lock")):
        while is_held(lock):
            if not told:
                sys.stderr.write(
                    f"requests of {run_file} are still under way, and paid for; waiting for them; "
                    f"Ctrl-C gives up\n"
                )
            told = True
            time.sleep(_A_MOMENT)
