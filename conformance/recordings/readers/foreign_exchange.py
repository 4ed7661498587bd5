"""A recording as an exchange: whose it is, and which model it asks."""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.exchange.model import Exchange, Failure, Provenance
from conformance.exchange.sent_request import deployment_of
from conformance.parsing import printable, read_json
from conformance.recordings.readers.model import Entry, Recorded

UNNAMED = "model-not-named"
"""Stands for the model of a request that names none."""

_NO_REQUEST = frozenset({"OPTIONS", "HEAD", "CONNECT", "TRACE"})


def is_generation(entry: Entry) -> bool:
    """Return whether an entry is an exchange with the endpoint, and no preflight of a browser."""
    try:
        path = urlsplit(entry.url).path.rstrip("/")
    except ValueError:
        return False
    return entry.method not in _NO_REQUEST and path.endswith("/images/generations")


def foreign_exchange(recorded: Recorded, case: str) -> Exchange:
    """Return an exchange as clauses read it; the provider is the host, the model as asked."""
    body = read_json(recorded.request.body).value
    body_model = body.get("model") if isinstance(body, dict) else None
    model = body_model or deployment_of(recorded.request)
    try:
        host = urlsplit(recorded.request.url).hostname or ""
    except ValueError:
        host = ""
    stated_host = (recorded.provider or "").split()
    if "." not in host and host != "localhost" and stated_host:  # the recorder hid it
        host = stated_host[0].removeprefix("*.")
    return Exchange(
        provider=printable(host.lower(), 100) or "unknown",
        model=printable(model, 100) if isinstance(model, str) else UNNAMED,
        case=case,
        request=recorded.request,
        response=recorded.response,
        failure=None if recorded.response else Failure("no-answer", "no answer was recorded"),
        sent_at=recorded.sent_at,
        elapsed=recorded.elapsed,
        provenance=Provenance.FOREIGN,
        altered=recorded.altered,
    )
