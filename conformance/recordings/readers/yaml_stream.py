"""The items of one list of a YAML file, one after the other.

A whole cassette of images, composed as PyYAML does it, takes many times its size in memory, and
one bad line loses all of it. Events are read instead; no tag of Ruby or Python makes anything but
text, bytes, numbers, lists and objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from conformance.parsing.yaml_text import YAMLBounds, YAMLFaultError, YAMLReader, as_written
from conformance.recordings.readers.model import MOST_BYTES, RecordingError

_BOUNDS = YAMLBounds(characters=2 * MOST_BYTES, bytes=4 * MOST_BYTES)


def yaml_items(path: Path, name: str) -> Iterator[tuple[int | None, Any]]:
    """Yield the items of the list under a key of the file, each with its line.

    Raises RecordingError where the file cannot be read further; what came before it stands.
    """
    with _yaml_reader(path) as reader:
        event = reader.next()
        if not isinstance(event, yaml.MappingStartEvent):
            raise RecordingError("is YAML, but no object with interactions", _line(event))
        for event in reader.until(yaml.MappingEndEvent):
            key, inner = reader.value(event), reader.next()
            if key == name and isinstance(inner, yaml.SequenceStartEvent):
                for item in reader.until(yaml.SequenceEndEvent):
                    yield _line(item), reader.value(item)
            else:
                reader.value(inner)
        reader.finish()


def yaml_documents(path: Path) -> Iterator[tuple[int | None, Any]]:
    """Yield the documents of a YAML file, each with its line; raises RecordingError."""
    with _yaml_reader(path) as reader:
        for event in reader.until(yaml.StreamEndEvent):
            if not isinstance(event, yaml.DocumentStartEvent | yaml.DocumentEndEvent):
                yield _line(event), reader.value(event)


@contextmanager
def _yaml_reader(path: Path) -> Iterator[YAMLReader]:
    try:
        with path.open("rb") as file:
            # a name may be a symbol of Ruby
            yield YAMLReader(file, _plain, _BOUNDS, name=lambda text: text.removeprefix(":"))
    except YAMLFaultError as error:
        raise RecordingError(error.reason, error.line) from None


def _plain(text: str) -> Any:
    """Read a plain scalar; a number that nobody can read stays the text that it is."""
    try:
        return as_written(text)
    except ValueError:
        return text


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None
