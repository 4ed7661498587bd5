"""A recording as an exchange: whose it is, which model it asks, and its secrets taken out."""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.exchange.model import Exchange, Failure, Provenance
from conformance.exchange.redaction.recordings import without_credentials
from conformance.exchange.sent_request import deployment_of
from conformance.parsing import printable, read_json
from conformance.recordings.readers.model import Entry, Recorded

UNNAMED = "model-not-named"
"""Stands for the model of a request that names none."""

_NO_REQUEST = frozenset({"OPTIONS", "HEAD", "CONNECT", "TRACE"})


def is_generation(entry: Entry) -> bool:
    """Whether an entry is an exchange with the endpoint, and no preflight of a browser."""
    return entry.method not in _NO_REQUEST and _path(entry.url).endswith("/images/generations")


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def foreign_exchange(recorded: Recorded, case: str) -> Exchange:
    """Give an exchange as the clauses read it; the provider is the host, the model as asked."""
    return Exchange(
        provider=_provider(recorded),
        model=_model(recorded),
        case=case,
        request=recorded.request,
        response=recorded.response,
        failure=None if recorded.response else Failure("no-answer", "no answer was recorded"),
        sent_at=recorded.sent_at,
        elapsed=recorded.elapsed,
        provenance=Provenance.FOREIGN,
        altered=recorded.altered,
    )


def _provider(recorded: Recorded) -> str:
    """Name the host; a recorder that hid it may have said elsewhere whose it is."""
    host = _host(recorded.request.url)
    told = (recorded.provider or "").split()
    if "." not in host and host != "localhost" and told:
        host = told[0].removeprefix("*.")
    return printable(host.lower(), 100) or "unknown"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _model(recorded: Recorded) -> str:
    body = read_json(recorded.request.body).value
    asked = body.get("model") if isinstance(body, dict) else None
    named = asked or deployment_of(recorded.request)
    return printable(named, 100) if isinstance(named, str) else UNNAMED


def redacted(exchange: Exchange) -> Exchange:
    """Take out every credential, wherever it is: recorders keep them more often than they know."""
    return without_credentials(exchange)
