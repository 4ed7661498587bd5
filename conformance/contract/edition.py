"""An edition: what a document promises of the endpoint on one date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.contract.checker import Checker, path_text
from conformance.contract.lifecycle import Lifecycle
from conformance.contract.model import Model
from conformance.contract.records import (
    CitedSource,
    ClauseLevel,
    DocumentedExample,
    Endpoint,
    Mismatch,
    OpenQuestion,
)
from conformance.contract.request_body import RequestBody, read_body
from conformance.contract.request_schema import RequestSchema
from conformance.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """Models that the edition knows by a pattern of their names."""

    pattern: re.Pattern[str]
    template: Model

    def model(self, name: str) -> Model:
        """Return a member of the family under its own name."""
        shared = self.template
        return Model(name, shared.family, shared.responses, shared.citations, shared.schema)


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """One contract in one dated edition, frozen once published."""

    id: str
    title: str
    document: str
    published: str
    endpoint: Endpoint
    models_path: str
    sources: Mapping[str, CitedSource]
    models: Mapping[str, Model]
    families: Mapping[str, ModelFamily]
    lifecycles: Mapping[str, Lifecycle]
    """The dates that the document says of models, by their names."""
    open_questions: Mapping[str, OpenQuestion]
    withdrawn: Mapping[str, str]
    levels: Mapping[str, ClauseLevel]
    examples: tuple[DocumentedExample, ...]
    folder: Path
    request: RequestSchema = field(repr=False)
    parameters: frozenset[str] = field(repr=False)
    _checkers: Mapping[str, Checker] = field(repr=False)

    def model(self, name: str) -> Model:
        """Return a model like `find`; raises UnknownNameError for an unknown name."""
        model = self.find(name)
        if model is None:
            raise UnknownNameError("model", name, self.models, f"edition {self.id}")
        return model

    def find(self, name: str) -> Model | None:
        """Return a model by name, else a member of the family its name matches, else None."""
        if name in self.models:
            return self.models[name]
        for family in self.families.values():
            if family.pattern.search(name):
                return family.model(name)
        return None

    def read(self, body: object) -> RequestBody:
        """Read a request body: its model, what it breaks, what is left open; never raises."""
        return read_body(self, body)

    def response_errors(self, kind: str, instance: object) -> list[Mismatch]:
        """Compare a 200 body with the response schema of a kind ("url", "b64_json", "either")."""
        return self._mismatches("response", kind, instance)

    def response_members(self, kind: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the documented members of a 200 body of a kind, and those of an item of `data`."""
        checker = self._checkers[f"response {kind}"]
        return checker.members(), checker.members("properties", "data", "items")

    def error_errors(self, instance: object) -> list[Mismatch]:
        """Compare an error body with what every source demands of one."""
        return self._mismatches("error", "body", instance)

    def model_list_errors(self, instance: object) -> list[Mismatch]:
        """Compare the answer of the model list with its schema."""
        return self._mismatches("model list", "body", instance)

    def stream_errors(self, event: str, instance: object) -> list[Mismatch]:
        """Compare the data of a stream event ("partial_image" or "completed") with its schema.

        The name as sent, `image_generation.completed`, does as well.
        """
        return self._mismatches("stream", event.removeprefix("image_generation."), instance)

    def _mismatches(self, part: str, name: str, instance: object) -> list[Mismatch]:
        key = f"{part} {name}"
        if key not in self._checkers:
            start = f"{part} "
            known = [name.removeprefix(start) for name in self._checkers if name.startswith(start)]
            raise UnknownNameError(f"{part} schema", name, known, f"edition {self.id}")
        faults = self._checkers[key].faults(instance)
        return [Mismatch(path_text(fault.path), fault.keyword, fault.message) for fault in faults]
