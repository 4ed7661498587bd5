"""Recordings that somebody else made with another tool, read entry by entry."""

from conformance.recordings.readers.alterations import altered_parts, is_altered_download
from conformance.recordings.readers.altered_requests import altered_request
from conformance.recordings.readers.foreign_exchange import (
    UNNAMED,
    foreign_exchange,
    is_generation,
)
from conformance.recordings.readers.layouts import Kind, entries_of, kind_of
from conformance.recordings.readers.model import (
    Entry,
    Fault,
    Recorded,
    RecordingError,
    UnknownKindError,
)
from conformance.recordings.readers.unpacking import plain_file

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
]
