"""What the suite knows, for people to read: lists, and a clause explained."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from conformance.cases import all_cases
from conformance.clauses import clauses_of, select
from conformance.clauses.stamps import stamps_of
from conformance.contract import DEFAULT_EDITION, Edition, edition_ids, load_edition
from conformance.documentation.explanation import Explainer, Explanation
from conformance.documentation.traceability import settling, trace
from conformance.errors import UnknownNameError
from conformance.providers import load_provider, provider_names
from conformance.runner.planned_request import sent_by

WIDTH = 80  # characters of explaining prose


def _edition(name: str | None) -> Edition:
    return load_edition(name or DEFAULT_EDITION)


def _models(edition: Edition, pattern: str) -> list[str]:
    """Give the models that are meant; raises `UnknownNameError` where there are none."""
    found = [name for name in edition.models if fnmatchcase(name, pattern)]
    if not found:
        raise UnknownNameError("model", pattern, edition.models, edition.id)
    return found


def _print(console: Console, rows: Sequence[tuple[str, ...]]) -> None:
    """Print one line a row, never cut: names are there to be copied and found with grep."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        console.print(Text("  ".join(cells).rstrip()), soft_wrap=True)


def list_clauses(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a clause: id, level, where it was proven, statement."""
    del models
    loaded = _edition(edition)
    chosen = select(clauses_of(loaded), clauses)
    rows = [
        (each.id, each.level.value, stamps_of(loaded.id, each.id).words, each.statement)
        for each in chosen
    ]
    _print(console, [("clause", "level", "proven by", "statement"), *rows])
    console.print(f"{len(chosen)} clauses; image-conformance explain CLAUSE tells more")


def list_cases(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a case: what is sent, whether it may be billed, its control."""
    loaded = _edition(edition)
    chosen = select(clauses_of(loaded), clauses)
    named = _models(loaded, models)
    rows = [("case", "expected", "billed", "control", "clauses")]
    count = 0
    for case in all_cases(loaded, list(loaded.models)):
        bound = sum(each.binds(sent_by(case, loaded)) for each in chosen)
        if bound and case.model in named:
            count += 1
            expected = sent_by(case, loaded).expectation
            billed = "yes" if case.billed else "no"
            rows.append((case.path, expected, billed, case.control or "", str(bound)))
    _print(console, rows)
    console.print(f"{count} cases")


def list_providers(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a provider: address, key variable, models."""
    del edition, clauses, models
    rows = [("provider", "base URL", "key variable", "models")]
    for name in provider_names():
        provider = load_provider(name)
        listed = ", ".join(provider.models)
        rows.append((name, provider.base_url, provider.key_variable or "", listed))
    _print(console, rows)


def list_models(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a model: family and documented parameters."""
    del clauses
    rows = [("model", "family", "parameters")]
    loaded = _edition(edition)
    for name in _models(loaded, models):
        model = loaded.models[name]
        rows.append((name, model.family, ", ".join(model.parameters)))
    _print(console, rows)


def list_editions(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line an edition: id, document, date."""
    del edition, clauses, models
    rows = [("edition", "published", "document")]
    for name in edition_ids():
        loaded = load_edition(name)
        rows.append((name, loaded.published, loaded.document))
    _print(console, rows)


def list_open(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """What the sources contradict each other in, and what the contract makes of it."""
    del clauses, models
    for each in _edition(edition).open_questions.values():
        console.print(Text(f"{each.id}: {each.question}"))
        for position in each.positions:
            console.print(Text(f"  {position.source}: {position.says}"))
        console.print(Text(f"  so: {each.consequence}\n"))


def list_defects(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a planted defect: the lie, and the clauses that see it."""
    del models
    from conformance.reference.defects import defects

    select(clauses_of(_edition(edition)), clauses)  # a name that is unknown is told
    rows = [
        (each.id, each.lie, ", ".join(each.claims))
        for each in defects(_edition(edition)).values()
        if any(fnmatchcase(claim, clauses) for claim in each.claims)
    ]
    _print(console, [("defect", "the lie", "clauses that see it"), *rows])
    console.print(f"{len(rows)} defects; image-conformance serve --defect ID tells one")


def list_promises(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a promise of the documents: what it says, and what judges it or why nothing does."""
    del models
    traced = trace(_edition(edition))
    select(clauses_of(_edition(edition)), clauses)  # a name that is unknown is told
    rows = [
        (each.id, each.level.value, each.says, settling(each))
        for each in traced.promises.all
        if clauses == "*" or any(fnmatchcase(name, clauses) for name in each.clauses)
    ]
    _print(console, [("promise", "level", "says", "judged by"), *rows])
    counts = ", ".join(f"{count} {name}" for name, count in traced.counts.items())
    console.print(f"{len(traced.promises.all)} promises: {counts}")
    for gap in traced.gaps:
        console.print(Text(f"gap: {gap}"))


Lister = Callable[[Console, str | None, str, str], None]
LISTS: dict[str, Lister] = {
    "clauses": list_clauses,
    "cases": list_cases,
    "providers": list_providers,
    "models": list_models,
    "editions": list_editions,
    "open": list_open,
    "defects": list_defects,
    "promises": list_promises,
}


def explain_clause(console: Console, name: str, edition: str | None, provider: str) -> None:
    """Print all that is to be known of one clause."""
    explanation = Explainer(_edition(edition), provider).explain(name)
    for line in _lines(explanation):
        console.print(Text(line), soft_wrap=True)  # a curl line is copied, so never broken


def _lines(explained: Explanation) -> Iterator[str]:
    clause = explained.clause
    yield f"{clause.id} ({clause.level.value})"
    yield f"\n{textwrap.fill(clause.statement, WIDTH)}\n"
    yield "Sources"
    for each in explained.sources:
        yield f"  {each.source.title}: {each.section}"
        yield f"    {each.source.url} ({each.dates})"
    yield "\nModels"
    yield _indented(", ".join(explained.models) or "none")
    yield "\nHow it is judged"
    yield _indented(clause.how)
    yield _indented(explained.needs)
    yield "\nWhere it was proven"
    for proof in explained.proofs:
        yield _indented(proof)
    yield from _reproduction(explained)


def _indented(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,  # an id is searched for whole
    )


def _reproduction(explained: Explanation) -> Iterator[str]:
    if explained.request is None:
        return
    count, case = len(explained.cases), explained.request.case
    yield f"\nHow to reproduce it ({count} cases; this is {case.path})"
    yield "  " + explained.request.curl
    if explained.control is not None:
        yield f"\n  and its control {explained.control.case.path}, which must be accepted"
        yield "  " + explained.control.curl
