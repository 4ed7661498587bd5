"""SVG: whether it is well-formed, and which size it declares; nothing is drawn or fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

LARGEST = 16 * 1024 * 1024
"""Bytes of a drawing that are read; the time that takes is in proportion."""

_LENGTH = re.compile(r"\s*([0-9]{1,6})(?:\.[0-9]{1,20})?\s*(?:px)?\s*")
_BOX = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True)
class Drawing:
    """The size in pixels that a drawing declares, if it does, and what is wrong with it."""

    width: int | None = None
    height: int | None = None
    fault: str | None = None


def read_svg(data: bytes) -> Drawing:
    """Read a drawing to its end; raises nothing.

    Entities in content are not expanded, as a handler takes them in place of their text; expat
    itself limits those in attributes. External ones are never fetched.
    """
    if len(data) > LARGEST:
        return Drawing(
            fault=f"is SVG of {len(data):,} bytes, of which {LARGEST:,} are read at most"
        )
    root: dict[str, str] = {}
    parser = expat.ParserCreate()

    def keep(_name: str, attributes: dict[str, str]) -> None:
        root.update(attributes)
        parser.StartElementHandler = None  # only the root has the size of the drawing

    parser.StartElementHandler = keep
    parser.DefaultHandler = lambda _text: None
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        location = f"line {error.lineno}, column {error.offset}"
        reason = expat.ErrorString(error.code)
        return Drawing(fault=f"is no well-formed SVG: {reason} at {location}")
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        return Drawing(fault=f"is SVG that cannot be read ({type(error).__name__})")
    return Drawing(*_size(root))


def _size(attributes: Mapping[str, str]) -> tuple[int | None, int | None]:
    box = _BOX.split(attributes.get("viewBox", "").strip())
    sides = box[2:4] if len(box) == 4 else ["", ""]
    lengths = [attributes.get(name, "") for name in ("width", "height")]
    texts = lengths if all(_LENGTH.fullmatch(text) for text in lengths) else sides
    width, height = (_LENGTH.fullmatch(text) for text in texts)
    return (int(width[1]) if width else None, int(height[1]) if height else None)
