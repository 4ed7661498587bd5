"""Bodies that a recorder put into a file of their own, beside the recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conformance.recordings.readers.bodies import CUT
from conformance.recordings.readers.model import MOST_BYTES, Body, RecordingError


@dataclass(frozen=True, slots=True)
class BodyFiles:
    """The folder of a recording: itself, and the `__files` that WireMock keeps beside or in it."""

    folder: Path

    def body(self, name: str) -> Body:
        """Read a file that a recording names; one that is not there was not kept.

        Nothing outside of these folders is read. Raises RecordingError for one that is too large.
        """
        for root in (self.folder, self.folder / "__files", self.folder.parent / "__files"):
            path = _inside(root, name)
            if path is not None:
                return _read(path)
        return Body(b"", CUT)


def _inside(root: Path, name: str) -> Path | None:
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root.resolve()) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _read(path: Path) -> Body:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError:
        return Body(b"", CUT)
    if len(data) > MOST_BYTES:
        raise RecordingError(f"a body is larger than the limit of {MOST_BYTES:,} bytes")
    return Body(data)
