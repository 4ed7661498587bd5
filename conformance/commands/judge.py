"""`image-conformance judge`: judge what others recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.options import Clauses, EditionName, Plugins, RunFile
from conformance.contract import DEFAULT_EDITION


def judge(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Recordings; folders and patterns too.", show_default=False
        ),
    ],
    output: RunFile = None,
    edition: EditionName = None,
    clauses: Clauses = "*",
    plugin: Plugins = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL=NAME", help="The provider's name of a model of the edition. Repeatable."
        ),
    ] = None,
    unnamed: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model of requests that name none.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No tables.")] = False,
) -> None:
    """Judge the image exchanges in recordings of other tools; nothing is sent.

    Input: cassettes of VCR.py, Ruby's VCR, go-vcr and PHP-VCR, HAR, mappings of WireMock,
    recordings of nock, httpmock and the test proxy of the Azure SDKs, saved answers of Postman and
    Insomnia, and exchanges as JSON, alone, in an array or in lines; also compressed by gzip.

    Anything else can be converted to JSON lines, one object per line (docs/judging.md):
    {"request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"}}

    Each is judged by the edition of the day on which it was recorded: the newest one published by
    then that knows the model. --edition judges all by one.

    Exit codes: 0 no MUST is broken, 1 one is, 2 nothing was decided or a file was not read whole.
    """
    from conformance.clauses.extensions import load_plugins
    from conformance.contract import load_edition
    from conformance.recordings.contracts import Contracts, read_names
    from conformance.recordings.judging import judge_files
    from conformance.recordings.render import show
    from conformance.runner.output_path import OutputFile, default_output

    load_plugins(plugin or ())
    # without an edition each is judged by that of its day
    contracts = Contracts(load_edition(edition or DEFAULT_EDITION), clauses, by_day=edition is None)
    names = read_names(model or [], unnamed, *contracts.editions)
    with OutputFile(output or default_output(["judge"])) as output_file:
        report = judge_files(files, contracts, output_file.path, names)
        show(report, quiet)
    raise typer.Exit(int(report.conclusion))
