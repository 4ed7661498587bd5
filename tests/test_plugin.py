"""pytest conformance behaves as everyone expects pytest to behave."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

import conformance
from conformance.findings import Finding, Verdict
from conformance.results.run_file import read_run
from conformance.suite.items import PromiseItem
from tests import runs
from tests.live import deviation_toml, embedded_toml
from tests.living import footer_of
from tests.processes import command, run_pytest

PROMISES = str(Path(conformance.__file__).with_name("suite").joinpath("test_promises.py"))
MINE = embedded_toml("qwen-image")
DEVIATION = deviation_toml("envelope.created-integer")
SIZES = "--cases=size-*"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a provider file, its cassettes, and the run that recorded them."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "mine.toml").write_text(MINE)
    process = replay(folder, "--record-mode=rewrite", "--run-file=recording.jsonl")
    assert process.returncode == 0, process.stdout[-3000:] + process.stderr[-3000:]
    return folder


def replay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    mine = ("--provider=./mine.toml", "--cassettes=cassettes")
    return run_pytest(folder, PROMISES, "-q", *mine, *words)


def copy_of(recording: Path, folder: Path, more: str = "") -> Path:
    """Return a copy whose provider file says more."""
    shutil.copytree(recording, folder / "copy")
    (folder / "copy" / "mine.toml").write_text(MINE + more)
    return folder / "copy"


Replay = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def whole_replay(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Replay all by a worker that cannot send: return the folder of its files, and how it ended."""
    folder = tmp_path_factory.mktemp("whole")
    files = (f"--run-file={folder / 'run.jsonl'}", f"--junitxml={folder / 'junit.xml'}")
    return folder, replay(recording, "--block-network", "-n", "1", *files)


def test_replay_by_a_worker_without_a_network_finds_what_the_recording_did(
    recording: Path, whole_replay: Replay
) -> None:
    folder, process = whole_replay
    assert process.returncode == 0, process.stdout[-3000:]
    assert "mine conforms" in process.stdout
    assert findings(folder / "run.jsonl") == findings(recording / "recording.jsonl")


def findings(path: Path) -> list[tuple[str, ...]]:
    records = read_run(path).findings
    assert len(records) > 100
    return sorted((finding.case, finding.clause, finding.verdict) for finding in records)


def test_junitxml_has_a_case_in_api_words_for_every_item(whole_replay: Replay) -> None:
    (suite,) = ET.parse(whole_replay[0] / "junit.xml").getroot()
    assert int(suite.get("tests", "0")) == len(suite.findall("testcase")) > 50
    assert suite.get("failures") == "0"
    names = {f"{case.get('classname')}::{case.get('name')}" for case in suite}
    suffix = ".mine.qwen-image/response_format-url::format.qwen-image-either"
    assert any(name.endswith(suffix) for name in names)


def test_what_is_stale_or_unused_fails_the_whole_and_no_part(
    recording: Path, tmp_path: Path
) -> None:
    folder = copy_of(recording, tmp_path, DEVIATION)
    model = folder / "cassettes" / "mine" / "qwen-image"
    shutil.copy(model / "baseline.yaml", model / "no-such-case.yaml")
    orphan = folder / "cassettes" / "mine" / "payloads" / f"{'0' * 32}.png"
    orphan.write_bytes(b"left behind")
    options = ("-m", "not no_such_mark", "-k", "size-1664x928")
    part = replay(folder, *options, "--run-file=part.jsonl")
    assert part.returncode == 0, part.stdout[-2000:]
    assert "deselected" in part.stdout
    assert "mine: nothing is broken, in the part that was judged" in part.stdout
    footer = footer_of(folder / "part.jsonl")
    assert (footer.complete, footer.whole, footer.problems) == (False, False, ())
    assert footer.left_out > 0
    process = replay(folder)
    assert process.returncode == 1
    assert "no longer occurs; remove it" in process.stdout
    assert "no-such-case.yaml: no case of cometapi-2026-03-12 uses it; remove it" in process.stdout
    assert f"{orphan.relative_to(folder)}: no cassette uses it" in process.stdout


def test_command_is_not_narrowed_unnoticed(recording: Path) -> None:
    words = ("run", "--provider", "./mine.toml", "--replay", "--cassettes", "cassettes")
    process = command(recording, *words, "-o", "part.jsonl", PYTEST_ADDOPTS="-k baseline")
    assert process.returncode == 2
    assert "promises were left out by options of pytest or by a plugin" in process.stderr
    assert not read_run(recording / "part.jsonl").complete


