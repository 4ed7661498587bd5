"""The clients, one row each: what is installed, and how its script is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
