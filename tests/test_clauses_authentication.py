"""The chapter authentication: one lie a clause, and the exchange without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.exchange.model import REDACTED_KEY, UNKNOWN_KEY, Exchange
from conformance.findings import Verdict
from tests.miniatures import (
    ACCEPTED,
    JSON_TYPE,
    REFUSED,
    REQUEST_ID,
    answer,
    body,
    encoded,
    error,
    exchange,
    lie,
    picture,
    red,
    served,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.outcome import Outcome

CHALLENGE = ("www-authenticate", "Bearer")
BASIC = (("authorization", "Basic dXNlcjpwYXNz"), JSON_TYPE)
NO_KEY = (("authorization", "Bearer"), JSON_TYPE)
UNKNOWN = (("authorization", f"Bearer {UNKNOWN_KEY}"), JSON_TYPE)
MISSING = (JSON_TYPE,)


def refusal(status: int = 401, told: object = None, **parts: Any) -> Exchange:
    """A request that is refused for its key."""
    told = error("Incorrect API key provided.", code="invalid_api_key") if told is None else told
    return exchange(body(), status, told, headers=(JSON_TYPE, REQUEST_ID, CHALLENGE), **parts)


def let_in(request_headers: tuple[tuple[str, str], ...]) -> Exchange:
    """A request that is answered with an image whatever it presents."""
    return exchange(body(), request_headers=request_headers)


def redirected(request_headers: tuple[tuple[str, str], ...]) -> Exchange:
    """A request that is sent on to a page to log in."""
    login = (("location", "/login"),)
    return exchange(body(), 302, raw=b"", headers=login, request_headers=request_headers)


TRUTHS: dict[str, Callable[[], Exchange]] = {
    "authentication.valid-key-accepted": exchange,
    "authentication.missing-key-refused": lambda: refusal(request_headers=MISSING),
    "authentication.wrong-scheme-refused": lambda: refusal(request_headers=BASIC),
    "authentication.unknown-key-refused": lambda: refusal(request_headers=UNKNOWN),
    "authentication.malformed-refused": lambda: refusal(request_headers=NO_KEY),
    "authentication.malformed-401": lambda: refusal(request_headers=NO_KEY),
    "authentication.key-not-echoed": exchange,
    "authentication.unknown-key-not-echoed": lambda: refusal(request_headers=UNKNOWN),
}

ECHO = "authentication.key-not-echoed"

LIES = {
    each.id: each
    for each in (
        lie("valid-401", refusal, "authentication.valid-key-accepted"),
        lie(
            "valid-403-token",
            lambda: refusal(403, error("Invalid token", type="comet_api_error")),
            "authentication.valid-key-accepted",
        ),
        lie(
            "missing-let-in",
            lambda: let_in(MISSING),
            "authentication.missing-key-refused",
        ),
        lie(
            "missing-403",
            lambda: refusal(403, request_headers=MISSING),
            "authentication.missing-key-refused",
        ),
        lie(
            "wrong-scheme-let-in",
            lambda: let_in(BASIC),
            "authentication.wrong-scheme-refused",
        ),
        lie(
            "unknown-let-in",
            lambda: let_in(UNKNOWN),
            "authentication.unknown-key-refused",
        ),
        lie(
            "malformed-let-in",
            lambda: let_in(NO_KEY),
            "authentication.malformed-refused",
        ),
        lie(
            "malformed-redirected",
            lambda: redirected(NO_KEY),
            "errors.not-2xx",
        ),
        lie(
            "missing-redirected",
            lambda: redirected(MISSING),
            "errors.not-2xx",
        ),
        lie(
            "malformed-400",
            lambda: refusal(400, request_headers=NO_KEY),
            "authentication.malformed-401",
        ),
        lie(
            "key-in-error",
            lambda: refusal(told=error(f"Incorrect API key {REDACTED_KEY}"), request_headers=BASIC),
            ECHO,
        ),
        lie(
            "key-in-header",
            lambda: exchange(headers=(JSON_TYPE, REQUEST_ID, ("x-debug", f"key={REDACTED_KEY}"))),
            ECHO,
        ),
        lie(
            "key-in-base64",
            lambda: exchange(answer=answer(body(), debug=encoded(REDACTED_KEY.encode()))),
            ECHO,
        ),
        lie(
            "key-in-download",
            lambda: exchange(fetched=served(picture() + REDACTED_KEY.encode(), "image/png")),
            ECHO,
        ),
        lie(
            "unknown-key-in-error",
            lambda: refusal(
                told=error(f"Incorrect API key provided: {UNKNOWN_KEY}"), request_headers=UNKNOWN
            ),
            "authentication.unknown-key-not-echoed",
        ),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    found = verdicts(TRUTHS[clause]())
    assert found[clause] is Verdict.PASS
    assert red(TRUTHS[clause]()) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    told = LIES[name]
    assert red(told.exchange(), told.control) == told.red


@pytest.mark.parametrize("control", [None, REFUSED], ids=["no-control", "refused-control"])
def test_refusal_without_an_accepted_control_proves_nothing(control: Outcome | None) -> None:
    found = verdicts(refusal(request_headers=MISSING), control)
    assert found["authentication.missing-key-refused"] is Verdict.NOT_TESTABLE


@pytest.mark.parametrize("status", [403, 400], ids=str)
def test_refusal_that_is_not_about_the_key_accepts_the_key(status: int) -> None:
    moderated = exchange(body(), status, error("Rejected by the safety system."))
    assert verdicts(moderated)["authentication.valid-key-accepted"] is Verdict.PASS


def test_request_that_was_not_refused_is_not_judged_by_how_it_was_refused() -> None:
    for made in (redirected(NO_KEY), let_in(NO_KEY)):
        assert verdicts(made)["authentication.malformed-401"] is Verdict.NOT_TESTABLE


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        (404, error("The model 'm' is retired.", code="model_not_found"), Verdict.NOT_TESTABLE),
        (403, error("User quota is not enough."), Verdict.UNAVAILABLE),
        (400, error("Blocked by our content policy."), Verdict.NOT_TESTABLE),
        (403, error("Forbidden."), Verdict.FAIL),
        (404, error("No such page."), Verdict.FAIL),
    ],
    ids=["model-ended", "quota", "moderated", "forbidden", "hidden"],
)
def test_missing_key_is_judged_by_a_refusal_that_may_be_for_it(
    status: int, told: object, expected: Verdict
) -> None:
    found = verdicts(refusal(status, told, request_headers=MISSING), ACCEPTED)
    assert found["authentication.missing-key-refused"] is expected


def test_503_for_a_missing_key_is_unavailable() -> None:
    found = verdicts(refusal(503, request_headers=MISSING), ACCEPTED)
    assert found["authentication.missing-key-refused"] is Verdict.UNAVAILABLE
