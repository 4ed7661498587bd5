"""One JSON text: `read_json` says of an answer what it breaks of RFC 8259, and is no more generous.

`load_json` reads what is data to us and not under judgement, quickly: as the standard library
reads it, or not at all, with one reason.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NoReturn

from conformance.output.printing import printable
from conformance.parsing.packed import fault_of_packed

_OUTSIDE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|[^\s"\[\]{},:]+', re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_MOST_VALUES = 100_000
_LINE = 16 * 1024  # characters; a shorter text is counted faster than it is searched
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NOT_STARTS = bytes(set(range(256)) - set(b",[{"))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one down, one up
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>u[dD][89a-fA-F]..)|.)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class JSONReading:
    """The value of a JSON text, or one sentence on why it has none.

    ``fault`` is a predicate ("is not JSON: … at line 1 column 3"), for any subject before it.
    ``kind`` is one of ``empty``, ``encoding``, ``surrogate``, ``syntax``, ``nan``,
    ``duplicate-key``, ``depth`` (or too many values), ``number`` and ``type`` (not bytes). With
    ``encoding``, ``surrogate`` and ``duplicate-key`` a ``value`` stands beside the fault when one
    could be read: undecodable bytes and lone surrogates as U+FFFD, the last of equal members.
    Otherwise a fault leaves ``value`` None, so that no infinity and no NaN reaches a caller.
    """

    value: Any
    fault: str | None = None
    kind: str | None = None

    @property
    def is_unreadable(self) -> bool:
        """Return whether there is no value at all; the null of JSON is one."""
        return self.fault is not None and self.value is None


class JSONFaultError(ValueError):
    """Why a JSON text is not read: a predicate, its `kind`, and the line where it is known."""

    def __init__(self, kind: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.line = line


def read_json(data: bytes, *, max_depth: int = 200, max_digits: int = 4000) -> JSONReading:
    """Read one JSON text (RFC 8259) from bytes; raises nothing.

    Nesting deeper than ``max_depth`` levels, more than 100,000 values, and numbers longer
    than ``max_digits`` characters, or beyond the range of a double, are faults.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        return JSONReading(None, f"is no bytes but {type(data).__name__}", "type")
    try:
        (text, fault), kind = _decode(bytes(data)), "encoding"
        if not text.strip(" \t\r\n"):
            raise JSONFaultError("empty", f"is empty ({len(data)} bytes)")
        _check_depth(text, max_depth)
        _check_values(text, _MOST_VALUES)
        if "\\" in text and ("\\ud" in text or "\\uD" in text):
            text, surrogate = _mend_surrogates(text)
            fault, kind = (fault, "encoding") if fault else (surrogate, "surrogate")
        builder = _Builder(text, max_digits)
        value = builder.parse()
        duplicate = builder.repeated if not fault else None
        # In here, because it goes as deep into the value as that nests.
        repeated = _describe_repeated(value, *duplicate) if duplicate else None
    except JSONFaultError as error:
        return JSONReading(None, str(error), error.kind)
    except (RecursionError, MemoryError):
        return JSONReading(None, "nests too deeply, or is too large, to be parsed", "depth")
    if fault:
        return JSONReading(value, fault, kind)
    if repeated:
        return JSONReading(value, repeated, "duplicate-key")
    return JSONReading(value)


def _decode(data: bytes) -> tuple[str, str | None]:
    encoding = json.detect_encoding(data)
    if encoding == "utf-8-sig":
        return data.decode(encoding, "replace"), "starts with a byte order mark (offset 0)"
    if encoding != "utf-8":
        return data.decode(encoding, "replace"), f"is encoded in {encoding}, not in UTF-8"
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}"
        return data.decode(errors="replace"), message


def _mend_surrogates(text: str) -> tuple[str, str | None]:
    """Replace escapes of half a character, which no encoder downstream could write."""
    lone = next((match for match in _ESCAPE.finditer(text) if match["lone"]), None)
    if lone is None:
        return text, None
    mended = _ESCAPE.sub(lambda match: r"\ufffd" if match["lone"] else match[0], text)
    where = _position(text, lone.start())
    return mended, f"escapes half a surrogate pair, {printable(lone[0])}, at {where}"


