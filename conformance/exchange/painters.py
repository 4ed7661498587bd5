"""Who painted an image: what its content credentials name, and what the request asked for."""

from __future__ import annotations

from collections import OrderedDict

from conformance.exchange.model import Exchange
from conformance.parsing import read_json
from conformance.parsing.credentials import Credentials, Painter, painter_of, read_credentials
from conformance.parsing.credentials.records import WITHOUT_MEANING

_MOST = 512
_READ: OrderedDict[str, Credentials | None] = OrderedDict()


def credentials_of(digest: str, kind: str | None, data: bytes) -> Credentials | None:
    """Read the credentials of an image, once for equal bytes: cassettes and mocks repeat them."""
    if digest in _READ:
        return _READ[digest]
    credentials = _READ[digest] = read_credentials(kind, data)
    while len(_READ) > _MOST:
        _READ.popitem(last=False)
    return credentials


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
