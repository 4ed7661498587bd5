"""Credentials of others, known by the name they stand under or by their form.

Nothing but the credential is changed: the bytes around it are what is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pybase64

from conformance.exchange.model import REDACTED_KEY

REDACTED = "REDACTED"
_REDACTED = REDACTED.encode()
_LONG = 4096  # characters; a longer run of letters is a picture

_WORDS = re.compile(
    r"keys?|apikey|token|secrets?|sig|signatures?|passw(or)?d|passphrase|pwd|pass|pin|otp|code"
    r"|session(id)?|sid|cookies?|credentials?|auth(orization)?|jwt|bearer|hmac|sas"
    r"|(aws|oss)accesskeyid|(api|access|secret|private|auth|account|subscription|license"
    r"|session|encryption|signing|client|refresh|id|csrf|xsrf|bearer|security)"
    r"(key|token|secret|signature)(id)?"
)
_QUERY_WORDS = re.compile(r"policy|hash|hm|ticket|nonce|k|tk|hdnts|hdnea|verify")
_HARMLESS_NAMES = re.compile(
    r".*tokens|(key|token|auth)_type|(status|country|language)_code|token_count|code_interpreter"
)
"""`input_tokens` and its like are counted."""

_PLAIN = re.compile(r"[A-Za-z]+(?:[_. -][A-Za-z0-9]+)*|\d{1,5}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def is_secret_name(name: str) -> bool:
    """Return whether what stands under a name is a credential, as far as the name tells."""
    if _HARMLESS_NAMES.fullmatch(name.lower()):
        return False
    return any(_WORDS.fullmatch(word) for word in _words(name))


def _words(name: str) -> list[str]:
    return [word.lower().rstrip("0123456789") for word in _CAMEL.split(name[:200])]


def is_code(name: str, value: str) -> bool:
    """Return whether a value is an error code, such as `invalid_api_key`, and no secret."""
    words = {word for word in _words(name) if _WORDS.fullmatch(word)}
    return words == {"code"} and _looks_written(value)


def _looks_written(value: str) -> bool:
    """Return whether somebody wrote a word: one with few changes of case."""
    turns = len(re.findall(r"[a-z](?=[A-Z])|[A-Z]{2,}(?=[a-z])", value))
    return len(value) <= 80 and bool(_PLAIN.fullmatch(value)) and turns <= max(3, len(value) // 8)


_B = rb"(?<![A-Za-z0-9+/_-])"  # not in the middle of a longer word, nor of a picture
_KEY = re.compile(
    _B + rb"(?:(?:sk|pk|rk|ak)[-_][A-Za-z0-9_-]{16,}|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}"
    rb"|AIza[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9._-]{10,}|gh[pousr]_[A-Za-z0-9]{16,}"
    rb"|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{12,}|(?:hf|xai|r8|gsk)[-_][A-Za-z0-9]{16,}"
    rb"|(?:fw|tgp_v1|pplx|nvapi|key|fal|dapi|npm|pypi|dop_v1|shpat|SG|rpa)[-_.]"
    rb"(?=[A-Za-z_.-]*[0-9])[A-Za-z0-9._-]{20,}|xox[a-z]-[A-Za-z0-9-]{8,})"
)
_JWT = re.compile(_B + rb"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}")
_FAL = re.compile(
    _B + rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:[0-9a-f]{16,}", re.I
)
_SCHEME = re.compile(
    _B + rb"((?:Bearer|Digest|Negotiate|Key|Token|ApiKey)(?:[ \t]|%20|\\u0020)+)"
    rb"(?:(?=[^\s\"'\\<>]*[0-9])[A-Za-z0-9._~+/:=%-]{8,}|[A-Za-z0-9._~+/=]{20,})",
    re.IGNORECASE,
)
_BASIC = re.compile(
    _B + rb"(Basic(?:[ \t]|%20|\\u0020)+)([A-Za-z0-9+/_-]{4,}={0,2})", re.IGNORECASE
)
_PEM = re.compile(
    rb"(-----BEGIN [A-Z0-9 ]{1,40}-----).{1,65536}?(-----END [A-Z0-9 ]{1,40}-----)", re.DOTALL
)
_USER = re.compile(
    rb"([a-z][a-z0-9+.-]{1,20}(?:://|:(?:\\+/){2}|%3a%2f%2f))"
    rb"(?!REDACTED@)[^\s/?#\"'<>\\@]{1,512}(?:@|%40)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    rb"(?<![A-Za-z0-9+_-])(org-|user-|proj_|acct_)(?=[a-z_]*[A-Z0-9])[A-Za-z0-9_]{12,}"
)
_HOOK = re.compile(
    rb"((?:hooks\.slack\.com(?:\\*/)services|discord(?:app)?\.com(?:\\*/)api(?:\\*/)webhooks"
    rb"|[a-z0-9.-]{1,100}\.webhook\.office\.com(?:\\*/)[a-z0-9]{1,30})\\*/)[^\s\"'<>?#]{8,512}",
    re.IGNORECASE,
)
_BOT = re.compile(rb"(?<![0-9])([0-9]{8,12}:)[A-Za-z0-9_-]{30,}")
_RUN = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{%d,}+" % _LONG)
_ESCAPED_RUN = re.compile(
    rb"(?<![A-Za-z0-9+/\\])(?:\\++/)?+[A-Za-z0-9+/]++(?:\\++/[A-Za-z0-9+/]*+)*+"
)
_QUERY = re.compile(
    rb"((?:[?&]|\\u0026|\\u003f|&amp;|%26|%3f)([A-Za-z0-9_.~\[\]-]{1,100})(?:=|\\u003d|%3d))"
    # escaped in JSON or not, so that body and downloads still name one and the same URL
    rb"((?:[^&\"'\\\s<>]|\\/|\\u00(?!2[0267]|3[ce]|5c)[2-7][0-9a-f]){1,4096})",
    re.IGNORECASE,
)
_OPAQUE = re.compile(rb"(?=.*[0-9])(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9_+/=%.-]{20,}|[0-9a-f]{40,}")
_PLACEHOLDERS = (b"sk-conformance", b"REDACTED")


def outside_pictures(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change text, and pass over pictures in base64."""
    parts, end = [], 0
    for run in (_ESCAPED_RUN if b"\\/" in text else _RUN).finditer(text):
        if run.end() - run.start() < _LONG:
            continue
        parts += [change(text[end : run.start()]), run[0]]
        end = run.end()
    return b"".join((*parts, change(text[end:])))


