"""Standard output and error: what cannot be written ends the command, and never as a verdict."""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn, TextIO

from conformance.errors import ConformanceError


class OutputLostError(ConformanceError):
    """Standard output that is closed, full or gone, so that nobody would read the verdict."""


class _Guarded(io.TextIOWrapper):
    """Standard output that raises `OutputLostError` instead of OSError."""

    def write(self, text: str, /) -> int:
        """Write as any text stream does."""
        try:
            return super().write(text)
        except OSError as error:
            _lose(error)

    def flush(self) -> None:
        """Flush as any text stream does."""
        try:
            super().flush()
        except OSError as error:
            _lose(error)


class _Mute(io.TextIOWrapper):
    """Standard error: where that cannot be written there is nobody to tell."""

    def write(self, text: str, /) -> int:
        """Write if that can be done."""
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush if that can be done."""
        try:
            super().flush()
        except OSError:
            _forget(2)


def guard() -> None:
    """Take over the standard streams; raises `OutputLostError` where standard output is closed."""
    # where standard error is closed, something has to stand in for it until the process ends
    sys.stderr = _over(sys.stderr or io.TextIOWrapper(io.FileIO(os.devnull, "w")), _Mute)
    if not sys.stdout:
        raise OutputLostError("standard output is closed; nobody would see what is found")
    sys.stdout = _over(sys.stdout, _Guarded)


def _over(stream: TextIO, kind: type[io.TextIOWrapper]) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    encoding, errors, lines = stream.encoding, stream.errors, stream.line_buffering
    return kind(stream.detach(), encoding, errors, line_buffering=lines)


def _lose(error: OSError) -> NoReturn:
    _forget(1)
    raise OutputLostError(f"standard output cannot be written: {error.strerror}") from None


def _forget(descriptor: int) -> None:
    """Let what is buffered go nowhere: it would be tried again at the very end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
