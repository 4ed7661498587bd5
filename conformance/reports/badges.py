"""Badges: one line about a provider, or a family of its models, that claims no more than is so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from jinja2 import Template

from conformance.findings import AMBER, BLUE, GREEN, GREY, RED, VIOLET, Verdict
from conformance.output.counting import write_count
from conformance.output.printing import printable
from conformance.reports.statistics import Family, provider_facts
from conformance.reports.summary import Summary
from conformance.reports.templating import environment
from conformance.results.conclusion import Conclusion
from conformance.results.reach import LEVELS, Promise

_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 40  # characters of a name
_ROOM = 50  # characters of a message that are shown
_WIDTH = 6.7  # pixels of a character of Verdana at 11 pixels, on the average
_COLOURS = {Conclusion.CONFORMS: GREEN, Conclusion.BREAKS: RED, Conclusion.NOT_JUDGED: VIOLET}


def badge(summary: Summary) -> str:
    """Write one badge over all runs: their headline."""
    colour = _COLOURS[summary.conclusion]
    if summary.conclusion is Conclusion.CONFORMS:
        if summary.known:
            colour = BLUE
        elif not summary.headline.conforms:
            colour = GREY
    return _svg("image API", summary.headline.sentence, colour)


def badges(summary: Summary) -> dict[str, str]:
    """Write a badge for every provider and for every family of its models, by file name."""
    files: dict[str, str] = {}
    for provider in provider_facts(summary):
        runs = summary.merged.concluding
        pairs = ((run, record) for run in runs for record in run.header.providers)
        records = [(run, record) for run, record in pairs if record.id == provider.id]
        problems = sum(len(run.problems) for run, _ in records)
        run_fault = f"{write_count(problems, 'problem')} with the run" if problems else ""
        if any(run.interrupted for run, _ in records):
            run_fault = "run interrupted"
        recorded = any(record.mode == "foreign" for _, record in records)
        partial_families = {
            summary.merged.family(column) for column in summary.parts if column[0] == provider.id
        }
        ended = {row.model for row in summary.rows if row.provider == provider.id and row.retired}
        total = _standing(provider.total, run_fault, bool(partial_families), recorded)
        _put(files, provider.id, _svg(provider.id, *total))
        for family in provider.families:
            standing = _standing(family, run_fault, family.name in partial_families, recorded)
            if ended.issuperset(family.models) and not family.broken:
                standing = "retired", GREY
            svg = _svg(f"{provider.id} {family.name}", *standing)
            _put(files, f"{provider.id}-{family.name}", svg)
    return files


def _put(files: dict[str, str], name: str, svg: str) -> None:
    """Name a file after what it is about; a name that is taken already gets a number."""
    # a provider's name may hold a path, or differ from another's in such characters alone
    stem = _NAME.sub("-", printable(name, 80)).strip(".-") or "unnamed"
    number = 1
    while (file := f"{stem}{f'-{number}' * (number > 1)}.svg") in files:
        number += 1
    files[file] = svg


def _standing(family: Family, run_fault: str, partial: bool, recorded: bool) -> tuple[str, str]:
    """Return how a family stands, and in which colour; `run_fault` is what is wrong with its runs.

    Green is only a family that was judged whole, with enough decided and nothing broken.
    """
    must = family.kept.get("MUST")
    if must is None or not must.total:
        return "no MUST was judged", GREY
    remarks = [*_remarks(family.promises), *([run_fault] if run_fault else [])]
    scope = " of a part" if partial else " of recordings" if recorded else ""
    score = f"MUST {must.kept}/{must.total}, {must.decided} decided{scope}"
    score += " so far" if family.open_ended else ""
    if not remarks and (partial or recorded or not must.reaches):
        return score, GREY
    if not remarks:
        return f"{score}: conforms", GREEN
    # a known deviation is blue also where it leaves something open, unless the run has a fault
    if family.broken:
        colour = RED if family.cell.verdict is Verdict.FAIL else AMBER
    else:
        colour = VIOLET if run_fault or (family.undecided and not family.known) else BLUE
    return f"{score}: {', '.join(remarks)}", colour


def _remarks(promises: Sequence[Promise]) -> Iterator[str]:
    """Yield how many promises are not kept; the score is of MUSTs, so any other level is named."""
    for level in LEVELS:
        name = "" if level == "MUST" else f"{level} "
        cells = [promise.cell for promise in promises if promise.level == level]
        if broken := sum(cell.newly_broken for cell in cells):
            yield f"{broken} {name}broken"
        if known := sum(cell.known for cell in cells):
            yield write_count(known, f"known {name}deviation")
        if undecided := sum(cell.open for cell in cells):
            yield f"{undecided} {name}not judged"


def _svg(label: str, message: str, colour: str) -> str:
    label, message = printable(label, _LONGEST), printable(message)
    # a line of a README has no room for more; the title of the picture has all of it
    parts = message.split(", ")
    while len(", ".join(parts)) > _ROOM and len(parts) > 2:
        parts.pop()
    start = ", ".join(parts)
    shown = start if start == message else f"{start} …"
    left, right = (round(len(text) * _WIDTH) + 14 for text in (label, shown))
    return _template().render(
        label=label, message=message, shown=shown, colour=colour, left=left, right=right
    )


@cache
def _template() -> Template:
    return environment().get_template("badge.svg.jinja")
