"""The boxes of JUMBF (ISO 19566-5), read within bounds."""

from __future__ import annotations

from dataclasses import dataclass

MOST_DEPTH = 8
MOST_BOXES = 4000
_LABELLED = 2  # the bit of a description's toggles


class JUMBFFaultError(Exception):
    """What makes some bytes no boxes that are read here."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its type, its bytes without the header, and what a superbox has within it."""

    type: bytes
    content: memoryview
    label: str = ""
    boxes: tuple[Box, ...] = ()

    def labelled(self, *labels: str) -> Box | None:
        """Return the first box within it that has one of these labels."""
        return next((box for box in self.boxes if box.label in labels), None)

    def of_type(self, *types: bytes) -> Box | None:
        """Return the first box within it that has one of these types."""
        return next((box for box in self.boxes if box.type in types), None)


def read_boxes(data: bytes) -> tuple[Box, ...]:
    """Return the boxes that some bytes hold; raises `JUMBFFaultError` only."""
    return _Walk().boxes(memoryview(data), 0)


class _Walk:
    """Counts the boxes of all levels together."""

    def __init__(self) -> None:
        self._count = 0

    def boxes(self, data: memoryview, depth: int) -> tuple[Box, ...]:
        boxes, at = [], 0
        while at < len(data):
            self._count += 1
            if self._count > MOST_BOXES or depth > MOST_DEPTH:
                raise JUMBFFaultError("it has too many boxes or levels")
            start, end = _extent(data, at)
            boxes.append(self._box(bytes(data[at + 4 : at + 8]), data[start:end], depth))
            at = end
        return tuple(boxes)

    def _box(self, kind: bytes, content: memoryview, depth: int) -> Box:
        if kind != b"jumb":
            return Box(kind, content)
        inner = self.boxes(content, depth + 1)
        label = _label(inner[0].content) if inner and inner[0].type == b"jumd" else ""
        return Box(kind, content, label, inner)


def _extent(data: memoryview, at: int) -> tuple[int, int]:
    """Return where the content of a box begins and ends: LBox, or XLBox where that is 1."""
    start, length = at + 8, int.from_bytes(data[at : at + 4], "big")
    if length == 1:
        start, length = at + 16, int.from_bytes(data[at + 8 : at + 16], "big")
    end = at + length if length else len(data)
    if not start <= end <= len(data):
        raise JUMBFFaultError(f"the box at byte {at} does not end within what it stands in")
    return start, end


def _label(description: memoryview) -> str:
    """Read the label behind the UUID of a description box and its toggles."""
    if len(description) < 17 or not description[16] & _LABELLED:
        return ""
    text, _, _ = bytes(description[17 : 17 + 1000]).partition(b"\0")
    return text.decode("utf-8", "replace")
