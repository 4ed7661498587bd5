"""The contract: what one dated edition of a document promises of the endpoint."""

from conformance.contract.checker import is_integer, name_of, shown
from conformance.contract.edition import Edition, ModelFamily
from conformance.contract.frozen import digest_of, freeze, frozen_digest
from conformance.contract.loading import (
    DEFAULT_EDITION,
    edition_ids,
    load_edition,
    schemas_directory,
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
    ClauseLevel,
    DocumentedExample,
    EditionError,
    Endpoint,
    Level,
    Mismatch,
    OpenQuestion,
    Position,
    SchemaRule,
    Violation,
)
from conformance.contract.request_body import Expectation, RequestBody

__all__ = [
    "DEFAULT_EDITION",
    "OUTSIDE_SOURCES",
    "PIXEL_KEYWORDS",
    "Citation",
    "CitedSource",
    "ClauseLevel",
    "DocumentedExample",
    "Edition",
    "EditionError",
    "Endpoint",
    "Expectation",
    "Level",
    "Mismatch",
    "Model",
    "ModelFamily",
    "OpenQuestion",
    "PixelLimits",
    "Position",
    "RequestBody",
    "SchemaRule",
    "Violation",
    "digest_of",
    "edition_ids",
    "freeze",
    "frozen_digest",
    "is_integer",
    "load_edition",
    "name_of",
    "schemas_directory",
    "shown",
    "sides_of",
    "sizes_breaking",
]
