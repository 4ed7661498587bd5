"""What stands side by side: a provider of a run each, under names that differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.errors import ConformanceError
from conformance.findings import Finding
from conformance.output.counting import join_names
from conformance.output.printing import printable
from conformance.reports.capabilities.table import Side, sides_of
from conformance.reports.contracts import EditionContract, contract_of
from conformance.reports.wording import lack_of
from conformance.results.reach import Explanations
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from conformance.results.run_states import explanations_of
from conformance.results.selection import selection_globs


class ComparisonError(ConformanceError):
    """Runs that cannot be set side by side, and why."""


@dataclass(frozen=True, slots=True)
class ComparedProvider:
    """One provider of one run."""

    label: str
    provider: str
    contract: EditionContract
    tool: str
    mode: str
    base_url: str
    run: str
    started: str
    complete: bool
    lack: str  # why what was judged may be less than all, in words; empty where it is not
    findings: tuple[Finding, ...]
    exchanges: tuple[ExchangeRecord, ...]
    sides: Mapping[str, Side]  # by model
    explanations: Explanations
    selection: Mapping[str, str]  # globs that leave something out

    @property
    def edition(self) -> str:
        """The edition by which it was judged."""
        return self.contract.edition.id

    @property
    def digest(self) -> str:
        """The first characters of the edition's digest; empty in a run file that has none."""
        return self.contract.edition.digest[:12]

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were judged."""
        return tuple(dict.fromkeys(finding.model for finding in self.findings))

    @property
    def clauses(self) -> frozenset[str]:
        """The clauses that had something to say."""
        return frozenset(finding.clause for finding in self.findings)

    @property
    def name(self) -> str:
        """The run and provider in messages."""
        return f"run {printable(self.run, 60)} of {printable(self.provider, 60)}"


_DISTINGUISHING = ("provider", "edition", "digest", "tool", "mode", "base_url")


def compared_providers(runs: Sequence[Run], incomplete_too: bool) -> list[ComparedProvider]:
    """Return the columns; raises `ComparisonError` where they cannot stand side by side."""
    columns = [column for run in runs for column in _columns_of(run)]
    _check(columns, incomplete_too)
    labels = zip(columns, _labels(columns), strict=True)
    return [replace(column, label=label) for column, label in labels]


def _columns_of(run: Run) -> Iterable[ComparedProvider]:
    explanations, sides, contract = explanations_of(run), sides_of([run]), contract_of([run])
    for provider in run.header.providers:
        yield ComparedProvider(
            label=provider.id,
            provider=provider.id,
            contract=contract,
            tool=run.header.tool,
            mode=provider.mode,
            base_url=provider.base_url,
            run=run.header.id,
            started=run.header.started,
            complete=run.complete,
            lack="" if run.complete else lack_of(run),
            findings=tuple(finding for finding in run.findings if finding.provider == provider.id),
            exchanges=tuple(
                exchange for exchange in run.exchanges.values() if exchange.provider == provider.id
            ),
            sides={model: side for (name, model), side in sides.items() if name == provider.id},
            explanations=explanations,
            selection=selection_globs(run),
        )


def _check(columns: Sequence[ComparedProvider], incomplete_too: bool) -> None:
    if len(columns) < 2:
        raise ComparisonError(
            "there is only one provider of one run, and nothing to set beside it; name another run"
        )
    for column in columns:
        if not column.findings:
            raise ComparisonError(f"{column.name} judged nothing, so there is nothing to compare")
        if not column.complete and not incomplete_too:
            raise ComparisonError(
                f"{column.name} {column.lack}; what it lacks would look like a difference. "
                f"Compare it all the same with --incomplete"
            )
    columns_by_facts: dict[tuple[str, ...], ComparedProvider] = {}
    for column in columns:
        facts = tuple(getattr(column, name) for name in _DISTINGUISHING)
        first = columns_by_facts.setdefault(facts, column)
        if first is not column and first.run == column.run:
            raise ComparisonError(f"{column.name} was named twice")
        if first is not column:
            raise ComparisonError(
                f"two runs of {printable(column.provider, 60)} have the same contract, suite "
                f"version, mode and address; to see what changed between nights use: "
                f"image-conformance drift BASE NEW"
            )
    _check_common(columns, lambda column: column.clauses, "clause")
    _check_common(columns, lambda column: frozenset(column.models), "model")


def _check_common(
    columns: Sequence[ComparedProvider],
    read: Callable[[ComparedProvider], frozenset[str]],
    noun: str,
) -> None:
    """Refuse a column that shares nothing with any other."""
    documents = sorted({printable(column.contract.edition.document, 80) for column in columns})
    endpoints = f"; they judge by different documents ({', '.join(documents)})"
    for column in columns:
        other_names = frozenset().union(*(read(other) for other in columns if other is not column))
        if not read(column) & other_names:
            raise ComparisonError(
                f"{printable(column.provider, 60)} ({printable(column.edition, 60)}) has no {noun} "
                f"in common with the others: {_names(read(column))} here, "
                f"{_names(other_names)} there{endpoints if len(documents) > 1 else ''}"
            )


def _names(names: Iterable[str]) -> str:
    return join_names([printable(name, 40) for name in sorted(names)])


def _labels(columns: Sequence[ComparedProvider]) -> list[str]:
    """Name columns by their provider, and by as much of the rest as makes the names differ."""

    def differ_in(name: str) -> bool:
        return len({getattr(column, name) for column in columns}) > 1

    def label(column: ComparedProvider) -> str:
        details = [getattr(column, name).removeprefix("image-conformance ") for name in extra]
        return " ".join([column.provider, *details])

    extra = [name for name in ("edition", "tool") if differ_in(name)]
    labels = [label(column) for column in columns]
    differing = ["digest"] if differ_in("digest") else []
    for name in (*differing, "mode", "base_url"):
        if len(set(labels)) < len(labels):
            extra.append(name)
            labels = [label(column) for column in columns]
    return labels
