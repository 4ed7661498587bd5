"""The index explains what could not be judged as the conclusion of a run does, in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from conformance.findings import ACCEPTED_INSTEAD, Finding, Verdict
from conformance.reports.history import history
from conformance.reports.history.states import MARKS, STATE_OF, State
from conformance.runs.conclusion import Reasons
from conformance.runs.file import write_run
from tests import runs
from tests.nights import night

CLAUSES = ("count.n-images", "errors.status-400", "errors.not-5xx")
LEVELS = {"count.n-images": "MUST", "errors.status-400": "SHOULD", "errors.not-5xx": "MUST"}
findings = st.builds(
    lambda clause, case, verdict, **more: Finding(
        clause, LEVELS[clause], verdict, "acme", "dall-e-3", case, **more
    ),
    clause=st.sampled_from(CLAUSES),
    case=st.sampled_from(["baseline", "n-2"]),
    verdict=st.sampled_from(Verdict),
    control=st.sampled_from([None, "baseline"]),
    message=st.sampled_from([ACCEPTED_INSTEAD, "it was not seen"]),
    deviation=st.sampled_from([None, "it is planted"]),
)
nights = st.lists(findings, min_size=1, max_size=6, unique_by=lambda each: (each.clause, each.case))


def mark(found: Iterable[Finding], reasons: Reasons) -> str:
    """What a promise came to, by the conclusion's own reasons."""
    every = list(found)
    open_ones = [each for each in every if each.excused or not reasons.explain(each)] or every
    states = (State.KNOWN if each.excused else STATE_OF[each.verdict] for each in open_ones)
    return MARKS[max(states)]


def marks_of(found: Sequence[Finding], note: str) -> dict[str, str]:
    with TemporaryDirectory() as folder:
        run = night(1, *found, runs.finding("envelope.json", message=note))
        write_run(run, Path(folder) / "1.jsonl")
        timelines = history(Path(folder), every=True).timelines
    return {each.clause: each.marks for each in timelines if each.clause in CLAUSES}


@pytest.mark.parametrize("note", ["plain", "half \ud800"], ids=["duckdb", "by-hand"])
@settings(max_examples=30)
@given(found=nights)
def test_history_explains_as_the_conclusion_does(note: str, found: list[Finding]) -> None:
    reasons = Reasons(found)
    assert marks_of(found, note) == {
        clause: mark((each for each in found if each.clause == clause), reasons)
        for clause in {each.clause for each in found}
    }
