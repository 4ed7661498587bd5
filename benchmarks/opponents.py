"""Schemathesis and LiteLLM, each in an environment of its own that is made when it is missing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.measuring import ROOT, BenchmarkError, run

VERSION = "4.32.5"
START = 600.0  # seconds; LiteLLM may have to be installed first


def install_schemathesis() -> Path:
    """Install the tool if need be, and return its command; raises BenchmarkError if that fails."""
    home = Path(os.environ.get("COUNTERPARTS_HOME") or Path.home() / ".cache/image-conformance")
    folder = home / f"schemathesis-{VERSION}"
    command = folder / "bin" / "schemathesis"
    if not command.exists():
        run([sys.executable, "-m", "venv", "--clear", str(folder)])
        python = str(folder / "bin" / "python")
        run([python, "-m", "pip", "install", "-q", f"schemathesis=={VERSION}"])
    return command


@contextmanager
def litellm(upstream: int, key: str) -> Iterator[str]:
    """Run the LiteLLM counterpart in front of the reference provider at a port, with its key."""
    port = free_port()
    settings = {"REFERENCE_BASE_URL": f"http://127.0.0.1:{upstream}/v1", "REFERENCE_KEY": key}
    settings |= {"LITELLM_PORT": str(port), "LITELLM_KEY": "sk-litellm-conformance"}
    process = subprocess.Popen(  # noqa: S603 - a script of this repository, and no shell
        [str(ROOT / "counterparts" / "start.sh"), "litellm"],
        env={**os.environ, **settings, "PYTHON": sys.executable},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    origin = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{origin}/health/liveliness", process)
        yield origin
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise BenchmarkError("LiteLLM did not start; run counterparts/start.sh litellm to see why")


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
