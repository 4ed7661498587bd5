"""Building of the site: the same facts always give the same bytes.

Everything in its pages is escaped, and relative links work from a disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from conformance.clauses import clauses_of
from conformance.contract import DEFAULT_EDITION, Edition
from conformance.contract.promises import DocumentedPromise
from conformance.contract.records import Citation
from conformance.documentation.examples import Demonstration, FailureMode, failure_modes, failures
from conformance.documentation.explanation import Explainer, Explanation
from conformance.documentation.traceability import Traceability, as_json, parameter_rows, trace
from conformance.errors import ConformanceError
from conformance.output.files import write_text
from conformance.output.shell import quoted
from conformance.providers import Provider, load_provider
from conformance.reference.defects import Defect, defects
from conformance.reports.grouping import group_by
from conformance.reports.templating import environment

Files = Iterator[tuple[str, str]]

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Facts:
    """The data of all pages."""

    edition: Edition
    provider: Provider
    explained: Mapping[str, Explanation]
    failures: Mapping[str, tuple[Demonstration, ...]]
    defects: Mapping[str, Defect]
    modes: Mapping[str, FailureMode]
    traced: Traceability

    @property
    def chapters(self) -> Mapping[str, list[str]]:
        """The clauses by chapter, in reading order."""
        return group_by(self.explained, lambda name: name.partition(".")[0])

    @property
    def by_source(self) -> Mapping[str, list[DocumentedPromise]]:
        """The promises by source, those of the page first."""
        return group_by(self.traced.promises.all, lambda promise: promise.source)

    @property
    def by(self) -> str:
        """The option of a command that names the edition, where that is not the default one."""
        edition = self.edition
        return "" if edition.id == DEFAULT_EDITION else f" --edition {quoted(edition.id)}"


def build_site(edition: Edition, folder: Path, provider: str) -> int:
    """Write the site of an edition into a folder and return the number of pages.

    ``provider`` is the provider that the curl commands address. Raises TraceabilityError if the
    edition has a promise that nothing judges or explains, and ConformanceError if the folder
    cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConformanceError(f"{folder}: cannot be created: {error.strerror}") from None
    traced = trace(edition)
    traced.check()
    explainer = Explainer(edition, provider)
    facts = Facts(
        edition=edition,
        provider=load_provider(provider),
        explained={clause.id: explainer.explain(clause.id) for clause in clauses_of(edition)},
        failures=failures(edition),
        defects=defects(edition),
        modes=failure_modes(),
        traced=traced,
    )
    files = dict(site_files(facts))
    for name, text in files.items():
        write_text(folder / name, text, folder)
    return sum(name.endswith(".html") for name in files)


def site_files(facts: Facts) -> Files:
    """Yield the path and the text of every file of the site."""
    for name in ("style.css", "filter.js"):
        yield name, (TEMPLATES / name).read_text(encoding="utf-8")
    yield "index.html", page("index", facts, "index.html", tested=_models(facts))
    yield from _clause_pages(facts)
    yield "models/index.html", page("models", facts, "models/index.html", models=_models(facts))
    for model in facts.edition.every_model:
        rows = parameter_rows(facts.traced, model)
        asked_cases = {
            name: [case for case in explanation.cases if case.model == model.name]
            for name, explanation in facts.explained.items()
        }
        path = f"models/{model.name}.html"
        yield path, page("model", facts, path, model=model, rows=rows, asked=asked_cases)
    for name in ("defects", "reports", "traceability", "open"):
        yield f"{name}.html", page(name, facts, f"{name}.html")
    yield "traceability.json", json.dumps(as_json(facts.traced), indent=1) + "\n"


def _clause_pages(facts: Facts) -> Files:
    names = list(facts.explained)
    for before, name, after in zip([None, *names], names, [*names[1:], None], strict=False):
        values: dict[str, Any] = {
            "explained": facts.explained[name],
            "failures": facts.failures[name],
            "promises": facts.traced.promises.naming(name),
            "seen": [
                (id_, failure)
                for id_, mode in facts.modes.items()
                for failure in mode.seen
                if name in failure.clauses
            ],
            "before": before,
            "after": after,
        }
        path = f"clauses/{name}.html"
        yield path, page("clause", facts, path, **values)


def _models(facts: Facts) -> Mapping[str, int]:
    """Return, for every model, the number of clauses that are judged on it."""
    return {
        model.name: sum(model.name in clause.models for clause in facts.explained.values())
        for model in facts.edition.every_model
    }


@cache
def _templates() -> Environment:
    templates = environment(folder=TEMPLATES, keep_trailing_newline=True)
    templates.filters |= {"places": places, "spans": spans, "broken": broken}
    return templates


def page(template: str, facts: Facts, path: str, **values: Any) -> str:
    """Render one page; ``path`` is its path within the site."""
    root = "../" * path.count("/")
    content = _templates().get_template(f"{template}.html.jinja")
    return content.render(facts=facts, edition=facts.edition, root=root, here=path, **values)


def places(citations: tuple[Citation, ...]) -> list[tuple[str, str]]:
    """Return the source and section of citations, without duplicates."""
    return list(dict.fromkeys((citation.source, citation.section) for citation in citations))


def spans(numbers: frozenset[int]) -> str:
    """Format line numbers as ranges: 2 to 8, 49."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first} to {last}" if first != last else str(first) for first, last in runs)


def broken(curl: str) -> str:
    """Break a curl line where a shell lets it be broken: before its headers and its body."""
    head, data, body = curl.partition(" --data-raw ")
    head = head.replace(" -H ", " \\\n  -H ")
    return f"{head} \\\n  --data-raw {body}" if data else head
