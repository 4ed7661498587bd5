"""Some runs, counted and grouped: the one source of every report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.clients.records import Impact
from conformance.findings import Finding, Verdict
from conformance.lifecycle import Standing
from conformance.output.printing import labelled
from conformance.reports.capabilities.table import ModelTable, model_tables, sides_of
from conformance.reports.causes import Cause, causes_of
from conformance.reports.costs import sent_once
from conformance.reports.grouping import (
    Broken,
    Group,
    ObservationGroup,
    Reason,
    broken_promises,
    group_by,
    group_by_reason,
    group_observations,
    reasons,
)
from conformance.reports.merging import Merged, merge
from conformance.reports.painters import Painters, painters
from conformance.reports.provenance import Origin, origins
from conformance.reports.side_by_side import ModelOffers, model_offers
from conformance.results.conclusion import (
    Conclusion,
    Headline,
    binding,
    conclude_recordings,
    conclude_run,
    explained_among,
    gravest,
    undecided,
)
from conformance.results.reach import (
    NOTHING,
    Cell,
    ColumnKey,
    Explanations,
    Kept,
    Promise,
    count,
    promises_of,
    worst_cell,
)
from conformance.results.run_file import Run
from conformance.results.run_states import accepted_of, explanations_of
from conformance.results.selection import columns_of, interrupted, open_ended, parts, planned
from conformance.results.standings import latest_standings

Spells = tuple[tuple[str, str], ...]
"""The nights on which a promise changed: when, and to which verdict."""


@dataclass(frozen=True, slots=True)
class Row:
    """One provider and model; what is counted are promises.

    `undecided` are open, and `explained` those of them that something broken explains.
    `open_ended` is whether nobody knows what else was to be judged: the run broke off.
    """

    provider: str
    model: str
    cell: Cell
    kept: Mapping[str, Kept]
    promises: Mapping[str, Promise]
    broken: int
    known: int
    undecided: int
    explained: int
    not_claimed: int
    open_ended: bool
    read_as: str  # as what a model is judged that the edition does not have under its name
    standing: Standing | None

    @property
    def column(self) -> ColumnKey:
        """The provider and the model."""
        return self.provider, self.model

    @property
    def label(self) -> str:
        """The model in tables."""
        return labelled(self.model, self.read_as)

    @property
    def retired(self) -> bool:
        """Return whether the model had ended when it was judged, so that only that was asked."""
        return self.standing is not None and self.standing.retired


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report says."""

    merged: Merged
    origins: tuple[Origin, ...]
    rows: tuple[Row, ...]
    chapters: Mapping[str, Mapping[ColumnKey, Cell]]
    broken: tuple[Broken, ...]
    causes: tuple[Cause, ...]
    reasons: tuple[Reason, ...]
    undecided: tuple[Group, ...]
    explained: tuple[Group, ...]
    not_claimed: tuple[Group, ...]
    observations: tuple[ObservationGroup, ...]
    painters: tuple[Painters, ...]
    complete: bool
    conclusion: Conclusion
    conclusions: Mapping[str, Conclusion]
    capabilities: tuple[ModelTable, ...]
    offers: tuple[ModelOffers, ...]
    parts: frozenset[ColumnKey]
    impact: Impact | None = None
    spells: Mapping[tuple[str, str, str], Spells] = field(default_factory=dict)

    @property
    def new(self) -> tuple[Broken, ...]:
        """The broken promises that no known deviation excuses."""
        return tuple(promise for promise in self.broken if not promise.known)

    @property
    def known(self) -> tuple[Broken, ...]:
        """The promises that a known deviation excuses."""
        return tuple(promise for promise in self.broken if promise.known)

    @property
    def columns(self) -> tuple[ColumnKey, ...]:
        """Every provider and model, in the order of the rows."""
        return tuple(row.column for row in self.rows)

    @property
    def unknown(self) -> frozenset[ColumnKey]:
        """The models of recordings that the edition does not have."""
        return frozenset(
            column
            for run in self.merged.runs
            for column in columns_of(run)
            if column[1] in run.header.unknown_models
        )

    @property
    def headline(self) -> Headline:
        """The conclusion, the providers that are the reason for it, and how far it reaches."""
        providers = dict.fromkeys(row.provider for row in self.rows) or self.conclusions
        subject = [name for name in providers if self.conclusions.get(name) is self.conclusion]
        subject = subject or list(providers)
        subject_rows = [row for row in self.rows if row.provider in subject]
        unknown = self.unknown
        known_rows = [row for row in subject_rows if row.column not in unknown]
        # few promises bind a model that no edition knows: what it keeps is not to raise the reach
        rows = subject_rows if self.conclusion is Conclusion.BREAKS else known_rows or subject_rows
        return Headline(
            subject=subject,
            conclusion=self.conclusion,
            known=sum(promise.provider in subject for promise in self.known),
            broken=any(promise.provider in subject for promise in self.new),
            reach=[
                row.kept.get("MUST", NOTHING)
                for row in rows
                if "MUST" in row.kept or not row.retired  # what is asked of it may all be a SHOULD
            ],
            part=bool(self.parts),
            recorded=any(run.foreign for run in self.merged.concluding),
            retired=bool(subject_rows) and all(row.retired for row in subject_rows),
        )

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every verdict that is shown of a model as a whole, or of a chapter."""
        chapters = (cell for columns in self.chapters.values() for cell in columns.values())
        return (*(row.cell for row in self.rows), *chapters)


def summarize(runs: Sequence[Run]) -> Summary:
    """Count and group; raises `MergeError` for no run at all."""
    merged = merge(runs)
    runs, findings = merged.concluding, merged.findings
    promises = promises_of(_binding_findings(merged), _explanations(merged))
    rows = tuple(_rows(merged, promises))
    open_ones, explained = _undecided(runs, findings)
    broken = broken_promises(
        findings,
        (clause for contract in merged.contracts.values() for clause in contract.clauses),
        lambda provider, clause: merged.contract(provider).statement(clause),
    )
    newly_broken = [promise for promise in broken if not promise.known]
    not_claimed = [finding for finding in findings if finding.verdict is Verdict.NOT_CLAIMED]
    sides = sides_of(merged.runs)
    return Summary(
        merged=merged,
        origins=tuple(origins(merged.runs)),
        rows=rows,
        chapters=_chapters(merged, promises),
        broken=broken,
        causes=tuple(causes_of(newly_broken, findings, merged.observations)),
        reasons=reasons(promise for promise in broken if promise.known),
        undecided=group_by_reason(open_ones),
        explained=group_by_reason(explained),
        not_claimed=group_by_reason(not_claimed),
        observations=group_observations(merged.observations),
        painters=painters(merged.runs),
        complete=all(run.complete for run in runs),
        conclusion=gravest(map(conclusion_of, runs)),
        conclusions=_conclusions(runs),
        capabilities=model_tables(
            {row.column: sides[row.column] for row in rows if row.column in sides}
        ),
        offers=model_offers(
            {row.column: row.kept for row in rows},
            group_by(sent_once(merged.runs), lambda exchange: exchange.column),
        ),
        parts=parts(runs),
    )


def _undecided(
    runs: Sequence[Run], findings: Sequence[Finding]
) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that are open, and those that something broken explains.

    Each run decides by itself what is open, so that a report agrees with its conclusion.
    """
    open_in_runs = {finding.id: finding for run in runs for finding in undecided(run.findings)}
    open_ones = [finding for finding in findings if open_in_runs.get(finding.id) == finding]
    return open_ones, explained_among(findings, open_ones)


