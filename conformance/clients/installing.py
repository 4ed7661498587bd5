"""The clients, one row each, and their packages: in a folder of the user's cache.

They are never installed into an environment of the user's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from conformance.errors import ConformanceError
from conformance.output.printing import printable

SCRIPTS = {"python": "python_clients.py", "node": "node_clients.mjs"}


@dataclass(frozen=True, slots=True)
class ClientPackage:
    """A client library that people generate images with."""

    id: str
    title: str
    runtime: Literal["python", "node"]
    package: str
    version: str
    function: str
    """Its name in the script of its runtime."""
    beside: tuple[str, ...] = ()
    """Packages that it needs beside it, with their versions."""


# fmt: off
CLIENTS = (
    ClientPackage("openai-python", "openai (Python)", "python", "openai", "3.57.0", "openai"),
    ClientPackage("openai-node", "openai (Node)", "node", "openai", "6.49.0", "openai"),
    ClientPackage("ai-sdk-openai", "@ai-sdk/openai", "node",
                  "@ai-sdk/openai", "3.0.141", "ai-sdk-openai", beside=("ai@6.0.326",)),
    ClientPackage("ai-sdk-compatible", "@ai-sdk/openai-compatible", "node",
                  "@ai-sdk/openai-compatible", "2.0.92", "ai-sdk-openai-compatible",
                  beside=("ai@6.0.326",)),
    ClientPackage("litellm", "litellm", "python", "litellm", "1.110.2", "litellm"),
    ClientPackage("langchain-python", "LangChain (Python)", "python",
                  "langchain-community", "0.4.2", "langchain"),
    ClientPackage("langchain-node", "LangChain (Node)", "node",
                  "@langchain/openai", "1.5.8", "langchain", beside=("@langchain/core@1.4.0",)),
)
# fmt: on
BY_ID = {client.id: client for client in CLIENTS}


def packages(runtime: str) -> list[str]:
    """Return the packages of a runtime with their versions, as its installer names them."""
    joint = {"python": "==", "node": "@"}[runtime]
    clients = [client for client in CLIENTS if client.runtime == runtime]
    names = [f"{client.package}{joint}{client.version}" for client in clients]
    return sorted({*names, *(name for client in clients for name in client.beside)})


_SECONDS = 900
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
_NPM = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


class ClientsError(ConformanceError):
    """Clients that cannot be installed, run or read about."""


def folder_of(runtime: str) -> Path:
    """Return the folder of a runtime; another version of any package has another folder."""
    pinned = hashlib.sha256("\n".join(packages(runtime)).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "image-conformance" / "clients" / f"{runtime}-{pinned}"


def missing(client: ClientPackage) -> str | None:
    """Return why a client cannot be run; None if it can."""
    if not folder_of(client.runtime).is_dir():
        return "is not installed; image-conformance clients --install installs all"
    if client.runtime == "node" and shutil.which("node") is None:
        return "needs node, which is not on the PATH"
    return None


def command(client: ClientPackage) -> list[str]:
    """Return what runs the script of a client."""
    folder = folder_of(client.runtime)
    script = str(Path(__file__).parent / "scripts" / SCRIPTS[client.runtime])
    if client.runtime == "python":
        # isolated: neither the current folder nor packages of the user are imported
        return [str(_python(folder)), "-I", "-B", script, client.function]
    return [shutil.which("node") or "node", script, client.function, str(folder)]


def install(runtime: str) -> Path:
    """Install the clients of a runtime where they are not; raises `ClientsError` if it fails."""
    folder = folder_of(runtime)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            try:
                _install(runtime, folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return folder


def _install(runtime: str, folder: Path) -> None:
    if runtime == "python":
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(_python(folder)), *_PIP, *packages(runtime)])
        return
    if shutil.which("npm") is None:
        raise ClientsError("npm is not on the PATH: install Node 20 or newer for its clients")
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    _run([*_NPM, *packages(runtime)], folder)


def _python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _run(words: Sequence[str], folder: Path | None = None) -> None:
    try:
        process = subprocess.run(  # noqa: S603 - pip or npm with the pinned packages of the table, and no shell
            words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClientsError(f"{words[0]} did not install the clients: {error}") from None
    if process.returncode != 0:
        last_words = printable(" ".join(process.stderr.split())[-400:], 400)
        why = f"did not install the clients (is there a network?): {last_words}"
        raise ClientsError(f"{words[0]} {why}")
