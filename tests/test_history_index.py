"""The index of many nights: it grows with them, and is never trusted blindly."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.reports.history import HistoryError, history
from conformance.reports.history import index as index_module
from conformance.reports.history.index import NAME
from conformance.results.run_file import write_run
from tests import runs
from tests.nights import night, spells, told, write


@pytest.mark.parametrize(
    "letters", ["....", "..FF", "..F.", ".~?.", "?..F", "F...", "..k-", "  .."]
)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_index_that_grew_says_what_a_new_one_does(tmp_path: Path, letters: str, at: int) -> None:
    write(tmp_path, letters[:at])
    history(tmp_path)
    grown = told(tmp_path, letters[at:], since=at + 1)
    (tmp_path / NAME).unlink()
    assert grown == history(tmp_path, clauses="format.*", every=True)
    assert grown.timelines[0].marks == letters


def test_older_night_that_comes_late_is_put_in_its_place(tmp_path: Path) -> None:
    write(tmp_path, "F..", since=2)
    history(tmp_path)
    assert spells(told(tmp_path, ".", since=1)) == [
        ("pass", "01", 1),
        ("FAIL", "02", 1),
        ("pass", "03", 2),
    ]


def test_changed_and_removed_files_are_read_anew_and_forgotten(tmp_path: Path) -> None:
    told(tmp_path, "..F")
    write_run(night(3, runs.finding(), runs.finding("envelope.json")), tmp_path / "03.jsonl")
    assert spells(history(tmp_path, clauses="format.*", every=True)) == [("pass", "01", 3)]
    (tmp_path / "01.jsonl").unlink()
    found = history(tmp_path, clauses="format.*", every=True)
    assert (spells(found), len(found.nights[0].started)) == ([("pass", "02", 2)], 2)


def test_nothing_is_read_again_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = told(tmp_path, "..F")
    monkeypatch.setattr(index_module, "_read", None)
    assert history(tmp_path, clauses="format.*", every=True) == first


@pytest.mark.parametrize("at", [0, 100, 4096, 8192, 20000, 270000])
def test_damaged_index_is_built_anew(tmp_path: Path, at: int) -> None:
    first = told(tmp_path, "..F")
    path = tmp_path / NAME
    content = bytearray(path.read_bytes())
    content[at : at + 3000] = b"\xff" * len(content[at : at + 3000])
    path.write_bytes(content)
    again = history(tmp_path, clauses="format.*", every=True)
    assert again.timelines == first.timelines


@pytest.mark.parametrize("content", [b"", b"no database", b"\x00" * 9000])
def test_other_file_in_place_of_the_index_is_replaced(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "..F")
    (tmp_path / NAME).write_bytes(content)
    assert len(history(tmp_path).timelines) == 1


def test_index_of_another_version_is_built_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = told(tmp_path, "..F")
    monkeypatch.setattr("conformance.reports.history.statements.VERSION", 99)
    assert history(tmp_path, clauses="format.*", every=True) == first


def test_index_that_was_left_unsettled_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("conformance.reports.history.statements.SETTLE", ("SELECT error('x')",))
        write(tmp_path, "..F")
        with pytest.raises(Exception, match="x"):
            history(tmp_path)
    assert spells(history(tmp_path, clauses="format.*", every=True))[-1] == ("FAIL", "03", 1)


def test_two_processes_at_once_both_tell_it(tmp_path: Path) -> None:
    write(tmp_path, ".." * 10 + "F")
    command = [sys.executable, "-m", "conformance.cli", "history", str(tmp_path), "-f", "json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [each.communicate(timeout=120)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert outputs[0] == outputs[1]


def test_folder_that_cannot_be_written_is_told_all_the_same(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    tmp_path.chmod(stat.S_IREAD | stat.S_IEXEC)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write everywhere, so no folder stands for a read-only one")
        found = history(tmp_path)
    finally:
        tmp_path.chmod(stat.S_IRWXU)
    assert "is made anew each time" in found.notes[0]


def test_index_in_memory_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_writable", lambda _: False)
    found = told(tmp_path, "..F")
    assert spells(found)[-1] == ("FAIL", "03", 1)
    assert not (tmp_path / NAME).exists()


def test_lock_that_is_never_given_up_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ".")
    monkeypatch.setattr(index_module, "_PATIENCE", 0.01)
    with index_module._alone(tmp_path), pytest.raises(HistoryError, match="another process"):
        history(tmp_path)