def conclusion_of(run: Run) -> Conclusion:
    """Return the exit code that a run had, or would have had if it was cut off."""
    return _conclude(run, run.findings, run.problems)


def _conclude(run: Run, findings: Sequence[Finding], problems: Sequence[str]) -> Conclusion:
    if not run.foreign:
        return conclude_run(findings, problems, run.interrupted)
    is_whole = run.complete and not run.problems
    findings = binding(findings, accepted_of(run))
    return conclude_recordings(findings, is_whole, run.header.unknown_models)


def _conclusions(runs: Sequence[Run]) -> dict[str, Conclusion]:
    """Conclude for each provider, from its own findings alone."""
    conclusions: dict[str, list[Conclusion]] = {}
    for run in runs:
        providers: dict[str, list[Finding]] = {provider.id: [] for provider in run.header.providers}
        providers |= group_by(run.findings, lambda finding: finding.provider)
        for provider, findings in providers.items():
            conclusions.setdefault(provider, []).append(_conclude(run, findings, ()))
    return {provider: gravest(several) for provider, several in conclusions.items()}


def _binding_findings(merged: Merged) -> Sequence[Finding]:
    """Return the findings whose promises bind: of recordings, see `binding`."""
    if not any(run.foreign for run in merged.runs):
        return merged.findings
    findings: list[Finding] = []
    for rank, run in enumerate(merged.runs):
        run_findings = [finding for finding, owner in merged.owned if owner == rank]
        findings += binding(run_findings, accepted_of(run)) if run.foreign else run_findings
    return findings


