"""Models of which the new run says nothing at all: those that vanished, and those not chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.findings import DECIDED, Finding
from conformance.reports.drift.baseline import Before
from conformance.reports.drift.model import Change, Kind
from conformance.reports.wording import counted, listed
from conformance.results.run_file import Run
from conformance.results.selection import selection_globs, selects


@dataclass(frozen=True, slots=True)
class Absence:
    """A model that was judged before, and of which there is no finding now."""

    provider: str
    model: str
    findings: int  # decided before
    chosen: bool  # whether the new run was to judge any of them

    @property
    def name(self) -> str:
        """The model with its provider."""
        return f"{self.provider} {self.model}"


def absences(found: Before, new: Run) -> list[Absence]:
    """Give the absent models of the providers that the new run was to judge.

    Of a run that was cut off there are none: it came to its end before it came to them.
    """
    if new.interrupted:
        return []
    planned = {each.id for each in new.header.providers}
    there = {(each.provider, each.model) for each in new.findings}
    before: dict[tuple[str, str], list[Finding]] = {}
    for each in found.findings.values():
        model = each.provider, each.model
        if each.verdict in DECIDED and each.provider in planned and model not in there:
            before.setdefault(model, []).append(each)
    globs = selection_globs(new)
    return [
        Absence(*model, len(those), any(selects(globs, each) for each in those))
        for model, those in before.items()
    ]


def vanished_musts(
    found: Before, new: Run, told: Collection[str | tuple[str, str]]
) -> Iterator[str]:
    """Name the MUSTs that the last night decided and that have no finding at all now.

    ``told`` are the providers and models of which it is said already that they are missing.
    """
    globs, known = selection_globs(new), {each.id for each in new.header.clauses}
    planned = {each.id for each in new.header.providers}
    there = {(each.provider, each.model, each.clause) for each in new.findings}
    gone: dict[tuple[str, str], set[str]] = {}
    for each in (found.findings[key] for key in found.newest):
        is_decided_must = each.level == "MUST" and each.verdict in DECIDED
        asked = each.provider in planned and each.clause in known and selects(globs, each)
        missing = (each.provider, each.model, each.clause) not in there
        if is_decided_must and asked and missing and not new.interrupted:
            gone.setdefault((each.provider, each.model), set()).add(each.clause)
    for (provider, model), clauses in gone.items():
        if provider not in told and (provider, model) not in told:
            musts, names = counted(len(clauses), "MUST"), listed(sorted(clauses))
            yield f"{musts} of {provider} {model} judged before and not now: {names}"


def vanished(absent: Iterable[Absence]) -> Iterator[Change]:
    """Tell each model that vanished as one change, and not finding by finding."""
    for each in absent:
        if each.chosen:
            yield Change(
                kind=Kind.INFORMATION,
                what="model",
                provider=each.provider,
                subject=each.model,
                before=f"{counted(each.findings, 'finding')} judged",
                after="absent",
                models=(each.model,),
                count=each.findings,
            )


def not_chosen(absent: Iterable[Absence], new: Run) -> Iterator[str]:
    """Say in one line which models the new run was not to judge."""
    left: Sequence[Absence] = [each for each in absent if not each.chosen]
    if left:
        globs = [f"{name} {glob}" for name, glob in selection_globs(new).items()]
        findings = counted(sum(each.findings for each in left), "finding")
        names = listed([each.name for each in left])
        yield f"Not chosen by NEW ({', '.join(globs)}): {findings} of {names}."
