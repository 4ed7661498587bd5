"""What stands side by side: a provider of a run each, named so that all can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.errors import ConformanceError
from conformance.findings import Finding
from conformance.parsing import printable
from conformance.reports.capabilities import Side, sides_of
from conformance.reports.contracts import Contract, contract_of
from conformance.reports.formatting import listed
from conformance.reports.wording import lack_of
from conformance.results.reach import Explanations
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from conformance.results.run_states import explanations_of
from conformance.results.selection import selection_globs


class ComparisonError(ConformanceError):
    """Runs that cannot be set side by side, and why."""


@dataclass(frozen=True, slots=True)
class Column:
    """One provider of one run."""

    label: str
    provider: str
    contract: Contract
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


def columns(runs: Sequence[Run], incomplete_too: bool) -> list[Column]:
    """Return the columns; raises `ComparisonError` where they cannot stand side by side."""
    sides = [column for run in runs for column in _columns_of(run)]
    _check(sides, incomplete_too)
    labels = _labels(sides)
    return [replace(side, label=label) for side, label in zip(sides, labels, strict=True)]


def _columns_of(run: Run) -> Iterable[Column]:
    explanations, sides, contract = explanations_of(run), sides_of([run]), contract_of([run])
    for about in run.header.providers:
        yield Column(
            label=about.id,
            provider=about.id,
            contract=contract,
            tool=run.header.tool,
            mode=about.mode,
            base_url=about.base_url,
            run=run.header.id,
            started=run.header.started,
            complete=run.complete,
            lack="" if run.complete else lack_of(run),
            findings=tuple(finding for finding in run.findings if finding.provider == about.id),
            exchanges=tuple(each for each in run.exchanges.values() if each.provider == about.id),
            sides={model: side for (name, model), side in sides.items() if name == about.id},
            explanations=explanations,
            selection=selection_globs(run),
        )


def _check(sides: Sequence[Column], incomplete_too: bool) -> None:
    if len(sides) < 2:
        raise ComparisonError(
            "there is only one provider of one run, and nothing to set beside it; name another run"
        )
    for column in sides:
        if not column.findings:
            raise ComparisonError(f"{column.name} judged nothing, so there is nothing to compare")
        if not column.complete and not incomplete_too:
            raise ComparisonError(
                f"{column.name} {column.lack}; what it lacks would look like a difference. "
                f"Compare it all the same with --incomplete"
            )
    _check_distinct(sides)
    _check_common(sides, lambda column: column.clauses, "clause")
    _check_common(sides, lambda column: frozenset(column.models), "model")


def _check_distinct(sides: Sequence[Column]) -> None:
    seen: dict[tuple[str, ...], Column] = {}
    for column in sides:
        other = seen.setdefault(tuple(getattr(column, name) for name in _DISTINGUISHING), column)
        if other is column:
            continue
        if other.run == column.run:
            raise ComparisonError(f"{column.name} was named twice")
        raise ComparisonError(
            f"two runs of {printable(column.provider, 60)} have the same contract, suite version, "
            f"mode and address; what changed between nights is told by: "
            f"image-conformance drift BASE NEW"
        )


def _check_common(
    sides: Sequence[Column], read: Callable[[Column], frozenset[str]], noun: str
) -> None:
    """Refuse a column that shares nothing with any other."""
    documents = sorted({printable(column.contract.edition.document, 80) for column in sides})
    endpoints = f"; they judge by different documents ({', '.join(documents)})"
    for column in sides:
        others = frozenset().union(*(read(other) for other in sides if other is not column))
        if not read(column) & others:
            raise ComparisonError(
                f"{printable(column.provider, 60)} ({printable(column.edition, 60)}) has no {noun} "
                f"in common with the others: {_listed(read(column))} here, {_listed(others)} there"
                f"{endpoints if len(documents) > 1 else ''}"
            )


def _listed(names: Iterable[str]) -> str:
    return listed([printable(name, 40) for name in sorted(names)])


def _labels(sides: Sequence[Column]) -> list[str]:
    """Name columns by their provider, and by as much of the rest as tells them apart."""
    extra = [name for name in ("edition", "tool") if len({getattr(e, name) for e in sides}) > 1]
    labels = [_label(column, extra) for column in sides]
    differing = ["digest"] if len({column.digest for column in sides}) > 1 else []
    for name in (*differing, "mode", "base_url"):
        if len(set(labels)) < len(labels):
            extra.append(name)
            labels = [_label(column, extra) for column in sides]
    return labels


def _label(column: Column, extra: Sequence[str]) -> str:
    more = [getattr(column, name).removeprefix("image-conformance ") for name in extra]
    return " ".join([column.provider, *more])
