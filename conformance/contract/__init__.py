"""The contract: what one dated edition of a document promises of the endpoint."""

from conformance.contract.checker import describe_value, is_integer, name_of
from conformance.contract.edition import Edition, ModelFamily
from conformance.contract.frozen import digest_of, freeze, frozen_digest
from conformance.contract.loading import (
    edition_ids,
    editions_with,
    load_edition,
    model_named,
    schemas_directory,
    unknown_model,
)
from conformance.contract.model import Model
from conformance.contract.pixels import (
    PIXEL_KEYWORDS,
    PixelLimits,
    sides_of,
    sizes_breaking,
)
from conformance.contract.records import (
    OUTSIDE_SOURCES,
    Citation,
    CitedSource,
    DocumentedExample,
    EditionError,
    Endpoint,
    Level,
    LevelOverride,
    Mismatch,
    OpenQuestion,
    Position,
    SchemaRule,
    Violation,
)
from conformance.contract.request_body import Expectation, RequestBody
from conformance.version import DEFAULT_EDITION

__all__ = [
    "DEFAULT_EDITION",
    "OUTSIDE_SOURCES",
    "PIXEL_KEYWORDS",
    "Citation",
    "CitedSource",
    "DocumentedExample",
    "Edition",
    "EditionError",
    "Endpoint",
    "Expectation",
    "Level",
    "LevelOverride",
    "Mismatch",
    "Model",
    "ModelFamily",
    "OpenQuestion",
    "PixelLimits",
    "Position",
    "RequestBody",
    "SchemaRule",
    "Violation",
    "describe_value",
    "digest_of",
    "edition_ids",
    "editions_with",
    "freeze",
    "frozen_digest",
    "is_integer",
    "load_edition",
    "model_named",
    "name_of",
    "schemas_directory",
    "sides_of",
    "sizes_breaking",
    "unknown_model",
]
