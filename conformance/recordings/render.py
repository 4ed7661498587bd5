"""Terminal output for judged recordings: the files first, then the run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from conformance.output.printing import printable
from conformance.output.tables import TableColumn, print_table
from conformance.recordings.inputs import ForeignFile, ForeignReport
from conformance.reports import print_runs
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import read_run

_MOST = 12  # rows, and notes of one kind


def show(report: ForeignReport, quiet: bool) -> None:
    """Print the outcome of each file and the summary of the run; only problems where `quiet`."""
    for problem in report.problems:
        sys.stderr.write(f"error: {printable(problem, 2000)}\n")
    if quiet:
        if report.conclusion is Conclusion.NOT_JUDGED:
            sys.stderr.writelines(f"error: {note}\n" for note in _some(report.unknown))
        return
    console = Console()
    _print_files(report.files, console)
    for note in _some([f"passed over: {note}" for note in report.passed_over]):
        console.print(Text(printable(note, 2000), style="dim"))
    if not report.has_read:
        sys.stdout.write("nothing was read, and no run file was written\n")
        return
    print_runs([read_run(report.run_file)], console)
    for note in _some(report.unknown):
        console.print(Text(note))
    sys.stdout.write(f"run file: {report.run_file}\n")


def _print_files(files: Sequence[ForeignFile], console: Console) -> None:
    names = [TableColumn(name) for name in ("recording", "kind")]
    counts = ("entries", "for images", "judged", "broken")
    ranked = files
    if len(files) > _MOST:  # broken ones first, then unreadable ones
        ranked = sorted(files, key=lambda f: (not f.broken, not f.unreadable, not f.judged))
    rows = []
    for file in ranked[:_MOST]:
        numbers = (file.entries, file.found, file.judged, file.broken)
        path = printable(str(file.path), 200)
        cells = (path, str(file.layout or "-"), *(str(number or "-") for number in numbers))
        rows.append([Text(cell) for cell in cells])
    columns = [*names, *(TableColumn(name, is_number=True) for name in counts)]
    print_table(console, columns, rows)
    if len(files) > _MOST:
        console.print(Text(f"and {len(files) - _MOST} more", style="dim"))


def _some(notes: Sequence[str]) -> list[str]:
    more = [f"and {len(notes) - _MOST} more"] if len(notes) > _MOST else []
    return [*notes[:_MOST], *more]
