"""Recordings that somebody else made with another tool, read entry by entry."""

from conformance.exchange.importers.altered_requests import altered_request
from conformance.exchange.importers.detection import kind_of
from conformance.exchange.importers.exchanges import (
    UNNAMED,
    foreign_exchange,
    is_generation,
    redacted,
)
from conformance.exchange.importers.layouts import Kind, entries_of
from conformance.exchange.importers.model import (
    Entry,
    Fault,
    Recorded,
    RecordingError,
    UnknownKindError,
)
from conformance.exchange.importers.scrubbed import altered_parts, is_altered_download
from conformance.exchange.importers.unpacking import plain_file

__all__ = [
    "UNNAMED",
    "Entry",
    "Fault",
    "Kind",
    "Recorded",
    "RecordingError",
    "UnknownKindError",
    "altered_parts",
    "altered_request",
    "entries_of",
    "foreign_exchange",
    "is_altered_download",
    "is_generation",
    "kind_of",
    "plain_file",
    "redacted",
]
