"""Strict, bounded readers of hostile bytes; whatever they are given, they return a fault."""

from conformance.parsing.base64_text import Base64Reading, read_base64
from conformance.parsing.event_stream import Event, EventStream, read_event_stream
from conformance.parsing.json_text import (
    JSONBounds,
    JSONFaultError,
    JSONReading,
    load_json,
    read_json,
    write_json,
)
from conformance.parsing.yaml_text import YAMLBounds, YAMLFaultError, read_yaml

__all__ = [
    "Base64Reading", "Event", "EventStream", "JSONBounds", "JSONFaultError", "JSONReading",
    "YAMLBounds", "YAMLFaultError", "load_json", "read_base64", "read_event_stream",
    "read_json", "read_yaml", "write_json",
]  # fmt: skip
