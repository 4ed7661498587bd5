"""Options that several commands share."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from conformance.cases.model import Depth

Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        "-p",
        metavar="NAME",
        help="A provider by name, or a TOML file by path. Repeatable.",
    ),
]
EditionName = Annotated[
    str | None,
    typer.Option(
        "--edition",
        metavar="ID",
        help="Edition of the contract by its id, or the path of its folder.",
    ),
]
Clauses = Annotated[str, typer.Option(metavar="GLOB", help="Only these clauses.")]
Plugins = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="MODULE",
        help="A module, or a .py file by path, with clauses of your own. Repeatable.",
    ),
]
Requests = Annotated[
    Path | None,
    typer.Option("--requests", metavar="FILE", help="Requests of your own, in TOML or JSON."),
]
LimitTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=VALUE",
        help="Limits of an answer: body=64MiB, pixels=64M, seconds=180, redirects=5, … "
        "(docs/security.md lists all). Repeatable.",
    ),
]
Models = Annotated[str, typer.Option(metavar="GLOB", help="Only these models.")]
DepthName = Annotated[
    Depth | None,
    typer.Option(
        metavar="DEPTH",
        help="Which cases are sent: standard, or thorough with all legal edges, which costs more; "
        "by default thorough where nothing is billed.",
    ),
]


def end_with_the_pipe() -> None:
    """End the command silently when the reader of its output closes the pipe.

    Not while requests are sent: a broken connection would end the command too.
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
