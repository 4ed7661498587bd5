"""Files of somebody else's making: recordings, cassettes, run files, manifests, provider files.

Each is one named way to hold, crash or fill the process that reads it, or to have it read what is
not there. What it must come to is a sentence that names the file, or that it is read like any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Content = bytes | Callable[[], bytes]

READ = "read"
"""In place of what is said: the file is read, quickly and for little memory."""


@dataclass(frozen=True, slots=True)
class FileAttack:
    """One file, who reads it, and what must be said of it (a part of the sentence)."""

    name: str
    kind: str
    harm: str
    content: Content
    said: str

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.content if isinstance(self.content, bytes) else self.content()


DEEP = 100_000
URL = "https://api.test/v1/images/generations"
ASKED = {"model": "dall-e-3", "prompt": "A kite."}
