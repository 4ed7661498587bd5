"""Who painted an image: what its content credentials name, and what the request asked for."""

from __future__ import annotations

from conformance.exchange.model import Exchange
from conformance.parsing import read_json
from conformance.parsing.credentials import Credentials, Painter, painter_of
from conformance.parsing.credentials.records import WITHOUT_MEANING


def painter_named(credentials: Credentials, exchange: Exchange) -> Painter:
    """Compare the credentials of an image with the model that its request asked for."""
    if credentials.standing in WITHOUT_MEANING:
        return Painter.UNCLEAR
    return painter_of(credentials.names, asked_names(exchange))


def asked_names(exchange: Exchange) -> tuple[str, ...]:
    """Return the names of the model asked for: the provider's, and the suite's; none if unasked."""
    body = read_json(exchange.request.body).value
    name = body.get("model") if isinstance(body, dict) else None
    return (name, exchange.model) if isinstance(name, str) else ()
