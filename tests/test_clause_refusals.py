"""What a refusal says: of the key, of what is at fault, of an outage, of something else.

Each test stands for a change of a clause that nothing else noticed; see docs/mutation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.clauses import clauses_of, select
from conformance.clauses.subject import NotTestableError, Subject
from conformance.contract import load_edition
from conformance.findings import Verdict
from tests.findings import finding, refused, with_members
from tests.miniatures import ACCEPTED, HTML, JSON_TYPE, body, error, exchange, red, verdicts

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

EDITION = load_edition()
SEEN_BY: dict[str, tuple[Callable[[], Exchange], bool]] = {
    "403-with-a-challenge": (
        lambda: exchange(status=403, raw=b"no", headers=(("WWW-Authenticate", "Bearer"),)),
        True,
    ),
    "403-without-a-challenge": (lambda: exchange(status=403, raw=b"no", headers=()), False),
    "403-about-a-token": (lambda: exchange(status=403, answer=error("the token is bad")), True),
    "403-about-a-region": (lambda: exchange(status=403, answer=error("the region is bad")), False),
    "403-by-code": (lambda: exchange(status=403, answer=error("no", code="invalid_token")), True),
    "403-with-a-challenge-and-another-error": (
        lambda: exchange(
            status=403, answer=error("no"), headers=(JSON_TYPE, ("www-authenticate", "Bearer"))
        ),
        False,
    ),
    "403-long-before-the-word": (
        lambda: exchange(status=403, answer=error("x" * 495 + " token")),
        False,
    ),
    "403-just-before-the-word": (
        lambda: exchange(status=403, answer=error("x" * 494 + " token")),
        True,
    ),
}


@pytest.mark.parametrize("name", SEEN_BY)
def test_403_is_about_the_key_when_it_says_so(name: str) -> None:
    made, about_key = SEEN_BY[name]
    assert ("authentication.valid-key-accepted" in red(made())) is about_key


def test_param_is_split_at_what_is_no_letter_of_a_name() -> None:
    for param, verdict in (("Xsize", Verdict.DEVIATES), ("body[size]", Verdict.PASS)):
        found = verdicts(refused(error(param=param)))
        assert found["errors.param-names"] is verdict


def test_html_is_looked_for_at_the_start_alone() -> None:
    assert finding("errors.json", refused(raw=HTML)).message == "the error is an HTML page"
    assert "envelope.not-html" not in red(with_members(x="<html>"))


def test_server_error_without_a_control_is_not_testable() -> None:
    found = finding("errors.not-5xx", refused(status=500), None)
    assert found.message == "there is no control: the same request without its one fault"
    assert found.verdict is Verdict.NOT_TESTABLE


def test_outage_on_a_wrong_request_is_no_missing_model() -> None:
    gone = error("No available channel", code="model_not_found")
    assert verdicts(refused(gone, 503))["errors.not-5xx"] is Verdict.UNAVAILABLE


NAMED = body("gpt-image-1", response_format="b64_json")


@pytest.mark.parametrize(
    ("status", "told", "message"),
    [
        (400, error("no", code="moderation_blocked"), "refused for another reason: HTTP 400"),
        (401, error("no"), "refused for another reason: HTTP 401"),
        (403, error("no"), "refused for another reason: HTTP 403"),
    ],
)
def test_refusal_of_response_format_for_another_reason(
    status: int, told: dict[str, Any], message: str
) -> None:
    made = exchange(NAMED, status, told)
    found = clauses_of(EDITION)
    (clause,) = select(found, "format.gpt-image-response-format")
    with pytest.raises(NotTestableError, match=rf"^{message}"):
        list(clause.judge(Subject(made, EDITION, ACCEPTED)))


def test_404_to_response_format_has_another_reason_unless_the_control_was_served() -> None:
    made = exchange(NAMED, 404, error("no"))
    assert red(made) == {"format.gpt-image-response-format"}
    assert red(made, None) == frozenset()
