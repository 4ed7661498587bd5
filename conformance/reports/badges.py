"""Badges: one line about a provider, or a family of its models, that claims no more than is so."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Template

from conformance.findings import AMBER, BLUE, GREEN, GREY, RED, VIOLET, Verdict
from conformance.parsing import printable
from conformance.reports.formatting import counted
from conformance.reports.statistics import Family, ProviderFacts, provider_facts
from conformance.reports.summary import Summary
from conformance.reports.templating import environment
from conformance.results.conclusion import Conclusion

_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 40  # characters of a name
_WIDTH = 6.7  # pixels of a character of Verdana at 11 pixels, on the average
_CONCLUSIONS = {
    Conclusion.CONFORMS: GREEN,
    Conclusion.BREAKS: RED,
    Conclusion.NOT_JUDGED: VIOLET,
}


def badge(summary: Summary) -> str:
    """Write one badge over all runs: what they come to."""
    colour = _CONCLUSIONS[summary.conclusion]
    if summary.conclusion is Conclusion.CONFORMS and (
        summary.known or not summary.headline.conforms
    ):
        colour = BLUE if summary.known else GREY
    return _svg("image API", summary.headline.sentence, colour)


def badges(summary: Summary) -> dict[str, str]:
    """Write a badge for every provider and for every family of its models, by file name."""
    found: dict[str, str] = {}
    for provider in provider_facts(summary):
        end = _end(provider, summary)
        parts = {
            summary.merged.family(column) for column in summary.parts if column[0] == provider.id
        }
        recorded = _is_recorded(provider, summary)
        ended = {row.model for row in summary.rows if row.provider == provider.id and row.retired}
        _put(found, provider.id, _one(provider.id, provider.total, end, bool(parts), recorded))
        for family in provider.families:
            label = f"{provider.id} {family.name}"
            if ended.issuperset(family.models) and not family.broken:
                _put(found, f"{provider.id}-{family.name}", _svg(label, "retired", GREY))
                continue
            svg = _one(label, family, end, family.name in parts, recorded)
            _put(found, f"{provider.id}-{family.name}", svg)
    return found


def _put(found: dict[str, str], name: str, svg: str) -> None:
    """Name a file after what it is about; a name that is taken already gets a number."""
    stem = _NAME.sub("-", printable(name, 80)).strip(".-") or "unnamed"
    number = 1
    while (file := f"{stem}{f'-{number}' * (number > 1)}.svg") in found:
        number += 1
    found[file] = svg


def _end(provider: ProviderFacts, summary: Summary) -> str:
    """Return what is wrong with the runs of a provider as such; empty where nothing is."""
    names = ((run, [each.id for each in run.header.providers]) for run in summary.merged.concluding)
    mine = [run for run, ids in names if provider.id in ids]
    if any(run.interrupted for run in mine):
        return "run interrupted"
    problems = sum(len(run.problems) for run in mine)
    return f"{counted(problems, 'problem')} with the run" if problems else ""


def _is_recorded(provider: ProviderFacts, summary: Summary) -> bool:
    """Return whether any of it was recorded by others, who planned nothing."""
    runs = summary.merged.concluding
    return any(
        each.id == provider.id and each.mode == "foreign"
        for run in runs
        for each in run.header.providers
    )


def _one(label: str, family: Family, end: str, part: bool, recorded: bool) -> str:
    return _svg(label, *standing(family, end, part, recorded))


def standing(
    family: Family, end: str = "", part: bool = False, recorded: bool = False
) -> tuple[str, str]:
    """Return how a family stands, and in which colour; `end` is what is wrong with its runs.

    Green is only a family that was judged whole, with enough decided and nothing broken.
    """
    must = family.kept.get("MUST")
    if must is None or not must.total:
        return "no MUST was judged", GREY
    rest = _rest(family, end)
    aside = " of a part" if part else " of recordings" if recorded else ""
    score = f"MUST {must.kept}/{must.total}, {must.decided} decided{aside}"
    score += " so far" if family.open_ended else ""
    if not rest and (part or recorded or not must.reaches):
        return score, GREY
    if not rest:
        return f"{score}: conforms", GREEN
    return f"{score}: {', '.join(rest)}", _colour(family, end)


def _rest(family: Family, end: str) -> list[str]:
    only_should = family.cell.verdict is Verdict.DEVIATES and not family.cell.known
    found = [f"{family.broken} {'SHOULD ' * only_should}broken"] if family.broken else []
    found += [counted(family.known, "known deviation")] if family.known else []
    found += [f"{family.undecided} not judged"] if family.undecided else []
    return [*found, end] if end else found


def _colour(family: Family, end: str) -> str:
    if family.broken:
        return RED if family.cell.verdict is Verdict.FAIL else AMBER
    if end or (family.undecided and not family.known):
        return VIOLET
    return BLUE


def _svg(label: str, said: str, colour: str) -> str:
    label, said = printable(label, _LONGEST), printable(said)
    left, right = (round(len(each) * _WIDTH) + 14 for each in (label, said))
    return _template().render(label=label, said=said, colour=colour, left=left, right=right)


@cache
def _template() -> Template:
    return environment().get_template("badge.svg.jinja")
