"""What the suite knows, for people to read: lists, and a clause explained."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from conformance.cases import all_cases
from conformance.cases.model import Case
from conformance.cases.request import curl
from conformance.clauses import clauses_of, select
from conformance.clauses.registry import Clause
from conformance.contract import DEFAULT_EDITION, Edition, edition_ids, load_edition
from conformance.errors import UnknownNameError
from conformance.providers import load_provider, provider_names
from conformance.runs.engine import sent_by

WIDTH = 80  # characters of explaining prose


def _edition(name: str | None) -> Edition:
    return load_edition(name or DEFAULT_EDITION)


def _print(console: Console, rows: Sequence[tuple[str, ...]]) -> None:
    """Print one line a row, never cut: names are there to be copied and found with grep."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        console.print(Text("  ".join(cells).rstrip()), soft_wrap=True)


def list_clauses(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a clause: id, level, statement."""
    del models
    chosen = select(clauses_of(_edition(edition)), clauses)
    rows = [(each.id, each.level.value, each.statement) for each in chosen]
    _print(console, [("clause", "level", "statement"), *rows])
    console.print(f"{len(chosen)} clauses; image-conformance explain CLAUSE tells more")


def list_cases(console: Console, edition: str | None, clauses: str, models: str) -> None:
    """One line a case: what is sent, whether it may be billed, its control."""
    loaded = _edition(edition)
    chosen = select(clauses_of(loaded), clauses)
    rows = [("case", "expected", "billed", "control", "clauses")]
    count = 0
    for case in all_cases(loaded, list(loaded.models)):
        bound = sum(each.binds(sent_by(case, loaded)) for each in chosen)
        if bound and fnmatchcase(case.model, models):
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
    for name, model in _edition(edition).models.items():
        if fnmatchcase(name, models):
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


Lister = Callable[[Console, str | None, str, str], None]
LISTS: dict[str, Lister] = {
    "clauses": list_clauses,
    "cases": list_cases,
    "providers": list_providers,
    "models": list_models,
    "editions": list_editions,
    "open": list_open,
}


def explain_clause(console: Console, name: str, edition: str | None, provider: str) -> None:
    """Print all that is to be known of one clause."""
    loaded = _edition(edition)
    known = {each.id: each for each in clauses_of(loaded)}
    if name not in known:
        raise UnknownNameError("clause", name, known, loaded.id)
    for line in _explanation(known[name], loaded, provider):
        console.print(Text(line), soft_wrap=True)  # a curl line is copied, so never broken


def _explanation(clause: Clause, edition: Edition, provider: str) -> Iterator[str]:
    yield f"{clause.id} ({clause.level.value})"
    yield f"\n{textwrap.fill(clause.statement, WIDTH)}\n"
    yield "Sources"
    for each in clause.citations:
        source = edition.sources[each.source]
        yield f"  {source.title}: {each.section}"
        yield f"    {source.url} (edition {source.edition}, retrieved {source.retrieved})"
    cases = [
        case
        for case in all_cases(edition, list(edition.models))
        if clause.binds(sent_by(case, edition))
    ]
    yield "\nModels"
    yield _indented(", ".join(dict.fromkeys(case.model for case in cases)) or "none")
    yield "\nHow it is judged"
    yield _indented(clause.how)
    yield _indented(f"It needs {clause.needs.value}; else it is not testable or unavailable.")
    yield from _reproduction(cases, edition, provider)


def _indented(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, initial_indent="  ", subsequent_indent="  ")


def _reproduction(cases: list[Case], edition: Edition, provider: str) -> Iterator[str]:
    if not cases:
        return
    case = cases[0]
    yield f"\nHow to reproduce it ({len(cases)} cases; this is {case.path})"
    yield "  " + _curl(case, provider)
    if case.control is not None and sent_by(case, edition).expectation == "refused":
        control = next(
            each
            for each in all_cases(edition, list(edition.models))
            if (each.model, each.id) == (case.model, case.control)
        )
        yield f"\n  and its control {control.path}, which must be accepted"
        yield "  " + _curl(control, provider)


def _curl(case: Case, name: str) -> str:
    provider = load_provider(name)
    return curl(
        case,
        base_url=provider.base_url,
        key_variable=provider.key_variable or "API_KEY",
        served_as=provider.models.get(case.model),
    )
