"""Files that come compressed where plain text is read."""

from __future__ import annotations

_FORMS = (
    (b"\x1f\x8b", "gzip", "gunzip"),
    (b"BZh", "bzip2", "bunzip2"),
    (b"\xfd7zXZ\0", "xz", "unxz"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unzstd"),
    (b"PK\x03\x04", "zip", "unzip"),
)


def fault_of_packed(start: bytes) -> str | None:
    """Return as what a file is compressed and what unpacks it, a predicate; None if it is not."""
    forms = (form for form in _FORMS if start.startswith(form[0]))
    return next(
        (f"is compressed with {name}; unpack it with {tool}" for _, name, tool in forms), None
    )
