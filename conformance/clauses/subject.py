"""The subject of a clause: one exchange, read once, under one edition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, ClassVar

from conformance.cases.valid import MODELS_LIST
from conformance.contract import Edition
from conformance.contract.checker import SchemaFault
from conformance.exchange.answer import COMPLETED, Answer, Payload, StreamEvent
from conformance.exchange.error_text import error_text
from conformance.exchange.model import Exchange, Provenance, Response
from conformance.exchange.outcome import (
    NOT_OPEN,
    Outcome,
    Result,
    by_status_alone,
    outcome_of,
    refuses_who_asks,
    undecided,
)
from conformance.exchange.outcome_causes import blames_another
from conformance.exchange.refusal_matching import speaks_of
from conformance.exchange.sent_request import SentRequest, read_request
from conformance.findings import NO_DOWNLOADS, NO_TEXT, Verdict
from conformance.lifecycle import Standing
from conformance.parsing.images.facts import ImageFacts


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which an exchange breaks a clause."""

    message: str
    expected: str = ""
    observed: str = ""

    @classmethod
    def of(cls, mismatch: SchemaFault) -> Problem:
        """Report what a schema says against an answer."""
        return cls(mismatch.message, mismatch.expected, mismatch.observed)


class NotApplicableError(Exception):
    """There is nothing in the answer that the clause speaks of, and nothing has to be."""


class UndecidedError(Exception):
    """Why a clause could not be judged."""

    verdict: ClassVar[Verdict]

    def __init__(self, reason: object = "", observed: str = "") -> None:
        super().__init__(reason)
        self.problem = Problem(str(reason), observed=observed)


class NotTestableError(UndecidedError):
    """The clause's prerequisite does not hold; another clause says why."""

    verdict = Verdict.NOT_TESTABLE


class UnavailableError(UndecidedError):
    """The answer says nothing about the promise: an outage, a limit, a quota."""

    verdict = Verdict.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Context:
    """The knowledge that a run has of other requests to the same model."""

    control: Outcome | None = None  # the outcome of an accepted request that differs in one field
    valid_refusals: tuple[Outcome, ...] = ()
    """The outcomes of valid requests that were turned down, which say nothing of a mistake."""
    accepted_before: Outcome | None = None
    accepted_after: Outcome | None = None
    """The control, sent before and after a request that came to nothing in all its attempts."""
    attempts: str = ""  # how often it came to nothing, such as "3 of 3 cases, 12 of 12 attempts"
    blamed: str = ""
    """What these requests share and no accepted one has, such as "response_format b64_json"."""
    proven: frozenset[str] = frozenset()
    """The parameters that the contract leaves open, and that the control was accepted with."""
    standing: Standing | None = None
    """When the model ends, and the day by which it is judged; unknown for recordings."""
    crash_alike: Outcome | None = None
    """A request that is no mistake and had this 5xx in all its attempts, between accepted ones."""
    down: Outcome | None = None
    """A valid request that got no answer in the same outage: since then none was accepted."""
    paints: bool = False
    """Whether the model was seen to paint before and after a request that says it is not there."""
    crash_doubt: str = ""
    """Why a request that came to nothing may have done so by chance; else empty."""
    mistake_alike: Outcome | None = None
    """A mistake that was answered in the same way, with a success or a redirect and no image.

    So an answer to an open request is a refusal too, which `errors.not-2xx` tells once.
    """


