"""Recordings told of by public bug reports: read, judged, and nobody blamed for the recorder.

They are beside the checkout, in ../shared/cases/recordings; where they are not, this is skipped.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from conformance.contract import load_edition
from conformance.recordings import ForeignFile, judge_files
from conformance.results.run_file import Run, read_run

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "recordings"

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="the shared cases are not beside the checkout"
)

TRUE = {
    "firefox-1762313-claims-base64.har": 25,
    "mitmproxy-6897-bom.har": 25,
    "openai-python-1819-binary-json.yaml": 25,
    "pytest-vcr-46-old-httpx-layout.yaml": 25,
    "vcrpy-599-brotli.yaml": 25,
    "vcrpy-656-binary-upload-beside.yaml": 25,
    "vcrpy-719-gzip-already-decoded.yaml": 25,
    "vcrpy-942-gzip-bytes.yaml": 25,
    "firefox-no-text.har": 0,
    "vcrpy-661-gzip-empty.yaml": 0,
    "llmtornado-144-model-unknown-is-legal.jsonl": 0,
}
"""Exchanges without a lie, and the promises that each decides at the least."""


def judged(name: str, folder: Path) -> tuple[ForeignFile, Run]:
    report = judge_files([CASES / name], load_edition(), folder / "run.jsonl")
    return report.files[0], read_run(report.run_file)


@pytest.mark.parametrize(("name", "least"), TRUE.items())
def test_shared_recording_without_a_lie_is_read_and_not_blamed(
    name: str, least: int, tmp_path: Path
) -> None:
    file, run = judged(name, tmp_path)
    verdicts = Counter(each.verdict.value for each in run.findings)
    assert (file.unreadable, file.found, file.judged) == ([], 1, 1)
    assert not verdicts.keys() & {"fail", "deviates", "harness error"}
    assert verdicts["pass"] >= least


def test_shared_recording_with_control_characters_is_judged(tmp_path: Path) -> None:
    file, run = judged("schemathesis-4794-control-characters.jsonl", tmp_path)
    broken = {each.clause for each in run.findings if each.verdict == "fail"}
    assert (file.unreadable, file.found, file.judged) == ([], 3, 3)
    assert {"extras.quality-documented", "extras.size-documented"} <= broken
    assert {case.rpartition("-")[2] for case in {each.case for each in run.findings}} == set("123")


@pytest.mark.parametrize("name", sorted(each.name for each in CASES.glob("*")))
def test_shared_recording_is_read(name: str, tmp_path: Path) -> None:
    file, _ = judged(name, tmp_path)
    assert file.found >= 1
    assert file.unreadable == []


LIES = {
    "dynamo-13000-open-request-empty.jsonl": "envelope.data-not-empty",
    "vllmomni-5421-open-request-bare-png.jsonl": "envelope.content-type",
    "vllmomni-5421-file.jsonl": "envelope.content-type",
}


@pytest.mark.parametrize(("name", "clause"), LIES.items())
def test_shared_recording_with_a_lie_is_red_for_it_alone(
    name: str, clause: str, tmp_path: Path
) -> None:
    _, run = judged(name, tmp_path)
    assert {each.clause for each in run.findings if each.verdict == "fail"} == {clause}
