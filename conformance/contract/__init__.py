"""The contract: what one document, in one dated edition, promises of the endpoint."""

from conformance.contract.asked import Asked, Expectation
from conformance.contract.edition import Edition, Family
from conformance.contract.loading import (
    DEFAULT_EDITION,
    edition_ids,
    load_edition,
    schemas_directory,
)
from conformance.contract.model import Model
from conformance.contract.records import (
    Citation,
    ClauseLevel,
    EditionError,
    Endpoint,
    Example,
    Level,
    Mismatch,
    OpenQuestion,
    Position,
    Rule,
    Source,
    Violation,
)

__all__ = [
    "DEFAULT_EDITION",
    "Asked",
    "Citation",
    "ClauseLevel",
    "Edition",
    "EditionError",
    "Endpoint",
    "Example",
    "Expectation",
    "Family",
    "Level",
    "Mismatch",
    "Model",
    "OpenQuestion",
    "Position",
    "Rule",
    "Source",
    "Violation",
    "edition_ids",
    "load_edition",
    "schemas_directory",
]
