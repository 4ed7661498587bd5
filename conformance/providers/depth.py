"""The depth of a plan: free providers get the thorough one."""

from __future__ import annotations

from collections.abc import Collection

from conformance.cases import all_cases, cases_of_retired
from conformance.cases.model import Case, Depth
from conformance.contract import Edition
from conformance.providers import Provider


def depth_of(provider: Provider, chosen: Depth | None) -> Depth:
    """Return the chosen depth; by default thorough where requests are free."""
    return chosen or (Depth.THOROUGH if provider.prices.free else Depth.STANDARD)


def documented_cases(
    edition: Edition, provider: Provider, chosen: Depth | None, retired: Collection[str] = ()
) -> list[Case]:
    """Return the cases for a provider; cases independent of the model go to its first model.

    Of models that have ended it is only asked whether they have.
    """
    depth = depth_of(provider, chosen)
    served = [name for name in provider.models if name not in retired]
    cases = [case for case in all_cases(edition, served) if depth.includes(case)]
    ended = (name for name in provider.models if name in retired)
    return [*cases, *(case for name in ended for case in cases_of_retired(edition, name))]
