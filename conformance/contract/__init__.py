"""The contract: what one dated edition of a document promises of the endpoint."""

from conformance.contract.edition import Edition, ModelFamily
from conformance.contract.lifecycle import ENDLESS, Lifecycle, LifecycleState, Standing
from conformance.contract.loading import (
    DEFAULT_EDITION,
    edition_ids,
    load_edition,
    schemas_directory,
)
from conformance.contract.model import Model
from conformance.contract.records import (
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
    "ENDLESS",
    "Citation",
    "CitedSource",
    "ClauseLevel",
    "DocumentedExample",
    "Edition",
    "EditionError",
    "Endpoint",
    "Expectation",
    "Level",
    "Lifecycle",
    "LifecycleState",
    "Mismatch",
    "Model",
    "ModelFamily",
    "OpenQuestion",
    "Position",
    "RequestBody",
    "SchemaRule",
    "Standing",
    "Violation",
    "edition_ids",
    "load_edition",
    "schemas_directory",
]
