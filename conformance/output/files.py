"""Files that are written whole or not at all: what was there before stays until then."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from conformance.errors import ConformanceError

_SYSTEM = {Path("/dev"), Path("/proc")}  # their links lead to what is open


class WritingError(ConformanceError):
    """A file that cannot be written; what was there before is as it was."""


class LinkError(WritingError):
    """A symbolic link where something is to be written, which might lead anywhere."""


def refuse_links(path: Path, within: Path | None = None) -> None:
    """Raise `LinkError` where a file is a symbolic link, or a folder between it and `within` is.

    What a folder holds may be of somebody else's making: a report written through a link in it
    would replace a file that nobody named. Links of the system, as /dev/stdout, are none of that.
    """
    folders = [folder for folder in path.parents if within in folder.parents] if within else []
    for location in (path, *folders):
        if location.is_symlink() and not _SYSTEM & set(location.parents):
            target = os.path.realpath(location)
            raise LinkError(
                f"{location}: is a symbolic link to {target}, and nothing is written through one; "
                f"remove it, or name what it leads to"
            )


def write_text(path: Path, text: str, within: Path | None = None) -> None:
    """Write a text, byte for byte, as `write_whole` does."""
    write_whole(path, text.encode("utf-8"), within)


def write_whole(path: Path, data: bytes, within: Path | None = None) -> None:
    """Write a file so that it is there whole or not at all; raises `WritingError`.

    No link below `within` is followed. A pipe or a device has nothing to keep whole, and is
    written to.
    """
    refuse_links(path, within)
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and (path.is_symlink() or not path.is_file()):
            path.write_bytes(data)
            return
        part.write_bytes(data)
        if path.exists():
            shutil.copymode(path, part)
        # at once, so that no reader ever sees half of it
        part.replace(path)
    except OSError as error:
        raise WritingError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):  # it is gone where all went well
            part.unlink()
