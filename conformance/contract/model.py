"""A model as an edition documents it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.pixels import PixelLimits, pixel_limits, sure_pixel_limits
from conformance.contract.records import Citation, SchemaRule
from conformance.contract.request_schema import RequestSchema
from conformance.output.printing import labelled


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model name, the schema of its requests and the kinds of its answers."""

    name: str
    family: str
    responses: Mapping[str, str]
    citations: tuple[Citation, ...]
    schema: RequestSchema = field(repr=False)
    has_own_entry: bool = True  # whether the edition has it under this very name
    snapshot_of: str | None = None

    @property
    def read_as(self) -> str:
        """Return how a name is read that the edition does not have; empty for one that it has.

        That is as the model of which it is a snapshot, or as a member of a family.
        """
        return "" if self.has_own_entry else self.snapshot_of or "its family"

    @property
    def label(self) -> str:
        """The name in tables, with how it is read."""
        return labelled(self.name, self.read_as)

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The documented parameters and the schema of each."""
        return self.schema.parameters

    @property
    def unsupported(self) -> Mapping[str, tuple[Citation, ...]]:
        """The parameters that a source documents as not for this model."""
        return self.schema.unsupported

    @property
    def rules(self) -> tuple[SchemaRule, ...]:
        """Every constraint of the request schema with level and citations."""
        return self.schema.rules

    def default(self, parameter: str) -> Any | None:
        """Return the documented default of a parameter, or None."""
        return self.schema.parameters.get(parameter, {}).get("default")

    def documented(self, parameter: str) -> tuple[Any, ...]:
        """List the documented values of a parameter that no source disputes, without null."""
        return self.schema.documented.get(parameter, ())

    def examples(self, parameter: str) -> tuple[Any, ...]:
        """List the values that the schema of a parameter gives as examples of its form."""
        return tuple(self.parameters.get(parameter, {}).get("examples", ()))

    def pixel_limits(self, parameter: str) -> PixelLimits | None:
        """Return the limits of a size in pixels, None for a parameter that has none."""
        return pixel_limits(self.parameters.get(parameter, {}))

    def sure_pixel_limits(self, parameter: str) -> PixelLimits | None:
        """Return the limits within which no open question disputes a size."""
        return sure_pixel_limits(self.parameters.get(parameter, {}))

    def open_values(self, parameter: str) -> tuple[Any, ...]:
        """List the values that some source names, but the contract leaves open."""
        return self.schema.open_values(parameter)

    def response_kind(self, response_format: object) -> str:
        """Return which response schema applies: "url", "b64_json" or "either".

        A `response_format` outside the documented ones counts as absent.
        """
        kind = response_format if isinstance(response_format, str) else "default"
        return self.responses.get(kind, self.responses["default"])
