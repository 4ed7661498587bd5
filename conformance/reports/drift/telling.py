"""All that changed between the nights before and a new run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.findings import DECIDED, Finding
from conformance.reports.drift.bases import Before, before, check
from conformance.reports.drift.model import Change, Drift, Kind
from conformance.reports.drift.ranges import range_changes
from conformance.reports.drift.shapes import shape_changes
from conformance.reports.drift.verdicts import verdict_changes
from conformance.reports.wording import counted
from conformance.runs.earlier import ordered
from conformance.runs.file import Run

_ORDER = {kind: rank for rank, kind in enumerate(Kind)}
_WHAT = (
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
_CONDITIONS = ("mode", "base_url")


def drift(bases: Sequence[Run], new: Run) -> Drift:
    """Tell what changed; raises `DriftError` for runs that cannot be compared.

    Of several ``bases``, in any order, the last that could tell stands for what was.
    """
    bases = tuple(ordered(bases))
    check(bases, new)
    found = before(bases)
    whole = new.complete and bases[-1].complete and _same_selection(bases[-1], new)
    verdicts, compared, explained = verdict_changes(found, new, whole)
    changes = [*verdicts, *shape_changes(found, new), *range_changes(bases, new)]
    return Drift(
        bases=bases,
        new=new,
        changes=tuple(sorted(changes, key=_rank)),
        compared=compared,
        explained=explained,
        notes=tuple(_notes(bases, new)),
        unjudged=tuple(_unjudged(found, new)),
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
        (run.header.get("selection") or {}, sorted(each["id"] for each in run.header["providers"]))
        for run in (base, new)
    ]
    return sides[0] == sides[1]


def _notes(bases: Sequence[Run], new: Run) -> Iterator[str]:
    """Say what else is not the same, and may be why something changed."""
    last = bases[-1]
    if str(last.header["started"]) > str(new.header["started"]):
        yield "NEW was made before BASE: read every change the other way round."
    if last.header["tool"] != new.header["tool"]:
        tools = f"{last.header['tool']}, then {new.header['tool']}"
        yield f"The suite changed too ({tools}): a change may be its doing."
    if not _same_selection(last, new):
        yield "The runs were to judge different things: only what both judged is compared."
    if not last.complete:
        yield "BASE did not come to its end: what it lacks is not told as added."
    yield from _conditions(last, new)


def _conditions(last: Run, new: Run) -> Iterator[str]:
    known = {each["id"]: each for each in last.header["providers"]}
    for each in new.header["providers"]:
        was = known.get(each["id"])
        for name in _CONDITIONS if was else ():
            if was and was[name] != each[name]:
                yield f"{each['id']}: {name} was {was[name]}, and is {each[name]}."


def _unjudged(found: Before, new: Run) -> Iterator[str]:
    """Say why the new run says too little to tell that nothing got worse."""
    if not new.complete:
        yield "the new run did not come to its end"
    was, now = _decided(found.findings.values()), _decided(new.findings)
    for provider in was:
        planned = any(each["id"] == provider for each in new.header["providers"])
        if planned and provider not in now:
            yield f"nothing of {provider} could be judged, of {counted(was[provider], 'finding')}"
    if not was:
        yield "nothing was judged before, so nothing can have changed"


def _decided(findings: Iterable[Finding]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in findings:
        if each.verdict in DECIDED:
            counts[each.provider] = counts.get(each.provider, 0) + 1
    return counts
