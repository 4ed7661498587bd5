"""Foreign text, made safe for terminals, logs, CI runners and reports."""

from __future__ import annotations

import re
import textwrap

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters, marks and symbols that Python calls printable although nothing of them is seen."""

_COMMAND = re.compile("(?<=:):(?![0-9])|(?<=#)#")
"""The second character of what a CI runner could take for the start or end of a command.

GitHub reads `##[command]` anywhere in a line, Azure `##vso[...]`, TeamCity `##teamcity[...]`;
GitHub reads `::command::` at the start of a line, where wrapping may put any text. No command
begins with a digit, so the address `[::1]` stays readable.
"""


def printable(text: str, limit: int = 300) -> str:
    """Escape what could steer a terminal or a CI runner or hide text; cut to ``limit``.

    Control characters, ANSI sequences, newlines, direction overrides, invisible characters
    and lone surrogates become backslash escapes, and so does one character of every sequence
    that could start a command of a CI runner. A cut ends in an ellipsis with the number
    of characters left out; that note counts towards the limit, so that printing twice
    changes nothing. Backslashes stay single for the same reason. A limit too small for the
    note yields the note alone.
    """
    if not text or (len(text) <= limit and _harmless(text)):
        return text
    pieces = _pieces(text[: max(limit, 0) + 2])
    if len(text) <= limit and sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    room, end = limit - len(_note(len(text))), 0
    while end < len(pieces) and (room := room - len(pieces[end])) >= 0:
        end += 1
    if pieces[:end][-2:] == [":", ":"]:  # an address that lost its digit
        end -= 1
    return "".join(pieces[:end]) + _note(len(text) - end)


def without_commands(text: str) -> str:
    """Escape what could steer a CI runner, and nothing else.

    The escapes are those of JSON: within the strings of a JSON document they change no value.
    """
    return _COMMAND.sub(_escaped, text)


def _pieces(text: str) -> list[str]:
    # most of any text is plain ASCII, and asking `_harmless` of each character takes long
    pieces = [char if " " <= char <= "~" or _harmless(char) else _escape(char) for char in text]
    for command in _COMMAND.finditer(text):
        pieces[command.start()] = _escaped(command)
    return pieces


def _escaped(command: re.Match[str]) -> str:
    return f"\\u{ord(command[0]):04x}"


def _note(left_out: int) -> str:
    return f"… ({left_out} more characters)"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _harmless(text: str) -> bool:
    if not text.isprintable() or _COMMAND.search(text):
        return False
    return text.isascii() or not _UNSEEN.search(text)


def wrap(text: str, width: int, indent: str = "") -> str:
    """Break a text into lines; a word stays whole, for ids and addresses are copied."""
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def labelled(model: str, read_as: str) -> str:
    """Return a model's name in tables, with as what it is judged where that is another."""
    return f"{model} · as {read_as}" if read_as else model
