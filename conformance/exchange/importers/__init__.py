"""Recordings that somebody else made with another tool, read entry by entry."""

from conformance.exchange.importers.detection import Kind, entries_of, kind_of
from conformance.exchange.importers.exchanges import (
    UNNAMED,
    foreign_exchange,
    is_generation,
    redacted,
)
from conformance.exchange.importers.model import (
    Entry,
    Fault,
    Recorded,
    RecordingError,
    UnknownKindError,
)
from conformance.exchange.importers.scrubbed import altered_parts

__all__ = [
    "UNNAMED",
    "Entry",
    "Fault",
    "Kind",
    "Recorded",
    "RecordingError",
    "UnknownKindError",
    "altered_parts",
    "entries_of",
    "foreign_exchange",
    "is_generation",
    "kind_of",
    "redacted",
]
