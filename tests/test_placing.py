"""A run file is never written over what it is made from, nor over a run that is worth more."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from conformance.contract import load_edition
from conformance.recordings import judge_files
from conformance.results.run_file import RunFileError, RunWriter, read_run
from conformance.runner.options import Options
from conformance.runner.output_path import (
    OutputError,
    OutputFile,
    check_output,
    default_output,
    ledger_of,
)
from conformance.runner.session import Session
from tests import runs
from tests.live import paid_toml
from tests.processes import command
from tests.runs import write_run

RECORDED = Path(__file__).parents[1] / "cassettes/aimock/dall-e-3/baseline.yaml"
QUICK = ("run", "--models", "qwen-image", "--cases", "baseline", "--quiet", "--output", "run.jsonl")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A run that somebody still needs."""
    path = tmp_path / "run.jsonl"
    write_run(runs.run(runs.finding()), path)
    return path


def sent(path: Path) -> Path:
    """Put a ledger beside a run file, as a live run does until it is complete."""
    ledger_of(path).write_text('{"request": 0}\n')
    return path


@pytest.mark.parametrize(
    ("read_as", "said"),
    [("baseline", "is the run of --baseline"), ("resume", "is the run to resume")],
)
@pytest.mark.parametrize("how", ["same", "link", "hard-link", "dots"])
def test_run_that_is_read_is_no_output(good: Path, read_as: str, said: str, how: str) -> None:
    other = good.with_name("other.jsonl")
    if how == "dots":
        other = good.parent / "." / "x" / ".." / good.name
        (good.parent / "x").mkdir()
    elif how != "same":
        (other.symlink_to if how == "link" else other.hardlink_to)(good)
    options = replace(Options(), **{read_as: good})  # type: ignore[arg-type]  # a path
    with pytest.raises(OutputError, match=f"{said}; name another file"):
        check_output(good if how == "same" else other, options)


def test_file_of_a_provider_is_no_output(tmp_path: Path) -> None:
    path = Path(paid_toml(tmp_path, "dall-e-2"))
    with pytest.raises(OutputError, match=r"paid\.toml: is the file of provider 'paid'"):
        check_output(path, Options(providers=(str(path),)))


@pytest.mark.parametrize("named", ["", ".", "/"])
def test_folder_is_no_place_of_a_run_file(named: str) -> None:
    with pytest.raises(OutputError, match="is no regular file; name one with --output"):
        OutputFile(Path(named))


@pytest.mark.parametrize("named", ["", ".", "/"])
def test_folder_is_no_run_to_resume(named: str) -> None:
    with pytest.raises(RunFileError, match="is a folder, and a run file is asked for"):
        Session(Options(providers=("reference",), live=True, resume=Path(named)))


@pytest.mark.parametrize("name", ["cassette.yaml", "notes.txt", "other.json"])
def test_file_that_is_no_run_file_is_no_output(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"type": "something else"}')
    with pytest.raises(OutputError, match="is there, and is no run file"):
        check_output(tmp_path / name, Options())


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_regular_file_is_no_output(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "node"
    try:
        if kind == "device":
            os.mknod(path, 0o020644, os.makedev(1, 7))
        else:
            (os.mkfifo if kind == "pipe" else os.mkdir)(path)
    except PermissionError:
        pytest.skip("only root may make a device")
    with pytest.raises(OutputError, match="is no regular file"):
        check_output(path, Options())
    assert os.path.lexists(path)


@pytest.mark.parametrize("content", [b"", b'{"type":', b'{"type":"run","schema":1}\n'])
def test_looking_at_a_place_changes_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    check_output(path, Options())
    check_output(tmp_path / "new.jsonl", Options())
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["run.jsonl"]


def test_run_is_set_aside_until_the_first_finding_is_kept(good: Path) -> None:
    before = good.read_bytes()
    place = OutputFile(good)
    place.take()
    assert not good.exists()
    assert place.before.read_bytes() == before
    good.write_text("new")
    place.keep()
    assert os.listdir(good.parent) == ["run.jsonl"]


@pytest.fixture
def begun(good: Path) -> tuple[OutputFile, bytes]:
    """A new run of which only the header is there, and the run that was there before."""
    before = good.read_bytes()
    place = OutputFile(good)
    place.take()
    good.write_text("only a header\n")
    return place, before


def test_run_that_judged_nothing_gives_the_one_before_back(
    good: Path, begun: tuple[OutputFile, bytes]
) -> None:
    place, before = begun
    place.give_back()
    assert good.read_bytes() == before
    assert os.listdir(good.parent) == ["run.jsonl"]


def test_run_that_sent_something_stays_although_it_judged_nothing(
    good: Path, begun: tuple[OutputFile, bytes]
) -> None:
    place, before = begun
    sent(good)
    place.give_back()
    assert good.read_text() == "only a header\n"
    assert place.before.read_bytes() == before


def test_interrupted_run_is_set_aside_with_its_ledger_and_never_removed(good: Path) -> None:
    before = good.read_bytes()
    place = OutputFile(sent(good))
    place.take()
    write_run(runs.run(runs.finding()), good)
    place.keep()
    assert place.before.read_bytes() == before
    assert ledger_of(place.before).exists()
    with pytest.raises(OutputError, match=r"run\.jsonl\.before: is there, of a run that was cut"):
        OutputFile(good).take()
    assert place.before.read_bytes() == before


@pytest.mark.parametrize(
    "words", [["--models", "nothing"], ["-n", "x"]], ids=["selection", "workers"]
)
def test_early_end_leaves_the_run_before(good: Path, words: list[str]) -> None:
    before = good.read_bytes()
    done = command(good.parent, *QUICK, *words)
    assert done.returncode == 2, done.stderr
    assert good.read_bytes() == before
    assert os.listdir(good.parent) == ["run.jsonl"]


def test_second_run_replaces_the_first(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        done = command(tmp_path, *QUICK)
        assert done.returncode == 0, done.stderr
        ids.append(read_run(tmp_path / "run.jsonl").header.id)
    assert ids[0] != ids[1]
    assert os.listdir(tmp_path) == ["run.jsonl"]


def test_default_file_is_this_process_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = default_output(["./acme.toml", "relay"])
    assert mine.match("reports/*-acme+relay.jsonl")
    monkeypatch.setattr(os, "getpid", lambda: 7)
    assert default_output(["./acme.toml", "relay"]).stem.partition("-")[2] == "7-acme+relay"


def test_default_file_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    with (
        pytest.raises(OutputError, match=r"reports/.*cannot be written"),
        OutputFile(tmp_path / default_output(["acme"])),
    ):
        pass


def test_judged_recordings_never_replace_what_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is there, and is no run file"):
        judge_files([RECORDED], load_edition(), tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_judged_recordings_that_cannot_be_written_leave_the_run_before(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = good.read_bytes()
    monkeypatch.setattr(RunWriter, "close", Mock(side_effect=RunFileError("full")))
    with pytest.raises(RunFileError, match="full"):
        judge_files([RECORDED], load_edition(), good)
    assert good.read_bytes() == before
    assert os.listdir(good.parent) == ["run.jsonl"]


def test_run_file_that_another_run_writes_to_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "run.jsonl"
    with (
        OutputFile(mine),
        pytest.raises(OutputError, match="another run is writing to it"),
        OutputFile(mine),
    ):
        pass
    with OutputFile(mine):
        assert [path.name for path in tmp_path.iterdir()] == [".run.jsonl.lock"]
    assert list(tmp_path.iterdir()) == []