def without_signatures(text: bytes) -> bytes:
    """Return text without the values of URL members whose name says that they are secret."""
    return _QUERY.sub(_unsigned, text)


def without_queries(text: bytes) -> bytes:
    """Return text without secret values of URL members, by their names or by their form."""
    return _QUERY.sub(lambda match: _unsigned(match, by_form=True), text)


def _unsigned(match: re.Match[bytes], by_form: bool = False) -> bytes:
    """Take a value out; where a key stood in its place, that is still to be seen."""
    name = match[2].decode()
    signs = is_secret_name(name) or any(_QUERY_WORDS.fullmatch(word) for word in _words(name))
    if not signs and not (by_form and _OPAQUE.fullmatch(match[3])):
        return match[0]
    return match[1] + (REDACTED_KEY.encode() if REDACTED_KEY.encode() in match[3] else _REDACTED)


def without_forms(text: bytes) -> bytes:
    """Return text without what has the form of a credential or of an account's id."""
    text = _PEM.sub(rb"\1REDACTED\2", text)
    text = _SCHEME.sub(_kept_name, text)
    text = _BASIC.sub(_without_basic, text)
    for pattern in (_JWT, _FAL, _KEY):
        text = pattern.sub(kept_placeholder, text)
    text = _USER.sub(rb"\1REDACTED@", text)
    for pattern in (_ACCOUNT, _HOOK, _BOT):
        text = pattern.sub(rb"\1REDACTED", text)
    return text


def _without_basic(match: re.Match[bytes]) -> bytes:
    """Take out what is a name and a password in base64, and no word."""
    text = match[2].translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        told = pybase64.b64decode(text + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        return match[0]
    return match[1] + _REDACTED if ":" in told and told.isprintable() else match[0]


def kept_placeholder(match: re.Match[bytes]) -> bytes:
    """Return what stands in place of a credential, or what stood there for one already."""
    return match[0] if any(one in match[0] for one in _PLACEHOLDERS) else _REDACTED


def _kept_name(match: re.Match[bytes]) -> bytes:
    return match[0] if any(one in match[0] for one in _PLACEHOLDERS) else match[1] + _REDACTED
