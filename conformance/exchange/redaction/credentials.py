"""Credentials of others in text, known by the name they stand under or by their form.

Nothing but the credential is changed: the bytes around it are what is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pybase64

from conformance.exchange.model import REDACTED_KEY

# --- Names of members, headers and parts of a URL ---

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


REDACTED = "REDACTED"
_REDACTED = REDACTED.encode()
_PLACEHOLDERS = (b"sk-conformance", _REDACTED)
_LONG = 4096  # characters; a longer run of letters is a picture
_RUN = re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{%d,}+" % _LONG)
_ESCAPED_RUN = re.compile(
    rb"(?<![A-Za-z0-9+/\\])(?:\\++/)?+[A-Za-z0-9+/]++(?:\\++/[A-Za-z0-9+/]*+)*+"
)


def outside_pictures(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change text, and pass over pictures in base64."""
    parts, end = [], 0
    for run in (_ESCAPED_RUN if b"\\/" in text else _RUN).finditer(text):
        if run.end() - run.start() < _LONG:
            continue
        parts += [change(text[end : run.start()]), run[0]]
        end = run.end()
    return b"".join((*parts, change(text[end:])))


# --- Members of a URL ---

_QUERY = re.compile(
    rb"((?:[?&]|\\u0026|\\u003f|&amp;|%26|%3f)([A-Za-z0-9_.~\[\]-]{1,100})(?:=|\\u003d|%3d))"
    # escaped in JSON or not, so that body and downloads still name one and the same URL
    rb"((?:[^&\"'\\\s<>]|\\/|\\u00(?!2[0267]|3[ce]|5c)[2-7][0-9a-f]){1,4096})",
    re.IGNORECASE,
)
_OPAQUE = re.compile(rb"(?=.*[0-9])(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9_+/=%.-]{20,}|[0-9a-f]{40,}")


def without_signatures(text: bytes, by_form: bool = False) -> bytes:
    """Return text without secret values of URL members, by their names, or by their form too."""

    def unsigned(match: re.Match[bytes]) -> bytes:
        name, opaque = match[2].decode(), by_form and _OPAQUE.fullmatch(match[3])
        signs = is_secret_name(name) or any(map(_SECRET_IN_QUERY.fullmatch, _words(name)))
        if not opaque and not signs:
            return match[0]
        # The placeholder of a key stays, so that a clause still sees that the key came back.
        key = REDACTED_KEY.encode()
        return match[1] + (key if key in match[3] else _REDACTED)

    return _QUERY.sub(unsigned, text)


# --- Forms ---


def _redacted_once(match: re.Match[bytes]) -> bytes:
    """Return the placeholder for a credential, or the one that is there already."""
    is_placeholder = any(placeholder in match[0] for placeholder in _PLACEHOLDERS)
    return match[0] if is_placeholder else (match[1] if match.re.groups else b"") + _REDACTED


