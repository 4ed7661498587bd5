"""Ground truth: what first parties really answered breaks no MUST that is not explained."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.contract import load_edition
from conformance.findings import DECIDED
from conformance.recordings import judge_files
from conformance.results.run_file import read_run

if TYPE_CHECKING:
    from conformance.findings import Finding
    from conformance.recordings import ForeignReport

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings"
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
    paths = [RECORDINGS / "corpus.jsonl", *sorted((RECORDINGS / "raw").glob("*/*"))]
    return judge_files(paths, load_edition(), tmp_path_factory.mktemp("truth") / "run.jsonl")


@pytest.fixture(scope="module")
def findings(report: ForeignReport) -> list[Finding]:
    return read_run(report.run_file).findings


def first_party(provider: str) -> bool:
    return provider == "api.openai.com" or provider.endswith("openai.azure.com")


def test_ground_truth_first_parties_break_no_clause(findings: list[Finding]) -> None:
    mine = [each for each in findings if first_party(each.provider)]
    assert len({each.case for each in mine}) >= 80
    assert [each.id for each in mine if each.verdict in ("fail", "harness error")] == []


def test_ground_truth_first_parties_keep_every_should(findings: list[Finding]) -> None:
    mine = [each for each in findings if first_party(each.provider)]
    assert [each.id for each in mine if each.verdict == "deviates"] == []


def test_ground_truth_of_others_is_explained(findings: list[Finding]) -> None:
    broken = {(each.provider, each.clause) for each in findings if each.verdict == "fail"}
    assert broken == EXPLAINED
    document = DOCUMENT.read_text()
    assert all(provider in document and clause in document for provider, clause in EXPLAINED)


def test_ground_truth_judges_much(findings: list[Finding]) -> None:
    passed = {each.clause for each in findings if each.verdict == "pass"}
    assert len(passed) >= 50
    assert sum(each.verdict == "pass" for each in findings) >= 2400


def test_ground_truth_first_parties_are_judged_but_for_the_recorder_s_hand(
    findings: list[Finding],
) -> None:
    left: dict[str, list[bool]] = defaultdict(list)
    for each in findings:
        if first_party(each.provider) and "recorder" not in each.message:
            left[each.case].append(each.verdict in DECIDED)
    hardly = {case for case, decided in left.items() if sum(decided) < 0.9 * len(decided)}
    refused_keys = {each.case for each in findings if "key was not accepted" in each.message}
    assert hardly == refused_keys
    assert len(hardly) == 2


def test_ground_truth_every_raw_file_is_judged(report: ForeignReport) -> None:
    assert [str(each.path) for each in report.files if each.unreadable or not each.judged] == []


def test_ground_truth_says_why_records_are_passed_over(report: ForeignReport) -> None:
    corpus = report.files[0]
    assert corpus.found == 108
    assert len(corpus.passed_over) + corpus.judged == corpus.found
    assert all(each.line is not None and each.reason for each in corpus.passed_over)


HAND = "the recorder "
"""How a finding begins that is undecided because of what the recorder did."""


def test_ground_truth_first_parties_are_decided_where_the_recorder_left_it(
    findings: list[Finding],
) -> None:
    left: dict[str, list[bool]] = {}
    for each in findings:
        decided = each.verdict in ("pass", "fail", "deviates")
        if first_party(each.provider) and (decided or not each.message.startswith(HAND)):
            left.setdefault(each.case, []).append(decided)
    low = {case for case, decided in left.items() if sum(decided) < 0.9 * len(decided)}
    refused = {each.case for each in findings if "not accepted: HTTP 401" in each.message}
    assert len(left) >= 85
    assert low == refused
    assert len(low) == 2
