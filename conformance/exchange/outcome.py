"""The outcome of a request, in one word: what controls and schedulers need to know."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from conformance.exchange.answer import COMPLETED, Answer, Payload
from conformance.exchange.error_text import ErrorText, error_text, is_page
from conformance.exchange.model import Exchange
from conformance.exchange.outcome_causes import Cause, cause_of
from conformance.exchange.refusal_matching import without_numbers


class Result(StrEnum):
    """The outcome in one word; only the first two are decisions of the provider."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SERVED = "not served"
    UNAVAILABLE = "unavailable"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision of a provider about one case, without its payload."""

    case: str
    result: Result
    reason: str
    status: int | None = None
    listed: frozenset[str] | None = None  # model ids, when the answer is a model list
    cause: Cause | None = None  # why it was not accepted, where that is no fault of the request
    said: str = ""  # the provider's own words, where the answer is not what was asked for
    shutdowns: frozenset[tuple[str, str]] = frozenset()
    """Listed models, each with the ISO date on which the list says that it ends."""

    @property
    def accepted(self) -> bool:
        """Return whether the provider did what was asked: an image came, or the model list."""
        return self.result is Result.ACCEPTED

    @property
    def forbidden(self) -> bool:
        """Return whether it was turned down because of who asked, or from where."""
        return self.cause == "access" or (self.cause == "other" and self.status in (403, 451))

    @property
    def closed(self) -> bool:
        """Return whether this client cannot reach the model at all, whatever it asks of it."""
        return self.result is Result.NOT_SERVED or self.forbidden

    @property
    def answered(self) -> bool:
        """Return whether a success status came, whatever came with it."""
        return self.result is not Result.UNAVAILABLE and 200 <= (self.status or 0) < 300


def outcome_of(exchange: Exchange, answer: Answer | None = None) -> Outcome:
    """Return the outcome of an exchange; a timeout, a 429 or a 5xx is never a refusal."""
    answer = answer or Answer(exchange)
    failure = exchange.failure
    if answer.response is None or failure is not None:
        reason = failure.message if failure else "no answer came"
        cause: Cause | None = _OWN_FAILURES.get(failure.kind, "outage") if failure else "outage"
        said = error_text(answer).words if cause == "quota" else ""
        return Outcome(exchange.case, Result.UNAVAILABLE, reason, answer.status, None, cause, said)
    status, model_ids = answer.response.status, _model_ids(answer.object)
    if 200 <= status < 300 and _delivered(exchange, answer, model_ids):
        ends = _shutdowns(answer.object) if model_ids else frozenset()
        reason = f"HTTP {status}"
        return Outcome(exchange.case, Result.ACCEPTED, reason, status, model_ids, shutdowns=ends)
    error = error_text(answer)
    cause = cause_of(status, error, is_page(answer), exchange.request.body)
    if cause is None and answer.object is None and answer.events:
        # A stream sends its status before it fails: an event says what a 5xx would have said.
        words = f"{error.code} {error.type} {error.text[:500]}".strip()
        cause = "outage" if _SERVER_ERROR.search(words) else None
    result, reason = _classify(status, error, cause)
    if result is Result.UNAVAILABLE and (seconds := retry_after(exchange)):
        reason += f"; the provider asks to wait {seconds:,.0f} second{'' if seconds == 1 else 's'}"
    return Outcome(exchange.case, result, reason, status, model_ids, cause, error.words)


NOT_OPEN = "it is not open to who asks, or from where"


def by_status_alone(outcome: Outcome) -> Outcome:
    """Return an outcome by its status alone.

    Of a model that is known to paint, "not served" is about the request.
    """
    status = outcome.status or 0
    if undecided(status):
        lost = Result.UNAVAILABLE
        return replace(outcome, result=lost, cause="outage", reason=f"HTTP {status}")
    result = Result.REFUSED if status >= 400 else Result.UNCLEAR
    return replace(outcome, result=result, reason=f"HTTP {status}")


def same_refusal(one: Outcome, other: Outcome) -> bool:
    """Return whether two requests were turned down with the same status and the same words."""
    return one.status == other.status and without_numbers(one.said) == without_numbers(other.said)


def refuses_who_asks(listing: Outcome, first: Outcome) -> bool:
    """Return whether the model list is refused in the very words of the first request for an image.

    That a page is not there is no such refusal: the list alone may be missing.
    """
    status = first.status or 0
    refused = 400 <= status < 500 and status not in (404, 405) and bool(first.said)
    return refused and listing.result is Result.REFUSED and same_refusal(listing, first)


_SERVER_ERROR = re.compile(
    r"^5\d\d\b|\b(api|server|internal|upstream|service)[ _-]?(server[ _-]?)?(error|failure)"
    r"|\bserver\b[^.]{0,30}\berror|overload|\bupstream\b|bad[ _-]?gateway|timed?[ _-]?out"
    r"|(^|service|temporarily|currently)[ _-]?unavailable|try again later",
    re.IGNORECASE,
)
"""Signs of a server that failed in a stream: in the code, the type or the text of an event."""

_TRY_AGAIN = frozenset({408, 409, 425, 429})  # timeout, conflict, too early, too many requests
_NOT_OF_THE_API = frozenset({407, 451})  # a proxy, and the law


def undecided(status: int) -> bool:
    """Return whether a status says that the provider decided nothing (RFC 9110, 6585, 8470)."""
    return status in _TRY_AGAIN or status >= 500


ACCOUNT_ENDED = "account-ended"
"""The failure of a request whose refusal hits what was accepted before as well."""

_OWN_FAILURES: dict[str, Cause] = {"key-refused": "key", ACCOUNT_ENDED: "quota"}
"""The causes of failures that the suite itself put in place of an answer."""


def _classify(status: int, error: ErrorText, cause: Cause | None) -> tuple[Result, str]:
    # Gateways answer with whatever status they have, so that a clear cause goes before it.
    if cause == "not served":
        return Result.NOT_SERVED, f"the model is not served (HTTP {status})"
    if cause == "quota":
        return Result.UNAVAILABLE, f"the account is at its end: HTTP {status}"
    if cause == "access":
        return Result.UNAVAILABLE, f"{NOT_OPEN}: HTTP {status}"
    if 200 <= status < 300:
        result = Result.UNAVAILABLE if cause in ("rate-limit", "outage") else Result.UNCLEAR
        words = f": {error.words}" if error.words else ""
        return result, f"HTTP {status} without an image{words}"
    if undecided(status) or status in _NOT_OF_THE_API or cause == "rate-limit":
        return Result.UNAVAILABLE, f"HTTP {status}"
    if 400 <= status < 500:
        return Result.REFUSED, f"HTTP {status}"
    return Result.UNCLEAR, f"HTTP {status} is neither an answer nor a refusal"


def _delivered(exchange: Exchange, answer: Answer, model_ids: frozenset[str] | None) -> bool:
    """Return whether what was asked for came: model list, image, or a completed stream."""
    if urlsplit(exchange.request.url).path.rstrip("/").endswith("/models"):
        return model_ids is not None
    items: tuple[Payload, ...] = answer.payloads
    if answer.object is None:
        items = tuple(item for item in answer.events if item.called(COMPLETED))
    # A payload that a recorder took out came all the same.
    is_kept = "payloads" not in exchange.altered
    return any(item.delivers if is_kept else item.carries for item in items)


def _model_ids(body: dict[str, Any] | None) -> frozenset[str] | None:
    if body is None or body.get("object") != "list" or not isinstance(body.get("data"), list):
        return None
    items = [item for item in body["data"] if isinstance(item, dict)]
    return frozenset(item["id"] for item in items if isinstance(item.get("id"), str))


def _shutdowns(body: dict[str, Any] | None) -> frozenset[tuple[str, str]]:
    """Return the `shutdown_date` of each listed model; anything that is no date is ignored."""
    dated = set()
    for item in (body or {}).get("data", ()):
        model = item if isinstance(item, dict) else {}
        name, day = model.get("id"), model.get("shutdown_date")
        if isinstance(name, str) and isinstance(day, str):
            with suppress(ValueError):
                dated.add((name, date.fromisoformat(day).isoformat()))
    return frozenset(dated)


# --- The wait that a provider asks for: `Retry-After` (RFC 9110), read with suspicion ---

MOST_ATTEMPTS = 4
LONGEST_WAIT = 120.0  # seconds; who asks for more is not waited for

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")


def retry_after(exchange: Exchange) -> float | None:
    """Return the seconds an answer asks to wait; None if it does not, or if it is unreadable.

    A date is taken from the answer's own `Date` where that is there: clocks differ, and jump.
    """
    response = exchange.response
    value = (response.header("retry-after") or "").strip() if response else ""
    if _SECONDS.fullmatch(value):
        return float(value)
    until = _moment(value)
    if response is None or until is None:
        return None
    answered = _moment(response.header("date") or "")
    start = answered or datetime.fromtimestamp(exchange.sent_at, UTC)
    return max(0.0, (until - start).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