def _explanations(merged: Merged) -> Explanations:
    """Return what says nothing where its promise was judged elsewhere, run by run."""
    by_run = [explanations_of(run) for run in merged.concluding]
    return Explanations(
        explained=frozenset[str]().union(*(run.explained for run in by_run)),
        known=frozenset[str]().union(*(run.known for run in by_run)),
    )


Promises = Mapping[ColumnKey, Mapping[str, Promise]]


def _unless_cut_off(cell: Cell, cut: bool) -> Cell:
    """Return the cell; instead of a pass *not run*, where a part was never reached."""
    good = cell.verdict in (Verdict.PASS, Verdict.NOT_CLAIMED)
    return Cell(Verdict.NOT_RUN) if cut and good else cell


def _rows(merged: Merged, promises: Promises) -> Iterable[Row]:
    """Yield a row for each model that was judged, or was to be; those of a provider together."""
    judged = dict.fromkeys(finding.column for finding in merged.findings)
    columns = dict.fromkeys([*planned(merged.runs), *judged])
    providers = list(dict.fromkeys(provider for provider, _ in columns))
    standings = latest_standings(run.header for run in merged.runs)
    for column in sorted(columns, key=lambda column: providers.index(column[0])):
        is_cut_off = interrupted(merged.concluding, column)
        if column not in judged and not is_cut_off:
            continue
        provider, model = column
        promises_of_model = promises.get(column, {})
        cells = [promise.cell for promise in promises_of_model.values()]
        open_promises = [promise for promise in promises_of_model.values() if promise.cell.open]
        yield Row(
            provider=provider,
            model=model,
            cell=_unless_cut_off(worst_cell(cells), is_cut_off),
            kept=count(promises_of_model.values()),
            promises=promises_of_model,
            broken=sum(cell.newly_broken for cell in cells),
            known=sum(cell.known for cell in cells),
            undecided=len(open_promises),
            explained=sum(promise.explained for promise in open_promises),
            not_claimed=sum(cell.verdict is Verdict.NOT_CLAIMED for cell in cells),
            open_ended=open_ended(merged.concluding, column),
            read_as=merged.contract(provider).edition.read_as.get(model, ""),
            standing=standings.get(column),
        )


def _chapters(merged: Merged, promises: Promises) -> dict[str, dict[ColumnKey, Cell]]:
    cut = {column for column in planned(merged.runs) if interrupted(merged.concluding, column)}
    chapters: dict[str, dict[ColumnKey, Cell]] = {}
    for column, clauses in promises.items():
        for chapter, names in group_by(clauses, lambda clause: clause.split(".", 1)[0]).items():
            cell = worst_cell(clauses[name].cell for name in names)
            chapters.setdefault(chapter, {})[column] = _unless_cut_off(cell, column in cut)
    return chapters
