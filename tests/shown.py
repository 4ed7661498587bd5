"""What a report shows: its screen, its Markdown without the words, its JSON by the schema."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console

from conformance.contract import schemas_directory
from tests.runners import commands


def screen(
    show: Callable[..., None],
    what: Any,
    *options: Any,
    width: int = 80,
    encoding: str = "utf-8",
    colours: Any = None,
) -> str:
    """Return what a terminal of a width and an encoding shows."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(
        file=file,
        width=width,
        force_terminal=bool(colours),
        color_system=colours,
        legacy_windows=False,
    )
    show(what, console, *options)
    file.flush()
    return raw.getvalue().decode(encoding)


def tokens(text: str) -> Iterator[Token]:
    """Yield what a document in Markdown is made of."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or []


def structure(text: str) -> list[tuple[str, str]]:
    """Return what a document is made of, without its words."""
    kinds = [(token.type, token.tag) for token in tokens(text)]
    return [kind for kind in kinds if kind[0] not in ("text", "softbreak")]


class ParsedPage(HTMLParser):
    """The elements of a page, and the text of each script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag if tag in self.raw else ""
        if self._in:
            self.raw[tag].append("")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.raw[self._in][-1] += data

    def handle_endtag(self, _: str) -> None:
        self._in = ""

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def check_harmless(shown: str, document: str, plain: str) -> None:
    """Hostile text steers no terminal and no CI runner, and adds nothing to a plain document."""
    assert all(line.isprintable() for line in shown.split("\n"))
    assert commands(shown + document) == []
    assert structure(document) == structure(plain)


def by_schema(name: str, text: str) -> Any:
    """Read JSON, which must be as a schema of ours says."""
    schema = json.loads((schemas_directory() / f"{name}.schema.json").read_text(encoding="utf-8"))
    value = json.loads(text)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == []
    return value
