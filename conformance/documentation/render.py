"""Templates to pages: everything is escaped, and links are relative, so that a disk will do."""

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
    """Render one page; ``path`` is where it will lie in the site."""
    root = "../" * path.count("/")
    found = _environment().get_template(f"{template}.html.jinja")
    return found.render(facts=facts, edition=facts.edition, root=root, here=path, **values)


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
    """Write a sentence of ours, what stands in backticks as code."""
    pieces = _CODE.split(" ".join(text.split()))
    marked = [
        f"<code>{escape(each)}</code>" if at % 2 else str(escape(each))
        for at, each in enumerate(pieces)
    ]
    return Markup("".join(marked))  # noqa: S704 - every piece is escaped in the line above


def places(citations: tuple[Citation, ...]) -> list[tuple[str, str]]:
    """Give source and section of citations, each place once."""
    return list(dict.fromkeys((each.source, each.section) for each in citations))


def spans(numbers: frozenset[int]) -> str:
    """Write line numbers as people do: 2 to 8, 49."""
    found: list[list[int]] = []
    for each in sorted(numbers):
        if found and found[-1][1] == each - 1:
            found[-1][1] = each
        else:
            found.append([each, each])
    return ", ".join(f"{a} to {b}" if a != b else str(a) for a, b in found)


def broken(curl: str) -> str:
    """Break a curl line where a shell lets it be broken: before its headers and its body."""
    head, data, body = curl.partition(" --data-raw ")
    head = head.replace(" -H ", " \\\n  -H ")
    return f"{head} \\\n  --data-raw {body}" if data else head
