"""Reports: what a run file says, for people and for machines; they know nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.errors import UnknownNameError
from conformance.reports.junit import junit
from conformance.reports.markdown import markdown
from conformance.reports.merging import MergeError
from conformance.reports.summary import Summary, summarize
from conformance.reports.terminal import print_runs
from conformance.runs.file import Run

_RENDERERS: dict[str, Callable[[Summary], str]] = {"md": markdown, "junit": junit}
FORMATS = tuple(_RENDERERS)
"""The formats that `render` knows; the terminal has `print_runs`."""


def render(runs: Sequence[Run], format: str) -> str:  # noqa: A002 - the word of the command's option
    """Write runs of one edition in a format.

    Raises `UnknownNameError` for another format than those of `FORMATS`, and `MergeError`
    for no run at all and for runs of different editions.
    """
    if format not in _RENDERERS:
        raise UnknownNameError("format", format, FORMATS)
    return _RENDERERS[format](summarize(runs))


__all__ = ["FORMATS", "MergeError", "print_runs", "render"]
