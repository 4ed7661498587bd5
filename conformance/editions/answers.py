"""What two editions say of answers: their schemas, keyword by keyword."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.contract import Edition
from conformance.contract.checker import without_annotations
from conformance.contract.loading import EDITION_FILE, answer_files
from conformance.contract.schema_files import SchemaFiles
from conformance.editions.records import Change
from conformance.editions.requests import common_models
from conformance.editions.rules import kind_of, text_of

_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_SETS = frozenset({"enum", "type"})  # the fewer the stricter; of `required` the more
_MEMBERS = "properties"
_ASKED = {
    "default": "no response_format is asked",
    "url": "response_format is url",
    "b64_json": "response_format is b64_json",
}


def answer_changes(old: Edition, new: Edition) -> Iterator[Change]:
    """Yield the keywords of answers that differ, and the kinds of answers of models."""
    before, after = _schemas(old), _schemas(new)
    demanded = _demanded(old, new)
    for part in after:
        keywords = [dict(_flat(schemas.get(part, {}))) for schemas in (before, after)]
        for place in dict.fromkeys((*keywords[0], *keywords[1])):
            one, other = (flat.get(place) for flat in keywords)
            if one != other:
                strict = part in demanded and not _is_new(place, keywords[0])
                yield _change(part, place, one, other, strict)
    yield from _kinds(old, new)


def _demanded(old: Edition, new: Edition) -> frozenset[str]:
    """Return the answers of which the new edition may demand more of models that both read.

    What an error body has, clauses of their own demand.
    """
    models = [new.model(name) for name in common_models(old, new)]
    kinds = {f"response {kind}" for model in models for kind in model.responses.values()}
    others = {part for part in _schemas(new) if not part.startswith(("response ", "error "))}
    return frozenset(kinds | (others if models else set()))


def _schemas(edition: Edition) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of answers, without kinds that no model answers with."""
    kinds = {kind for model in edition.every_model for kind in model.responses.values()}
    files = SchemaFiles(edition.folder)
    named = answer_files(files.json(EDITION_FILE))
    return {
        part: without_annotations(files.schema(name))
        for part, name in named.items()
        if not part.startswith("response ") or part.removeprefix("response ") in kinds
    }


def _flat(schema: Mapping[str, Any], place: str = "") -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield each keyword by the member that it is about; what branches stays whole."""
    for keyword, value in schema.items():
        if keyword == _MEMBERS and isinstance(value, dict):
            for name, member in value.items():
                inner = f"{place}.{name}".removeprefix(".")
                yield (inner, ""), True
                yield from _flat(member, inner) if isinstance(member, dict) else ()
        elif keyword == "items" and isinstance(value, dict):
            yield from _flat(value, f"{place}[]")
        else:
            yield (place, keyword), value


def _is_new(place: tuple[str, str], before: Mapping[tuple[str, str], Any]) -> bool:
    """Return whether a member was not documented: then nobody is expected to send it."""
    return bool(place[0]) and not any(name == place[0] for name, _ in before)


def _change(part: str, place: tuple[str, str], before: Any, after: Any, strict: bool) -> Change:
    name, keyword = place
    subject = f"{part}: {name or 'the body'}"
    said = [_text(before, keyword), _text(after, keyword)]
    strict = strict and bool(keyword) and _stricter(keyword, before, after)
    return Change(
        area="answers",
        kind=kind_of(*said),
        subject=f"{subject}.{keyword}" if keyword else subject,
        before=said[0],
        after=said[1],
        must=_must(f"{name or 'the body'} of a {part}", keyword, before, after) if strict else "",
    )


def _must(where: str, keyword: str, before: Any, after: Any) -> str:
    if keyword == "required":
        return f"send {text_of([name for name in after if name not in (before or ())])} in {where}"
    if keyword == "enum" and before:
        return f"send no {text_of([value for value in before if value not in after])} as {where}"
    if keyword == "imageTypes":
        return f"paint {text_of(after)} for {where}"
    return f"keep {keyword} {text_of(after)} of {where}"


def _stricter(keyword: str, before: Any, after: Any) -> bool:
    """Return whether an answer that keeps the old keyword may break the new one."""
    if after is None:
        return False
    if before is None:
        return True
    if keyword == "required":
        return not set(after) <= set(before)
    if keyword in _SETS:
        return not _values(before) <= _values(after)
    if keyword in _LOWER:
        return bool(after > before)
    if keyword in _UPPER:
        return bool(after < before)
    return True  # what no rule of thumb decides may break


def _values(value: Any) -> set[str]:
    names = set(map(json.dumps, value if isinstance(value, list) else [value]))
    return names | ({'"integer"'} if '"number"' in names else set())


def _text(value: Any, keyword: str) -> str:
    if value is None:
        return ""
    return "documented" if not keyword else text_of(value)


def _kinds(old: Edition, new: Edition) -> Iterator[Change]:
    """Yield the models whose answers are of another kind for the same `response_format`."""
    for model in common_models(old, new):
        before, after = old.model(model).responses, new.model(model).responses
        for asked in dict.fromkeys((*before, *after)):
            one, other = before.get(asked, before["default"]), after.get(asked, after["default"])
            if one != other:
                strict = other != "either"
                yield Change(
                    area="answers",
                    kind="changed",
                    subject=f"payload where response_format is {asked}",
                    models=(model,),
                    before=one,
                    after=other,
                    must=f"answer with {other} where {_ASKED[asked]}" if strict else "",
                )
