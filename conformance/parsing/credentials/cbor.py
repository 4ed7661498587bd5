"""CBOR (RFC 8949) read within bounds: any bytes are one value, or a fault with a reason."""

from __future__ import annotations

import struct
from typing import Any

MOST_DEPTH = 32
MOST_ITEMS = 20_000
_ENDLESS = 31
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True}
_BREAK = object()


class CBORFaultError(Exception):
    """Why some bytes are no CBOR value, or none that is read here."""


def read_cbor(data: bytes) -> Any:
    """Return the first value in some bytes, without its tags; raises `CBORFaultError` only."""
    return _CBORReader(data).value(0)


class _CBORReader:
    """Reads values one behind the other, and counts them."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._items = 0

    def value(self, depth: int) -> Any:
        value = self._item(depth)
        if value is _BREAK:
            raise CBORFaultError("a break stands where a value has to be")
        return value

    def _item(self, depth: int) -> Any:
        self._items += 1
        if depth > MOST_DEPTH or self._items > MOST_ITEMS:
            raise CBORFaultError("it has too many values or levels")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        length = None if info == _ENDLESS else self._argument(info)
        match major:
            case 2 | 3:
                return self._string(major, length, depth)
            case 4:
                return self._list(length, depth)
            case 5:  # whatever is no text and no number names no member here
                flat = self._list(None if length is None else 2 * length, depth)
                pairs = zip(flat[::2], flat[1::2], strict=False)
                return {name: value for name, value in pairs if isinstance(name, str | int)}
        if length is None:
            raise CBORFaultError("a number has no length")
        if major == 6:  # a tag, before its value
            return self.value(depth + 1)
        return length if major == 0 else -1 - length

    def _simple(self, info: int) -> Any:
        if info == _ENDLESS:
            return _BREAK
        if info in _FLOATS:
            (number,) = struct.unpack(_FLOATS[info], self._take(1 << info - 24))
            return number
        # A simple value in a byte of its own: none of them means anything here.
        if info == 24:
            self._take(1)
        return _SIMPLE.get(info)

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise CBORFaultError("a length has a reserved form")
        return int.from_bytes(self._take(1 << info - 24), "big")

    def _string(self, major: int, length: int | None, depth: int) -> bytes | str:
        if length is not None:
            data = self._take(length)
            return data if major == 2 else data.decode("utf-8", "replace")
        pieces = self._list(None, depth)
        kind = bytes if major == 2 else str
        if not all(isinstance(piece, kind) for piece in pieces):
            raise CBORFaultError("a string has pieces of another type")
        return b"".join(pieces) if major == 2 else "".join(pieces)

    def _list(self, length: int | None, depth: int) -> list[Any]:
        if length is not None:
            self._room_for(length)
            return [self.value(depth + 1) for _ in range(length)]
        values = []
        while (value := self._item(depth + 1)) is not _BREAK:
            values.append(value)
        return values

    def _room_for(self, length: int) -> None:
        """Raise `CBORFaultError` unless that many bytes are left; an item has at least one."""
        if length > len(self._data) - self._at:
            raise CBORFaultError("it breaks off")

    def _take(self, length: int) -> bytes:
        self._room_for(length)
        self._at += length
        return self._data[self._at - length : self._at]
