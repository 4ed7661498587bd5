"""Lies about keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from starlette.responses import Response

from conformance.reference.defects.planting import (
    Refuse,
    in_refusal,
    in_step,
    json_response,
    planted,
)
from conformance.reference.errors import Refusal

Check = Callable[[Sequence[str], str], Refusal | None]
in_authenticate = in_step("authenticate")
_UNKNOWN_KEY = Refusal(401, "The API key is not known here.", code="invalid_api_key")
_FORBIDDEN = Refusal(403, "Invalid token.", code="invalid_api_key")


def _scheme(headers: Sequence[str]) -> str:
    return headers[0].partition(" ")[0].lower() if headers else ""


def _token(headers: Sequence[str]) -> str:
    return headers[0].partition(" ")[2].strip() if headers else ""


@planted(in_authenticate, "authentication.valid-key-refused", "authentication.valid-key-accepted")
def valid_key_refused(_authenticate: Check, _headers: Sequence[str], _key: str) -> Refusal:
    """Every key is refused, also the one that was issued."""
    return _UNKNOWN_KEY


@planted(
    in_step("validate"), "authentication.valid-key-forbidden", "authentication.valid-key-accepted"
)
def valid_key_forbidden(*_values: object) -> Refusal:
    """Every generation is forbidden, as if the key had expired."""
    return _FORBIDDEN


@planted(in_authenticate, "authentication.missing-key-let-in", "authentication.missing-key-refused")
def missing_key_let_in(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """Whoever sends no key at all is let in."""
    return authenticate(headers, key) if headers else None


@planted(
    in_authenticate, "authentication.wrong-scheme-let-in", "authentication.wrong-scheme-refused"
)
def wrong_scheme_let_in(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """Basic credentials are let in unread."""
    return None if _scheme(headers) == "basic" else authenticate(headers, key)


@planted(in_authenticate, "authentication.unknown-key-let-in", "authentication.unknown-key-refused")
def unknown_key_let_in(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """Any bearer token will do, as long as there is one."""
    is_bearer = _scheme(headers) == "bearer" and _token(headers)
    return None if is_bearer else authenticate(headers, key)


@planted(in_authenticate, "authentication.malformed-let-in", "authentication.malformed-refused")
def malformed_let_in(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """The word Bearer without a key behind it is let in."""
    is_bare = _scheme(headers) == "bearer" and not _token(headers)
    return None if is_bare else authenticate(headers, key)


@planted(in_authenticate, "authentication.malformed-answered-400", "authentication.malformed-401")
def malformed_answered_400(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """The word Bearer without a key is called a bad request."""
    refusal = authenticate(headers, key)
    return replace(refusal, status=400) if refusal and headers and not _token(headers) else refusal


@planted(in_authenticate, "authentication.malformed-to-login", "errors.not-2xx")
def malformed_to_login(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """The word Bearer without a key is sent on to a page to log in."""
    refusal = authenticate(headers, key)
    if not refusal or not headers or _token(headers):
        return refusal
    return replace(refusal, status=302, headers={"Location": "/login"})


@planted(
    in_authenticate, "authentication.missing-key-forbidden", "authentication.missing-key-refused"
)
def missing_key_forbidden(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """A missing key is answered 403 in place of 401."""
    refusal = authenticate(headers, key)
    return replace(refusal, status=403) if refusal and not headers else refusal


@planted(
    in_step("refuse"),
    "authentication.key-in-error",
    "authentication.key-not-echoed",
    modes=["key echoed"],
)
def key_in_error(refuse: Refuse, refusal: Refusal, key: str) -> Response:
    """A refusal repeats the provider's key in its message."""
    return refuse(replace(refusal, message=f"{refusal.message} (key {key})"), "")


@planted(in_step("refuse"), "authentication.key-in-header", "authentication.key-not-echoed")
def key_in_header(refuse: Refuse, refusal: Refusal, key: str) -> Response:
    """A debugging header of every refusal holds the provider's key."""
    response = refuse(refusal, key)
    response.headers["x-debug"] = f"key={key}"
    return response


@planted(
    in_authenticate, "authentication.unknown-key-in-error", "authentication.unknown-key-not-echoed"
)
def unknown_key_in_error(authenticate: Check, headers: Sequence[str], key: str) -> Refusal | None:
    """A key that is not known is repeated whole in the message that refuses it."""
    refusal = authenticate(headers, key)
    if refusal is None or _scheme(headers) != "bearer":
        return refusal
    return replace(refusal, message=f"Incorrect API key: {headers[0].partition(' ')[2]}")


@planted(in_refusal, "authentication.missing-key-painted", "errors.not-2xx")
def missing_key_painted(refusal: Refusal) -> Refusal | Response:
    """A missing key is complained about under status 200."""
    if "No API key" not in refusal.message:
        return refusal
    return json_response(refusal.body())
