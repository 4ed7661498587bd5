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
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a provider file, its cassettes, and the run that recorded them."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "mine.toml").write_text(MINE)
    done = replay(folder, "--record-mode=rewrite", "--run-file=recording.jsonl")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


def replay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    mine = ("--provider=./mine.toml", "--cassettes=cassettes")
    return run_pytest(folder, PROMISES, "-q", *mine, *words)


def copied(recorded: Path, folder: Path, more: str = "") -> Path:
    """Return a copy whose provider file says more."""
    shutil.copytree(recorded, folder / "copy")
    (folder / "copy" / "mine.toml").write_text(MINE + more)
    return folder / "copy"


Whole = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def whole(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A whole replay by a worker that cannot send: the folder of its files, and how it ended."""
    folder = tmp_path_factory.mktemp("whole")
    files = (f"--run-file={folder / 'run.jsonl'}", f"--junitxml={folder / 'junit.xml'}")
    return folder, replay(recorded, "--block-network", "-n", "1", *files)


def test_replay_by_a_worker_without_a_network_finds_what_the_recording_did(
    recorded: Path, whole: Whole
) -> None:
    folder, done = whole
    assert done.returncode == 0, done.stdout[-3000:]
    assert "mine conforms" in done.stdout
    assert findings(folder / "run.jsonl") == findings(recorded / "recording.jsonl")


def findings(path: Path) -> list[tuple[str, ...]]:
    judged = read_run(path).findings
    assert len(judged) > 100
    return sorted((finding.case, finding.clause, finding.verdict) for finding in judged)


def test_junitxml_has_a_case_in_api_words_for_every_item(whole: Whole) -> None:
    (suite,) = ET.parse(whole[0] / "junit.xml").getroot()
    assert int(suite.get("tests", "0")) == len(suite.findall("testcase")) > 50
    assert suite.get("failures") == "0"
    names = {f"{case.get('classname')}::{case.get('name')}" for case in suite}
    named = ".mine.qwen-image/response_format-url::format.qwen-image-either"
    assert any(name.endswith(named) for name in names)


def test_what_is_stale_or_unused_fails_the_whole_and_no_part(
    recorded: Path, tmp_path: Path
) -> None:
    folder = copied(recorded, tmp_path, DEVIATION)
    model = folder / "cassettes" / "mine" / "qwen-image"
    shutil.copy(model / "baseline.yaml", model / "no-such-case.yaml")
    orphan = folder / "cassettes" / "mine" / "payloads" / f"{'0' * 32}.png"
    orphan.write_bytes(b"left behind")
    some = ("-m", "not no_such_mark", "-k", "size-1664x928")
    part = replay(folder, *some, "--run-file=part.jsonl")
    assert part.returncode == 0, part.stdout[-2000:]
    assert "deselected" in part.stdout
    assert "mine: nothing is broken, in the part that was judged" in part.stdout
    footer = footer_of(folder / "part.jsonl")
    assert (footer.complete, footer.whole, footer.problems) == (False, False, ())
    assert footer.left_out > 0
    done = replay(folder)
    assert done.returncode == 1
    assert "no longer occurs; remove it" in done.stdout
    assert "no-such-case.yaml: no case of cometapi-2026-03-12 uses it; remove it" in done.stdout
    assert f"{orphan.relative_to(folder)}: no cassette uses it" in done.stdout


def test_command_is_not_narrowed_unnoticed(recorded: Path) -> None:
    words = ("run", "--provider", "./mine.toml", "--replay", "--cassettes", "cassettes")
    done = command(recorded, *words, "-o", "part.jsonl", PYTEST_ADDOPTS="-k baseline")
    assert done.returncode == 2
    assert "promises were left out by options of pytest or by a plugin" in done.stderr
    assert not read_run(recorded / "part.jsonl").complete


@pytest.fixture(scope="module")
def lying(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same cassettes, but one answer was created at half a second."""
    folder = copied(recorded, tmp_path_factory.mktemp("lying"))
    path = folder / "cassettes" / "mine" / "qwen-image" / "size-1664x928.yaml"
    path.write_text(re.sub(r"""'{"created":\d+""", r"\g<0>.5", path.read_text()))
    return folder


def test_lie_is_found_once_with_evidence_and_judged_alone_after_that(lying: Path) -> None:
    done = replay(lying, SIZES)
    assert done.returncode == 1, done.stdout[-2000:]
    evidence = ("MUST:", "expected:", "observed:", "curl -sS", "image-conformance explain")
    for part in ("1 failed", "envelope.created-integer", "mine does not conform", *evidence):
        assert part in done.stdout
    assert "sk-reference" not in done.stdout
    last_failed = replay(lying, SIZES, "--lf").stdout
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
def known(lying: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is printed, with a spy, of a replay whose lie is a known deviation."""
    folder = copied(lying, tmp_path_factory.mktemp("known"), DEVIATION)
    (folder / "spy.py").write_text(SPY)
    done = replay(folder, "-p", "spy", SIZES)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def test_known_deviation_is_told_and_does_not_fail(known: str) -> None:
    assert "1 known deviation" in known


def test_replay_looks_ahead(recorded: Path, known: str) -> None:
    cases = len(list((recorded / "cassettes").glob("*/*/size-*.yaml")))
    assert cases > 1
    assert f"looked ahead {cases - 1} times at {cases - 1} cases" in known


def test_missing_cassette_is_an_error_that_says_how_to_record(
    recorded: Path, tmp_path: Path
) -> None:
    folder = copied(recorded, tmp_path)
    (folder / "cassettes" / "mine" / "qwen-image" / "size-1664x928.yaml").unlink()
    done = replay(folder, "--cases=size-1*")
    assert done.returncode == 2, done.stdout[-2000:]
    assert "mine/qwen-image/size-1664x928 has no cassette" in done.stdout
    assert "--record-mode rewrite" in done.stdout


UNDECIDED = [runs.finding(verdict=each) for each in (Verdict.UNAVAILABLE, Verdict.NOT_TESTABLE)]


@pytest.mark.parametrize(
    "finding",
    [*UNDECIDED, None, runs.known(), runs.broken()],
    ids=["unavailable", "not-testable", "nothing-said", "known", "fail"],
)
def test_item_that_another_plugin_runs_never_passes_what_did_not(finding: Finding | None) -> None:
    item = Mock(path=Path("x"), explain=lambda found: found.message)
    item.parent.finding.return_value = finding
    item._outcome = partial(PromiseItem._outcome, item)
    is_broken = finding == runs.broken()
    with pytest.raises(AssertionError if is_broken else pytest.skip.Exception):
        PromiseItem.runtest(item)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--provider=litelm", "-n", "2"), "did you mean 'litellm'?"),
        (("--clauses=format.url-when-askd",), "did you mean 'format.url-when-asked'"),
        (("-k", "no((", "-n", "2"), "Wrong expression passed to '-k'"),
    ],
    ids=["provider-with-workers", "clause", "k-with-workers"],
)
def test_mistake_is_one_sentence_and_pytest_s_own_code(
    recorded: Path, words: tuple[str, ...], said: str
) -> None:
    done = replay(recorded, *words)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert said in done.stderr
    assert "Error collecting" not in done.stdout
    assert not re.search("INTERNALERROR|Traceback", done.stdout + done.stderr)
