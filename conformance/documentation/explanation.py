"""A clause explained: its text and sources, the requests it binds, how to reproduce it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.cases.documented import all_cases
from conformance.cases.model import Case
from conformance.cases.request import curl
from conformance.clauses import clauses_of
from conformance.clauses.registry import Clause
from conformance.clauses.stamps import Stamps, load_stamps
from conformance.contract import CitedSource, Edition
from conformance.errors import UnknownNameError
from conformance.output.counting import join_names
from conformance.providers import Provider, load_provider
from conformance.runner.planned_request import sent_by


@dataclass(frozen=True, slots=True)
class CitedSection:
    """A section of a source that a clause cites."""

    source: CitedSource
    section: str

    @property
    def dates(self) -> str:
        """The edition of the source and the day it was read."""
        return f"edition {self.source.edition}, retrieved {self.source.retrieved}"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """One request and the curl line that sends it."""

    case: Case
    curl: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything the suite knows about one clause."""

    clause: Clause
    sources: tuple[CitedSection, ...]
    cases: tuple[Case, ...]
    request: Reproduction | None
    control: Reproduction | None
    stamps: Stamps

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the clause is judged on."""
        return tuple(dict.fromkeys(case.model for case in self.cases))

    @property
    def needs(self) -> str:
        """The kind of answer that the clause needs."""
        return f"It needs {self.clause.needs.value}; else it is not testable or unavailable."

    @property
    def proofs(self) -> tuple[str, ...]:
        """The three kinds of evidence that the clause judges correctly."""
        stamps = (self.stamps.passed_by, self.stamps.failed_by, self.stamps.broken_by)
        passed, failed, broken = (join_names(names, 5) or "none yet" for names in stamps)
        return (
            f"genuine answers pass it: {passed}",
            f"planted defects fail it: {failed}",
            f"servers nobody here wrote break it: {broken}",
        )


class Explainer:
    """Explains the clauses of one edition, with requests addressed to one provider."""

    def __init__(self, edition: Edition, provider: str) -> None:
        self.edition = edition
        self.provider = load_provider(provider)
        self.cases = {case.path: case for case in all_cases(edition, list(edition.models))}
        self._clauses = {clause.id: clause for clause in clauses_of(edition)}
        self._stamps = load_stamps(edition.id)

    def explain(self, name: str) -> Explanation:
        """Explain a clause by its id, or by that of an item, whose case is then shown.

        Raises UnknownNameError for a clause that is not there, or a case that it does not bind.
        """
        *item, clause_id = name.split("::")
        if clause_id not in self._clauses:
            raise UnknownNameError("clause", clause_id, self._clauses, self.edition.id)
        clause = self._clauses[clause_id]
        sent = {path: sent_by(case, self.edition) for path, case in self.cases.items()}
        bound = {path: self.cases[path] for path, request in sent.items() if clause.binds(request)}
        if item and item[-1] not in bound:
            raise UnknownNameError("case", item[-1], bound, clause_id)
        case = bound[item[-1]] if item else next(iter(bound.values()), None)
        control = None
        # Only of a request that must be refused does the control say anything to a reader.
        if case and case.control and sent[case.path].expectation == "refused":
            control = self.cases[f"{case.model}/{case.control}"]
        sources = self.edition.sources
        return Explanation(
            clause,
            tuple(CitedSection(sources[cited.source], cited.section) for cited in clause.citations),
            tuple(bound.values()),
            Reproduction(case, curl_of(case, self.provider)) if case else None,
            Reproduction(control, curl_of(control, self.provider)) if control else None,
            self._stamps.get(clause_id, Stamps()),
        )


def curl_of(case: Case, provider: Provider) -> str:
    """Return the curl command that sends a case to a provider."""
    return curl(
        case,
        base_url=provider.base_url,
        key_variable=provider.key_variable or "API_KEY",
        served_as=provider.models.get(case.model),
    )
