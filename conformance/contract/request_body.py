"""A request body as the contract reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from conformance.contract.records import Violation

if TYPE_CHECKING:
    from conformance.contract.edition import Edition
    from conformance.contract.model import Model
    from conformance.contract.request_schema import RequestSchema

Expectation = Literal["accepted", "refused", "open"]

MODEL_UNKNOWN = "model-unknown"
UNDOCUMENTED = "undocumented-for-model"
_LONGEST = 4096
"""Longest body in characters that is cached: every provider is asked the same few hundred."""


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
        return read_body(self.edition, body)


def read_body(edition: Edition, body: object) -> RequestBody:
    """Read a request body by an edition; any JSON value will do, and nothing is raised."""
    if not isinstance(body, Mapping):
        broken = Violation(None, "type", "the body must be a JSON object", None)
        return RequestBody({}, None, (broken,), (), (), (), edition, edition.request)
    fields = body if isinstance(body, dict) else dict(body)
    try:
        text = json.dumps(fields)
    except (TypeError, ValueError, RecursionError):  # it may be anybody's: nothing is raised
        return _read(edition, fields)
    if len(text) > _LONGEST:
        return _read(edition, fields)
    return replace(_read_text(edition, text), body=fields)


@lru_cache(maxsize=1024)
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