class Subject:
    """One exchange with its answer, its request as read, and the control of a refusal."""

    def __init__(
        self,
        exchange: Exchange,
        edition: Edition,
        control: Outcome | None = None,
        answer: Answer | None = None,
        context: Context | None = None,
    ) -> None:
        self.exchange = exchange
        self.edition = edition
        self.context = context or Context(control)
        self.control = self.context.control
        self.answer = answer or Answer(exchange)

    @cached_property
    def sent(self) -> SentRequest:
        """The request, as the edition reads it."""
        return read_request(self.exchange, self.edition)

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of the request.

        A model that painted the control is served: what a 4xx to the same request with one
        change says of it is a refusal, in whatever words.
        """
        outcome = outcome_of(self.exchange, self.answer)
        status = outcome.status or 0
        if self._is_refused_like_list(outcome):
            reason = f"{NOT_OPEN}: HTTP {status}"
            return replace(outcome, result=Result.UNAVAILABLE, reason=reason, cause="access")
        if outcome.result is Result.REFUSED and outcome.cause is None and self._is_unlisted:
            reason = f"the model is neither listed nor served (HTTP {status})"
            return replace(outcome, result=Result.NOT_SERVED, reason=reason, cause="not served")
        if outcome.result is not Result.NOT_SERVED:
            return outcome
        if self.ended_meanwhile and self.names_model:
            return replace(outcome, reason="the model ended while the run was under way")
        is_served = self.context.paints or (self._is_served and not undecided(status))
        return by_status_alone(outcome) if is_served else outcome

    @property
    def answered_on(self) -> date:
        """The day in UTC on which the answer came; where that is not known, that of the run.

        A run that crosses midnight is of the day on which it began, and so may one request.
        """
        sent_at, standing = self.exchange.sent_at, self.context.standing
        if sent_at:
            return datetime.fromtimestamp(sent_at + (self.exchange.elapsed or 0.0), UTC).date()
        return standing.day if standing else date.min

    @property
    def ended_meanwhile(self) -> bool:
        """Return whether the model ended between the day of the run and this request."""
        standing = self.context.standing
        return standing is not None and standing.ends_before(self.answered_on)

    @property
    def fails_alone(self) -> bool:
        """Return whether a request that its control shows to be possible fails every time.

        Then no outage is to blame: the control was accepted before it and after it.
        """
        if self.outcome.result is not Result.UNAVAILABLE or self.outcome.cause != "outage":
            return False
        around = (self.context.accepted_before, self.context.accepted_after)
        return all(outcome is not None and outcome.accepted for outcome in around)

    @property
    def served_name(self) -> str:
        """What the provider calls the model."""
        return self.exchange.served_as or self.exchange.model

    @property
    def names_model(self) -> bool:
        """Return whether the request names the model under test, and none made up to be refused."""
        if self.sent.reading is not None and not self.sent.reading.has("model"):
            return False
        return "model-unknown" not in self.sent.faults and not self.sent.violates("model")

    @property
    def _is_served(self) -> bool:
        """Return whether the control, if it is a generation too, shows that the model is served."""
        if self.control is None or self.sent.expectation == "accepted":
            return False  # the control of the first request is the model list
        return self.control.accepted and self.names_model

    def _is_refused_like_list(self, outcome: Outcome) -> bool:
        """Return whether the first request is refused in the very words of the model list."""
        if self.control is None or self.control.case != MODELS_LIST:
            return False
        refused = outcome.result is Result.REFUSED and outcome.cause in (None, "other")
        return refused and refuses_who_asks(self.control, outcome)

    @property
    def _is_unlisted(self) -> bool:
        """Return whether a refusal may be of the model: the list, its control, does not have it.

        One that names a documented parameter is about that.
        """
        ids = self.control.listed if self.control else None
        if not ids or self.served_name in ids or self.sent.model is None:
            return False
        error = error_text(self.answer)
        parameters = self.sent.model.parameters.keys() - {"model", "prompt"}
        words = f"{error.param} {error.text}"
        return not blames_another(error.param) and not any(
            speaks_of(words, name) for name in parameters
        )

    @property
    def response(self) -> Response:
        """The response, or *not testable* when none came."""
        if self.exchange.response is None:
            raise NotTestableError("no answer came")
        return self.exchange.response

    @property
    def body_start(self) -> str:
        """The beginning of the body, to be quoted."""
        return self.response.body[:60].decode(errors="replace")

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object, or *not testable*."""
        if self.answer.object is None:
            raise NotTestableError("the body is not a JSON object")
        return self.answer.object

    @property
    def error(self) -> dict[str, Any]:
        """The ``error`` object, or *not testable*."""
        if not isinstance(self.answer.error, dict):
            raise NotTestableError("the body has no error object")
        return self.answer.error

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """The items of ``data``, at least one, or *not testable*."""
        if "data" not in self.object:
            raise NotTestableError("the body has no data")
        if not self.answer.payloads:
            raise NotTestableError("data holds no object")
        return self.answer.payloads

    @property
    def delivered(self) -> tuple[Payload, ...]:
        """The items of ``data``, or the completed events of a stream; *not testable* if none."""
        if self.answer.object is not None or not self.answer.events:
            return self.payloads
        return tuple(event for event in self.events if event.called(COMPLETED))

    @property
    def images(self) -> tuple[tuple[Payload, ImageFacts], ...]:
        """The items whose bytes are an image, at least one, or *not testable*."""
        if "payloads" in self.exchange.altered:
            raise NotTestableError("the recorder altered the images")
        pairs = [(payload, payload.image) for payload in self.delivered]
        images = tuple((payload, facts) for payload, facts in pairs if facts and facts.type)
        if not images:
            self.require_recorded_downloads()
            raise NotTestableError("no image could be read")
        return images

    def require_recorded_downloads(self) -> None:
        """Raise *not testable* where a recorder kept the answer, and none of its images."""
        if self.exchange.provenance is not Provenance.FOREIGN:
            return
        urls = [item for item in self.delivered if item.url is not None and not item.b64_json]
        downloads = [item.download for item in urls if item.download is not None]
        if urls and all(download.is_recorded_failure for download in downloads):
            reasons = [download.failure.message for download in downloads if download.failure]
            raise NotTestableError(": ".join([NO_DOWNLOADS, *reasons[:1]]))

    @property
    def events(self) -> tuple[StreamEvent, ...]:
        """The events of a streamed answer, at least one, or *not testable*."""
        if not self.answer.events:
            raise NotTestableError("the answer has no events")
        return self.answer.events

    @cached_property
    def mismatches(self) -> list[SchemaFault]:
        """The mismatches of the body with its response schema, found once for all clauses."""
        mismatches = self.edition.response_errors(self.kind, self.object)
        return [mismatch for mismatch in mismatches if not self.is_altered(mismatch)]

    def is_altered(self, mismatch: SchemaFault) -> bool:
        """Return whether a recorder altered the member that a schema says something against."""
        return mismatch.path.partition(".")[0] in self.exchange.altered

    @property
    def kind(self) -> str:
        """The payload that the edition promises: ``url``, ``b64_json`` or ``either``."""
        model = self.sent.model
        return model.response_kind(self.value("response_format")) if model else "either"

    @property
    def sent_at(self) -> float:
        """When the request was sent, in seconds since the epoch, or *not testable*.

        Of a recording that others made that is never known for certain.
        """
        if self.exchange.provenance is Provenance.FOREIGN:
            raise NotApplicableError
        if not self.exchange.sent_at:
            raise NotTestableError("it is not known for certain when the request was sent")
        return self.exchange.sent_at

    def require_unaltered(self, *parts: str) -> None:
        """Raise *not testable* when a recorder altered one of these parts of the answer."""
        altered = self.exchange.altered.intersection(parts)
        if altered == {"text"}:
            raise NotTestableError(NO_TEXT)
        if altered:
            raise NotTestableError(f"the recorder altered the {', '.join(sorted(altered))}")

    def value(self, parameter: str) -> Any:
        """The value of a parameter that was sent, or else its documented default."""
        return self.sent.value(parameter)
