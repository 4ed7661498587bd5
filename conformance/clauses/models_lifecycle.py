"""Models that end: what a provider owes to who asks for one before its end and after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from conformance.clauses.models import SMALLEST, shutdown_date
from conformance.clauses.refusals import reply
from conformance.clauses.registry import Clause, Needs, cite, clause
from conformance.clauses.subject import (
    NotApplicableError,
    NotTestableError,
    Problem,
    Subject,
    UnavailableError,
)
from conformance.contract import Level
from conformance.exchange.error_text import error_text
from conformance.exchange.outcome import Result
from conformance.exchange.outcome_causes import blames_another
from conformance.lifecycle import Standing
from conformance.output.printing import printable
from conformance.parsing.credentials.records import Painter

# In names of models a date, signs between words and the .0 of a version make no other model.
_SNAPSHOT = re.compile(r"\d{8}$", re.ASCII)
_NO_NAME = re.compile(r"[^a-z0-9]+")
_ENDING_ZERO = re.compile(r"(\d)\.0(?![\d.])", re.ASCII)
# The headers in which gateways say which model they asked in the end.
_HEADER = re.compile(r"(?:x-)?(?:openai-|served-|actual-|used-)?model(?:-name|-used)?")
_LONGEST = 100  # characters of a name

_OF_RETIRED = frozenset(
    {"models.retired-refused", "models.retired-not-listed", "models.no-silent-substitution"}
)
_OF_ANY = frozenset({"models.shutdown-date-kept"})


def applies(clause: Clause, retired: bool) -> bool:
    """Return whether a clause is judged on a model that has ended, or on one that has not.

    Of one that has ended only its end is judged (ARCHITECTURE 41).
    """
    return clause.id in _OF_ANY or (clause.id in _OF_RETIRED) == retired


@clause(
    "models.retired-refused",
    Level.MUST,
    "A model that has ended is refused as one that is not served.",
    cite("openai-deprecations", "gpt-image-1, gpt-image-1-mini, gpt-image-1.5"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def retired_refused(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request to a model whose end is past, by the dates of the provider or
    of the edition, with their source. Fails when an image came, unless the answer says that
    another model painted it: that is another clause. Any refusal will do that blames no other
    parameter. On the very day of the end either is right.
    """
    standing = _require_retired(subject)
    if not subject.outcome.accepted:
        _require_refusal(subject)
    elif substitute_of(subject) is not None:
        raise NotApplicableError
    elif standing.lifecycle.until != standing.day:
        dates = standing.lifecycle
        yield Problem(
            f"the model ended on {dates.until} and is served on {standing.day} "
            f"(by {dates.source}, as of {dates.retrieved})",
            "404",
            reply(subject),
        )


