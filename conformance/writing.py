"""Files that are written whole or not at all: what was there before stays until then."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import uuid4

from conformance.errors import ConformanceError


class WritingError(ConformanceError):
    """A file that cannot be written; what was there before is as it was."""


def write_text(path: Path, text: str) -> None:
    """Write a text, byte for byte; raises `WritingError` where that cannot be done."""
    try:
        write_whole(path, text.encode("utf-8"))
    except OSError as error:
        raise WritingError(f"{path}: cannot be written: {error.strerror}") from None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; raises OSError.

    What a link leads to is replaced, not the link. A pipe or a device has nothing to keep whole,
    and is written to.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        part.write_bytes(data)
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
