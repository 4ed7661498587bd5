"""The page written: Jinja's autoescape, a policy that allows our own script and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from urllib.parse import quote

from jinja2 import Template
from markupsafe import Markup, escape

from conformance.parsing import printable, without_commands
from conformance.reports import wording
from conformance.reports.costs import newest_first
from conformance.reports.page.evidence import proofs
from conformance.reports.page.matrix import matrix, provenance, silent_clauses
from conformance.reports.statistics import provider_facts
from conformance.reports.summary import Summary
from conformance.reports.templating import TEMPLATES, environment
from conformance.results.reach import LEVELS

_SCRIPTS = (
    "elements.js", "filters.js", "matrix.js", "evidence.js", "capabilities.js", "gallery.js",
    "sorting.js", "start.js",
)  # fmt: skip
_STYLES = ("page.css", "capabilities.css")
_LONGEST = 1000  # characters of one foreign text


def page(summary: Summary) -> str:
    """Write a summary as one HTML file that needs nothing but itself."""
    style, script = ("".join(map(_asset, names)) for names in (_STYLES, _SCRIPTS))
    evidence = proofs(summary)
    values = {
        "summary": summary,
        "tables": summary.capabilities,
        "edition_of": lambda provider: wording.edition_of(provider, summary),
        "offers": summary.offers,
        "impact": summary.impact,
        "levels": [level for level in LEVELS if any(level in row.kept for row in summary.rows)],
        "providers": provider_facts(summary),
        "origins": {name: provenance(summary.origins, name) for name, _ in summary.columns},
        "runs": newest_first(summary.merged.runs),
        "silent": silent_clauses(summary),
        "policy": _policy(style, script),
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own files
        "data": as_json(matrix(summary)),
        "pictures": as_json(evidence.pictures),
        "evidence": evidence,
    }
    return _template().render(values)


def as_json(value: object) -> Markup:
    """Write JSON for a script element; nothing in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    escapes = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"}
    safe = without_commands(text).translate(escapes)
    return Markup(safe)  # noqa: S704 - made safe in the line above


def cell_link(clause: str, provider: str, model: str) -> str:
    """Return the fragment that opens the evidence of a cell; `filters.js` reads it."""
    parts = (quote(name, safe="", errors="replace") for name in (clause, provider, model))
    return f"#cell={'/'.join(parts)}"


def prose(text: str) -> Markup:
    """Write a sentence of ours, what stands between backticks as code."""
    parts = printable(text, _LONGEST).split("`")
    if not len(parts) % 2:  # a backtick that no other closes is a backtick
        return escape("`".join(parts))
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if rank % 2 else part for rank, part in enumerate(parts)
    )


def _policy(style: str, script: str) -> str:
    """Return the policy, which allows our own script and style alone (ARCHITECTURE 16)."""
    digests = (hashlib.sha256(text.encode()).digest() for text in (style, script))
    of_style, of_script = (base64.b64encode(digest).decode("ascii") for digest in digests)
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{of_style}'",
            f"script-src 'sha256-{of_script}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


@cache
def _asset(name: str) -> str:
    return (TEMPLATES / "page" / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    templates = environment(_escape)
    templates.filters["prose"] = prose
    templates.globals["cell_link"] = cell_link
    return templates.get_template("page.html.jinja")


def _escape(value: object) -> object:
    """Escape what could hide or turn text around; the environment escapes HTML after it."""
    return value if isinstance(value, Markup) else printable(str(value), _LONGEST)