def _check_depth(text: str, max_depth: int) -> None:
    """Raise `JSONFaultError` for what nests too deep, before anything is built of it."""
    # Settles it for every body that is not mostly brackets, payloads of megabytes included.
    if sum(_count_to(text, bracket, max_depth) for bracket in "[{") <= max_depth:
        return
    brackets = _STRING.sub(b"", text.encode(errors="replace")).translate(_STEPS, _NOT_BRACKETS)
    if max(accumulate(array("b", brackets)), default=0) <= max_depth:
        return
    depth, offset = 0, len(text)
    for token in _tokens(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > max_depth:
            offset = token.start()
            break
    where = _position(text, offset)
    raise JSONFaultError("depth", f"nests deeper than {max_depth} levels, at {where}")


def _check_values(text: str, max_values: int) -> None:
    """Raise `JSONFaultError` for too many values, before anything is built of them."""
    # Parsed, three bytes of text can take seventy of memory; each value but one follows these.
    if (
        len(text) < max_values
        or sum(_count_to(text, char, max_values) for char in ",[{") < max_values
    ):
        return
    starts = _STRING.sub(b"", text.encode(errors="replace")).translate(None, _NOT_STARTS)
    if len(starts) >= max_values:
        raise JSONFaultError("depth", f"holds more than {max_values:,} values")


def _count_to(text: str, char: str, limit: int) -> int:
    """Count, in a long text to one more than ``limit``: find() is ten times as fast there."""
    if len(text) <= _LINE:
        return text.count(char)
    count, offset = 0, text.find(char)
    while offset >= 0 and count <= limit:
        count, offset = count + 1, text.find(char, offset + 1)
    return count


def _tokens(text: str) -> Iterator[re.Match[str]]:
    """Yield brackets, numbers and words, but no strings."""
    return (match for match in _OUTSIDE.finditer(text) if match[0][0] != '"')


class _Builder:
    """One parse, with the hooks that see what the standard parser lets pass."""

    def __init__(self, text: str, max_digits: int) -> None:
        self.text = text
        self.max_digits = max_digits
        self.repeated: tuple[dict[str, Any], str] | None = None

    def parse(self) -> Any:
        try:
            return json.loads(
                self.text,
                object_pairs_hook=self._object,
                parse_int=self._int,
                parse_float=self._float,
                parse_constant=lambda name: self._refuse(name, "nan", "which is no JSON value"),
            )
        except json.JSONDecodeError as error:
            rest = self.text[error.pos : error.pos + 20]
            stop = f'"{printable(rest, 40)}" stands there' if rest else "the text ends there"
            where = _position(self.text, error.pos)
            reason = error.msg.lower().removesuffix(" at").removesuffix(" starting")
            raise JSONFaultError("syntax", f"is not JSON: {reason} at {where}; {stop}") from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs) and self.repeated is None:
            [(name, _)] = Counter(key for key, _ in pairs).most_common(1)
            self.repeated = members, name
        return members

    def _int(self, literal: str) -> int:
        self._check_length(literal)
        try:
            return int(literal)
        except ValueError:  # the interpreter's own limit may be lower than ours
            self._refuse(literal, "number", "a number too long to convert")

    def _float(self, literal: str) -> float:
        self._check_length(literal)
        number = float(literal)
        if math.isinf(number):
            self._refuse(literal, "number", "a number beyond the range of a double")
        return number

    def _check_length(self, literal: str) -> None:
        if len(literal.lstrip("-")) > self.max_digits:
            self._refuse(literal, "number", f"a number of {len(literal)} characters")

    def _refuse(self, literal: str, kind: str, reason: str) -> NoReturn:
        offsets = (match.start() for match in _tokens(self.text) if match[0] == literal)
        where = _position(self.text, next(offsets, 0))
        raise JSONFaultError(kind, f"has {printable(literal, 60)}, {reason}, at {where}")


def _position(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line} column {offset - text.rfind(chr(10), 0, offset)}"


def _describe_repeated(value: Any, owner: dict[str, Any], name: str) -> str:
    path = _path_to(value, owner)
    where = "an object inside a repeated member"
    where = where if path is None else printable(path.removeprefix("."))
    message = f'has the member "{printable(name, 80)}" more than once'
    return f"{message}, in {where}" if where else message


def _path_to(value: Any, owner: dict[str, Any]) -> str | None:
    """Return where an object stands in a value, which nests no deeper than was checked."""
    if value is owner:
        return ""
    steps = value.items() if isinstance(value, dict) else ()
    for step, inner in enumerate(value) if isinstance(value, list) else steps:
        rest = _path_to(inner, owner)
        if rest is not None:
            return (f"[{step}]" if isinstance(step, int) else f".{printable(step, 80)}") + rest
    return None


_INTEGER = 80  # characters of a whole number; 64 bits have 20, a seed of 128 bits 39
_FLOAT = 400  # of any other, which some tools write to the last digit


@dataclass(frozen=True, slots=True)
class JSONBounds:
    """The bounds of one value."""

    depth: int = 200
    values: int = 1_000_000
    characters: int = 256 * 1024 * 1024


BOUNDS = JSONBounds()


def write_json(value: Any, most: int = 80) -> str:
    """Write a value for a sentence, as the wire has it and not as Python does; cut to `most`."""
    return json.dumps(value, ensure_ascii=False)[:most]


def load_json(data: bytes | str, bounds: JSONBounds = BOUNDS) -> Any:
    """Read one JSON value; raises `JSONFaultError`, whose text is a predicate.

    Half a character of UTF-16 stays what it is, as the standard library has it.
    """
    if len(data) > bounds.characters:
        raise JSONFaultError("depth", f"has more than {bounds.characters:,} characters")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        _check_depth(text, bounds.depth)
        if len(text) > bounds.values:  # no text has more values than characters
            _check_values(text, bounds.values)
        return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        fault = fault_of_packed(error.object) or "is not UTF-8"
        raise JSONFaultError("encoding", fault) from None
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
