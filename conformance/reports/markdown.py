"""A run as Markdown, for a pull request or the summary of a CI job.

Every value is foreign until shown otherwise. What the template prints is escaped by its
environment, not by its author: words become text without any structure, and messages become
code spans, in which neither Markdown nor HTML, mentions nor links mean anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from conformance.output.printing import printable
from conformance.reports import wording
from conformance.reports.contracts import differences
from conformance.reports.costs import newest_first
from conformance.reports.statistics import provider_facts
from conformance.reports.summary import Summary
from conformance.reports.templating import environment
from conformance.results.reach import LEVELS

_STRUCTURE = re.compile(
    r"""[\\`*_{}\[\]<>\#|~&@$]  # what CommonMark and GitHub give a meaning
    | :(?=//) | (?<=mailto): | (?<=xmpp): | (?<=www)\.   # what GitHub makes links of
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BLANKS = re.compile("\n{3,}")
_LONGEST = 1000  # characters of one foreign text


def markdown(summary: Summary) -> str:
    """Write a summary as GitHub-flavoured Markdown."""
    values = {
        "summary": summary,
        "edition_of": lambda provider: wording.edition_of(provider, summary),
        "contracts": summary.merged.contracts,
        "differences": differences(list(summary.merged.contracts.values())),
        "impact": summary.impact,
        "levels": LEVELS,
        "chapters": list(summary.chapters),
        "runs": newest_first(summary.merged.runs),
        "providers": provider_facts(summary),
    }
    return fill("summary.md.jinja", values)


def fill(name: str, values: Mapping[str, Any]) -> str:
    """Fill a Markdown template; what it prints is escaped."""
    return _BLANKS.sub("\n\n", _environment().get_template(name).render(values))


@cache
def _environment() -> Environment:
    templates = environment(words, keep_trailing_newline=True)
    templates.filters |= {"code": code, "words": words}
    return templates


def words(value: object) -> Markup:
    """Write a value as plain text: each character that could mean something, as an entity.

    An entity never opens or closes a structure in CommonMark, not even a table's cell. The
    template sees to it that no foreign text begins a line, where more has a meaning.
    """
    if isinstance(value, Markup):
        return value
    safe = _STRUCTURE.sub(
        lambda match: "".join(f"&#{ord(character)};" for character in match[0]),
        printable(str(value), _LONGEST),
    )
    return Markup(safe)  # noqa: S704 - made safe in the line above


def code(value: object) -> Markup:
    """Write a value as a code span that nothing in it can end; not for cells of tables."""
    text = printable(str(value), _LONGEST)
    if not text.strip():
        return Markup("")
    # no run of backticks in the text is as long as the fence, and a blank keeps those at its ends
    # from becoming a part of it
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return Markup(f"{fence}{pad}{text}{pad}{fence}")  # noqa: S704 - fenced beyond its reach
