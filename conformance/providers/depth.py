"""The depth of a plan: free providers get the thorough one."""

from __future__ import annotations

from conformance.cases import all_cases
from conformance.cases.model import Case, Depth
from conformance.contract import Edition
from conformance.providers import Provider


def depth_of(provider: Provider, chosen: Depth | None) -> Depth:
    """Return the chosen depth; by default thorough where requests are free."""
    return chosen or (Depth.THOROUGH if provider.prices.free else Depth.STANDARD)


def documented_cases(edition: Edition, provider: Provider, chosen: Depth | None) -> list[Case]:
    """Return the cases for a provider; cases independent of the model go to its first model."""
    depth = depth_of(provider, chosen)
    return [case for case in all_cases(edition, list(provider.models)) if depth.includes(case)]
