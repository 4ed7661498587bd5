"""The command `image-conformance`."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from conformance.commands.check import check
from conformance.commands.clients import clients
from conformance.commands.compare import compare
from conformance.commands.drift import drift
from conformance.commands.editions import app as edition
from conformance.commands.editions import changes, editions
from conformance.commands.history import history
from conformance.commands.judge import judge
from conformance.commands.look_up import docs, explain, list_
from conformance.commands.plan import plan
from conformance.commands.prove import prove
from conformance.commands.report import report
from conformance.commands.run import run
from conformance.commands.serve import serve
from conformance.errors import ConformanceError
from conformance.output.printing import printable
from conformance.output.streams import guard
from conformance.suite.import_path import leave_out_current_folder
from conformance.version import tool

_TYPER_INTERRUPTED = 130  # not one of our exit codes

app = typer.Typer(
    name="image-conformance",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Which documented promises of POST /v1/images/generations a provider keeps. "
    "Exit codes: 0 nothing new is broken, 1 something is, 2 could not be judged.",
)


def _tell_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(tool())
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Say which version this is, and end.",
            is_eager=True,
            callback=_tell_version,
        ),
    ] = False,
) -> None:
    """Take the options that go before a command."""


app.command()(run)
app.command()(check)
app.command()(clients)
app.command(name="list")(list_)
app.command()(explain)
app.command()(plan)
app.command()(serve)
app.command()(judge)
app.command()(report)
app.command()(prove)
app.command()(docs)
app.command()(compare)
app.command()(drift)
app.command()(history)
app.command()(editions)
app.command()(changes)
app.add_typer(edition, name="edition")


def main() -> NoReturn:
    """Run the command; a user's mistake ends in one sentence and exit code 2, never a traceback."""
    leave_out_current_folder()
    try:
        guard()
        code = _code()
        sys.stdout.flush()
    except ConformanceError as error:
        sys.stderr.write(f"error: {printable(str(error), 2000)}\n")
        code = 2
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = 2
    sys.exit(code)


def _code() -> int | str | None:
    try:
        app()
    except SystemExit as ended:
        if ended.code == _TYPER_INTERRUPTED:
            raise KeyboardInterrupt from None
        return ended.code
    return 0


if __name__ == "__main__":
    main()
