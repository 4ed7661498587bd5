"""Files that mean harm: a sentence that names the file, or it is read; little time and memory.

The page about security says how many attacks there are, of which kinds, and what is missing.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cases.model import Case
from conformance.contract import load_edition
from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.cassettes.example_manifest import (
    MANIFEST,
    recorded_cassettes,
    recorded_examples,
)
from conformance.live.ledger import LedgerError, read_ledger
from conformance.output.printing import printable
from conformance.providers import load_provider
from conformance.recordings.judging import judge_files
from conformance.results.run_file import read_run
from fuzz.targets import player
from tests.attacks import ATTACKS, FILES, FileAttack
from tests.attacks.cassettes import YAML, cassette
from tests.attacks.documents import line_of_json
from tests.attacks.files import ASKED
from tests.attacks.table import BEGIN, END, PAGE, render_table, update_table
from tests.attacks.watching import record_activity
from tests.extent import sample
from tests.processes import command

LONGEST = 10.0  # seconds, on a machine that does other things as well
MOST_MEMORY = 256 << 20  # bytes; a value may have 128 MiB of text
CASE = Case(id="hostile", model="dall-e-3", body=ASKED)
GOOD = line_of_json("1")


def play_cassette(folder: Path, data: bytes) -> str:
    """Play a cassette; return what is said of it."""
    library = CassetteLibrary(folder, "acme", "an-edition", "a tool")
    path = library.path(CASE)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    try:
        with library.playing(CASE) as playback:
            assert player().exchange(CASE, playback.failures).response is not None
    except ConformanceError as error:
        return check_sentence(path, str(error))
    return ""


def judge_recording(folder: Path, data: bytes) -> str:
    """Judge a recording beside a good one, which is judged whatever becomes of it."""
    bad, good = folder / "a", folder / "b.jsonl"
    bad.write_bytes(data)
    good.write_bytes(GOOD)
    report = judge_files([bad, good], load_edition(), folder / "run.jsonl")
    unreadable = report.files[0].unreadable
    assert report.files[1].found == 1
    assert read_run(folder / "run.jsonl").complete
    problems = [problem for problem in report.problems if problem.startswith(str(bad))]
    assert len(problems) == len(unreadable) <= 1
    assert unreadable or report.files[0].found == 1
    return check_sentence(bad, problems[0]) if problems else ""


def read_manifest(folder: Path, data: bytes) -> str:
    """Read a manifest of drawn requests for all that it is read for."""
    library = CassetteLibrary(folder, "acme", "an-edition", "a tool")
    path = library.directory / "dall-e-3" / MANIFEST
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    sentences = set()
    for reader in (recorded_cassettes, lambda library: recorded_examples(library, "dall-e-3")):
        try:
            reader(library)
        except ConformanceError as error:
            sentences.add(check_sentence(path, str(error)))
    return sentences.pop() if sentences else ""


def load_file(folder: Path, data: bytes) -> str:
    """Load the file of a provider."""
    path = folder / "acme.toml"
    path.write_bytes(data)
    try:
        load_provider(str(path))
    except ConformanceError as error:
        return check_sentence(path, str(error))
    return ""


def read_run_file(folder: Path, data: bytes) -> str:
    """Read a run file."""
    path = folder / "run.jsonl"
    path.write_bytes(data)
    try:
        read_run(path)
    except ConformanceError as error:
        return check_sentence(path, str(error))
    return ""


def check_sentence(path: Path, sentence: str) -> str:
    """Check that a sentence names its file, and is one."""
    assert sentence.startswith(f"{path}:") or f" {path}: " in sentence
    assert sentence == printable(sentence, 1000)
    assert "Error(" not in sentence
    return sentence


READERS: dict[str, Callable[[Path, bytes], str]] = {
    "cassette": play_cassette,
    "manifest of drawn requests": read_manifest,
    "provider file": load_file,
    "run file": read_run_file,
}


DEAR = (
    "anchors", "base64-of-20-MB", "values", "text-beside", "objects-in-a-body", "values-in-a-body",
)  # fmt: skip
"""Names of attacks that take half a second and more to come to nothing: `make test` has some."""
TRIED = [
    *sample((attack for attack in FILES if attack.name not in DEAR), 2),
    *sample((attack for attack in FILES if attack.name in DEAR), 12),
]


@pytest.mark.parametrize("attack", TRIED, ids=lambda attack: f"{attack.kind}-{attack.name}")
def test_hostile_file_is_a_sentence_or_is_read_and_costs_little(
    tmp_path: Path, attack: FileAttack
) -> None:
    data = attack.data
    started = time.monotonic()
    with record_activity() as watch:
        sentence = READERS.get(attack.kind, judge_recording)(tmp_path, data)
    assert (sentence == "") == (attack.said == "read")
    assert attack.said == "read" or attack.said in sentence
    if sentence and attack.kind == "cassette" and attack.name in YAML:
        assert " line " in sentence or " byte " in sentence
    assert time.monotonic() - started < LONGEST
    assert watch.grown < MOST_MEMORY
    assert watch.programs == []


def test_replay_goes_on_after_a_hostile_cassette(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes" / "litellm"
    shutil.copytree(Path(__file__).parents[1] / "cassettes" / "litellm", folder)
    (folder / "dall-e-2" / "n-2.yaml").write_bytes(cassette("more: " + "[" * 100_000))
    options = ["--provider", "litellm", "--models", "dall-e-2", "--cases", "[bn]*[e2]", "-q"]
    process = command(tmp_path, "run", *options, "--replay", "-o", "run.jsonl")
    findings = read_run(tmp_path / "run.jsonl").findings
    messages = {finding.message for finding in findings if finding.case == "n-2"}
    assert (process.returncode, "Traceback" in process.stderr) == (2, False)
    assert "pass" in {finding.verdict.value for finding in findings if finding.case == "baseline"}
    assert messages
    assert all("n-2.yaml: is damaged at line 8, column" in message for message in messages)


LEDGERS = {
    "text": '"x"',
    "list": "[]",
    "deep": "[" * 100_000,
    "number": '{"request": 0, "case": "a", "usd": 1e999999, "known": true}',
    "settled-never-reserved": '{"settled": 7, "usd": 1, "known": true, "status": 200}',
    "outcome-of-a-list": '{"outcome": "a", "values": [1]}',
}


@pytest.mark.parametrize("text", LEDGERS.values(), ids=LEDGERS)
def test_file_that_is_no_ledger_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.jsonl.ledger"
    path.write_text(f"{text}\n")
    with pytest.raises(LedgerError, match="is no ledger of a run"):
        read_ledger(path)


def test_page_has_the_attacks_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(BEGIN) == page.count(END) == 1
    assert page == update_table(page), "write it anew with: python -m tests.attacks"


def test_table_counts_every_attack_once() -> None:
    rows = [line.split("|") for line in render_table().split("\n") if line.startswith("| a")]
    counts = {where: 0 for _, where, *_ in rows}
    for _, where, _, number, _ in rows:
        counts[where] += int(number)
    assert counts == {" a provider's answers ": len(ATTACKS), " a file ": len(FILES)}


def test_every_attack_on_a_file_has_a_name_of_its_own_and_says_its_harm() -> None:
    assert len({(attack.kind, attack.name) for attack in FILES}) == len(FILES)
    assert all(len(attack.harm) > 10 for attack in FILES)
