"""Authentication: keys that are refused or let in, and where one may come back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from conformance.cases.model import UNKNOWN_KEY
from conformance.exchange.model import REDACTED_KEY, Exchange, Failure
from tests.miniatures import (
    JSON_TYPE,
    REFUSED,
    REQUEST_ID,
    Case,
    answer,
    body,
    error,
    exchange,
    picture,
    serve_image,
)

CHALLENGE = ("www-authenticate", "Bearer")
BASIC = (("authorization", "Basic dXNlcjpwYXNz"), JSON_TYPE)
NO_KEY = (("authorization", "Bearer"), JSON_TYPE)
UNKNOWN = (("authorization", f"Bearer {UNKNOWN_KEY}"), JSON_TYPE)
MISSING = (JSON_TYPE,)
UNPADDED = base64.b64encode(REDACTED_KEY.encode()).rstrip(b"=")
INCORRECT_KEY = error("Incorrect API key provided.", code="invalid_api_key")


def refusal(status: int = 401, content: object = INCORRECT_KEY, **parts: Any) -> Exchange:
    """A request that is refused for its key."""
    return exchange(body(), status, content, headers=(JSON_TYPE, REQUEST_ID, CHALLENGE), **parts)


def login_redirect(request_headers: tuple[tuple[str, str], ...]) -> Exchange:
    """A request that is sent on to a page to log in."""
    login = (("location", "/login"),)
    return exchange(body(), 302, raw=b"", headers=login, request_headers=request_headers)


def forbidden(message: str, **members: object) -> Exchange:
    """A valid request that is answered 403 with these words."""
    return exchange(status=403, answer=error(message, **members))


TRUTH = exchange()
TRUTHS: dict[str, Exchange] = {
    "authentication.missing-key-refused": refusal(request_headers=MISSING),
    "authentication.wrong-scheme-refused": refusal(request_headers=BASIC),
    "authentication.unknown-key-refused": refusal(request_headers=UNKNOWN),
    "authentication.malformed-refused": refusal(request_headers=NO_KEY),
    "authentication.malformed-401": refusal(request_headers=NO_KEY),
    "authentication.unknown-key-not-echoed": refusal(request_headers=UNKNOWN),
}

CASES: dict[str, Exchange | Case] = {
    "cut-off": replace(exchange(), failure=Failure("disconnect", "the answer broke off")),
    "download-failed": exchange(fetched=Failure("dns", "no such host")),
    "valid-403-token": refusal(403, error("Invalid token", type="comet_api_error")),
    "missing-403": refusal(403, request_headers=MISSING),
    "missing-503": refusal(503, request_headers=MISSING),
    "missing-redirected": login_redirect(MISSING),
    "missing-without-control": Case(refusal(request_headers=MISSING), None),
    "missing-with-refused-control": Case(refusal(request_headers=MISSING), REFUSED),
    "malformed-redirected": login_redirect(NO_KEY),
    "malformed-let-in": exchange(body(), request_headers=NO_KEY),
    "malformed-400": refusal(400, request_headers=NO_KEY),
    "moderated": exchange(status=400, answer=error("Rejected by the safety system.")),
    "403-with-a-challenge": exchange(status=403, raw=b"no", headers=(CHALLENGE,)),
    "403-with-a-challenge-and-another-error": exchange(
        status=403, answer=error("no"), headers=(JSON_TYPE, CHALLENGE)
    ),
    "403-without-a-challenge": exchange(status=403, raw=b"no", headers=()),
    "403-about-a-token": forbidden("the token is bad"),
    "403-about-a-region": forbidden("the region is bad"),
    "403-by-code": forbidden("no", code="invalid_token"),
    "403-about-a-token-within-500-characters": forbidden("x" * 494 + " token"),
    "403-about-a-token-after-500-characters": forbidden("x" * 495 + " token"),
    "key-in-base64-without-padding": exchange(
        raw=json.dumps(answer(body())).encode()[:-1] + b', "x": "' + UNPADDED + b'"}'
    ),
    "key-in-download": exchange(
        fetched=serve_image(picture() + REDACTED_KEY.encode(), "image/png")
    ),
}
