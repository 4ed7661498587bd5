"""Options that several commands share, and the one way in which they show a result."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import typer
from rich.console import Console

from conformance.cases.model import Depth
from conformance.errors import UnknownNameError
from conformance.output.files import write_text

_Result = TypeVar("_Result")

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
Cases = Annotated[str, typer.Option(metavar="GLOB", help="Only these cases.")]
BaseURL = Annotated[
    str | None, typer.Option(metavar="URL", help="Another address of the provider.")
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
RunFiles = Annotated[
    list[Path], typer.Argument(metavar="RUN...", help="Run files.", show_default=False)
]
RunFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="The run file to write.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")]
FormatName = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help="terminal, md or json.")
]
Documents = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="File to write as well, .md or .json. Repeatable."
    ),
]


class Rendering(Generic[_Result]):
    """Shows a result in the format of `--format`, and writes it to the files of `--output`."""

    def __init__(
        self,
        format_: str,
        output: list[Path] | None,
        writers: Mapping[str, Callable[[_Result], str]],
    ) -> None:
        """Refuse formats that are neither `terminal` nor among the writers, before any work."""
        from conformance.reports.formatting import format_of

        if format_ not in ("terminal", *writers):
            raise UnknownNameError("format", format_, ("terminal", *writers))
        self._format, self._writers = format_, writers
        self._files = {path: format_of(path, writers) for path in output or []}
        end_with_the_pipe()

    def show(self, result: _Result, print_: Callable[[_Result, Console], object]) -> None:
        """Write the files, then print: by `print_` on a terminal, else as the writer has it."""
        for path, name in self._files.items():
            write_text(path, self._writers[name](result))
        if self._format == "terminal":
            print_(result, Console())
        else:
            typer.echo(self._writers[self._format](result), nl=False)


def end_with_the_pipe() -> None:
    """End the command silently when the reader of its output closes the pipe.

    Not while requests are sent: a broken connection would end the command too.
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
