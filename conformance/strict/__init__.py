"""Strict, bounded readers of hostile bytes; whatever they are given, they return a fault."""

from conformance.strict.base64_text import Base64Reading, read_base64
from conformance.strict.event_stream import Event, EventStream, read_event_stream
from conformance.strict.json_text import JSONReading, read_json
from conformance.strict.printing import printable, without_commands

__all__ = [
    "Base64Reading",
    "Event",
    "EventStream",
    "JSONReading",
    "printable",
    "read_base64",
    "read_event_stream",
    "read_json",
    "without_commands",
]
