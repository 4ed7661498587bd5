"""How a document and an edition differ about the parameters of the endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance.cases.schema_keywords import types_of
from conformance.contract import Edition
from conformance.contract.checker import describe_value
from conformance.editions.mentions import named_in, speaks_of
from conformance.editions.openapi import LOOSEST, Document, DocumentedParameter
from conformance.parsing import printable
from conformance.reports.formatting import listed

_MODEL = "model"
_MOST = 12  # values of one sentence
_NOT_STATED = "not stated"


def document_differences(edition: Edition, document: Document) -> Iterator[str]:
    """Yield every difference in one sentence that begins with the parameter.

    A document has one schema for all models, so that it is held against what the edition says of
    any of them.
    """
    for name in dict.fromkeys((*document.parameters, *sorted(edition.parameters))):
        models = [model.name for model in edition.every_model if name in model.parameters]
        stated = document.parameters.get(name)
        if stated is None:
            if models:
                yield f"{name}: the edition has it for {_listed(models)}, and the document has not"
        elif not models:
            yield f"{printable(name, 60)}: the document has it, and no model of the edition has"
        else:
            yield from (f"{name}: {text}" for text in _of_parameter(edition, name, stated))
            yield from (f"{name}: {text}" for text in _required(edition, name, document))
    yield from (
        f"the document: {printable(text, 200)} was not read" for text in document.unread[:20]
    )


def unnamed_models(edition: Edition, document: Document) -> Iterator[str]:
    """Yield the models that the text of a parameter passes over, while it names others."""
    for name, stated in document.parameters.items():
        models = [model for model in edition.models.values() if name in model.parameters]
        texts = stated.descriptions
        silent = [model.name for model in models if not speaks_of(model, texts, edition)]
        if silent:
            named = dict.fromkeys(other for text in texts for other in named_in(text, edition))
            yield f"{name}: its text names {_listed(named)}, and never {_listed(silent)}"


def _of_parameter(edition: Edition, name: str, stated: DocumentedParameter) -> Iterator[str]:
    schemas = [model.parameters[name] for model in edition.every_model if name in model.parameters]
    shared = edition.request.parameters.get(name)  # of a request whose model is not known
    schemas += [shared] if shared is not None else []
    yield from _types(schemas, stated)
    yield from _model_names(edition, stated) if name == _MODEL else _values(edition, name, stated)
    yield from _bounds(schemas, stated)
    yield from _default(schemas, stated)


def _types(schemas: Sequence[Mapping[str, Any]], stated: DocumentedParameter) -> Iterator[str]:
    ours = {name for schema in schemas for name in types_of(schema)}
    theirs = stated.types | ({"null"} if None in stated.values else set())
    if theirs and ours and theirs != ours:
        here, there = _listed(sorted(ours)), _listed(sorted(theirs))
        yield f"the types are {here} in the edition, {there} in the document"


def _values(edition: Edition, name: str, stated: DocumentedParameter) -> Iterator[str]:
    models = [model for model in edition.every_model if name in model.parameters]
    documented = dict.fromkeys(
        describe_value(value) for m in models for value in m.documented(name)
    )
    opened = {describe_value(value) for m in models for value in m.open_values(name)}
    theirs = [describe_value(value) for value in stated.values if value is not None]
    is_closed = all("enum" in model.parameters[name] for model in models)
    new = [value for value in theirs if value not in documented and value not in opened]
    gone = [value for value in documented if value not in theirs]
    if new and is_closed:
        yield f"the document names {_listed(new)}, which no model of the edition has"
    if gone and stated.is_closed:
        yield f"the edition has {_listed(gone)}, which the document does not name"
    if stated.is_closed and not is_closed:
        yield f"the document allows {_listed(theirs)} only, the edition other values as well"
    if documented and is_closed and not stated.values:
        yield f"the edition allows {_listed(documented)} only, the document any value"


def _model_names(edition: Edition, stated: DocumentedParameter) -> Iterator[str]:
    theirs = [value for value in stated.values if isinstance(value, str)]
    for name in theirs:
        model = edition.find(name)
        if model is None or not model.has_own_entry:
            known = f"reads as {model.read_as}" if model else "does not know"
            yield f"the document names the model {printable(name, 60)}, which the edition {known}"
    gone = [name for name in edition.models if theirs and name not in theirs]
    if gone:
        yield f"the edition has the models {_listed(gone)}, which the document does not name"


def _bounds(schemas: Sequence[Mapping[str, Any]], stated: DocumentedParameter) -> Iterator[str]:
    for keyword, loosest in LOOSEST.items():
        known = [schema[keyword] for schema in schemas if keyword in schema]
        ours, theirs = loosest(known) if known else None, stated.bounds.get(keyword)
        if ours != theirs:
            here, there = (
                _NOT_STATED if bound is None else describe_value(bound) for bound in (ours, theirs)
            )
            yield f"{keyword} is {here} in the edition, {there} in the document"


def _default(schemas: Sequence[Mapping[str, Any]], stated: DocumentedParameter) -> Iterator[str]:
    defaults = (schema["default"] for schema in schemas if schema.get("default") is not None)
    ours = [*dict.fromkeys(map(describe_value, defaults))] or [_NOT_STATED]
    theirs = _NOT_STATED if stated.default is None else describe_value(stated.default)
    if theirs not in ours:
        yield f"the default is {_listed(ours)} in the edition, {theirs} in the document"


def _required(edition: Edition, name: str, document: Document) -> Iterator[str]:
    ours = {name in model.schema.required for model in edition.every_model}
    theirs = name in document.required
    if theirs not in ours:
        here, there = ("not required", "required") if theirs else ("required", "not required")
        yield f"it is {here} in the edition, {there} in the document"


def _listed(values: Iterable[Any]) -> str:
    return listed([printable(str(value), 60) for value in values], _MOST)
