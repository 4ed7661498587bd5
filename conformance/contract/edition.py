"""An edition: what a document promises of the endpoint on one date, and bodies read by it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from conformance.contract.checker import Checker, SchemaFault
from conformance.contract.model import Model, RequestSchema, schema_of_snapshot
from conformance.contract.records import (
    CitedSource,
    DocumentedExample,
    Endpoint,
    LevelOverride,
    OpenQuestion,
    Violation,
)
from conformance.errors import UnknownNameError
from conformance.lifecycle import Lifecycle

Expectation = Literal["accepted", "refused", "open"]

MODEL_UNKNOWN = "model-unknown"
UNDOCUMENTED = "undocumented-for-model"
_LONGEST_BODY = 4096
"""Longest body in characters that is cached: the cases of an edition are about a thousand."""
_LONGEST_NAME = 200  # longest name in characters that is read: it may come from a recording
_SNAPSHOT = re.compile(r"(.+)-(\d{4}-\d\d-\d\d|\d{8})", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class RequestBody:
    """A request body, its model, and what the contract says of it."""

    body: Mapping[str, Any]
    model: Model | None
    violations: tuple[Violation, ...]
    unsupported: tuple[str, ...]
    unknown: tuple[str, ...]
    left_open: tuple[str, ...]
    edition: Edition = field(repr=False)
    _schema: RequestSchema = field(repr=False)

    @property
    def expectation(self) -> Expectation:
        """Return what the contract expects of the request, or that it leaves it open."""
        if self.violations:
            return "refused"
        return "open" if self.unsupported or self.unknown or self.left_open else "accepted"

    def breaks_only(self, parameter: str) -> bool:
        """Return whether all that is wrong is wrong in one parameter."""
        return {violation.parameter for violation in self.violations} == {parameter}

    def has(self, parameter: str) -> bool:
        """Return whether a parameter is present and not null."""
        return self.body.get(parameter) is not None

    def value(self, parameter: str) -> Any:
        """Return the value in the body, else the documented default, else None."""
        if self.has(parameter):
            return self.body[parameter]
        return self._schema.parameters.get(parameter, {}).get("default")

    def reread(self, body: Mapping[str, Any]) -> RequestBody:
        """Read another body by the same edition."""
        return self.edition.read(body)


@lru_cache(maxsize=8192)
def _read_text(edition: Edition, text: str) -> RequestBody:
    return _read(edition, json.loads(text))


def _read(edition: Edition, fields: Mapping[str, Any]) -> RequestBody:
    model_name = fields.get("model")
    model = edition.find(model_name) if isinstance(model_name, str) else None
    schema = model.schema if model else edition.request
    other_names = [name for name in fields if name not in schema.parameters]
    left_open = list(schema.open_questions(fields))
    if model is None and isinstance(model_name, str):
        left_open.append(MODEL_UNKNOWN)
    if any(name in edition.parameters and name not in schema.unsupported for name in other_names):
        left_open.append(UNDOCUMENTED)
    return RequestBody(
        body=fields,
        model=model,
        violations=schema.violations(fields),
        unsupported=tuple(name for name in other_names if name in schema.unsupported),
        unknown=tuple(name for name in other_names if name not in edition.parameters),
        left_open=tuple(left_open),
        edition=edition,
        _schema=schema,
    )


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """Models that the edition knows by a pattern of their names."""

    pattern: re.Pattern[str]
    template: Model

    def model(self, name: str) -> Model:
        """Return a member of the family under its own name."""
        return replace(self.template, name=name, has_own_entry=False)


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """One contract in one dated edition, frozen once published."""

    id: str
    title: str
    document: str
    published: str
    endpoint: Endpoint
    models_path: str  # empty where no list of models is documented
    sources: Mapping[str, CitedSource]
    models: Mapping[str, Model]
    families: Mapping[str, ModelFamily]
    lifecycles: Mapping[str, Lifecycle]
    """The dates that the document says of models, by their names."""
    open_questions: Mapping[str, OpenQuestion]
    withdrawn: Mapping[str, str]
    levels: Mapping[str, LevelOverride]
    examples: tuple[DocumentedExample, ...]
    folder: Path
    digest: str
    request: RequestSchema = field(repr=False)
    parameters: frozenset[str] = field(repr=False)
    _checkers: Mapping[str, Checker] = field(repr=False)

    def model(self, name: str) -> Model:
        """Return a model like `find`; raises UnknownNameError for an unknown name.

        A name that a user wrote is read by `model_named`, which says more.
        """
        model = self.find(name)
        if model is None:
            raise UnknownNameError("model", name, self.models, f"edition {self.id}")
        return model

    def find(self, name: str) -> Model | None:
        """Return what the contract says of a name; None where it says nothing.

        That is a model of the edition, else a dated snapshot of one, else a member of the family
        that the name matches. Every command reads names by this function alone.
        """
        if name in self.models:
            return self.models[name]
        return _find_by_pattern(self, name) if len(name) <= _LONGEST_NAME else None

    @property
    def every_model(self) -> tuple[Model, ...]:
        """The models that it names, and one for each family."""
        return (*self.models.values(), *(family.template for family in self.families.values()))

    def read(self, body: object) -> RequestBody:
        """Read a request body: its model, what it breaks, what is left open.

        Any JSON value will do, and nothing is raised.
        """
        if not isinstance(body, Mapping):
            violation = Violation(None, "type", "the body must be a JSON object", None)
            return RequestBody({}, None, (violation,), (), (), (), self, self.request)
        fields = body if isinstance(body, dict) else dict(body)
        try:
            text = json.dumps(fields)
        except (TypeError, ValueError, RecursionError):  # a body of a recording may be anything
            return _read(self, fields)
        if len(text) > _LONGEST_BODY:
            return _read(self, fields)
        return replace(_read_text(self, text), body=fields)

    def response_errors(self, kind: str, instance: object) -> list[SchemaFault]:
        """Compare a 200 body with the response schema of a kind ("url", "b64_json", "either")."""
        return self._mismatches("response", kind, instance)

    def response_members(self, kind: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the documented members of a 200 body of a kind, and those of an item of `data`."""
        checker = self._checkers[f"response {kind}"]
        return checker.members(), checker.members("properties", "data", "items")

    def image_types(self, kind: str) -> tuple[str, ...]:
        """Return the types of which the images of a kind of answer are; none if it names none."""
        items = ("properties", "data", "items", "imageTypes")
        return tuple(self._checkers[f"response {kind}"].keyword(*items) or ())

    @property
    def error_members(self) -> frozenset[str]:
        """The documented members of an error body that stand beside its `error`."""
        return self._checkers["error body"].members() - {"error"}

    def error_errors(self, instance: object) -> list[SchemaFault]:
        """Compare an error body with what every source demands of one."""
        return self._mismatches("error", "body", instance)

    def model_list_errors(self, instance: object) -> list[SchemaFault]:
        """Compare the answer of the model list with its schema."""
        return self._mismatches("model list", "body", instance)

    @property
    def lists_ends(self) -> bool:
        """Return whether it documents that the model list says when a model ends."""
        members = self._checkers["model list body"].members("properties", "data", "items")
        return "shutdown_date" in members

    def stream_errors(self, event: str, instance: object) -> list[SchemaFault]:
        """Compare the data of a stream event ("partial_image" or "completed") with its schema.

        The name as sent, `image_generation.completed`, does as well.
        """
        return self._mismatches("stream", event.removeprefix("image_generation."), instance)

    def _mismatches(self, part: str, name: str, instance: object) -> list[SchemaFault]:
        key = f"{part} {name}"
        if key not in self._checkers:
            parts = [key.partition(" ") for key in self._checkers]
            known = [other_name for other_part, _, other_name in parts if other_part == part]
            raise UnknownNameError(f"{part} schema", name, known, f"edition {self.id}")
        return self._checkers[key].faults(instance)


@lru_cache(maxsize=256)  # so that a name has one model, and its cases are derived once
def _find_by_pattern(edition: Edition, name: str) -> Model | None:
    """Return a dated snapshot of a model, else the member of a family."""
    match = _SNAPSHOT.fullmatch(name)
    if match is not None and match[1] in edition.models and _is_date(match[2]):
        model = edition.models[match[1]]
        schema = schema_of_snapshot(model.schema, name)
        return replace(model, name=name, schema=schema, has_own_entry=False, snapshot_of=match[1])
    families = (family for family in edition.families.values() if family.pattern.search(name))
    return next((family.model(name) for family in families), None)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
