"""What two editions say of answers: their schemas, keyword by keyword."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import Edition
from conformance.contract.checker import without_annotations
from conformance.contract.loading import EDITION_FILE, answer_files
from conformance.contract.schema_files import SchemaFiles
from conformance.editions.records import EditionChange, edition_change, text_of
from conformance.editions.requests import common_models

_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_SETS = frozenset({"enum", "type"})  # the fewer the stricter; of `required` the more


def answer_changes(old: Edition, new: Edition) -> Iterator[EditionChange]:
    """Yield the keywords of answers that differ, and the kinds of answers of models."""
    before, after = _schemas(old), _schemas(new)
    # of which answers more may be demanded: those of models that both editions read; what an error
    # body has, clauses of their own demand
    models = [new.model(name) for name in common_models(old, new)]
    demanded = {f"response {kind}" for model in models for kind in model.responses.values()}
    if models:
        demanded |= {part for part in after if not part.startswith(("response ", "error "))}
    for part in dict.fromkeys((*before, *after)):
        old_keywords, new_keywords = (
            dict(_flat(schemas.get(part, {}))) for schemas in (before, after)
        )
        documented = {name for name, _ in old_keywords}
        for location in dict.fromkeys((*old_keywords, *new_keywords)):
            old_value, new_value = old_keywords.get(location), new_keywords.get(location)
            if old_value != new_value:
                # of a member that was not documented nobody is expected to send it
                strict = part in demanded and location[0] in {"", *documented}
                yield _keyword_change(part, location, old_value, new_value, strict)
    yield from _kinds(old, new)


def _schemas(edition: Edition) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of answers, without kinds that no model answers with."""
    kinds = {kind for model in edition.every_model for kind in model.responses.values()}
    files = SchemaFiles(edition.folder)
    schema_names = answer_files(files.json(EDITION_FILE))
    return {
        part: without_annotations(files.schema(name))
        for part, name in schema_names.items()
        if not part.startswith("response ") or part.removeprefix("response ") in kinds
    }


def _flat(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield each keyword by the member that it is about; what branches stays whole."""
    for keyword, value in schema.items():
        if keyword == "properties" and isinstance(value, dict):
            for name, member in value.items():
                inner = f"{path}.{name}".removeprefix(".")
                yield (inner, ""), True
                yield from _flat(member, inner) if isinstance(member, dict) else ()
        elif keyword == "items" and isinstance(value, dict):
            yield from _flat(value, f"{path}[]")
        else:
            yield (path, keyword), value


def _keyword_change(
    part: str, location: tuple[str, str], before: Any, after: Any, may_demand: bool
) -> EditionChange:
    name, keyword = location[0] or "the body", location[1]
    texts = (
        "" if value is None else text_of(value) if keyword else "documented"
        for value in (before, after)
    )
    is_demand = may_demand and keyword and _is_stricter(keyword, before, after)
    must = _must(f"{name} of a {part}", keyword, before, after) if is_demand else ""
    subject = f"{part}: {name}.{keyword}" if keyword else f"{part}: {name}"
    return edition_change("answers", subject, *texts, must=must)


def _must(where: str, keyword: str, before: Any, after: Any) -> str:
    if keyword == "required":
        return f"send {text_of([name for name in after if name not in (before or ())])} in {where}"
    if keyword == "enum" and before:
        return f"send no {text_of([value for value in before if value not in after])} as {where}"
    if keyword == "imageTypes":
        return f"paint {text_of(after)} for {where}"
    return f"keep {keyword} {text_of(after)} of {where}"


def _is_stricter(keyword: str, before: Any, after: Any) -> bool:
    """Return whether an answer that keeps the old keyword may break the new one."""
    if after is None:
        return False
    if before is None:
        return True
    if keyword == "required":
        return not set(after) <= set(before)
    if keyword in _SETS:
        return not _allowed(before) <= _allowed(after)
    if keyword in _LOWER:
        return bool(after > before)
    if keyword in _UPPER:
        return bool(after < before)
    return True  # what no rule of thumb decides may break


def _allowed(value: Any) -> set[str]:
    """Return the values or types that a keyword allows, as JSON: every integer is a number."""
    names = set(map(json.dumps, value if isinstance(value, list) else [value]))
    return names | ({'"integer"'} if '"number"' in names else set())


def _kinds(old: Edition, new: Edition) -> Iterator[EditionChange]:
    """Yield the models whose answers are of another kind for the same `response_format`."""
    for model in common_models(old, new):
        before, after = old.model(model).responses, new.model(model).responses
        for response_format in dict.fromkeys((*before, *after)):
            kind = before.get(response_format, before["default"])
            new_kind = after.get(response_format, after["default"])
            if kind != new_kind:
                asked = f"response_format is {response_format}"
                asked = "no response_format is asked" if response_format == "default" else asked
                yield edition_change(
                    "answers",
                    f"payload where response_format is {response_format}",
                    kind,
                    new_kind,
                    models=(model,),
                    must=f"answer with {new_kind} where {asked}" if new_kind != "either" else "",
                )
