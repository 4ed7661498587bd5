"""The command `image-conformance`."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from conformance.commands.judge import judge
from conformance.commands.look_up import explain, list_
from conformance.commands.report import report
from conformance.commands.run import run
from conformance.commands.serve import serve
from conformance.errors import ConformanceError

app = typer.Typer(
    name="image-conformance",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Which documented promises of POST /v1/images/generations a provider keeps. "
    "Exit codes: 0 conforms, 1 does not, 2 could not judge.",
)
app.command()(run)
app.command(name="list")(list_)
app.command()(explain)
app.command()(serve)
app.command()(judge)
app.command()(report)


def main() -> NoReturn:
    """Run the command; a user's mistake is one sentence and exit code 2, never a traceback."""
    try:
        app()
    except ConformanceError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(2)
    sys.exit(0)


if __name__ == "__main__":
    main()
