"""The contract: what one dated edition of a document promises of the endpoint."""

from conformance.contract.edition import Edition, Expectation, RequestBody
from conformance.contract.loading import edition_ids, load_edition, model_named, schemas_directory
from conformance.contract.model import Model
from conformance.contract.pixels import PIXEL_KEYWORDS, sides_of
from conformance.contract.records import (
    OUTSIDE_SOURCES,
    CitedSource,
    EditionError,
    Level,
    SchemaRule,
)
from conformance.version import DEFAULT_EDITION

__all__ = [
    "DEFAULT_EDITION", "OUTSIDE_SOURCES", "PIXEL_KEYWORDS", "CitedSource", "Edition",
    "EditionError", "Expectation", "Level", "Model", "RequestBody", "SchemaRule", "edition_ids",
    "load_edition", "model_named", "schemas_directory", "sides_of",
]  # fmt: skip
