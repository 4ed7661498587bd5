"""Reports: what a run file says, for people and for machines; they know nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from conformance.errors import UnknownNameError
from conformance.reports.badges import badge, badges
from conformance.reports.csv_report import table
from conformance.reports.json_report import document
from conformance.reports.junit import junit
from conformance.reports.markdown import markdown
from conformance.reports.merging import MergeError
from conformance.reports.page.rendering import page
from conformance.reports.summary import Summary, summarize
from conformance.reports.terminal import print_runs
from conformance.results.run_file import Run

__all__ = [
    "FORMATS", "Format", "MergeError", "Summary", "folder", "print_runs", "render", "summarize",
]  # fmt: skip


class Format(NamedTuple):
    """How a format is written, how its files end, and the one in a folder, beside its badges."""

    render: Callable[[Summary], str]
    suffix: str
    in_folder: str = ""


FORMATS = {
    "html": Format(page, ".html", "index.html"),
    "md": Format(markdown, ".md", "summary.md"),
    "junit": Format(junit, ".xml", "junit.xml"),
    "json": Format(document, ".json", "summary.json"),
    "csv": Format(table, ".csv", "findings.csv"),
    "svg": Format(badge, ".svg"),
}
"""The formats that `render` knows; the terminal has `print_runs`."""


def render(runs: Sequence[Run] | Summary, name: str) -> str:
    """Write runs in the format of this name.

    Raises `UnknownNameError` if no format of `FORMATS` has it, and `MergeError` if there
    is no run.
    """
    if name not in FORMATS:
        raise UnknownNameError("format", name, FORMATS)
    return FORMATS[name].render(runs if isinstance(runs, Summary) else summarize(runs))


def folder(runs: Sequence[Run] | Summary) -> dict[str, str]:
    """Write runs in every format: relative paths, and the text of each file."""
    summary = runs if isinstance(runs, Summary) else summarize(runs)
    files = {row.in_folder: row.render(summary) for row in FORMATS.values() if row.in_folder}
    return files | {f"badges/{name}": text for name, text in badges(summary).items()}
