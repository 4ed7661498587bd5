"""A run file is never written over what it is made from, nor over a run that is worth more."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from conformance.contract import load_edition
from conformance.recordings import judge_files
from conformance.results.run_file import RunFileError, RunWriter, read_run, write_run
from conformance.runner.output_path import (
    OutputError,
    Place,
    check_output,
    claimed,
    folder_of,
    holds_answers,
)
from conformance.runner.session import Options
from tests import runs
from tests.live import paid_toml
from tests.processes import COMMAND, PLAIN, command

RECORDED = Path(__file__).parents[1] / "cassettes/aimock/dall-e-3/baseline.yaml"
QUICK = ("run", "--models", "qwen-image", "--cases", "baseline", "--quiet", "--output", "run.jsonl")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A run that somebody still needs."""
    path = tmp_path / "run.jsonl"
    write_run(runs.run(runs.finding()), path)
    return path


def answered(path: Path) -> Path:
    """Put an answer beside a run file, as a live run does."""
    (folder_of(path) / "acme").mkdir(parents=True)
    (folder_of(path) / "acme" / "0.json").write_text("{}")
    return path


@pytest.mark.parametrize(
    ("read_as", "said"),
    [("baseline", "is the run of --baseline"), ("resume", "is the run to go on with")],
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


def test_run_is_set_aside_until_the_first_finding_stands(good: Path) -> None:
    before = good.read_bytes()
    place = Place(good)
    place.take()
    assert not good.exists()
    assert place.aside.read_bytes() == before
    good.write_text("new")
    place.keep()
    assert os.listdir(good.parent) == ["run.jsonl"]


@pytest.fixture
def begun(good: Path) -> tuple[Place, bytes]:
    """A new run of which only the header stands, and the run that stood there before."""
    before = good.read_bytes()
    place = Place(good)
    place.take()
    good.write_text("only a header\n")
    return place, before


def test_run_that_judged_nothing_gives_the_one_before_back(
    good: Path, begun: tuple[Place, bytes]
) -> None:
    place, before = begun
    place.give_back()
    assert good.read_bytes() == before
    assert os.listdir(good.parent) == ["run.jsonl"]


def test_run_that_holds_answers_stays_although_it_judged_nothing(
    good: Path, begun: tuple[Place, bytes]
) -> None:
    place, before = begun
    answered(good)
    place.give_back()
    assert good.read_text() == "only a header\n"
    assert place.aside.read_bytes() == before
    assert holds_answers(good) == 1


def test_answers_of_the_run_before_are_never_removed(good: Path) -> None:
    for name in ("run.jsonl.before", "run.jsonl.before-2"):
        place = Place(answered(good))
        place.take()
        write_run(runs.run(runs.finding()), good)
        place.keep()
        assert holds_answers(good.with_name(name)) == 1
        assert read_run(good.with_name(name)).findings
    assert read_run(good).findings


def test_empty_folder_of_a_new_run_is_not_set_aside(good: Path) -> None:
    (folder_of(good) / "acme").mkdir(parents=True)
    place = Place(good)
    place.take()
    assert not folder_of(place.aside).exists()
    assert place.aside.exists()


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


def test_baseline_as_output_is_a_sentence_and_stays(good: Path) -> None:
    before = good.read_bytes()
    done = command(good.parent, *QUICK, "--baseline", "run.jsonl")
    assert done.returncode == 2
    assert done.stderr == (
        "error: run.jsonl: is the run of --baseline; name another file with --output\n"
    )
    assert good.read_bytes() == before


def test_pipe_as_output_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.jsonl")
    done = command(tmp_path, *QUICK)
    assert done.returncode == 2
    assert "is no regular file" in done.stderr


def test_runs_of_one_second_have_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with ExitStack() as runs_of_a_second:
        found = [runs_of_a_second.enter_context(claimed(None, "acme")) for _ in range(5)]
        assert len(set(found)) == 5
        found[0].write_text("a run")
    assert os.listdir("reports") == [found[0].name]


def test_default_file_that_cannot_be_made_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").write_text("in the way")
    with pytest.raises(OutputError, match=r"^reports/.*cannot be written"), claimed(None, "acme"):
        pass


def test_two_default_runs_at_once_keep_both(tmp_path: Path) -> None:
    words = [*COMMAND, *QUICK[:-2]]
    both = [subprocess.Popen(words, cwd=tmp_path, env=PLAIN) for _ in range(2)]
    assert [each.wait(timeout=90) for each in both] == [0, 0]
    written = list((tmp_path / "reports").iterdir())
    assert len(written) == 2
    assert all(read_run(each).complete for each in written)


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
        claimed(mine, "acme"),
        pytest.raises(OutputError, match="another run is writing to it"),
        claimed(mine, "acme"),
    ):
        pass
    with claimed(mine, "acme"):
        assert [each.name for each in tmp_path.iterdir()] == [".run.jsonl.lock"]
    assert list(tmp_path.iterdir()) == []
