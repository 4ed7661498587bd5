"""Whether anything at the address of a provider speaks the API, before all else is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.cases.model import Case, Operation
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.exchange.wrong_endpoint import wrong_address

if TYPE_CHECKING:
    from conformance.runner.engine import Engine
    from conformance.runner.session import Session


def check_addresses(session: Session) -> None:
    """Halt each provider at whose base URL nothing speaks the API.

    What every model is asked first says so: its model list, and its first request. Nothing is
    sent that would not be sent anyway, and nothing at all to a provider in this process.
    """
    for engine in session.engines:
        models = list(engine.provider.models)
        found = sorted(_leads(session, engine), key=lambda each: models.index(each.model))
        leads = {each.path: each for each in found}
        both = {each.operation for each in leads.values()} == set(Operation)
        if not both or session.starts(engine.provider):
            continue
        if engine.leads_astray(leads.values()):
            provider = engine.provider
            why = f"provider {provider.id!r}: {wrong_address(provider.base_url)}"
            session.live.ledger.halt(provider.id, why)


def _leads(session: Session, engine: Engine) -> Iterator[Case]:
    for case, _ in session.selected(engine):
        needed = [case]
        while needed[-1].control is not None:
            needed.append(engine.cases[f"{case.model}/{needed[-1].control}"])
        yield from (each for each in reversed(needed) if each.id in (MODELS_LIST, BASELINE))
