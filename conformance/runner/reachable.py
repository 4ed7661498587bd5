"""Whether there is anything at the addresses of a run, found out before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import ConformanceError
from conformance.exchange.transport.transport import AddressPolicy, Transport

if TYPE_CHECKING:
    from conformance.exchange.transport.limits import Limits
    from conformance.providers import Provider
    from conformance.runner.session import Session


class UnreachableError(ConformanceError):
    """A run none of whose providers has anything at its address."""


def check_reachable(session: Session) -> None:
    """Connect to each provider, and send nothing; raises `UnreachableError` where none answers.

    Where only some are away the run goes on: what is asked of those is *unavailable*.
    """
    if session.options.mode == "replay" or any(map(session.starts, session.providers)):
        return
    told = [_unreachable(each, session.options.limits) for each in session.providers]
    if all(told):
        raise UnreachableError("; ".join(map(str, told)))


def _unreachable(provider: Provider, limits: Limits) -> str | None:
    with Transport(limits, AddressPolicy.for_provider(provider.base_url)) as transport:
        failure = transport.unreachable(provider.base_url)
    where = f"provider {provider.id!r} cannot be reached at {provider.base_url}"
    own = "; name your address with --base-url" if ".invalid/" in f"{provider.base_url}/" else ""
    return f"{where}: {failure.message}{own}" if failure else None
