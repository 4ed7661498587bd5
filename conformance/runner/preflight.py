"""Whether anything at the address of a provider speaks the API, before all else is asked."""

from __future__ import annotations

from conformance.cases.model import Case, Operation, needed_for
from conformance.cases.valid import BASELINE, MODELS_LIST
from conformance.runner.engine import Engine
from conformance.runner.planned_request import expectation_of
from conformance.runner.session import Session


def check_addresses(session: Session) -> None:
    """Halt each provider at whose base URL nothing speaks the API.

    What every model is asked first says so: its model list, and its first valid request. Nothing
    is sent that would not be sent anyway, but for a list where that request shows nothing of the
    API; and nothing at all to a provider in this process.
    """
    for engine in session.engines:
        leads = [] if session.is_embedded(engine.provider) else _leads(engine)
        why = engine.ask_first(leads) if leads else ""
        if why:
            provider = engine.provider.id
            session.live.ledger.halt(provider, f"provider {provider!r}: {why}")


def _leads(engine: Engine) -> list[Case]:
    """Return what is asked first of each model: the list before the request where both are due."""
    due: dict[str, dict[str, Case]] = {}
    for case in engine.expected:
        due.setdefault(case.model, {}).update(needed_for(case, engine.cases))
    leads: list[Case] = []
    for model in (name for name in engine.provider.models if name in due):
        models_list = engine.cases[f"{model}/{MODELS_LIST}"]
        valid = [
            case
            for case in due[model].values()
            if case.operation is Operation.GENERATE
            and expectation_of(case, engine.edition) == "accepted"
        ]
        if valid:
            request = min(valid, key=lambda case: case.id != BASELINE)  # else the first of all
            is_due = models_list.path in due[model]
            # a list that is not due is only sent where the request shows nothing of the API
            leads += [models_list, request] if is_due else [request, models_list]
    return leads
