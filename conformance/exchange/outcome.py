"""What became of a request, in one word: what controls and schedulers need to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from conformance.exchange.answer import Answer
from conformance.exchange.model import Exchange
from conformance.exchange.retry_after import retry_after


class Result(StrEnum):
    """What a provider did with a request; only the first two are decisions."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SERVED = "not served"
    UNAVAILABLE = "unavailable"
    UNCLEAR = "unclear"


Cause = Literal["quota", "key", "moderation", "rate-limit", "not served", "outage", "other"]
"""Why a request was not accepted, where that is not a fault of the request itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision of a provider about one case, without its payload."""

    case: str
    result: Result
    reason: str
    status: int | None = None
    listed: frozenset[str] | None = None  # model ids, when the answer is a model list
    cause: Cause | None = None
    said: str = ""
    """The provider's own words, where the answer is not what was asked for."""

    @property
    def accepted(self) -> bool:
        """Whether the provider did what was asked."""
        return self.result is Result.ACCEPTED


def outcome_of(exchange: Exchange, answer: Answer | None = None) -> Outcome:
    """Classify an exchange; a timeout, a 429 or a 5xx is never a refusal."""
    answer = answer or Answer(exchange)
    result, reason = _classify(exchange, answer)
    return Outcome(exchange.case, result, reason, answer.status, _listed(answer.object))


_TRY_AGAIN = frozenset({408, 425, 429})  # request timeout, too early, too many requests


def undecided(status: int) -> bool:
    """Whether a status says that the provider did not get to decide (RFC 9110, 6585, 8470)."""
    return status in _TRY_AGAIN or status >= 500


def _classify(exchange: Exchange, answer: Answer) -> tuple[Result, str]:
    if answer.response is None or exchange.failure is not None:
        failure = exchange.failure
        return Result.UNAVAILABLE, failure.message if failure else "no answer came"
    status = answer.response.status
    if not_served(answer):
        return Result.NOT_SERVED, f"the model is not served (HTTP {status})"
    if undecided(status):
        return Result.UNAVAILABLE, f"HTTP {status}{_asks_to_wait(exchange)}"
    if quota_exhausted(answer):
        return Result.UNAVAILABLE, f"the account may not: HTTP {status}"
    if 400 <= status < 500:
        return Result.REFUSED, f"HTTP {status}"
    if 200 <= status < 300:
        return Result.ACCEPTED, f"HTTP {status}"
    return Result.UNCLEAR, f"HTTP {status} is neither an answer nor a refusal"


def _asks_to_wait(exchange: Exchange) -> str:
    seconds = retry_after(exchange)
    plural = "" if seconds == 1 else "s"
    return f"; the provider asks to wait {seconds:,.0f} second{plural}" if seconds else ""


NOT_SERVED_CODES = frozenset({"model_not_found", "model_not_supported", "deployment_not_found"})
_NOT_SERVED_TEXT = re.compile(
    r"model\b.{0,80}\b(does not exist|not found|not available|deprecated|retired|no longer)"
    r"|no available channel|invalid model name|unknown model|no_fixture_match",
    re.IGNORECASE | re.DOTALL,
)


def not_served(answer: Answer) -> bool:
    """Recognise every real form of "this model is not here".

    Sources: OpenAI's 404 and its 400 ``invalid_value`` on ``model``; new-api's 503
    ``model_not_found``; LiteLLM's 400 without a code. An error that blames another parameter
    is about that, whichever model its message speaks of.
    """
    error = answer.error
    if answer.status not in (400, 404, 410, 422, 503) or not isinstance(error, dict):
        return False
    if _blames_another(error.get("param")):
        return False
    if answer.error_code in NOT_SERVED_CODES:
        return True
    if error.get("param") == "model" and answer.error_code == "invalid_value":
        return True
    return _says_not_served(error.get("message"))


_NOBODY = re.compile(r"\W*(?:none|null|undefined)?\W*")  # LiteLLM writes "None" for nothing
_THE_MODEL = re.compile(r"model|deployment")


def _blames_another(param: Any) -> bool:
    if not isinstance(param, str):
        return False
    blamed = param[:200].lower()
    return not (_NOBODY.fullmatch(blamed) or _THE_MODEL.search(blamed))


def _says_not_served(message: Any) -> bool:
    return isinstance(message, str) and bool(_NOT_SERVED_TEXT.search(message[:500]))


_QUOTA_CODES = frozenset(
    {
        "billing_hard_limit_reached",
        "insufficient_quota",
        "insufficient_user_quota",
        "pre_consume_token_quota_failed",
        "Arrearage",
    }
)


def quota_exhausted(answer: Answer) -> bool:
    """Whether a 4xx speaks of the account and not of the request."""
    if answer.status not in (400, 402, 403, 429):
        return False
    kind = answer.error.get("type") if isinstance(answer.error, dict) else None
    told = {each for each in (answer.error_code, kind) if isinstance(each, str)}
    return answer.status == 402 or bool(told & _QUOTA_CODES)


def _listed(body: dict[str, Any] | None) -> frozenset[str] | None:
    if body is None or body.get("object") != "list" or not isinstance(body.get("data"), list):
        return None
    items = [item for item in body["data"] if isinstance(item, dict)]
    return frozenset(item["id"] for item in items if isinstance(item.get("id"), str))