def _without_basic(match: re.Match[bytes]) -> bytes:
    """Redact a user name and password in base64; a mere word stays."""
    text = match[2].translate(_STANDARD).rstrip(b"=")
    try:
        pair = pybase64.b64decode(text + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        return match[0]
    return match[1] + _REDACTED if ":" in pair and pair.isprintable() else match[0]


_STANDARD = bytes.maketrans(b"-_", b"+/")
_B = rb"(?<![A-Za-z0-9+/_-])"  # not in the middle of a longer word, nor of a picture
_BASIC = re.compile(rb"(?i)" + _B + rb"(Basic(?:[ \t]|%20|\\u0020)+)([A-Za-z0-9+/_-]{4,}={0,2})")
_SCHEME = re.compile(
    rb"(?i)" + _B + rb"((?:Bearer|Digest|Negotiate|Key|Token|ApiKey)(?:[ \t]|%20|\\u0020)+)"
    rb"(?:(?=[^\s\"'\\<>]*[0-9])[A-Za-z0-9._~+/:=%-]{8,}|[A-Za-z0-9._~+/=]{20,})"
)
_TOKEN = re.compile(  # JSON web tokens, keys of fal, keys with the prefix of their service
    # after a slash as well: in a path, while no picture of a few kilobytes happens to hold one
    rb"(?<![A-Za-z0-9+_-])(?:eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}"
    rb"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:[0-9a-fA-F]{16,}"
    rb"|(?:sk|pk|rk|ak)[-_][A-Za-z0-9_-]{16,}|(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}"
    rb"|AIza[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9._-]{10,}|gh[pousr]_[A-Za-z0-9]{16,}"
    rb"|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{12,}|(?:hf|xai|r8|gsk)[-_][A-Za-z0-9]{16,}"
    rb"|(?:fw|tgp_v1|pplx|nvapi|key|fal|dapi|npm|pypi|dop_v1|shpat|SG|rpa)[-_.]"
    rb"(?=[A-Za-z_.-]*[0-9])[A-Za-z0-9._-]{20,}|xox[a-z]-[A-Za-z0-9-]{8,})"
)
_MARKED = tuple(
    map(
        re.compile,
        (
            # keys in files, users in a URL, accounts, web hooks, bots: after what names them
            rb"(?s)(-----BEGIN [A-Z0-9 ]{1,40}-----).{1,65536}?(?=-----END [A-Z0-9 ]{1,40}-----)",
            (
                rb"(?i)([a-z][a-z0-9+.-]{1,20}(?:://|:(?:\\+/){2}|%3a%2f%2f))(?!REDACTED@)"
                rb"[^\s/?#\"'<>\\@]{1,512}(?=@|%40)"
            ),
            rb"(?<![A-Za-z0-9+_-])(org-|user-|proj_|acct_)(?=[a-z_]*[A-Z0-9])[A-Za-z0-9_]{12,}",
            (
                rb"(?i)((?:hooks\.slack\.com\\*/services|discord(?:app)?\.com\\*/api\\*/webhooks"
                rb"|[a-z0-9.-]{1,100}\.webhook\.office\.com\\*/[a-z0-9]{1,30})\\*/)[^\s\"'<>?#]{8,512}"
            ),
            rb"(?<![0-9])([0-9]{8,12}:)[A-Za-z0-9_-]{30,}",
        ),
    )
)


def without_forms(text: bytes) -> bytes:
    """Return text without what has the form of a credential or of an account's id."""
    text = _SCHEME.sub(_redacted_once, text)
    text = _TOKEN.sub(_redacted_once, _BASIC.sub(_without_basic, text))
    for pattern in _MARKED:
        text = pattern.sub(rb"\1REDACTED", text)
    return text


# --- Beside their name: `KEY=value`, `Cookie: a=b`, attributes ---

_IN_A_SENTENCE = re.compile(
    rb"(?:api[ _-]?key|access[ _-]?key|secret|token|password|passwd|signature|credential"
    rb"|session[ _-]?id)s?"
    rb"(?:(?:\s{1,9}(?:is|provided|was|id))?\s{0,9}[=:]\s{0,9}|\s{1,9}(?:is|was)\s{1,9})"
    rb"(?:\\?[\"'])?",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(rb"(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]{1,100})\s?=\s?(?:\\?[\"'])?")
_ATTRIBUTE = re.compile(
    rb"(?:name|id|property)=\\?[\"']?([A-Za-z0-9_.-]{1,100})\\?[\"']?\s{1,9}"
    rb"(?:[A-Za-z-]{1,30}=[^\s<>]{0,99}\s{1,9}){0,9}(?:value|content)=\\?[\"']?",
    re.IGNORECASE,
)
_VALUE = re.compile(rb"[^\s\"'\\,;&<>{}\[\]]{8,512}")
_LIKELY = re.compile(rb"(?!REDACTED)(?=.*[0-9])(?=.*[A-Za-z])", re.DOTALL)
_SIZE = re.compile(rb"[0-9]{2,5}x[0-9]{2,5}\b")
_COOKIE = re.compile(
    rb"((?<![A-Za-z0-9-])(?:set-)?cookie:[ \t]?)[^\s\"\\<>][^\"\\\r\n<>]{7,4000}", re.IGNORECASE
)
_CURL_USER = re.compile(
    rb"((?<![A-Za-z0-9-])(?:-u|--user)[ =]\\?[\"']?)[^\s\"'\\:]{1,200}:[^\s\"'\\]{1,200}"
)
_LABELLED = re.compile(
    rb'((\\{0,9})"value\2"\s{0,9}:\s{0,9}\2")([^"\\]{8,4000})'
    rb'(\2"\s{0,9},\s{0,9}\2"(?:name|key)\2"\s{0,9}:\s{0,9}\2"([A-Za-z0-9_.-]{1,100})\2")'
)


def without_assignments(text: bytes) -> bytes:
    """Return text without the values that stand beside the name of a credential.

    A value without a digit and a letter is a word, and stays.
    """
    for pattern in (_IN_A_SENTENCE, _ASSIGNED, _ATTRIBUTE):
        text = _without_values(text, pattern)
    text = _LABELLED.sub(
        lambda match: (
            match[1] + _REDACTED + match[4] if is_secret_name(match[5].decode()) else match[0]
        ),
        text,
    )
    return _CURL_USER.sub(rb"\1REDACTED", _COOKIE.sub(rb"\1REDACTED", text))


def _without_values(text: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """Redact what follows a name; only names are searched for, which takes linear time."""
    parts, end = [], 0
    for name in pattern.finditer(text):
        if name.start() < end or (pattern.groups and not is_secret_name(name[1].decode())):
            continue
        value = _VALUE.match(text, name.end())
        if value is not None and _LIKELY.match(value[0]) and not _SIZE.match(value[0]):
            parts += [text[end : value.start()], _redacted_once(value)]
            end = value.end()
    return b"".join((*parts, text[end:])) if parts else text


# --- Within base64 that is itself text, such as a configuration or a header ---

_WITHOUT_BLANKS = str.maketrans("", "", "\t\r\n")
_ENCODED = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,4095}={0,2}(?![A-Za-z0-9+/_=-])")


def without_encoded(text: bytes, clean_text: Callable[[bytes], bytes], depth: int = 2) -> bytes:
    """Redact each base64 text that `clean_text` would change once it is decoded."""

    def instead(match: re.Match[bytes]) -> bytes:
        body = match[0].rstrip(b"=").translate(_STANDARD)
        if len(body) % 4 == 1:
            return match[0]
        inner = pybase64.b64decode(body + b"=" * (-len(body) % 4))
        try:
            words = inner.decode().translate(_WITHOUT_BLANKS)
        except UnicodeDecodeError:
            return match[0]
        if not words.isprintable():
            return match[0]
        cleaned = clean_text(inner)
        if cleaned == inner and depth > 1:
            cleaned = without_encoded(inner, clean_text, depth - 1)
        return match[0] if cleaned == inner else _REDACTED

    return _ENCODED.sub(instead, text)
