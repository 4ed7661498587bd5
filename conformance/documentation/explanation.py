"""A clause explained: what it says and cites, what it binds, how to see it for oneself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.cases import all_cases
from conformance.cases.request import curl
from conformance.clauses import clauses_of
from conformance.clauses.stamps import stamps_of
from conformance.errors import UnknownNameError
from conformance.providers import Provider, load_provider
from conformance.runner.planned_request import sent_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Case
    from conformance.clauses.registry import Clause
    from conformance.clauses.stamps import Stamps
    from conformance.contract import Edition, Source


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a source, for people to find."""

    source: Source
    section: str

    @property
    def dates(self) -> str:
        """Which edition of the source was read, and when."""
        return f"edition {self.source.edition}, retrieved {self.source.retrieved}"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """One request and the curl line that sends it."""

    case: Case
    curl: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is to be known of one clause."""

    clause: Clause
    sources: tuple[Place, ...]
    cases: tuple[Case, ...]
    request: Reproduction | None
    control: Reproduction | None
    stamps: Stamps

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the clause is asked of."""
        return tuple(dict.fromkeys(case.model for case in self.cases))

    @property
    def needs(self) -> str:
        """What must come back for the clause to be judged."""
        return f"It needs {self.clause.needs.value}; else it is not testable or unavailable."

    @property
    def proofs(self) -> tuple[str, ...]:
        """The three ways in which it can be shown to judge rightly, and who showed it."""
        return (
            f"genuine answers pass it: {_listed(self.stamps.passed_by)}",
            f"planted defects fail it: {_listed(self.stamps.failed_by)}",
            f"servers nobody here wrote break it: {_listed(self.stamps.broken_by)}",
        )


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(names[:most]) or "none yet"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


class Explainer:
    """Explains the clauses of one edition, with requests as one provider takes them."""

    def __init__(self, edition: Edition, provider: str) -> None:
        self.edition = edition
        self.provider = load_provider(provider)
        self.cases = {each.path: each for each in all_cases(edition, list(edition.models))}
        self._clauses = {each.id: each for each in clauses_of(edition)}

    def explain(self, name: str) -> Explanation:
        """Explain a clause; raises UnknownNameError with the nearest."""
        if name not in self._clauses:
            raise UnknownNameError("clause", name, self._clauses, self.edition.id)
        clause = self._clauses[name]
        bound = tuple(each for each in self.cases.values() if self._binds(clause, each))
        request = self._reproduction(bound[0]) if bound else None
        return Explanation(
            clause,
            self._places(clause),
            bound,
            request,
            self._control(request),
            stamps_of(self.edition.id, clause.id),
        )

    def _binds(self, clause: Clause, case: Case) -> bool:
        return clause.binds(sent_by(case, self.edition))

    def _places(self, clause: Clause) -> tuple[Place, ...]:
        sources = self.edition.sources
        return tuple(Place(sources[each.source], each.section) for each in clause.citations)

    def _reproduction(self, case: Case) -> Reproduction:
        return Reproduction(case, curl_of(case, self.provider))

    def _control(self, request: Reproduction | None) -> Reproduction | None:
        if request is None or request.case.control is None:
            return None
        if sent_by(request.case, self.edition).expectation != "refused":
            return None
        return self._reproduction(self.cases[f"{request.case.model}/{request.case.control}"])


def curl_of(case: Case, provider: Provider) -> str:
    """Write the curl line that sends a case to a provider."""
    return curl(
        case,
        base_url=provider.base_url,
        key_variable=provider.key_variable or "API_KEY",
        served_as=provider.models.get(case.model),
    )
