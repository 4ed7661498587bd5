"""Rendering of templates: everything is escaped, and relative links work from a disk."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from conformance.contract import Citation
    from conformance.documentation.build import Facts

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = tuple(
    (name, (TEMPLATES / name).read_text(encoding="utf-8")) for name in ("style.css", "filter.js")
)
_CODE = re.compile(r"``?([^`]+)``?")


def page(template: str, facts: Facts, path: str, **values: Any) -> str:
    """Render one page; ``path`` is its path within the site."""
    root = "../" * path.count("/")
    content = _environment().get_template(f"{template}.html.jinja")
    return content.render(facts=facts, edition=facts.edition, root=root, here=path, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    environment.filters["places"] = places
    environment.filters["spans"] = spans
    environment.filters["broken"] = broken
    return environment


def prose(text: str) -> Markup:
    """Render a sentence as HTML: text in backticks becomes code."""
    pieces = _CODE.split(" ".join(text.split()))
    marked = [
        f"<code>{escape(piece)}</code>" if at % 2 else str(escape(piece))
        for at, piece in enumerate(pieces)
    ]
    return Markup("".join(marked))  # noqa: S704 - every piece is escaped in the line above


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
    return ", ".join(f"{a} to {b}" if a != b else str(a) for a, b in runs)


def broken(curl: str) -> str:
    """Break a curl line where a shell lets it be broken: before its headers and its body."""
    head, data, body = curl.partition(" --data-raw ")
    head = head.replace(" -H ", " \\\n  -H ")
    return f"{head} \\\n  --data-raw {body}" if data else head
