"""The JSON Schema of run files, generated from their records.

``python -m tests.schema`` writes it; a test compares it.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from pathlib import Path
from typing import Any, get_args

from msgspec.json import schema_components

from conformance.results import reach, records
from conformance.results.records import Line

_WIDTH = 100
FILE = Path(__file__).parents[1] / "schemas" / "run.schema.json"


def generated() -> str:
    """Return the schema as a text: a definition for each record, described by its docstrings."""
    _, found = schema_components([Line], ref_template="#/$defs/{name}")
    said = _docstrings()
    for name, definition in found.items():
        definition.pop("title")
        for member, values in definition.get("properties", {}).items():
            if (name, member) in said:
                values["description"] = said[name, member]
    lines = [each.__name__ for each in get_args(Line)]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://image-conformance.invalid/run.schema.json",
        "title": "One line of a run file: the header first, the footer last",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in lines],
        "$defs": {name: found[name] for name in (*lines, *sorted(found.keys() - set(lines)))},
    }
    return _laid_out(_tidy(document)) + "\n"


def _docstrings() -> dict[tuple[str, str], str]:
    """Return what stands in the sources below members, by class and member."""
    said = {}
    for module in (reach, records):
        for made in ast.parse(inspect.getsource(module)).body:
            if isinstance(made, ast.ClassDef):
                for member, below in zip(made.body, made.body[1:], strict=False):
                    if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                        text = ast.get_docstring(ast.Module([below], []))
                        if text:
                            said[made.name, member.target.id] = " ".join(text.split())
    return said


def _tidy(value: Any) -> Any:
    """Leave out what says nothing, and the pattern beside an enumeration that it repeats."""
    if isinstance(value, list):
        return [_tidy(each) for each in value]
    if not isinstance(value, dict):
        return value
    dropped = {"default", "pattern" if "enum" in value else ""}
    dropped |= set() if value.get("required", True) else {"required"}
    return {name: _tidy(each) for name, each in value.items() if name not in dropped}


def _laid_out(value: Any, indent: str = "") -> str:
    """Write JSON in lines of up to 100 characters, and only what does not fit in several."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent + flat) <= _WIDTH or not isinstance(value, dict | list):
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        opens, closes, parts = "[", "]", [_laid_out(each, deeper) for each in value]
    else:
        opens, closes = "{", "}"
        parts = [f"{json.dumps(name)}: {_laid_out(each, deeper)}" for name, each in value.items()]
    lines = ",".join(f"\n{deeper}{each}" for each in parts)
    return f"{opens}{lines}\n{indent}{closes}"


if __name__ == "__main__":
    FILE.write_text(generated(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE}\n")
