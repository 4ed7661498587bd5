"""The command: run, list, explain, serve, report."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from conformance.contract import DEFAULT_EDITION
from conformance.errors import ConformanceError, UnknownNameError

app = typer.Typer(
    name="image-conformance",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Which documented promises of POST /v1/images/generations a provider keeps. "
    "Exit codes: 0 conforms, 1 does not, 2 could not judge.",
)

Providers = Annotated[
    list[str] | None,
    typer.Option(
        "--provider", "-p", help="A provider by name, or a TOML file by path. Repeatable."
    ),
]
Edition = Annotated[str | None, typer.Option(help="Edition of the contract.")]


@app.command()
def run(
    provider: Providers = None,
    live: Annotated[
        bool, typer.Option("--live", help="Send real requests; may be billed.")
    ] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Answer from cassettes only.")] = False,
    record_mode: Annotated[
        str | None, typer.Option(help="none, once, new_episodes, all or rewrite.")
    ] = None,
    edition: Edition = None,
    clauses: Annotated[str, typer.Option(metavar="GLOB", help="Only these clauses.")] = "*",
    models: Annotated[str, typer.Option(metavar="GLOB", help="Only these models.")] = "*",
    cases: Annotated[str, typer.Option(metavar="GLOB", help="Only these cases.")] = "*",
    base_url: Annotated[str | None, typer.Option(help="Another address of the provider.")] = None,
    cassettes: Annotated[Path, typer.Option(help="Where cassettes are.")] = Path("cassettes"),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The run file to write.")
    ] = None,
    workers: Annotated[
        str | None, typer.Option("--workers", "-n", help="Processes to use (pytest-xdist).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Judge providers and write a run file; without options, the embedded reference provider."""
    from conformance.exchange.source import RecordMode
    from conformance.running import run_promises
    from conformance.runs.session import Options

    if live and (replay or record_mode):
        raise ConformanceError("--live goes with neither --replay nor --record-mode; choose one")
    if record_mode is not None and record_mode not in list(RecordMode):
        raise UnknownNameError("record mode", record_mode, [each.value for each in RecordMode])
    options = Options(
        providers=tuple(provider or ("reference",)),
        edition=edition or DEFAULT_EDITION,
        clauses=clauses,
        models=models,
        cases=cases,
        live=live,
        record_mode=RecordMode(record_mode) if record_mode else None,
        base_url=base_url,
        cassettes=cassettes,
    )
    raise typer.Exit(run_promises(options, replay, output, workers, quiet))


@app.command(name="list")
def list_(
    what: Annotated[
        str, typer.Argument(help="clauses, cases, providers, models, editions or open.")
    ] = "clauses",
    edition: Edition = None,
    clauses: Annotated[str, typer.Option(metavar="GLOB", help="Only these clauses.")] = "*",
    models: Annotated[str, typer.Option(metavar="GLOB", help="Only cases of these models.")] = "*",
) -> None:
    """Show what the suite knows: its clauses, or its cases, providers, models, editions."""
    from conformance.catalogue import LISTS

    end_with_the_pipe()
    if what not in LISTS:
        raise UnknownNameError("list", what, LISTS)
    LISTS[what](Console(), edition, clauses, models)


@app.command()
def explain(
    clause: Annotated[str, typer.Argument(help="The id of a clause.")],
    edition: Edition = None,
    provider: Annotated[
        str, typer.Option("--provider", "-p", help="Whose address the curl line has.")
    ] = "cometapi",
) -> None:
    """Print a clause: statement, level, source, models, how it is judged, how to reproduce it."""
    from conformance.catalogue import explain_clause

    end_with_the_pipe()
    explain_clause(Console(), clause, edition, provider)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 18001,
    key: Annotated[
        str, typer.Option(envvar="REFERENCE_KEY", help="The API key it accepts.")
    ] = "sk-reference-conformance",
    edition: Edition = None,
    delay: Annotated[float, typer.Option(help="Seconds an image takes.", min=0.0)] = 0.0,
) -> None:
    """Serve the reference provider, which keeps the edition exactly, until interrupted."""
    from conformance.contract import load_edition
    from conformance.reference.server import serve as serve_reference

    loaded = load_edition(edition or DEFAULT_EDITION)
    typer.echo(f"reference provider on http://{host}:{port}/v1 (key {key}); Ctrl-C stops it")
    serve_reference(host, port, key, loaded, delay=delay)


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="Run files.", show_default=False)],
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help="terminal, md or junit.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="File to write, .md or .xml. Repeatable."),
    ] = None,
) -> None:
    """Render run files: a table for the terminal, Markdown or JUnit; with files, both."""
    from conformance.reports import FORMATS, print_runs, render
    from conformance.runs.file import read_run

    if format_ not in (None, *FORMATS, "terminal"):
        raise UnknownNameError("format", str(format_), (*FORMATS, "terminal"))
    formats = {path: format_ or _format_of(path) for path in output or []}
    end_with_the_pipe()
    loaded = [read_run(path) for path in runs]
    for path, name in formats.items():
        _write(path, render(loaded, name))
    if format_ in (None, "terminal"):
        print_runs(loaded, Console())
    elif not formats:
        typer.echo(render(loaded, format_), nl=False)


def _format_of(path: Path) -> str:
    found = {".md": "md", ".xml": "junit"}.get(path.suffix)
    if found is None:
        raise ConformanceError(f"{path}: name its format with --format, or end it in .md or .xml")
    return found


def end_with_the_pipe() -> None:
    """Let a reader that has seen enough end the command, silently, as it ends any other.

    Never while requests are sent: a connection that breaks would end it too.
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConformanceError(f"{path}: cannot be written: {error.strerror}") from None
    typer.echo(f"wrote {path}")


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
