"""Ground truth: what first parties really answered breaks no MUST that is not explained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.clauses.stamps import load_stamps
from conformance.contract import load_edition
from conformance.findings import BROKEN, DECIDED, Verdict
from conformance.results.run_file import read_run
from tests.stamps import RECORDINGS, genuine, judged_recordings

if TYPE_CHECKING:
    from conformance.findings import Finding
    from conformance.recordings.inputs import ForeignReport

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "ground-truth.md"

pytestmark = pytest.mark.skipif(
    not (RECORDINGS / "corpus.jsonl").exists(),
    reason="the shared recordings are not beside the checkout",
)

EXPLAINED = {
    ("api.together.xyz", "parameters.response_format-enum"),
    ("api.together.xyz", "envelope.created-present"),
    ("router.huggingface.co", "parameters.response_format-enum"),
    ("router.huggingface.co", "envelope.created-present"),
    ("api.x.ai", "envelope.created-present"),
}
"""Disagreements of third parties, each in docs/ground-truth.md; first parties have none."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ForeignReport:
    return judged_recordings(load_edition(), tmp_path_factory.mktemp("truth"))


@pytest.fixture(scope="module")
def findings(report: ForeignReport) -> list[Finding]:
    return read_run(report.run_file).findings


def first_party(provider: str) -> bool:
    return provider == "api.openai.com" or provider.endswith("openai.azure.com")


def test_ground_truth_first_parties_break_no_clause(findings: list[Finding]) -> None:
    mine = [finding for finding in findings if first_party(finding.provider)]
    assert len({finding.case for finding in mine}) >= 80
    broken_or_ours = {*BROKEN, Verdict.HARNESS_ERROR}
    assert [finding.id for finding in mine if finding.verdict in broken_or_ours] == []


def test_ground_truth_of_others_is_explained(findings: list[Finding]) -> None:
    failures = {
        (finding.provider, finding.clause) for finding in findings if finding.verdict == "fail"
    }
    assert failures == EXPLAINED
    document = DOCUMENT.read_text()
    assert all(provider in document and clause in document for provider, clause in EXPLAINED)


def test_ground_truth_judges_much_and_the_stamps_say_of_whom(findings: list[Finding]) -> None:
    clauses = [finding.clause for finding in findings if finding.verdict == "pass"]
    assert len({*clauses}) >= 50
    assert len(clauses) >= 2400
    stamps, by = load_stamps(load_edition().id), genuine(findings)
    assert {clause: set(stamp.passed_by) for clause, stamp in stamps.items()} == {
        clause: set(by.get(clause, ())) for clause in stamps
    }


def test_ground_truth_says_why_records_are_passed_over(report: ForeignReport) -> None:
    assert [str(file.path) for file in report.files if file.unreadable or not file.judged] == []
    corpus = report.files[0]
    assert corpus.found == 108
    assert len(corpus.passed_over) + corpus.judged == corpus.found
    assert all(entry.line is not None and entry.reason for entry in corpus.passed_over)


def test_ground_truth_first_parties_are_decided_where_the_recorder_left_it(
    findings: list[Finding],
) -> None:
    decided_by_case: dict[str, list[bool]] = {}
    for finding in findings:
        decided = finding.verdict in DECIDED
        if first_party(finding.provider) and (decided or finding.message[:13] != "the recorder "):
            decided_by_case.setdefault(finding.case, []).append(decided)
    hardly = {case for case, flags in decided_by_case.items() if sum(flags) < 0.9 * len(flags)}
    refusals = {finding.case for finding in findings if "not accepted: HTTP 401" in finding.message}
    assert len(decided_by_case) >= 85
    assert hardly == refusals
    assert len(hardly) == 2
