"""The JSON Schemas that are generated from records: of run files, and of what editions differ in.

``python -m tests.schema`` writes them; a test compares them.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from msgspec.json import schema_components

from conformance.editions import records as changes
from conformance.editions.records import Changes
from conformance.exchange import model as exchange
from conformance.parsing.credentials import records as credentials
from conformance.results import reach, records
from conformance.results.records import Line

_WIDTH = 100
_SCHEMAS = Path(__file__).parents[1] / "schemas"
FILE = _SCHEMAS / "run.schema.json"
CHANGES_FILE = _SCHEMAS / "changes.schema.json"


def run_schema() -> str:
    """Return the schema of a run file."""
    lines = [arg.__name__ for arg in get_args(Line)]
    defs = _definitions(Line, exchange, reach, records, credentials)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://image-conformance.invalid/run.schema.json",
        "title": "One line of a run file: the header first, the footer last",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in lines],
        "$defs": {name: defs[name] for name in (*lines, *sorted(defs.keys() - set(lines)))},
    }
    return _laid_out(_tidy(document)) + "\n"


def generated_changes() -> str:
    """Return the schema of what two editions differ in."""
    defs = _definitions(Changes, changes)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://image-conformance.invalid/changes.schema.json",
        "title": "What two editions of the contract differ in",
        "$ref": "#/$defs/Changes",
        "$defs": defs,
    }
    return _laid_out(_tidy(document)) + "\n"


def _definitions(record: Any, *modules: ModuleType) -> dict[str, Any]:
    """Return a definition for each record, described by its docstrings."""
    _, defs = schema_components([record], ref_template="#/$defs/{name}")
    said = _docstrings(modules)
    for name, definition in defs.items():
        definition.pop("title")
        for member, values in definition.get("properties", {}).items():
            if (name, member) in said:
                values["description"] = said[name, member]
    return dict(defs)


def _docstrings(modules: Iterable[ModuleType]) -> dict[tuple[str, str], str]:
    """Return what stands in the sources below members, by class and member."""
    said = {}
    for module in modules:
        for statement in ast.parse(inspect.getsource(module)).body:
            if isinstance(statement, ast.ClassDef):
                for member, below in zip(statement.body, statement.body[1:], strict=False):
                    if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                        text = ast.get_docstring(ast.Module([below], []))
                        if text:
                            said[statement.name, member.target.id] = " ".join(text.split())
    return said


def _tidy(value: Any) -> Any:
    """Leave out what says nothing, and the pattern beside an enumeration that it repeats."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = {"default", "pattern" if "enum" in value else ""}
    dropped |= set() if value.get("required", True) else {"required"}
    return {name: _tidy(member) for name, member in value.items() if name not in dropped}


def _laid_out(value: Any, indent: str = "") -> str:
    """Write JSON in lines of up to 100 characters, and only what does not fit in several."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent + flat) <= _WIDTH or not isinstance(value, dict | list):
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        opens, closes, parts = "[", "]", [_laid_out(item, deeper) for item in value]
    else:
        opens, closes = "{", "}"
        parts = [
            f"{json.dumps(name)}: {_laid_out(member, deeper)}" for name, member in value.items()
        ]
    lines = ",".join(f"\n{deeper}{part}" for part in parts)
    return f"{opens}{lines}\n{indent}{closes}"


if __name__ == "__main__":
    FILE.write_text(run_schema(), encoding="utf-8")
    CHANGES_FILE.write_text(generated_changes(), encoding="utf-8")
    sys.stdout.write(f"wrote {FILE} and {CHANGES_FILE}\n")
