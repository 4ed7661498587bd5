"""Commands in processes of their own, forked from one that has imported the suite.

Python takes longer to start and to import the suite than most commands take. A test of signals, of
limits or of how output breaks starts Python itself.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from signal import SIGKILL
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from subprocess import CompletedProcess, TimeoutExpired
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.preloaded"])
_ROOT = Path(__file__).parents[1]
_FORKED_AT = "FORKED_AT"
"""The variable that has the address of who forks: one process for all workers of pytest-xdist."""
PLAIN = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"}
for _name in [name for name in PLAIN if name.startswith("PYTEST_XDIST")] + ["COMETAPI_KEY"]:
    PLAIN.pop(_name, None)  # a run that a worker starts is no worker
COMMAND = [sys.executable, "-m", "conformance.cli"]
"""The command in a Python of its own."""
# hypothesis' plugin imports all of it to say nothing: a third of the time that most runs take
_PLUGIN = [
    *("-p", "conformance.plugin", "-p", "no:randomly", "-p", "no:hypothesispytest"),
    *("-o", "addopts="),
]
DRAWING = ("-p", "hypothesispytest")
"""For a run that draws requests: the plugin that other runs do without."""
_PATIENCE = 180.0  # seconds
Limits = Mapping[int, int]
"""By the number of a resource, as `resource` has them."""
Streams = Mapping[int, str | None]
"""Where standard output (1) and error (2) lead, if not to us: a file, or None if closed."""


def serve_forks() -> None:
    """Fork for this process and those that it starts, until it ends."""
    listener = Listener(family="AF_UNIX")
    os.environ[_FORKED_AT] = str(listener.address)

    def accept() -> None:
        while True:
            Thread(target=_fork, args=(listener.accept(),), daemon=True).start()

    Thread(target=accept, daemon=True).start()


def _fork(connection: Connection) -> None:
    process = _FORKS.Process(target=_become, args=connection.recv())
    process.start()
    connection.send(process.pid)
    process.join()
    connection.send(process.exitcode)


class Fork:
    """A command in a process of its own, which goes on until it is waited for."""

    def __init__(
        self,
        program: tuple[str, str],
        words: tuple[str, ...],
        folder: Path,
        environment: Mapping[str, str],
        streams: Streams,
        limits: Limits | None = None,
    ) -> None:
        if _FORKED_AT not in os.environ:
            serve_forks()
        self._connection = Client(os.environ[_FORKED_AT])
        arguments = (program, words, str(folder), dict(environment), limits, streams)
        self._connection.send(arguments)
        self.pid: int = self._connection.recv()
        self._code: int | None = None

    def wait(self, seconds: float = _PATIENCE) -> int | None:
        """Return its exit code, None if it has not ended by then."""
        if self._code is None and self._connection.poll(seconds):
            self._code = self._connection.recv()
        return self._code


def command(
    folder: Path,
    *words: str,
    limits: Limits | None = None,
    streams: Streams | None = None,
    **environment: str,
) -> CompletedProcess[str]:
    """Run `image-conformance` in a folder until it ends."""
    main = ("conformance.cli", "main")
    return _finished(main, words, folder, PLAIN | environment, limits, streams)


def run_pytest(folder: Path, *words: str, limits: Limits | None = None) -> CompletedProcess[str]:
    """Run pytest with the suite's plugin in a folder, which is its root, until it ends."""
    words_of_suite = (*_PLUGIN, f"--rootdir={folder}", *words)
    # where the tests keep what hypothesis read in our modules, which takes a second
    environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(_ROOT / ".hypothesis")}
    return _finished(("pytest", "console_main"), words_of_suite, folder, environment, limits)


STUB = f"""#!{sys.executable} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as door:
    door.connect(os.environ["DOOR"])
    asked = [sys.argv[1:], os.getcwd(), dict(os.environ)]
    door.sendall(json.dumps(asked).encode() + b"\\n")
    code, out, err = json.load(door.makefile())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""
"""A program that runs the command at the `door` whose path is in DOOR; for scripts."""


@contextmanager
def door() -> Iterator[Path]:
    """Let other programs run the command as a fork; yield the path to knock at."""
    with TemporaryDirectory() as place:
        path = Path(place, "door")
        with ThreadingUnixStreamServer(str(path), _Knocked) as server:
            Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            yield path
            server.shutdown()


class _Knocked(StreamRequestHandler):
    """Runs the command for one program."""

    def handle(self) -> None:
        words, folder, environment = json.loads(self.rfile.readline())
        process = _finished(("conformance.cli", "main"), tuple(words), Path(folder), environment)
        output = (process.returncode, process.stdout, process.stderr)
        self.wfile.write(json.dumps(output).encode())


def _finished(
    program: tuple[str, str],
    words: tuple[str, ...],
    folder: Path,
    environment: Mapping[str, str],
    limits: Limits | None = None,
    streams: Streams | None = None,
) -> CompletedProcess[str]:
    with TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        redirections = {1: str(out), 2: str(err)} | dict(streams or {})
        fork = Fork(program, words, folder, environment, redirections, limits)
        code = fork.wait()
        if code is None:
            os.kill(fork.pid, SIGKILL)
        texts = (_read(path) for path in (out, err))
        if code is None:
            raise TimeoutExpired(words, _PATIENCE, *texts)
        return CompletedProcess(words, code, *texts)


def _read(path: Path) -> str:
    return path.read_text("utf-8", "surrogateescape") if path.exists() else ""


def _become(
    program: tuple[str, str],
    words: tuple[str, ...],
    folder: str,
    environment: Mapping[str, str],
    limits: Limits | None,
    streams: Streams,
) -> None:
    os.chdir(folder)
    for limit, most in (limits or {}).items():
        resource.setrlimit(limit, (most, most))
    os.environ.clear()
    os.environ.update(environment)
    _redirect(streams)
    module, function = program
    sys.argv = [module, *words]
    sys.path.insert(0, folder)  # as `python -m` does
    try:
        sys.exit(getattr(importlib.import_module(module), function)())
    finally:
        atexit._run_exitfuncs()


def _redirect(streams: Streams) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for number, path in streams.items():
        if path is None:
            os.close(number)
            continue
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = _text(1, streams)
    sys.stderr = _text(2, streams)


def _text(number: int, streams: Streams) -> Any:
    """Return a stream as Python has it when it starts: none where it is closed."""
    if streams[number] is None:
        return None
    return os.fdopen(number, "w", encoding="utf-8", closefd=False, buffering=number - 2 or 1)
