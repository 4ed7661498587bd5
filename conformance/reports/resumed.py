"""Which of some runs went on with which, and what of the earlier ones still stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.findings import UNDECIDED, Finding, Verdict
from conformance.results.run_file import Run

Key = tuple[str, str, str, str]
"""What a finding is about: provider, model, case and clause."""

Owned = tuple[Finding, int]
"""A finding, and the place of the run that made it among the runs."""


def key(finding: Finding) -> Key:
    """Return what a finding is about."""
    return finding.provider, finding.model, finding.case, finding.clause


class Resumed:
    """The places of runs among some, and which of them went on with which."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._later: dict[int, set[int]] = {rank: set() for rank in range(len(runs))}
        self._earlier: dict[int, set[int]] = {rank: set() for rank in range(len(runs))}
        for later, earlier in _pairs(runs):
            self._later[earlier].add(later)
            self._earlier[later].add(earlier)
        self._said: dict[Key, set[int]] = {}
        self._left: dict[Key, set[int]] = {}
        self._cases: dict[tuple[str, ...], set[int]] = {}
        if any(self._later.values()):
            for rank, run in enumerate(runs):
                self._read(run, rank)

    def __bool__(self) -> bool:
        return any(self._later.values())

    def is_taken_over(self, rank: int) -> bool:
        """Return whether another run went on with one, whose own end says nothing then."""
        return bool(self._later[rank])

    def of(self, rank: int) -> set[int]:
        """Return the runs that one went on with."""
        return self._earlier[rank]

    def stands(self, owned: Owned) -> bool:
        """Return whether no later run says anew what a finding says.

        What was not run says nothing. What was open is settled by the case that was judged, even
        where the clause found nothing to judge in the answer that came.
        """
        finding, rank = owned
        name, later = key(finding), self._later[rank]
        if later & self._said.get(name, set()):
            return False
        if finding.verdict in UNDECIDED and later & self._cases.get(name[:3], set()):
            return False
        if finding.verdict is not Verdict.NOT_RUN:
            return True
        said, left = self._said.get(name, set()), self._left.get(name, set())
        return not (self._earlier[rank] & said or later & left)

    def _read(self, run: Run, rank: int) -> None:
        for each in run.findings:
            run_at_all = each.verdict is not Verdict.NOT_RUN
            (self._said if run_at_all else self._left).setdefault(key(each), set()).add(rank)
            if run_at_all:
                self._cases.setdefault(key(each)[:3], set()).add(rank)
        for sent in run.exchanges.values():
            if sent.was_sent:
                where = (sent.provider, sent.model, sent.case)
                self._cases.setdefault(where, set()).add(rank)


def _pairs(runs: Sequence[Run]) -> Iterable[tuple[int, int]]:
    """Return the runs that went on with another, each with that one.

    A run names all that it takes over from, and so more than any of them names: whatever a
    damaged file says, no run is taken over by one that it took over itself.
    """
    named = [frozenset(run.header.resumes) for run in runs]
    for later, mine in enumerate(named):
        for earlier, theirs in enumerate(named):
            if runs[earlier].header.id in mine and theirs < mine:
                yield later, earlier
