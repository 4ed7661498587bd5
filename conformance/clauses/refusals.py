"""What clauses about refused requests share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    UnavailableError,
)
from conformance.exchange.outcome import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.clauses.subject import Subject

MODERATION_CODES = frozenset({"moderation_blocked", "content_policy_violation"})
"""The codes that say that a prompt was refused for what it describes."""


def refusal(subject: Subject, what: str) -> Iterator[Problem]:
    """Report anything but a 4xx to a request that must be refused."""
    if subject.response.status >= 500:
        raise UnavailableError(told(subject))  # a 5xx refuses nothing, whatever it says
    if subject.outcome.result in (Result.REFUSED, Result.NOT_SERVED):
        return
    if subject.outcome.accepted and subject.answer.error is not None:
        yield Problem(f"{what} was answered with an error in a success", "4xx", told(subject))
    elif subject.outcome.accepted:
        yield Problem(f"{what} was accepted", "4xx", told(subject))
    else:
        yield Problem(f"{what} was neither accepted nor refused", "4xx", told(subject))


def named(subject: Subject, names: Iterable[str]) -> Iterator[Problem]:
    """Report an open request that was neither accepted nor refused by one of these names."""
    if subject.outcome.accepted:
        return
    require_control(subject)
    if subject.outcome.result is not Result.REFUSED:
        yield Problem("the request was neither accepted nor refused", "2xx or 4xx", told(subject))
        return
    if subject.answer.error_code in MODERATION_CODES or subject.response.status in (401, 403):
        raise NotTestableError(f"refused for another reason: {told(subject)}")
    said, wanted = _said(subject), list(dict.fromkeys(names))
    if not any(_speaks_of(said, name) for name in wanted):
        words = " or ".join(wanted)
        yield Problem("the refusal does not name the parameter", words, told(subject))


def _said(subject: Subject) -> str:
    """Give what a refusal says: `param` and `message`, or the text of one without an error."""
    error = subject.answer.error
    if isinstance(error, dict):
        return f"{error.get('param')} {error.get('message')}"[:2000]
    return subject.response.body[:2000].decode("utf-8", "replace")


def _speaks_of(text: str, name: str) -> bool:
    return re.search(rf"(?i)(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])", text) is not None


def require_control(subject: Subject) -> None:
    """Raise where even the request without the fault was turned down: then the reason is another.

    What has no control at all, such as a foreign recording, is judged as it stands.
    """
    control = subject.control
    if control is not None and not control.accepted and not subject.outcome.accepted:
        raise NotTestableError(f"its control {control.case} was not accepted: {control.reason}")


def told(subject: Subject) -> str:
    """Give the status, and what the error says when it says something."""
    error = subject.answer.error
    message = error.get("message") if isinstance(error, dict) else error
    said = f": {message}" if isinstance(message, str) and message else ""
    return f"HTTP {subject.response.status}{said}"


def require_success(subject: Subject) -> None:
    """Raise unless there is a success to judge.

    A refusal of what the contract leaves open leaves nothing to judge; when what the contract
    has accepted was not accepted, that is for another clause to say.
    """
    if subject.outcome.accepted:
        return
    if subject.sent.expectation == "open" and subject.outcome.result is Result.REFUSED:
        raise NotApplicableError
    raise NotTestableError(f"the request was not accepted: {subject.outcome.reason}")
