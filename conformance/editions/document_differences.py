"""How a document and an edition differ about the parameters of the endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from conformance.cases.schema_keywords import types_of
from conformance.contract import Edition, Model
from conformance.contract.checker import describe_value
from conformance.contract.promises import Promises
from conformance.editions.openapi import LOOSEST, Document, DocumentedParameter
from conformance.output.counting import join_names
from conformance.output.printing import printable

_MODEL = "model"
_MOST = 12  # values of one sentence


def document_differences(edition: Edition, document: Document) -> Iterator[str]:
    """Yield every difference in one sentence that begins with the parameter.

    A document has one schema for all models, so that it is held against what the edition says of
    any of them.
    """
    for name in dict.fromkeys((*document.parameters, *sorted(edition.parameters))):
        models = [model.name for model in edition.every_model if name in model.parameters]
        documented = document.parameters.get(name)
        if documented is None:
            if models:
                yield f"{name}: the edition has it for {_listed(models)}, and the document has not"
        elif not models:
            yield f"{printable(name, 60)}: the document has it, and no model of the edition has"
        else:
            yield from (f"{name}: {text}" for text in _of_parameter(edition, name, document))
    yield from (
        f"the document: {printable(text, 200)} was not read" for text in document.unread[:20]
    )


def unnamed_models(edition: Edition, document: Document) -> Iterator[str]:
    """Yield the models that the text of a parameter passes over, while it names others."""
    for name, documented in document.parameters.items():
        models = [model for model in edition.models.values() if name in model.parameters]
        texts = documented.descriptions
        passed_over = [model.name for model in models if not speaks_of(model, texts, edition)]
        if passed_over:
            mentioned = dict.fromkeys(other for text in texts for other in named_in(text, edition))
            yield f"{name}: its text names {_listed(mentioned)}, and never {_listed(passed_over)}"


def _of_parameter(edition: Edition, name: str, document: Document) -> Iterator[str]:
    documented = document.parameters[name]
    schemas = [model.parameters[name] for model in edition.every_model if name in model.parameters]
    shared = edition.request.parameters.get(name)  # of a request whose model is not known
    schemas += [shared] if shared is not None else []
    edition_types = {name for schema in schemas for name in types_of(schema)}
    document_types = documented.types | ({"null"} if None in documented.values else set())
    if document_types and edition_types and document_types != edition_types:
        here, there = _listed(sorted(edition_types)), _listed(sorted(document_types))
        yield f"the types are {here} in the edition, {there} in the document"
    if name == _MODEL:
        yield from _model_names(edition, documented)
    else:
        yield from _values(edition, name, documented)
    yield from _bounds(schemas, documented)
    defaults = (schema["default"] for schema in schemas if schema.get("default") is not None)
    in_edition = [*dict.fromkeys(map(describe_value, defaults))] or [_stated(None)]
    in_document = _stated(documented.default)
    if in_document not in in_edition:
        yield f"the default is {_listed(in_edition)} in the edition, {in_document} in the document"
    is_required = {name in model.schema.required for model in edition.every_model}
    if name in document.required and True not in is_required:
        yield "it is not required in the edition, required in the document"
    elif name not in document.required and False not in is_required:
        yield "it is required in the edition, not required in the document"


def _values(edition: Edition, name: str, parameter: DocumentedParameter) -> Iterator[str]:
    models = [model for model in edition.every_model if name in model.parameters]
    documented = dict.fromkeys(
        describe_value(value) for m in models for value in m.documented(name)
    )
    opened = {describe_value(value) for m in models for value in m.open_values(name)}
    values = [describe_value(value) for value in parameter.values if value is not None]
    is_closed = all("enum" in model.parameters[name] for model in models)
    unknown = [value for value in values if value not in documented and value not in opened]
    missing = [value for value in documented if value not in values]
    if unknown and is_closed:
        yield f"the document names {_listed(unknown)}, which no model of the edition has"
    if missing and parameter.is_closed:
        yield f"the edition has {_listed(missing)}, which the document does not name"
    if parameter.is_closed and not is_closed:
        yield f"the document allows {_listed(values)} only, the edition other values as well"
    if documented and is_closed and not parameter.values:
        yield f"the edition allows {_listed(documented)} only, the document any value"


def _model_names(edition: Edition, documented: DocumentedParameter) -> Iterator[str]:
    names = [value for value in documented.values if isinstance(value, str)]
    for name in names:
        model = edition.find(name)
        if model is None or not model.has_own_entry:
            known = f"reads as {model.read_as}" if model else "does not know"
            yield f"the document names the model {printable(name, 60)}, which the edition {known}"
    missing = [name for name in edition.models if names and name not in names]
    if missing:
        yield f"the edition has the models {_listed(missing)}, which the document does not name"


def _bounds(schemas: Sequence[Mapping[str, Any]], documented: DocumentedParameter) -> Iterator[str]:
    for keyword, loosest in LOOSEST.items():
        bounds = [schema[keyword] for schema in schemas if keyword in schema]
        edition_bound = loosest(bounds) if bounds else None
        document_bound = documented.bounds.get(keyword)
        if edition_bound != document_bound:
            here, there = _stated(edition_bound), _stated(document_bound)
            yield f"{keyword} is {here} in the edition, {there} in the document"


def _stated(value: object) -> str:
    return "not stated" if value is None else describe_value(value)


def _listed(values: Iterable[Any]) -> str:
    return join_names([printable(str(value), 60) for value in values], _MOST)


# pages join the words of a name with a middle dot or a hyphen that does not break
_SPELLINGS = str.maketrans({"·": "-", "\u2011": "-", "_": "-"})
_FAMILY_WORDS = re.compile(r"\b(gpt|dall|qwen)[ -](image|e)\b")


def unnamed_citations(edition: Edition, promises: Promises) -> Iterator[str]:
    """Yield the places that the rules of a model cite, and that speak of other models only."""
    texts: dict[tuple[str, str], list[str]] = {}
    for promise in promises.all:
        texts.setdefault((promise.source, promise.section), []).append(promise.says)
    for model in edition.models.values():
        passed_over: dict[tuple[str, str], dict[str, None]] = {}
        for rule in model.rules:
            for cited in rule.citations:
                cited_place = (cited.source, cited.section)
                if not speaks_of(model, texts.get(cited_place, ()), edition):
                    name = f"{rule.parameter or 'body'}.{rule.keyword}"
                    passed_over.setdefault(cited_place, {})[name] = None
        for (source, section), rules in passed_over.items():
            where = f"{source}, {section}, which names other models only"
            yield f"{model.name}: {', '.join(rules)} cites {where}"


def speaks_of(model: Model, texts: Sequence[str], edition: Edition) -> bool:
    """Return whether texts name a model or its family, or no model at all."""
    mentions = [named_in(text, edition) for text in texts]
    if not mentions or not all(mentions):  # a sentence that names none is about every model
        return True
    own_names = {model.name, model.family, model.snapshot_of}
    return any(own_names & {*names} for names in mentions)


def named_in(text: str, edition: Edition) -> tuple[str, ...]:
    """Return the models and families that a text names."""
    plain = _FAMILY_WORDS.sub(r"\1-\2", text.lower().translate(_SPELLINGS))
    return tuple(name for name, form in _forms(edition).items() if form.search(plain))


@lru_cache(maxsize=8)
def _forms(edition: Edition) -> Mapping[str, re.Pattern[str]]:
    """Return how each model and family is written: not as the beginning of a longer name."""
    families = {model.family for model in edition.models.values()} | {*edition.families}
    names = {*edition.models, *families}
    return {
        name: re.compile(rf"(?<![\w.-]){re.escape(name)}(?!-?\w|\.\d)") for name in sorted(names)
    }
