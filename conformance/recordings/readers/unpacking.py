"""Turns gzip, UTF-16 and byte order marks into the plain UTF-8 that readers expect."""

from __future__ import annotations

import codecs
import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from conformance.exchange.transport.codings import GZIP_MAGIC
from conformance.recordings.readers.model import RecordingError

_MOST_UNPACKED = 1024 * 1024 * 1024  # bytes of a file that is written anew
_CHUNK = 1024 * 1024
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@contextmanager
def plain_file(path: Path) -> Iterator[Path]:
    """Yield a path to the recording as plain UTF-8: the file itself, or a temporary copy.

    Raises RecordingError for what is no regular file (a file is read twice), for damaged gzip
    and for what is unpacked to more than a GiB; OSError as `open` does.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise RecordingError("is no regular file; write what it gives to a file, and judge that")
    with path.open("rb") as file:
        start = file.read(4)
    packed = start.startswith(GZIP_MAGIC)
    if not packed and _encoding(start) is None:
        yield path
        return
    with (
        gzip.open(path) if packed else path.open("rb") as source,
        NamedTemporaryFile("wb", prefix="recording-") as copy,
    ):
        try:
            _copy(source, copy)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            reason = "is no whole gzip file: it is damaged, or ends too early"
            raise RecordingError(reason) from None
        except UnicodeDecodeError:
            raise RecordingError("is not in the encoding that its first bytes declare") from None
        copy.flush()
        yield Path(copy.name)


def _encoding(start: bytes) -> str | None:
    """Return the encoding that the first bytes of a text declare; None is UTF-8."""
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    # Without a mark UTF-16 shows by the zero beside the first bracket.
    if marked is None and start[:1] in b"{[" and start[1:2] == b"\0":
        return "utf-16-le"
    if marked is None and start[:1] == b"\0" and start[1:2] in (b"{", b"["):
        return "utf-16-be"
    return marked


def _copy(source: io.BufferedReader | gzip.GzipFile, copy: IO[bytes]) -> None:
    encoding = _encoding(source.peek(4)[:4])
    reader = codecs.getreader(encoding)(source) if encoding else None
    copied = 0
    while piece := (reader.read(_CHUNK).encode() if reader else source.read(_CHUNK)):
        copied += len(piece)
        if copied > _MOST_UNPACKED:
            raise RecordingError(f"is unpacked to more than {_MOST_UNPACKED:,} bytes")
        copy.write(piece)
