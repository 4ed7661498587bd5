"""The words and marks that recorders put in place of what they take out.

A *strong* one is written by nobody but a recorder. A *weak* one, such as an ellipsis, a provider
may write too, so that it counts only where no proof says that the text is as it was sent.
"""

from __future__ import annotations

import re

_WORDS = (
    r"redact(?:ed)?|saniti[sz]ed?|scrubbed|omitted|truncated|placeholder|masked|anonymi[sz]ed"
    r"|obfuscated|censored|elided|filtered"
)
_TAGS = r"(?-i:<[A-Z][A-Z0-9_ -]{0,60}>)|\{\{[^{}]{0,80}\}\}"
_STRONG = re.compile(rf"{_WORDS}|(?:fake|dummy)_\w|not[ _-]recorded|{_TAGS}", re.IGNORECASE)
_MARKS = (
    r"\[?(?:\.\.\.|…)\]?|\*{3,}|#{3,}|<[^<>]{0,80}>|\{\{|\$\{|%\{"
    r"|\[(?!null|true|false)[A-Za-z_][\w .-]{1,60}\]"
)
_MARK = re.compile(_MARKS)
_WEAK = re.compile(_MARKS + r"|x{5,}|\A\W*x{3,}\W*\Z", re.IGNORECASE)

# In base64 a word of few letters stands by chance, so that only long ones in one case count.
_LONG_WORDS = [
    "redacted", "sanitized", "sanitised", "scrubbed", "omitted", "truncated", "placeholder",
    "anonymized", "obfuscated", "censored", "filtered", "stripped", "replaced", "removed", "masked",
    "elided",
]  # fmt: skip
_IN_BASE64 = tuple(form for word in _LONG_WORDS for form in (word, word.upper(), word.title()))
# Five of a letter stand by chance in one of 400 images of a megabyte, which is then not testable
# unless its length is proven. A longer run would let images be red that a recorder spoilt.
_FILLED = ("x" * 5, "X" * 5)
# A run neither begins after an x nor ends before one: so XXXXX that is joined to it stays outside.
_RUN = re.compile(
    r"(?<=[A-Za-z0-9+/=]{8})(?<![xX])[A-Za-z0-9+/=]{48,}(?![xX])(?=[A-Za-z0-9+/=]{8})"
)
_STRONG_FOREIGN = re.compile(r"(?:fake|dummy)_\w|<[^<>]{1,80}>|\{\{")
_WEAK_FOREIGN = re.compile(
    r"\.\.\.|…|\*{3,}|#{3,}|-{3,}|_{3,}|\[[^\[\]]{0,80}\]|\([^()]{1,80}\)|\$\{|%\{"
)

_NOUNS = (
    r"redact|saniti|scrub|omit|truncat|placehold|mask|anonym|elided|filter|remov|strip|hidden"
    r"|binary|base64|bytes|body|content|payload|response|request|image|data|blob|secret|token"
)
_BRACKETED = re.compile(
    rf"(?:<(?![!?/]|html|head|body>)|\[|\{{\{{?|\(|\$\{{|%\{{)"
    rf"(?=[^<>\[\]]*(?:{_NOUNS}))[\w .,:=-]{{1,100}}(?:(?<!/)>|\]|\}}\}}?|\))",
    re.IGNORECASE,
)
_PHRASE = re.compile(
    r"(?:[a-z0-9]+[ _-]){0,3}(?:redacted|saniti[sz]ed|scrubbed|omitted|truncated|placeholder|masked"
    r"|anonymi[sz]ed|obfuscated|elided|fake|dummy|not recorded)(?:[ _-][a-z0-9]+){0,3}"
    r"|(?:[a-z0-9]+_)?(?:filtered|removed|stripped|replaced|hidden|snip|body|base64)(?:_[a-z0-9]+)?"
    r"|(?-i:<[A-Z_]+>)|\[?(?:\.{3,}|…)\]?|\*{3,}|x{3,}|-{3,}",
    re.IGNORECASE,
)
_FRAME = "%_#$=*~|@^&!+-«»“” "
"""What stands around a word that stands for something, as in `%FILTERED%` and `__MASKED__`."""

_MOST = 120  # characters; a text that a recorder puts in place of a whole body is a short one


def is_placeholder(text: str) -> bool:
    """Return whether a whole text is nothing but a placeholder."""
    bare = text[: _MOST + 1].strip().strip("\"'")
    if len(text) > _MOST + 40 or len(bare) > _MOST:
        return False
    forms = (bare, bare.strip(_FRAME))
    return any(_PHRASE.fullmatch(form) for form in forms) or bool(_BRACKETED.fullmatch(bare))


def replaces_value(text: str) -> bool:
    """Return whether a whole value is a placeholder; in brackets any word is one."""
    return _MARK.fullmatch(text.strip()) is not None or is_placeholder(text)


def holds_placeholder(text: str, proven: bool = False) -> bool:
    """Return whether a text holds a placeholder; in a proven one only a strong one counts."""
    return bool(_STRONG.search(text) or (not proven and _WEAK.search(text)))


def spoils_name(name: str, proven: bool) -> bool:
    """Return whether a placeholder stands in the name of a member.

    A word that the name has between its underscores, as in `content_filtered`, is its own.
    """
    rest = re.sub(rf"(?<=_)(?:{_WORDS})\Z|\A(?:{_WORDS})(?=_)", "", name)
    return holds_placeholder(rest, proven)


_IN_TEXT = re.compile(
    r"REDACTED|[Rr]edacted|SANITI[SZ]ED|[Ss]aniti[sz]ed|SCRUBBED|[Ss]crubbed|FILTERED|OMITTED"
    r"|TRUNCATED|MASKED|(?:fake|dummy)_\w|<[A-Z][A-Z_ -]{0,60}>|\{\{[^{}]{0,80}\}\}"
    r"|[<\[(](?:filtered|omitted|truncated|masked|removed|snip|placeholder)[>\])]"
)


def interrupts_text(text: object) -> bool:
    """Return whether a placeholder stands amid free text: it may have taken more away.

    Ordinary words say nothing there.
    """
    return isinstance(text, str) and bool(_IN_TEXT.search(text)) and not is_placeholder(text)


def begins_with_placeholder(text: str) -> bool:
    """Return whether a text starts with a placeholder for what came before it."""
    marked = _STRONG.match(text.lstrip(_FRAME)) or _MARK.match(text)
    return (marked or re.match("[xX]{5}", text)) is not None


def holds_placeholder_anywhere(text: str) -> bool:
    """Return whether a placeholder stands in a text, or in base64 that it carries."""
    return interrupts_base64(text, proven=True) or holds_placeholder(_RUN.sub(" ", text))


def interrupts_base64(text: str, proven: bool = False) -> bool:
    """Return whether a placeholder stands anywhere in base64."""
    if any(word in text for word in _IN_BASE64):
        return True
    if not proven and any(word in text for word in _FILLED):
        return True
    rest = _RUN.sub("=", text)
    strong = _STRONG_FOREIGN.search(rest)
    return strong is not None or (not proven and _WEAK_FOREIGN.search(rest) is not None)
