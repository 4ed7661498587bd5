"""What stands side by side: a provider of a run each, named so that all can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.errors import ConformanceError
from conformance.findings import Finding
from conformance.parsing import printable
from conformance.results.reach import Explanations
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
    edition: str
    document: str
    tool: str
    mode: str
    base_url: str
    run: str
    started: str
    complete: bool
    lack: str  # why what was judged may be less than all, in words; empty where it is not
    levels: Mapping[str, str]
    statements: Mapping[str, str]
    findings: tuple[Finding, ...]
    explanations: Explanations
    selection: Mapping[str, str]  # globs that leave something out

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were judged."""
        return tuple(dict.fromkeys(each.model for each in self.findings))

    @property
    def clauses(self) -> frozenset[str]:
        """The clauses that had something to say."""
        return frozenset(each.clause for each in self.findings)

    @property
    def name(self) -> str:
        """The run and provider in messages."""
        return f"run {printable(self.run, 60)} of {printable(self.provider, 60)}"


_DISTINGUISHING = ("provider", "edition", "tool", "mode", "base_url")


def columns(runs: Sequence[Run], incomplete_too: bool) -> list[Column]:
    """Return the columns; raises `ComparisonError` where they cannot stand side by side."""
    found = [each for run in runs for each in _columns_of(run)]
    _check(found, incomplete_too)
    labels = _labels(found)
    return [replace(each, label=label) for each, label in zip(found, labels, strict=True)]


def _columns_of(run: Run) -> Iterable[Column]:
    explanations = explanations_of(run)
    for about in run.header.providers:
        yield Column(
            label=about.id,
            provider=about.id,
            edition=run.header.edition.id,
            document=run.header.edition.document,
            tool=run.header.tool,
            mode=about.mode,
            base_url=about.base_url,
            run=run.header.id,
            started=run.header.started,
            complete=run.complete,
            lack=_lack(run),
            levels={each.id: each.level for each in run.header.clauses},
            statements={each.id: each.statement for each in run.header.clauses},
            findings=tuple(each for each in run.findings if each.provider == about.id),
            explanations=explanations,
            selection=selection_globs(run),
        )


def _lack(run: Run) -> str:
    if run.complete:
        return ""
    return "did not come to its end" if run.interrupted else "judged only a part"


def _check(found: Sequence[Column], incomplete_too: bool) -> None:
    if len(found) < 2:
        raise ComparisonError(
            "there is only one provider of one run, and nothing to set beside it; name another run"
        )
    for each in found:
        if not each.findings:
            raise ComparisonError(f"{each.name} judged nothing, so there is nothing to compare")
        if not each.complete and not incomplete_too:
            raise ComparisonError(
                f"{each.name} {each.lack}; what it lacks would look like a difference. "
                f"Compare it all the same with --incomplete"
            )
    _check_distinct(found)
    _check_common(found, lambda each: each.clauses, "clause")
    _check_common(found, lambda each: frozenset(each.models), "model")


def _check_distinct(found: Sequence[Column]) -> None:
    seen: dict[tuple[str, ...], Column] = {}
    for each in found:
        other = seen.setdefault(tuple(getattr(each, name) for name in _DISTINGUISHING), each)
        if other is each:
            continue
        if other.run == each.run:
            raise ComparisonError(f"{each.name} was named twice")
        raise ComparisonError(
            f"two runs of {printable(each.provider, 60)} have the same edition, suite version, "
            f"mode and address; what changed between nights is told by: "
            f"image-conformance drift BASE NEW"
        )


def _check_common(
    found: Sequence[Column], read: Callable[[Column], frozenset[str]], noun: str
) -> None:
    """Refuse a column that shares nothing with any other."""
    documents = sorted({printable(each.document, 80) for each in found})
    endpoints = f"; they judge by different documents ({', '.join(documents)})"
    for each in found:
        others = frozenset().union(*(read(other) for other in found if other is not each))
        if not read(each) & others:
            raise ComparisonError(
                f"{printable(each.provider, 60)} ({printable(each.edition, 60)}) has no {noun} in "
                f"common with the others: {_listed(read(each))} here, {_listed(others)} there"
                f"{endpoints if len(documents) > 1 else ''}"
            )


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(printable(each, 40) for each in found[:3]) + more


def _labels(found: Sequence[Column]) -> list[str]:
    """Name columns by their provider, and by as much of the rest as tells them apart."""
    extra = [name for name in ("edition", "tool") if len({getattr(e, name) for e in found}) > 1]
    labels = [_label(each, extra) for each in found]
    for name in ("mode", "base_url"):
        if len(set(labels)) < len(labels):
            extra.append(name)
            labels = [_label(each, extra) for each in found]
    return labels


def _label(column: Column, extra: Sequence[str]) -> str:
    more = [getattr(column, name).removeprefix("image-conformance ") for name in extra]
    return " ".join([column.provider, *more])
