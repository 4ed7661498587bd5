"""The output of `list` and `explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of, select
from conformance.clauses.registry import Clause
from conformance.clauses.stamps import Stamps, load_stamps
from conformance.contract import DEFAULT_EDITION, Edition, edition_ids, load_edition
from conformance.documentation.explanation import Explainer, Explanation
from conformance.documentation.traceability import settling, trace
from conformance.output.printing import wrap
from conformance.providers import load_provider, provider_names
from conformance.providers.asked import addressed, check_selected, selected
from conformance.runner.planned_request import sent_by

_WIDEST = 80  # characters of a line of prose

Table = tuple[list[tuple[str, ...]], str]
"""Rows of a list, the first of them its header, and what is printed below them."""


@dataclass(frozen=True)
class Selection:
    """The edition, clauses and models that a list is about, checked when a list needs them."""

    name: str | None
    clause_pattern: str
    model_pattern: str

    @cached_property
    def edition(self) -> Edition:
        """The selected edition."""
        return load_edition(self.name or DEFAULT_EDITION)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """The selected clauses; raises UnknownNameError if none matches."""
        return tuple(select(clauses_of(self.edition), self.clause_pattern))

    @cached_property
    def models(self) -> list[str]:
        """The selected models; raises UnknownNameError if none matches."""
        check_selected(self.edition.models, self.model_pattern, self.edition)
        return selected(self.edition.models, self.model_pattern, self.edition)

    def names(self, clauses: Iterable[str]) -> bool:
        """Return whether some of these ids are of selected clauses."""
        selected_ids = {clause.id for clause in self.clauses}
        return not selected_ids.isdisjoint(clauses)


def print_list(console: Console, what: str, selection: Selection) -> None:
    """Print one line per row, never cut: names are copied, and searched with grep."""
    rows, footer = LISTS[what](selection)
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        console.print(Text("  ".join(cells).rstrip()), soft_wrap=True)
    if footer:
        console.print(Text(footer))


def _clauses(chosen: Selection) -> Table:
    stamps = load_stamps(chosen.edition.id)
    rows = [("clause", "level", "proven by", "statement")]
    for clause in chosen.clauses:
        proven = stamps.get(clause.id, Stamps()).words
        rows.append((clause.id, clause.level.value, proven, clause.statement))
    footer = f"{len(chosen.clauses)} clauses; image-conformance explain CLAUSE shows one in full"
    return [*rows], footer


def _cases(chosen: Selection) -> Table:
    edition = chosen.edition
    rows = [("case", "expected", "billed", "control", "clauses")]
    for case in all_cases(edition, [*dict.fromkeys([*edition.models, *chosen.models])]):
        sent = sent_by(case, edition)
        bound = sum(clause.binds(sent) for clause in chosen.clauses)
        if bound and case.model in chosen.models:
            billed = "yes" if case.billed else "no"
            rows.append((case.path, sent.expectation, billed, case.control or "", str(bound)))
    return [*rows], f"{len(rows) - 1} cases"


def _providers(_chosen: Selection) -> Table:
    rows = [("provider", "edition", "base URL", "key variable", "models")]
    for provider in map(load_provider, provider_names()):
        models = ", ".join(provider.models)
        edition = provider.edition or "that of --edition"
        key = provider.key_variable or ""
        rows.append((provider.id, edition, provider.base_url, key, models))
    return [*rows], ""


def _models(chosen: Selection) -> Table:
    models = [chosen.edition.model(name) for name in chosen.models]
    rows = [(model.label, model.family, ", ".join(model.parameters)) for model in models]
    return [("model", "family", "parameters"), *rows], ""


def _editions(_chosen: Selection) -> Table:
    rows = [
        (edition.id, edition.published, ", ".join(edition.models), edition.digest, edition.document)
        for edition in map(load_edition, edition_ids())
    ]
    return [("edition", "published", "models", "digest", "document"), *rows], ""


def _open(chosen: Selection) -> Table:
    lines = []
    for question in chosen.edition.open_questions.values():
        lines.append(f"{question.id}: {question.question}")
        lines += [f"  {position.source}: {position.says}" for position in question.positions]
        lines.append(f"  so: {question.consequence}\n")
    return [], "\n".join(lines)


def _defects(chosen: Selection) -> Table:
    from conformance.reference.defects import defects

    known = defects(chosen.edition).values()
    selected_ones = [defect for defect in known if chosen.names(defect.claims)]
    rows = [(defect.id, defect.lie, ", ".join(defect.claims)) for defect in selected_ones]
    footer = f"{len(rows)} defects; image-conformance serve --defect ID plants one"
    return [("defect", "the lie", "clauses that see it"), *rows], footer


def _promises(chosen: Selection) -> Table:
    traced = trace(chosen.edition)
    rows = [
        (promise.id, promise.level.value, promise.says, settling(promise))
        for promise in traced.promises.all
        if chosen.clause_pattern == "*" or chosen.names(promise.clauses)
    ]
    counts = ", ".join(f"{count} {name}" for name, count in traced.counts.items())
    footer = [f"{len(traced.promises.all)} promises: {counts}"]
    footer += [f"gap: {gap}" for gap in traced.gaps]
    return [("promise", "level", "says", "judged by"), *rows], "\n".join(footer)


LISTS: dict[str, Callable[[Selection], Table]] = {
    "clauses": _clauses,
    "cases": _cases,
    "providers": _providers,
    "models": _models,
    "editions": _editions,
    "open": _open,
    "defects": _defects,
    "promises": _promises,
}


def explain_clause(console: Console, name: str, edition: str | None, provider: str | None) -> None:
    """Print everything the suite knows about one clause."""
    explanation = Explainer(*addressed(edition, provider)).explain(name)
    for line in _lines(explanation, min(console.width, _WIDEST)):
        console.print(Text(line), soft_wrap=True)  # curl commands are copied, so never wrapped


def _lines(explained: Explanation, width: int) -> Iterator[str]:
    clause = explained.clause
    yield f"{clause.id} ({clause.level.value})"
    yield f"\n{wrap(clause.statement, width)}\n"
    yield "Sources"
    for source in explained.sources:
        yield wrap(f"{source.source.title}: {source.section}", width, "  ")
        yield wrap(f"{source.source.url} ({source.dates})", width, "    ")
    yield "\nModels"
    yield wrap(", ".join(explained.models) or "none", width, "  ")
    yield "\nHow it is judged"
    yield wrap(clause.how, width, "  ")
    yield wrap(explained.needs, width, "  ")
    yield "\nWhere it was proven"
    for proof in explained.proofs:
        yield wrap(proof, width, "  ")
    if explained.request is None:
        return
    count, case = len(explained.cases), explained.request.case
    yield "\n" + wrap(f"How to reproduce it ({count} cases; this is {case.path})", width)
    yield "  " + explained.request.curl
    if explained.control is not None:
        control = f"and its control {explained.control.case.path}, which must be accepted"
        yield "\n" + wrap(control, width, "  ")
        yield "  " + explained.control.curl
