"""A run file is never written over what it is made from, nor over a run that is worth more."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from conformance.contract import load_edition
from conformance.recordings.judging import judge_files
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

CASSETTE = Path(__file__).parents[1] / "cassettes/aimock/dall-e-3/baseline.yaml"
QUICK = ("run", "--models", "qwen-image", "--cases", "baseline", "--quiet", "--output", "run.jsonl")


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    """Write a run that somebody still needs."""
    path = tmp_path / "run.jsonl"
    write_run(runs.run(runs.finding()), path)
    return path


def put_ledger(path: Path) -> Path:
    """Put a ledger beside a run file, as a live run does until it is complete."""
    ledger_of(path).write_text('{"request": 0}\n')
    return path


@pytest.mark.parametrize("how", ["same", "link", "hard-link", "dots"])
def test_run_that_is_read_is_no_output(run_file: Path, how: str) -> None:
    path = run_file if how == "same" else run_file.with_name("other.jsonl")
    if how == "dots":
        path = run_file.parent / "." / "x" / ".." / run_file.name
        (run_file.parent / "x").mkdir()
    elif how != "same":
        (path.symlink_to if how == "link" else path.hardlink_to)(run_file)
    with pytest.raises(OutputError, match="is the run of --baseline; name another file"):
        check_output(path, Options(baseline=run_file))
    with pytest.raises(OutputError, match="is the run to resume; name another file"):
        check_output(path, Options(resume=run_file))


def test_file_of_a_provider_is_no_output(tmp_path: Path) -> None:
    path = Path(paid_toml(tmp_path, "dall-e-2"))
    with pytest.raises(OutputError, match=r"paid\.toml: is the file of provider 'paid'"):
        check_output(path, Options(providers=(str(path),)))


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_folder_is_no_run_file_to_write_and_none_to_resume(name: str) -> None:
    with pytest.raises(OutputError, match="is no regular file; name one with --output"):
        OutputFile(Path(name))
    with pytest.raises(RunFileError, match="is a folder, and a run file is asked for"):
        Session(Options(providers=("reference",), live=True, resume=Path(name)))


@pytest.mark.parametrize("name", ["cassette.yaml", "notes.txt", "other.json"])
def test_file_that_is_no_run_file_is_no_output(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"type": "something else"}')
    with pytest.raises(OutputError, match="is there, and is no run file"):
        check_output(path, Options())
    with pytest.raises(OutputError, match="is there, and is no run file"):
        judge_files([CASSETTE], load_edition(), path)
    assert path.read_text() == '{"type": "something else"}'


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


def test_run_is_set_aside_until_a_finding_is_kept_or_something_was_sent(run_file: Path) -> None:
    content = run_file.read_bytes()
    place = OutputFile(run_file)

    def begin() -> None:
        place.take()
        assert not run_file.exists()
        assert place.before.read_bytes() == content
        run_file.write_text("only a header\n")

    begin()
    place.give_back()
    assert (run_file.read_bytes(), os.listdir(run_file.parent)) == (content, ["run.jsonl"])
    begin()
    put_ledger(run_file)
    place.give_back()
    assert run_file.read_text() == "only a header\n"
    assert place.before.read_bytes() == content
    place.keep()
    assert not place.before.exists()


def test_interrupted_run_is_set_aside_with_its_ledger_and_never_removed(run_file: Path) -> None:
    content = run_file.read_bytes()
    place = OutputFile(put_ledger(run_file))
    place.take()
    write_run(runs.run(runs.finding()), run_file)
    place.keep()
    assert place.before.read_bytes() == content
    assert ledger_of(place.before).exists()
    with pytest.raises(OutputError, match=r"run\.jsonl\.before: is there, of a run that was cut"):
        OutputFile(run_file).take()
    assert place.before.read_bytes() == content


@pytest.mark.parametrize(
    "words", [["--models", "nothing"], ["-n", "x"]], ids=["selection", "workers"]
)
def test_early_end_leaves_the_run_before(run_file: Path, words: list[str]) -> None:
    content = run_file.read_bytes()
    process = command(run_file.parent, *QUICK, *words)
    assert process.returncode == 2, process.stderr
    assert run_file.read_bytes() == content
    assert os.listdir(run_file.parent) == ["run.jsonl"]


def test_run_replaces_the_one_before(run_file: Path) -> None:
    run_id = read_run(run_file).header.id
    process = command(run_file.parent, *QUICK)
    assert process.returncode == 0, process.stderr
    assert read_run(run_file).header.id != run_id
    assert os.listdir(run_file.parent) == ["run.jsonl"]


def test_default_file_is_this_process_s_own_and_a_sentence_where_it_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_output(["./acme.toml", "relay"]).match("reports/*-acme+relay.jsonl")
    monkeypatch.setattr(os, "getpid", lambda: 7)
    mine = default_output(["./acme.toml", "relay"])
    assert mine.stem.partition("-")[2] == "7-acme+relay"
    (tmp_path / "reports").write_text("in the way")
    output = OutputFile(tmp_path / mine)
    with pytest.raises(OutputError, match=r"reports/.*cannot be written"), output:
        pass


def test_judged_recordings_that_cannot_be_written_leave_the_run_before(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = run_file.read_bytes()
    monkeypatch.setattr(RunWriter, "close", Mock(side_effect=RunFileError("full")))
    with pytest.raises(RunFileError, match="full"):
        judge_files([CASSETTE], load_edition(), run_file)
    assert run_file.read_bytes() == content
    assert os.listdir(run_file.parent) == ["run.jsonl"]


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
