"""An exchange as a run file keeps it: all that proves a finding, and no payload."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from msgspec import structs

from conformance.cases.model import Operation
from conformance.cases.request import Headers
from conformance.cases.values import asked_values
from conformance.exchange.answer import Answer, Payload
from conformance.exchange.model import Download, Exchange, Failure, Price, Response
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.sent_request import SentRequest
from conformance.output.printing import printable
from conformance.parsing import read_json
from conformance.parsing.shape import bounded, shape_of
from conformance.results import records

Base64Text = tuple[str, str | None]
"""A payload, and how its base64 is faulty."""

_LEAST = 257  # characters of a string that is folded
# after a quote, or after the comma of a data: URL; the texts between are payloads in all but name
_LONG = re.compile(rf'(?<=[",])([A-Za-z0-9+/=_@-]{{{_LEAST},}})"')
_MOST = 6000  # characters of a body
_MOST_HEADERS = 60


def evidence(
    exchange: Exchange, answer: Answer, outcome: Outcome, sent: SentRequest | None = None
) -> records.ExchangeRecord:
    """Return what a run file keeps of an exchange, whose request was read by the contract."""
    values = asked_values(sent.body) if sent else {}
    return records.ExchangeRecord(
        provider=exchange.provider,
        model=exchange.model,
        case=exchange.case,
        provenance=exchange.provenance.value,
        sent_at=moment(exchange.sent_at),
        elapsed=round(exchange.elapsed, 3) if exchange.elapsed is not None else None,
        cassette=exchange.cassette,
        target=exchange.target,
        outcome=outcome.result.value,
        reason=outcome.reason,
        expected=sent.expectation if sent and sent.operation is Operation.GENERATE else None,
        asks={printable(name, 60): printable(value, 80) for name, value in values.items()},
        cause=outcome.cause,
        said=printable(outcome.said, 500),
        request=records.RequestRecord(
            method=exchange.request.method,
            url=printable(exchange.request.url, 500),
            headers=_headers(exchange.request.headers),
            body=fold(exchange.request.body),
        ),
        response=_response(exchange.response, answer),
        shape=_shape(answer),
        error=_error(answer),
        failure=_failure(exchange.failure),
        downloads=tuple(map(_download, exchange.downloads)),
        images=tuple(_image(payload) for payload in answer.payloads if payload.carries),
        attempts=exchange.attempts,
        retried=exchange.retried,
        price=exchange.price,
    )


def unsent(
    exchange: Exchange, reason: str, estimate: float | None, sent: SentRequest
) -> records.ExchangeRecord:
    """Return the record of a request that was not sent, with what it would have cost."""
    outcome = Outcome(exchange.case, Result.UNAVAILABLE, reason)
    planned = replace(exchange, attempts=0, price=Price(estimate, None))
    return structs.replace(
        evidence(planned, Answer(planned), outcome, sent), outcome=records.NOT_RUN
    )


def moment(seconds: float) -> str | None:
    """Write seconds since the epoch as UTC; None for an unknown time."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def fold(body: bytes, payloads: Iterable[Base64Text] = ()) -> str:
    """Show a body with every long string replaced by its length and digest.

    ``payloads`` are strings known to be payloads, in the order in which they stand in the body:
    they need not be searched for, which takes longer than all else that is done here. Each comes
    with the kind of its fault as base64, which is shown beside its digest.
    """
    if body[:1024].count(0):  # a picture or an archive, in which there is no text to see
        return f"<{len(body)} bytes, sha256 {hashlib.sha256(body).hexdigest()[:16]}>"
    text = body.decode("utf-8", "replace")
    parts, end = [], 0
    for payload, fault in payloads:
        quoted = payload if fault is None else json.dumps(payload, ensure_ascii=False)[1:-1]
        start = text.find(f'"{quoted[:_LEAST]}', end) + 1
        if start and text.startswith(f'{quoted}"', start):
            parts += [text[end:start], _digest(payload, fault)]
            end = start + len(quoted)
    folded = "".join([*parts, text[end:]])
    return printable(_LONG.sub(lambda match: f'{_digest(match[1])}"', folded), _MOST)


def _digest(text: str, fault: str | None = None) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    return f"<{len(text)} characters, sha256 {digest}{f', {fault}' if fault else ''}>"


def _headers(headers: Headers) -> Headers:
    return tuple(
        (printable(name, 100), printable(value, 500)) for name, value in headers[:_MOST_HEADERS]
    )


def _response(response: Response | None, answer: Answer) -> records.ResponseRecord | None:
    if response is None:
        return None
    payloads = []
    for payload in answer.payloads:
        text, reading = payload.b64_json, payload.base64
        # base64 is folded from the length on at which no reader looks at it; what does not decode
        # may be any text, and is shown as long as it fits
        if text and reading and len(text) >= (_LEAST if reading.data else _MOST):
            payloads.append((text, reading.kind))
    return records.ResponseRecord(
        status=response.status,
        headers=_headers(response.headers),
        body=fold(response.body, payloads),
        bytes=len(response.body),
    )


def _shape(answer: Answer) -> tuple[str, ...] | None:
    """Return what the whole body is made of, which the body as it is kept cannot show.

    The events of a stream are told apart by their ``type``. None stands for an answer that is
    neither JSON nor an event stream.
    """
    if not answer.streams:
        value = answer.json.value
        return None if value is None else tuple(bounded(shape_of(value)))
    paths: list[str] = []
    for event in answer.stream.events:
        value = read_json(event.data.encode("utf-8", "replace")).value
        kind = value.get("type") if isinstance(value, dict) else None
        name = kind if isinstance(kind, str) else event.name or "event"
        paths += set(shape_of(value, f"<{printable(name, 60)}>"))
    return tuple(bounded(paths))


def _error(answer: Answer) -> records.ErrorRecord | None:
    """Return what is the same in every error of a kind; a message may name anything."""
    if not isinstance(answer.error, dict):
        return None
    members = (answer.error.get(name) for name in ("type", "code", "param"))
    return records.ErrorRecord(
        *(None if text is None else printable(str(text), 100) for text in members)
    )


def _failure(failure: Failure | None) -> Failure | None:
    return failure and structs.replace(failure, message=printable(failure.message))


def _download(download: Download) -> records.DownloadRecord:
    response = download.response
    return records.DownloadRecord(
        url=printable(download.url, 500),
        status=response.status if response else None,
        headers=_headers(response.headers) if response else (),
        bytes=len(response.body) if response else None,
        failure=_failure(download.failure),
        retried=download.retried,
    )


def _image(payload: Payload) -> records.ImageRecord:
    facts, member = payload.image, payload.carries[0]
    if facts is None:
        return records.ImageRecord(payload.index, member)
    return records.ImageRecord(
        index=payload.index,
        member=member,
        type=facts.type,
        width=facts.width,
        height=facts.height,
        alpha=facts.has_alpha,
        frames=facts.frames,
        complete=facts.complete,
        bytes=facts.size,
        sha256=facts.digest,
        thumbnail=facts.thumbnail or None,
        credentials=payload.credentials,
        painter=payload.painter,
    )
