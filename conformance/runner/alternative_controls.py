"""Another control for a mistake, where its planned one was refused (ARCHITECTURE 26)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.cases.invalid import ABSENT, spoil
from conformance.cases.model import Case
from conformance.cases.request import canonical_json
from conformance.contract import Edition
from conformance.exchange.outcome import Outcome, Result
from conformance.runner.case_runner import CaseRunner
from conformance.runner.model_outcomes import size_of
from conformance.runner.planned_request import expectation_of


@dataclass(frozen=True, slots=True)
class AlternativeControls:
    """Finds accepted requests of one provider that a mistake can be put into."""

    cases: Mapping[str, Case]
    edition: Edition
    runner: CaseRunner

    def variants_of(self, case: Case, control: Outcome | None) -> Iterator[tuple[Case, Outcome]]:
        """Yield the case in the requests of `others`, where its own control was turned down.

        One that got no answer says nothing of it.
        """
        refused = expectation_of(case, self.edition) == "refused"
        if control is None or control.accepted or not refused or self.runner.in_order:
            return
        planned = self.cases[f"{case.model}/{case.control}"]
        request = self.runner.outcome_of(planned)
        is_away = request.outcome.result in (Result.UNAVAILABLE, Result.NOT_SERVED)
        # of a model that is away another request would say no more than this one
        if not is_away or request.crashed:
            yield from self.others(case)

    def others(self, case: Case) -> Iterator[tuple[Case, Outcome]]:
        """Yield the case with each accepted request as its control, and that one's outcome.

        Valid requests come before what the contract leaves open, smaller before larger ones.
        """
        planned = self.cases[f"{case.model}/{case.control}"]

        def rank(other: Case) -> tuple[bool, tuple[int, str]]:
            return expectation_of(other, self.edition) != "accepted", size_of(other)

        for other in sorted(self.runner.pool(case.model), key=rank):
            variant = with_other_control(case, planned, other, self.edition)
            if variant is not None:
                outcome = self.runner.outcome_of(other).outcome
                if outcome.accepted:
                    yield variant, outcome

    def with_control(self, case: Case, control: str | None) -> Case:
        """Return a case as it was sent with the control that its findings name."""
        other = self.cases.get(f"{case.model}/{control}")
        if other is None or case.control in (None, control):
            return case
        planned = self.cases[f"{case.model}/{case.control}"]
        return with_other_control(case, planned, other, self.edition) or case

    def proven(self, case: Case, control: Outcome | None) -> frozenset[str]:
        """Name the parameters left open by the contract that a control was accepted with."""
        other = self.cases.get(f"{case.model}/{case.control}")
        if control is None or not control.accepted or other is None or other.body is None:
            return frozenset()
        reading = self.edition.read(other.body)
        points = reading.model.schema.open_points if reading.model else ()
        disputed = {point.parameter for point in points if point.touched_by(other.body)}
        return frozenset({*filter(None, disputed), *reading.unknown, *reading.unsupported})


def with_other_control(case: Case, control: Case, other: Case, edition: Edition) -> Case | None:
    """Return a case with another request in place of its control.

    It keeps its id, and differs from the other request in the one field in which it differed
    from its control. None where that is not one field, or where something else would be wrong.
    """
    if control.body is None or other.body is None:
        return None
    if case.raw is not None:
        # by its text, without the last bracket, which such a body may lack
        before, after = (canonical_json(body)[:-1].encode() for body in (control.body, other.body))
        return replace(case, raw=case.raw.replace(before, after), control=other.id)
    body, names = case.body or {}, sorted({*(case.body or {}), *control.body})
    differing = [name for name in names if body.get(name, ABSENT) != control.body.get(name, ABSENT)]
    if len(differing) > 1:
        return None
    variant = dict(other.body)
    for name in differing:
        variant = spoil(variant, name, body.get(name, ABSENT))
    # in another request the same value may be wrong in another way, or not at all
    if _faults(variant, edition) != _faults(body, edition):
        return None
    return replace(case, body=variant, control=other.id)


def _faults(body: object, edition: Edition) -> object:
    reading = edition.read(body)
    return {(violation.parameter, violation.keyword) for violation in reading.violations}
