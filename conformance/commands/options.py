"""Options that several commands share, and the one way in which they show a result."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable, Mapping
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import typer
from rich.console import Console

from conformance.cases.model import Depth
from conformance.errors import ConformanceError, UnknownNameError
from conformance.output.files import write_text
from conformance.runner.options import OPTIONS

_Result = TypeVar("_Result")


def option_of_run(name: str, *default: Any) -> Any:
    """Return an option of `run`, by its field, as Typer takes it: in a type, or as a default."""
    option = OPTIONS[name]
    return typer.Option(
        *default,
        *option.names,
        metavar=option.metavar,
        help=option.help,
        min=option.least,
        max=option.most,
    )


Providers = Annotated[list[str] | None, option_of_run("providers")]
EditionName = Annotated[str | None, option_of_run("edition")]
Clauses = Annotated[str, option_of_run("clauses")]
Plugins = Annotated[list[str] | None, option_of_run("plugins")]
Requests = Annotated[Path | None, option_of_run("requests")]
Cases = Annotated[str, option_of_run("cases")]
BaseURL = Annotated[str | None, option_of_run("base_url")]
Models = Annotated[str, option_of_run("models")]
DepthName = Annotated[Depth | None, option_of_run("depth")]
Strength = Annotated[int | None, option_of_run("strength")]
MaxRequests = Annotated[int | None, option_of_run("max_requests")]
RunFile = Annotated[Path | None, option_of_run("output")]
RunFiles = Annotated[
    list[Path], typer.Argument(metavar="RUN...", help="Run files.", show_default=False)
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


def takes_options_of_run(command: Callable[..., None]) -> Callable[..., None]:
    """Declare every option of a run for a command, which takes them as keyword arguments."""
    declared = []
    for name, option in OPTIONS.items():
        kind: Any = option.read if option.read in (bool, int, Path, Depth) else str
        kind = (list[str] if option.repeatable else kind) | None
        default = option_of_run(name, option.default)
        declared.append(Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind))
    signature = inspect.signature(command, eval_str=True)
    own_parameters = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind is not Parameter.VAR_KEYWORD
    ]
    # Typer reads the signature, so that no option has to be written there once more
    vars(command)["__signature__"] = signature.replace(parameters=[*declared, *own_parameters])
    return command


class Rendering(Generic[_Result]):
    """Shows a result in the format of `--format`, and writes it to the files of `--output`."""

    def __init__(
        self,
        format_: str,
        output: list[Path] | None,
        writers: Mapping[str, Callable[[_Result], str]],
    ) -> None:
        """Refuse formats that are neither `terminal` nor among the writers, before any work."""
        from conformance.results.run_file import refuse_run_file

        if format_ not in ("terminal", *writers):
            raise UnknownNameError("format", format_, ("terminal", *writers))
        self._format, self._writers = format_, writers
        self._files = {path: path.suffix.removeprefix(".") for path in output or []}
        for path, suffix in self._files.items():
            if suffix not in writers:
                endings = " or ".join(f".{ending}" for ending in writers)
                raise ConformanceError(f"{path}: end its name in {endings}, which says its format")
            refuse_run_file(path)
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
