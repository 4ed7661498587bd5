"""The items of one array of a JSON file, one after the other, in the memory of one item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ijson

from conformance.exchange.importers.model import RecordingError

_CHUNK = 16 * 1024  # bytes read at once, and how exact the line of an item is
_MOST_EXACT = 64 * 1024 * 1024  # bytes of a file that is read again to find the line of a fault


class _Counting:
    """A file that counts the lines that were read of it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.lines = 1

    def __enter__(self) -> _Counting:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Read on, never more than a chunk."""
        data = self._file.read(min(size, _CHUNK))
        self.lines += data.count(b"\n")
        return data


def json_items(path: Path, prefix: str) -> Iterator[tuple[int | None, Any]]:
    """Give the items under a prefix of ijson, each with about the line at which it ends.

    Raises RecordingError where the file cannot be read further; what came before it stands.
    """
    with _Counting(path) as file:
        items = ijson.items(file, prefix, use_float=True)
        while True:
            try:
                item = next(items, _END)
            except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
                raise _fault(path, error, file.lines) from None
            except RecursionError:
                raise RecordingError("nests too deep", file.lines) from None
            if item is _END:
                return
            yield file.lines, item


_END = object()


def _fault(path: Path, error: Exception, line: int) -> RecordingError:
    """Say where a file is no JSON: exactly where it is small, else about there."""
    if path.stat().st_size <= _MOST_EXACT:
        try:
            json.loads(path.read_bytes())
        except json.JSONDecodeError as exact:
            return RecordingError(f"is no JSON: {exact.msg}", exact.lineno)
        except (ValueError, RecursionError):
            pass
    if isinstance(error, ijson.IncompleteJSONError):
        return RecordingError("is no whole JSON: it is damaged, or ends too early", line)
    return RecordingError("is no JSON", line)


def top_keys(path: Path) -> Iterator[str]:
    """Give the names of the members at the top of a JSON file as they come, `[` for an array.

    Raises RecordingError where it is no JSON.
    """
    with _Counting(path) as file:
        try:
            for prefix, event, value in ijson.parse(file, use_float=True, multiple_values=True):
                if prefix == "" and event == "start_array":
                    yield "["
                    return
                if prefix == "" and event == "map_key":
                    yield str(value)
                if prefix == "" and event == "end_map":
                    return
        except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
            raise _fault(path, error, file.lines) from None
