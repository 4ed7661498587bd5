"""JSON that is data to us and not under judgement: files, read within bounds and quickly.

`read_json` says of an answer what it breaks; here a text is read as the standard library reads
it, or is refused with one reason.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from conformance.parsing.json_text import JSONFaultError, check_depth, check_values

_INTEGER = 80  # characters of a whole number; 64 bits have 20, a seed of 128 bits 39
_LINE = 16 * 1024  # characters; a shorter text is counted faster than it is searched
_FLOAT = 400  # of any other, which some tools write to the last digit


@dataclass(frozen=True, slots=True)
class JSONBounds:
    """What one value may cost."""

    depth: int = 200
    values: int = 1_000_000
    characters: int = 256 * 1024 * 1024


BOUNDS = JSONBounds()


def load_json(data: bytes | str, bounds: JSONBounds = BOUNDS) -> Any:
    """Read one JSON value; raises `JSONFaultError`, whose text is a predicate.

    Half a character of UTF-16 stays what it is, as the standard library has it.
    """
    if len(data) > bounds.characters:
        raise JSONFaultError("depth", f"has more than {bounds.characters:,} characters")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        if len(text) > _LINE or text.count("[") + text.count("{") > bounds.depth:
            check_depth(text, bounds.depth)
        if len(text) > bounds.values:  # no text has more values than characters
            check_values(text, bounds.values)
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise JSONFaultError("encoding", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise JSONFaultError("syntax", f"is no JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise JSONFaultError("depth", "nests too deep") from None


def _float(literal: str) -> float:
    number = float(_short(literal, _FLOAT))
    if math.isinf(number):
        raise JSONFaultError("number", "has a number beyond the range of a double")
    return number


def _short(literal: str, longest: int) -> str:
    # Python takes quadratic time to read digits, and refuses more than some thousands of them.
    if len(literal) > longest:
        raise JSONFaultError("number", f"has a number of {len(literal):,} characters")
    return literal


def _constant(name: str) -> NoReturn:
    raise JSONFaultError("nan", f"is no JSON: it has {name}")


_DECODER = json.JSONDecoder(
    parse_int=lambda literal: int(_short(literal, _INTEGER)),
    parse_float=_float,
    parse_constant=_constant,
)
