"""What a run would judge of each model if nothing were left out, and what it was asked for.

A run is *whole* for a model if nothing of the plan is missing among what was judged, however it
was selected: by an option of the suite, by pytest, or by another plugin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from conformance.findings import Finding, Verdict
from conformance.results.reach import ColumnKey
from conformance.results.records import PlannedModel
from conformance.runner.planned_request import planned_clauses

if TYPE_CHECKING:
    from conformance.runner.session import Session

_PARTS = 4  # of the name of a promise's pytest item: file, provider, model/case, clause


def promise_named(nodeid: str) -> str | None:
    """Return the finding's id that a pytest item is named after; None for any other test."""
    parts = nodeid.split("::")
    is_promise = len(parts) == _PARTS and "/" in parts[2]
    return "::".join(parts[1:]) if is_promise else None


def plan_of(session: Session) -> tuple[PlannedModel, ...]:
    """Count what there is to judge of every model, whatever the run was asked for."""
    all_clauses, models = session.all_clauses, list[PlannedModel]()
    for engine in session.engines:
        cases: Counter[str] = Counter()
        promises: Counter[str] = Counter()
        for case in engine.cases.values():
            if len(engine.clauses) == len(all_clauses):
                bound = len(engine.planned(case))  # which is kept
            else:
                retired = engine.is_retired(case.model)
                bound = len(planned_clauses(case, session.edition, all_clauses, retired))
            cases[case.model] += bound > 0
            promises[case.model] += bound
        models += [
            PlannedModel(engine.provider.id, model, cases[model], promises[model])
            for model in engine.provider.models
        ]
    return tuple(models)


class PlannedPromise(NamedTuple):
    """One promise that a run was asked for: a clause on a case."""

    provider: str
    model: str
    case: str
    clause: str
    level: str


@dataclass(slots=True)
class Progress:
    """Which promises a run was asked for by its options, which it began with, and which it judged.

    They are named as findings are: `provider::model/case::clause`.
    """

    asked: dict[str, PlannedPromise] = field(default_factory=dict)
    chosen: set[str] = field(default_factory=set)  # collected, and not deselected
    judged: set[str] = field(default_factory=set)

    def begin(self, nodeids: Iterable[str]) -> None:
        """Add the items that pytest is to run."""
        self.chosen.update(filter(None, map(promise_named, nodeids)))

    def judge(self, name: str, finding: Finding | None) -> None:
        """Add what was reported; what was not run was not judged."""
        if finding is None or finding.verdict is not Verdict.NOT_RUN:
            self.judged.add(name)

    @property
    def lost(self) -> list[PlannedPromise]:
        """The promises that were to be judged and were not, in the order of the plan."""
        missing = self.chosen - self.judged
        return [promise for name, promise in self.asked.items() if name in missing]

    @property
    def left_out(self) -> int:
        """How many promises pytest or another plugin left out of what was asked for."""
        return len(self.asked.keys() - self.chosen)

    def counts(self) -> dict[ColumnKey, tuple[int, int]]:
        """Count for every model what was chosen and what of it was judged."""
        chosen = Counter(self.asked[name][:2] for name in self.chosen & self.asked.keys())
        judged = Counter(self.asked[name][:2] for name in self.judged & self.asked.keys())
        columns = dict.fromkeys(promise[:2] for promise in self.asked.values())
        return {column: (chosen[column], judged[column]) for column in columns if chosen[column]}


def planned_promises(session: Session) -> dict[str, PlannedPromise]:
    """Return every promise that the suite's own options select, by its name."""
    return {
        f"{engine.provider.id}::{case.path}::{clause.id}": PlannedPromise(
            engine.provider.id, case.model, case.id, clause.id, clause.level.value
        )
        for engine in session.engines
        for case, clauses in session.selected(engine)
        for clause in clauses
    }


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: what was planned, what of it was begun with, and what was judged."""

    interrupted: bool
    left_out: int  # promises, by pytest or a plugin
    plan: Sequence[PlannedModel]
    counts: Mapping[ColumnKey, tuple[int, int]]  # promises that were begun with, and judged

    @property
    def complete(self) -> bool:
        """Return whether all was judged that the options of the suite asked for."""
        return not self.interrupted and not self.left_out

    @property
    def whole(self) -> bool:
        """Return whether of every model that was begun with nothing of the plan is missing."""
        planned = {(model.provider, model.model): model.promises for model in self.plan}
        missing = any(planned.get(column) != judged for column, (_, judged) in self.counts.items())
        return not self.interrupted and not missing

    @property
    def all_judged(self) -> bool:
        """Return whether the whole plan was judged, of every model."""
        planned = {(model.provider, model.model) for model in self.plan if model.promises}
        return self.whole and planned <= self.counts.keys()
