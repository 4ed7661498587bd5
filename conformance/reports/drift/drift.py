"""All that changed between the nights before and a new run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from conformance.findings import DECIDED
from conformance.reports.drift.absences import (
    Absence,
    absences,
    not_chosen,
    vanished,
    vanished_musts,
)
from conformance.reports.drift.answers import shape_changes
from conformance.reports.drift.baseline import Before, before, check, finding_key
from conformance.reports.drift.model import Change, Drift, Kind
from conformance.reports.drift.outliers import range_changes
from conformance.reports.drift.verdicts import verdict_changes
from conformance.reports.wording import counted
from conformance.results.baselines import ordered, tells
from conformance.results.conclusion import Reasons
from conformance.results.run_file import Run
from conformance.results.selection import extent, is_part

_ORDER = {kind: rank for rank, kind in enumerate(Kind)}
_WHAT = (
    "model",
    "verdict",
    "status",
    "price",
    "latency",
    "image host",
    "image type",
    "error",
    "header",
    "header value",
    "field",
    "slow answer",
)
_MOST_LOST = 0.5  # the share of a model's findings that may be undecided now
_CONDITIONS = ("mode", "base_url")


def drift(bases: Sequence[Run], new: Run) -> Drift:
    """Tell what changed; raises `DriftError` for runs that cannot be compared.

    Of several ``bases``, in any order, the last that could tell stands for what was.
    """
    bases = tuple(ordered(bases))
    check(bases, new)
    found = before(bases)
    whole = new.complete and bases[-1].complete and _same_selection(bases[-1], new)
    absent = absences(found, new)
    gone = {(each.provider, each.model) for each in absent}
    verdicts, compared, hidden = verdict_changes(found, new, whole, gone)
    changes = [*vanished(absent), *verdicts, *shape_changes(found, new), *range_changes(bases, new)]
    return Drift(
        bases=bases,
        new=new,
        changes=tuple(sorted(changes, key=_rank)),
        compared=compared,
        explained=hidden,
        notes=tuple(_notes(bases, new, absent)),
        unjudged=tuple(_unjudged(found, new, absent)),
    )


def _rank(change: Change) -> tuple[int, bool, int, int]:
    """Put first what a person must see: of a class, what is sure, rare in kind and widespread."""
    place = _WHAT.index(change.what)
    if change.what == "verdict" and "absent" in (change.before, change.after):
        place = len(_WHAT)  # a new version of the suite has many of these
    return _ORDER[change.kind], not change.confirmed, place, -change.count


def _same_selection(base: Run, new: Run) -> bool:
    """Whether both were to judge the same, so that what is missing was not left out."""
    sides = [
        (run.header.selection, sorted(each.id for each in run.header.providers))
        for run in (base, new)
    ]
    return sides[0] == sides[1]


def _notes(bases: Sequence[Run], new: Run, absent: Sequence[Absence]) -> Iterator[str]:
    """Say what else is not the same, and may be why something changed."""
    last = bases[-1]
    if last.header.started > new.header.started:
        yield "NEW was made before BASE: read every change the other way round."
    if last.header.tool != new.header.tool:
        tools = f"{last.header.tool}, then {new.header.tool}"
        yield f"The suite changed too ({tools}): a change may be its doing."
    if not _same_selection(last, new):
        yield "The runs were to judge different things: only what both judged is compared."
    yield from not_chosen(absent, new)
    if not last.complete:
        yield "BASE did not come to its end: what it lacks is not told as added."
    yield from _conditions(last, new)


def _conditions(last: Run, new: Run) -> Iterator[str]:
    known = {each.id: each for each in last.header.providers}
    for each in new.header.providers:
        was = known.get(each.id)
        for name in _CONDITIONS if was else ():
            before, now = getattr(was, name), getattr(each, name)
            if before != now:
                yield f"{each.id}: {name} was {before}, and is {now}."


def _unjudged(found: Before, new: Run, absent: Sequence[Absence]) -> Iterator[str]:
    """Say why the new run says too little to tell that nothing got worse."""
    if new.interrupted:
        yield "the new run did not come to its end"
    elif is_part(new):
        yield f"the new run judged only a part ({extent(new)})"
    was = Counter(each.provider for each in found.findings.values() if each.verdict in DECIDED)
    now = {each.provider for each in new.findings if each.verdict in DECIDED}
    planned = {each.id for each in new.header.providers}
    out = {provider for provider in was.keys() & planned if provider not in now}
    for provider in (name for name in was if name in out):
        yield f"nothing of {provider} could be judged, of {counted(was[provider], 'finding')}"
    for each in absent:
        if each.chosen and each.provider not in out:
            before = counted(each.findings, "finding")
            yield f"nothing of {each.name} was judged, of {before} before"
    yield from _models_out(found, new, out)
    yield from vanished_musts(found, new, {*out, *((a.provider, a.model) for a in absent)})
    if not was:
        yield "nothing was judged before, so nothing can have changed"


def _models_out(found: Before, new: Run, told: Collection[str]) -> Iterator[str]:
    """Name each model of which most of what was decided before is undecided now."""
    for (provider, model), (open_, of) in _lost(found, new).items():
        if provider not in told and open_ > of * _MOST_LOST:
            findings = counted(of, "finding")
            yield f"{open_:,} of {findings} of {provider} {model} could not be compared"


def _lost(found: Before, new: Run) -> dict[tuple[str, str], tuple[int, int]]:
    """Count by provider and model: findings that could not be compared, of those decided before.

    What something broken on the same exchange explains is told by that.
    """
    reasons = Reasons(new.findings)
    lost: dict[tuple[str, str], tuple[int, int]] = {}
    for each in new.findings:
        was = found.findings.get(finding_key(each))
        if was is not None and was.verdict in DECIDED:
            open_, of = lost.get((each.provider, each.model), (0, 0))
            blind = not tells(each) and not reasons.explain(each)
            lost[each.provider, each.model] = open_ + blind, of + 1
    return lost