@clause(
    "models.no-silent-substitution",
    Level.SHOULD,
    "A model that has ended is not replaced by another without a word.",
    cite("cometapi", "Body: model"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def no_silent_substitution(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request to a model whose end is past. Deviates when an image came, and
    the member `model`, a header or the content credentials of the image name another model than
    was asked for. A dated snapshot is the same model. Passes on a refusal.
    """
    _require_retired(subject)
    if not subject.outcome.accepted:
        _require_refusal(subject)
        return
    substitute = substitute_of(subject)
    if substitute is None:
        raise NotApplicableError
    name, where = substitute
    yield Problem(f"another model painted, by {where}", subject.served_name, name)


@clause(
    "models.retired-not-listed",
    Level.SHOULD,
    "A model that is refused because it has ended is not listed any more.",
    cite("openai", "GET /models"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def retired_not_listed(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request to a model whose end is past, where it was refused; its
    control is the model list. Deviates when the list has the model.
    """
    _require_retired(subject)
    if subject.outcome.accepted or subject.control is None:
        raise NotApplicableError
    _require_refusal(subject)
    if subject.control.listed is None:
        raise NotTestableError("the answer to the control is no model list")
    if subject.served_name in subject.control.listed:
        yield Problem("the model is refused and still listed", "not listed", subject.served_name)


@clause(
    "models.shutdown-date-kept",
    Level.MUST,
    "A model is not served after the day on which the model list says that it ends.",
    cite("openai-deprecations", "gpt-image-1, gpt-image-1-mini, gpt-image-1.5"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def shutdown_date_kept(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request, where the model list, which is its control, has a
    `shutdown_date` of the model. Fails when that is a day before the run, and an image came.
    """
    standing = subject.context.standing
    ends = shutdown_date(subject)
    if standing is None or ends is None:
        raise NotApplicableError
    if date.fromisoformat(ends) >= standing.day:
        return
    if subject.outcome.accepted:
        message = f"the model list says that the model ended, and it is served on {standing.day}"
        yield Problem(message, f"not after {ends}", reply(subject))
    else:
        _require_refusal(subject)


@clause(
    "models.served-until-end",
    Level.MUST,
    "A model is served until the day on which it is said to end.",
    cite("openai-deprecations", "gpt-image-1, gpt-image-1-mini, gpt-image-1.5"),
    binds=SMALLEST,
    needs=Needs.ANSWER,
)
def served_until_end(subject: Subject) -> Iterator[Problem]:
    """Judged on the smallest request to a model with an end that is yet to come, by the dates of
    the provider or of the edition. Fails when the answer says, in any known form, that the model
    is not there. That a model is listed and not served is another clause, so it takes the list.
    """
    standing = subject.context.standing
    if standing is None or not standing.must_be_served(subject.answered_on):
        raise NotApplicableError
    # A 403 is about this account; that a listed model is not served, `models.served` says.
    is_missing = subject.outcome.result is Result.NOT_SERVED and subject.outcome.status != 403
    control = subject.control
    if is_missing and (control is None or subject.served_name in (control.listed or ())):
        raise NotApplicableError
    if is_missing:
        until = f"the model is to be served until {standing.lifecycle.until}"
        yield Problem(f"{until} and is not ({standing.lifecycle.source})", "2xx", reply(subject))
    elif subject.outcome.result is Result.UNAVAILABLE or subject.outcome.status == 403:
        raise UnavailableError(subject.outcome.reason)
    elif not subject.outcome.accepted:
        raise NotTestableError(f"the request was not accepted: {subject.outcome.reason}")


def _require_retired(subject: Subject) -> Standing:
    """Return how the model stands; raises *not applicable* if it has not ended."""
    standing = subject.context.standing
    if standing is None or not standing.retired:
        raise NotApplicableError
    return standing


def _require_refusal(subject: Subject) -> None:
    """Raise unless a request was refused, and may have been for its model."""
    outcome = subject.outcome
    if outcome.result is Result.UNAVAILABLE:
        raise UnavailableError(outcome.reason)
    if outcome.result is Result.NOT_SERVED:
        return
    for_another = outcome.cause is not None or blames_another(error_text(subject.answer).param)
    if outcome.result is not Result.REFUSED or for_another:
        raise NotTestableError(f"it was not refused for its model: {reply(subject)}")


def substitute_of(subject: Subject) -> tuple[str, str] | None:
    """Return another model that painted, and where the answer names it; None if none is named."""
    own_names = {_stem(subject.exchange.model), _stem(subject.served_name)}
    body_model = (subject.answer.object or {}).get("model")
    if isinstance(body_model, str) and body_model.strip() and _stem(body_model) not in own_names:
        return printable(body_model, _LONGEST), "the member model"
    for header, value in subject.response.headers:
        if _HEADER.fullmatch(header.lower()) and value.strip() and _stem(value) not in own_names:
            return printable(value, _LONGEST), f"the header {header}"
    for payload in subject.answer.payloads:
        if payload.credentials and payload.painter is Painter.ANOTHER:
            names = ", ".join(payload.credentials.names)
            return printable(names, _LONGEST), f"the content credentials of {payload.path}"
    return None


def _stem(name: str) -> str:
    """Return a name as it can be compared: `openai/gpt-image-2-2026-04-21` is `GPT Image 2.0`."""
    last = _ENDING_ZERO.sub(r"\1", name[: 2 * _LONGEST].rpartition("/")[2].lower())
    return _SNAPSHOT.sub("", _NO_NAME.sub("", last))
