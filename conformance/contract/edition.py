"""An edition: what one document, on one date, promises of the endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.contract.asked import Asked, read_body
from conformance.contract.checker import path_text
from conformance.contract.model import Model
from conformance.contract.records import Mismatch
from conformance.errors import UnknownNameError

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.contract.checker import Checker
    from conformance.contract.records import (
        ClauseLevel,
        Endpoint,
        Example,
        OpenQuestion,
        Source,
    )
    from conformance.contract.request_schema import RequestSchema


@dataclass(frozen=True, slots=True)
class Family:
    """Models that the edition does not name one by one, known by a pattern of their ids."""

    pattern: re.Pattern[str]
    template: Model

    def model(self, name: str) -> Model:
        """Give a member of the family under its own name."""
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
    sources: Mapping[str, Source]
    models: Mapping[str, Model]
    families: Mapping[str, Family]
    open_questions: Mapping[str, OpenQuestion]
    withdrawn: Mapping[str, str]
    levels: Mapping[str, ClauseLevel]
    examples: tuple[Example, ...]
    folder: Path
    request: RequestSchema = field(repr=False)
    parameters: frozenset[str] = field(repr=False)
    _checkers: Mapping[str, Checker] = field(repr=False)

    def model(self, name: str) -> Model:
        """Give what `find` finds, or raise UnknownNameError with the nearest name."""
        found = self.find(name)
        if found is None:
            raise UnknownNameError("model", name, self.models, f"edition {self.id}")
        return found

    def find(self, name: str) -> Model | None:
        """Give a model by name, else one made from the family its name belongs to, else None."""
        if name in self.models:
            return self.models[name]
        for family in self.families.values():
            if family.pattern.search(name):
                return family.model(name)
        return None

    def read(self, body: object) -> Asked:
        """Read a request body: its model, what it breaks, what is left open; never raises."""
        return read_body(self, body)

    def response_errors(self, kind: str, instance: object) -> list[Mismatch]:
        """Compare a 200 body with the response schema of a kind ("url", "b64_json", "either")."""
        return self._mismatches("response", kind, instance)

    def response_members(self, kind: str) -> tuple[frozenset[str], frozenset[str]]:
        """Name the documented members of a 200 body of a kind, and those of an item of `data`."""
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
            known = [each.removeprefix(start) for each in self._checkers if each.startswith(start)]
            raise UnknownNameError(f"{part} schema", name, known, f"edition {self.id}")
        faults = self._checkers[key].faults(instance)
        return [Mismatch(path_text(each.path), each.keyword, each.message) for each in faults]
