"""What this process really does while it is attacked: files, connections, programs, memory."""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link"})
_PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"})


@dataclass
class Activity:
    """What was done."""

    written: list[str] = field(default_factory=list)
    connected: list[Any] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    grown: int = 0  # bytes of memory at the most, beyond those at the start


_watchers: list[tuple[int, Activity]] = []  # the thread that is watched
_hooked = False


@contextmanager
def record_activity() -> Iterator[Activity]:
    """Note what this thread does; Python's own audit events tell it."""
    _hook()
    seen = Activity()
    _watchers.append((threading.get_ident(), seen))
    before = _restart_peak()
    try:
        yield seen
    finally:
        seen.grown = max(0, _peak() - before)
        _watchers.pop()


def _hook() -> None:
    global _hooked
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked = True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watchers or event[:3] not in ("ope", "os.", "soc", "sub"):
        return
    thread, seen = _watchers[-1]
    if threading.get_ident() != thread:
        return
    if event == "open" and arguments[2] & _WRITING and not isinstance(arguments[0], int):
        _note(seen, arguments[0])
    elif event in _PATHS:
        for argument in arguments[:2]:
            _note(seen, argument)
    elif event == "socket.connect":
        seen.connected.append(arguments[1])
    elif event in _PROGRAMS:
        seen.programs.append(str(arguments[0]))


def _note(seen: Activity, path: object) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        text = os.fsdecode(path)
        if "__pycache__" not in text and not text.startswith("/proc/self/"):
            seen.written.append(str(Path(text).absolute()))


def _restart_peak() -> int:
    """Let Linux measure the peak from here, and return the bytes in use now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return _peak()


def _peak() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
