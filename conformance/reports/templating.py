"""The templates of reports: how they escape what they print, and the words that all know."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance.output.counting import dollars, join_names, write_count
from conformance.output.printing import printable
from conformance.reports import client_rendering, side_by_side, wording
from conformance.reports.capabilities import rendering
from conformance.reports.capabilities.answers import MEANINGS
from conformance.reports.formatting import duration, moment, took

TEMPLATES = Path(__file__).with_name("templates")
_CODE = re.compile(r"``?([^`]+)``?")
_LONGEST = 5000  # characters of a sentence, which a plugin may have written
MOST = 100
"""Entries of a section: the matrix of a page has them all, and a CI summary a limit of 1 MiB."""


def environment(
    finalize: Callable[[object], object] | None = None,
    *,
    folder: Path = TEMPLATES,
    autoescape: bool = True,
    keep_trailing_newline: bool = False,
) -> Environment:
    """Return an environment that escapes HTML, after `finalize` has made each value harmless."""
    templates = Environment(
        loader=FileSystemLoader(folder),
        autoescape=autoescape,  # noqa: S701 - but for texts of our own alone
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=keep_trailing_newline,
    )
    templates.filters |= {"duration": duration, "took": took, "moment": moment}
    templates.filters |= {"dollars": dollars, "prose": prose}
    templates.globals |= {
        "write_count": write_count,
        "join_names": join_names,
        "wording": wording,
        "capability": rendering,
        "meanings": MEANINGS,
        "side_by_side": side_by_side,
        "clients": client_rendering,
        "most": MOST,
    }
    return templates


def prose(text: str) -> Markup:
    """Write a sentence as HTML, what stands between backticks as code."""
    sentence = printable(" ".join(text.split()), _LONGEST)
    if sentence.count("`") % 2:  # one that no other closes is a backtick
        return escape(sentence)
    code = Markup("<code>{}</code>")
    pieces = enumerate(_CODE.split(sentence))
    return Markup("").join(code.format(piece) if index % 2 else piece for index, piece in pieces)
