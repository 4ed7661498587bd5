"""Names under which credentials stand: of members, headers and parts of a URL."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"keys?|apikey|token|secrets?|sig|signatures?|passw(or)?d|passphrase|pwd|pass|pin|otp|code"
    r"|session(id)?|sid|cookies?|credentials?|auth(orization)?|jwt|bearer|hmac|sas"
    r"|(aws|oss)accesskeyid|(api|access|secret|private|auth|account|subscription|license"
    r"|session|encryption|signing|client|refresh|id|csrf|xsrf|bearer|security)"
    r"(key|token|secret|signature)(id)?"
)
_SECRET_IN_QUERY = re.compile(r"policy|hash|hm|ticket|nonce|k|tk|hdnts|hdnea|verify")
_HARMLESS = re.compile(
    r".*tokens|(key|token|auth)_type|(status|country|language)_code|token_count|code_interpreter"
)
"""`input_tokens` and its like are counted."""

_WRITTEN = re.compile(r"[A-Za-z]+(?:[_. -][A-Za-z0-9]+)*|\d{1,5}")
_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def is_secret_name(name: str) -> bool:
    """Return whether a name says that its value is a credential."""
    if _HARMLESS.fullmatch(name.lower()):
        return False
    return any(_SECRET.fullmatch(word) for word in _words(name))


def is_secret_in_query(name: str) -> bool:
    """Return whether a name in a URL says that its value is a credential or a signature."""
    return is_secret_name(name) or any(_SECRET_IN_QUERY.fullmatch(word) for word in _words(name))


def _words(name: str) -> list[str]:
    return [word.lower().rstrip("0123456789") for word in _BETWEEN_WORDS.split(name[:200])]


def is_code(name: str, value: str) -> bool:
    """Return whether a value is an error code, such as `invalid_api_key`, and no secret.

    Somebody wrote it: a word with few changes of case.
    """
    if {word for word in _words(name) if _SECRET.fullmatch(word)} != {"code"} or len(value) > 80:
        return False
    turns = len(re.findall(r"[a-z](?=[A-Z])|[A-Z]{2,}(?=[a-z])", value))
    return bool(_WRITTEN.fullmatch(value)) and turns <= max(3, len(value) // 8)
