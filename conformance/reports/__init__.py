"""Reports: what a run file says, for people and for machines; they know nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

_RENDERERS: dict[str, Callable[[Summary], str]] = {
    "html": page,
    "md": markdown,
    "junit": junit,
    "json": document,
    "csv": table,
    "svg": badge,
}
FORMATS = tuple(_RENDERERS)
"""The formats that `render` knows; the terminal has `print_runs`."""

FOLDER = {
    "index.html": "html",
    "summary.md": "md",
    "junit.xml": "junit",
    "summary.json": "json",
    "findings.csv": "csv",
}
"""What a folder of reports holds, beside its badges."""


def render(runs: Sequence[Run] | Summary, name: str) -> str:
    """Write runs in the format of this name.

    Raises `UnknownNameError` if no format of `FORMATS` has it, and `MergeError` if there
    is no run.
    """
    if name not in _RENDERERS:
        raise UnknownNameError("format", name, FORMATS)
    return _RENDERERS[name](runs if isinstance(runs, Summary) else summarize(runs))


def folder(runs: Sequence[Run] | Summary) -> dict[str, str]:
    """Write runs in every format: relative paths, and the text of each file."""
    summary = runs if isinstance(runs, Summary) else summarize(runs)
    files = {name: render(summary, format_) for name, format_ in FOLDER.items()}
    return files | {f"badges/{name}": text for name, text in badges(summary).items()}


__all__ = [
    "FOLDER",
    "FORMATS",
    "MergeError",
    "Summary",
    "folder",
    "print_runs",
    "render",
    "summarize",
]
