"""What one request body asks, read by the contract."""

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
"""Characters of a body that is worth remembering: the same few hundred are asked of everyone."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One request body, its model, and all that the contract says of it."""

    body: Mapping[str, Any]
    model: Model | None
    violations: tuple[Violation, ...]
    unsupported: tuple[str, ...]
    unknown: tuple[str, ...]
    left_open: tuple[str, ...]
    _schema: RequestSchema = field(repr=False)

    @property
    def expectation(self) -> Expectation:
        """What the contract says will come of the request."""
        if self.violations:
            return "refused"
        return "open" if self.unsupported or self.unknown or self.left_open else "accepted"

    def has(self, parameter: str) -> bool:
        """Say whether a parameter is present and not null."""
        return self.body.get(parameter) is not None

    def value(self, parameter: str) -> Any:
        """Give the asked value, else the documented default, else None."""
        if self.has(parameter):
            return self.body[parameter]
        return self._schema.parameters.get(parameter, {}).get("default")


def read_body(edition: Edition, body: object) -> Asked:
    """Read a request body by an edition; any JSON value will do, and nothing is raised."""
    if not isinstance(body, Mapping):
        broken = Violation(None, "type", "the body must be a JSON object", None)
        return Asked({}, None, (broken,), (), (), (), edition.request)
    fields = body if isinstance(body, dict) else dict(body)
    try:
        text = json.dumps(fields)
    except (TypeError, ValueError, RecursionError):
        return _read(edition, fields)
    if len(text) > _LONGEST:
        return _read(edition, fields)
    return replace(_read_text(edition, text), body=fields)


@lru_cache(maxsize=1024)
def _read_text(edition: Edition, text: str) -> Asked:
    return _read(edition, json.loads(text))


def _read(edition: Edition, fields: Mapping[str, Any]) -> Asked:
    name = fields.get("model")
    model = edition.find(name) if isinstance(name, str) else None
    schema = model.schema if model else edition.request
    others = [each for each in fields if each not in schema.parameters]
    return Asked(
        body=fields,
        model=model,
        violations=schema.violations(fields),
        unsupported=tuple(each for each in others if each in schema.unsupported),
        unknown=tuple(each for each in others if each not in edition.parameters),
        left_open=_left_open(edition, fields, schema, model, others),
        _schema=schema,
    )


def _left_open(
    edition: Edition,
    body: Mapping[str, Any],
    schema: RequestSchema,
    model: Model | None,
    others: list[str],
) -> tuple[str, ...]:
    touched = list(schema.touched(body))
    if model is None and isinstance(body.get("model"), str):
        touched.append(MODEL_UNKNOWN)
    if any(each in edition.parameters and each not in schema.unsupported for each in others):
        touched.append(UNDOCUMENTED)
    return tuple(touched)
