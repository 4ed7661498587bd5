"""Lies about keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.defects.planting import in_refusal, json_response, planted
from conformance.reference.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.responses import Response

    from conformance.reference.steps import Steps


def _judging(steps: Steps, lie: Callable[[Sequence[str], str], Refusal | None]) -> Steps:
    return replace(steps, authenticate=lie)


def _scheme(authorizations: Sequence[str]) -> str:
    return authorizations[0].partition(" ")[0].lower() if authorizations else ""


@planted("authentication.valid-key-refused", "authentication.valid-key-accepted")
def valid_key_refused(steps: Steps) -> Steps:
    """Every key is refused, also the one that was issued."""
    no = Refusal(401, "The API key is not known here.", code="invalid_api_key")
    return _judging(steps, lambda _authorizations, _key: no)


@planted("authentication.valid-key-forbidden", "authentication.valid-key-accepted")
def valid_key_forbidden(steps: Steps) -> Steps:
    """Every generation is forbidden, as if the key had expired."""
    no = Refusal(403, "Invalid token.", code="invalid_api_key")
    return replace(steps, validate=lambda _asked, _served: no)


@planted("authentication.missing-key-let-in", "authentication.missing-key-refused")
def missing_key_let_in(steps: Steps) -> Steps:
    """Whoever sends no key at all is let in."""
    return _judging(steps, lambda given, key: steps.authenticate(given, key) if given else None)


@planted("authentication.wrong-scheme-let-in", "authentication.wrong-scheme-refused")
def wrong_scheme_let_in(steps: Steps) -> Steps:
    """Basic credentials are let in unread."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        return None if _scheme(given) == "basic" else steps.authenticate(given, key)

    return _judging(steps, authenticate)


@planted("authentication.unknown-key-let-in", "authentication.unknown-key-refused")
def unknown_key_let_in(steps: Steps) -> Steps:
    """Any bearer token will do, as long as there is one."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        known = _scheme(given) == "bearer" and given[0].partition(" ")[2].strip()
        return None if known else steps.authenticate(given, key)

    return _judging(steps, authenticate)


@planted("authentication.malformed-let-in", "authentication.malformed-refused")
def malformed_let_in(steps: Steps) -> Steps:
    """The word Bearer without a key behind it is let in."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        bare = _scheme(given) == "bearer" and not given[0].partition(" ")[2].strip()
        return None if bare else steps.authenticate(given, key)

    return _judging(steps, authenticate)


@planted("authentication.malformed-answered-400", "authentication.malformed-401")
def malformed_answered_400(steps: Steps) -> Steps:
    """The word Bearer without a key is called a bad request."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        refusal = steps.authenticate(given, key)
        bare = bool(given) and not given[0].partition(" ")[2].strip()
        return replace(refusal, status=400) if refusal and bare else refusal

    return _judging(steps, authenticate)


@planted("authentication.malformed-to-login", "authentication.malformed-refused")
def malformed_to_login(steps: Steps) -> Steps:
    """The word Bearer without a key is sent on to a page to log in."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        refusal = steps.authenticate(given, key)
        bare = bool(given) and not given[0].partition(" ")[2].strip()
        elsewhere = {"Location": "/login"}
        return replace(refusal, status=302, headers=elsewhere) if refusal and bare else refusal

    return _judging(steps, authenticate)


@planted("authentication.missing-key-forbidden", "authentication.missing-key-refused")
def missing_key_forbidden(steps: Steps) -> Steps:
    """A missing key is answered 403 in place of 401."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        refusal = steps.authenticate(given, key)
        return replace(refusal, status=403) if refusal and not given else refusal

    return _judging(steps, authenticate)


@planted("authentication.key-in-error", "authentication.key-not-echoed", modes=["key echoed"])
def key_in_error(steps: Steps) -> Steps:
    """A refusal repeats the provider's key in its message."""

    def refuse(refusal: Refusal, key: str) -> Response:
        return steps.refuse(replace(refusal, message=f"{refusal.message} (key {key})"), "")

    return replace(steps, refuse=refuse)


@planted("authentication.key-in-header", "authentication.key-not-echoed")
def key_in_header(steps: Steps) -> Steps:
    """A debugging header of every refusal holds the provider's key."""

    def refuse(refusal: Refusal, key: str) -> Response:
        response = steps.refuse(refusal, key)
        response.headers["x-debug"] = f"key={key}"
        return response

    return replace(steps, refuse=refuse)


@planted("authentication.unknown-key-in-error", "authentication.unknown-key-not-echoed")
def unknown_key_in_error(steps: Steps) -> Steps:
    """A key that is not known is repeated whole in the message that refuses it."""

    def authenticate(given: Sequence[str], key: str) -> Refusal | None:
        refusal = steps.authenticate(given, key)
        if refusal is None or _scheme(given) != "bearer":
            return refusal
        return replace(refusal, message=f"Incorrect API key: {given[0].partition(' ')[2]}")

    return _judging(steps, authenticate)


@planted("authentication.missing-key-painted", "errors.not-2xx")
@in_refusal
def missing_key_painted(refusal: Refusal) -> Refusal | Response:
    """A missing key is complained about under status 200."""
    if "No API key" not in refusal.message:
        return refusal
    return json_response(refusal.body())