@pytest.fixture(scope="module")
def false_recording(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same cassettes, but one answer was created at half a second."""
    folder = copy_of(recording, tmp_path_factory.mktemp("lying"))
    path = folder / "cassettes" / "mine" / "qwen-image" / "size-1664x928.yaml"
    path.write_text(re.sub(r"""'{"created":\d+""", r"\g<0>.5", path.read_text()))
    return folder


def test_lie_is_found_once_with_evidence_and_judged_alone_after_that(false_recording: Path) -> None:
    process = replay(false_recording, SIZES)
    assert process.returncode == 1, process.stdout[-2000:]
    evidence = ("MUST:", "expected:", "observed:", "curl -sS", "image-conformance explain")
    for part in ("1 failed", "envelope.created-integer", "mine does not conform", *evidence):
        assert part in process.stdout
    assert "sk-reference" not in process.stdout
    last_failed = replay(false_recording, SIZES, "--lf").stdout
    assert "1 failed" in last_failed
    assert "passed" not in last_failed.splitlines()[-1]


SPY = """
from conformance.runner.engine import Engine
look_ahead, seen = Engine.look_ahead, []
Engine.look_ahead = lambda self, case: (seen.append(case.path), look_ahead(self, case))
def pytest_terminal_summary(terminalreporter):
    terminalreporter.line(f"looked ahead {len(seen)} times at {len(set(seen))} cases")
"""


@pytest.fixture(scope="module")
def known_output(false_recording: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what is printed, with a spy, of a replay whose lie is a known deviation."""
    folder = copy_of(false_recording, tmp_path_factory.mktemp("known"), DEVIATION)
    (folder / "spy.py").write_text(SPY)
    process = replay(folder, "-p", "spy", SIZES)
    assert process.returncode == 0, process.stdout[-2000:]
    return process.stdout


def test_known_deviation_is_told_and_does_not_fail(known_output: str) -> None:
    assert "1 known deviation" in known_output


def test_replay_looks_ahead(recording: Path, known_output: str) -> None:
    cases = len(list((recording / "cassettes").glob("*/*/size-*.yaml")))
    assert cases > 1
    assert f"looked ahead {cases - 1} times at {cases - 1} cases" in known_output


def test_missing_cassette_is_an_error_that_says_how_to_record(
    recording: Path, tmp_path: Path
) -> None:
    folder = copy_of(recording, tmp_path)
    (folder / "cassettes" / "mine" / "qwen-image" / "size-1664x928.yaml").unlink()
    process = replay(folder, "--cases=size-1*")
    assert process.returncode == 2, process.stdout[-2000:]
    assert "mine/qwen-image/size-1664x928 has no cassette" in process.stdout
    assert "--record-mode rewrite" in process.stdout


UNDECIDED = [runs.finding(verdict=name) for name in (Verdict.UNAVAILABLE, Verdict.NOT_TESTABLE)]


@pytest.mark.parametrize(
    "finding",
    [*UNDECIDED, None, runs.known_deviation(), runs.broken_must()],
    ids=["unavailable", "not-testable", "nothing-said", "known", "fail"],
)
def test_item_that_another_plugin_runs_never_passes_what_did_not(finding: Finding | None) -> None:
    item = Mock(path=Path("x"), explain=lambda found: found.message)
    item.parent.finding.return_value = finding
    item._outcome = partial(PromiseItem._outcome, item)
    is_broken = finding == runs.broken_must()
    with pytest.raises(AssertionError if is_broken else pytest.skip.Exception):
        PromiseItem.runtest(item)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--provider=litelm", "-n", "2"), "did you mean 'litellm'?"),
        (("--clauses=format.url-when-askd",), "did you mean 'format.url-when-asked'"),
        (("-k", "no((", "-n", "2"), "Wrong expression passed to '-k'"),
    ],
    ids=["provider-with-workers", "clause", "k-with-workers"],
)
def test_mistake_is_one_sentence_and_pytest_s_own_code(
    recording: Path, words: tuple[str, ...], message: str
) -> None:
    process = replay(recording, *words)
    assert process.returncode == pytest.ExitCode.USAGE_ERROR
    assert message in process.stderr
    assert "Error collecting" not in process.stdout
    assert not re.search("INTERNALERROR|Traceback", process.stdout + process.stderr)
