"""Files among many nights: what is no run, cut off, a copy or of no date, and is said to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.reports.history import History, history, statements
from conformance.runs.file import write_run
from tests import runs
from tests.nights import night, printed, spells, write


def damaged(folder: Path, name: str, content: bytes) -> History:
    write(folder, "..")
    (folder / name).write_bytes(content)
    return history(folder, clauses="format.*", every=True)


HEAD = json.dumps({**runs.header(), "id": "x"}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "there is nothing to read"),
        (b"no run\n", "no header of a run file"),
        (HEAD + b"not json\n" + HEAD, "bad.jsonl:2: is no record"),
        (HEAD + b'{"type":"finding","verdict":"green"}\n', "bad.jsonl:2: is no record"),
        (HEAD.replace(b'"schema": 1', b'"schema": 7'), "schema 7, not 1"),
    ],
    ids=["empty", "text", "line", "verdict", "schema"],
)
def test_file_that_is_no_run_is_left_out_with_the_reason(
    tmp_path: Path, content: bytes, why: str
) -> None:
    found = damaged(tmp_path, "bad.jsonl", content)
    ((path, said),) = found.problems
    assert path == "bad.jsonl"
    assert why in said
    assert len(found.nights[0].started) == 2
    assert f"left out: {path}" in printed(found)


def test_name_that_stands_for_other_files_is_left_out(tmp_path: Path) -> None:
    found = damaged(tmp_path, "[0]*.jsonl", HEAD)
    assert "rename it" in found.problems[0][1]
    assert len(found.nights[0].started) == 2


def test_run_that_was_cut_off_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    path = tmp_path / "03.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    found = history(tmp_path, clauses="format.*", every=True)
    assert not found.problems
    assert found.nights[0].incomplete == 1
    assert spells(found)[-1] == ("FAIL", "03", 1)


def test_line_beyond_all_bounds_is_read_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = statements.READ.replace("33554432", "4000")
    monkeypatch.setattr("conformance.reports.history.statements.READ", small)
    write(tmp_path, "..")
    write_run(night(3, runs.broken(message="x" * 9000)), tmp_path / "03.jsonl")
    found = history(tmp_path, clauses="format.*", every=True)
    assert (found.problems, spells(found)[-1]) == ((), ("FAIL", "03", 1))


def test_copy_of_a_run_counts_once_until_the_first_is_gone(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    (tmp_path / "copy.jsonl").write_bytes((tmp_path / "03.jsonl").read_bytes())
    found = history(tmp_path, clauses="format.*", every=True)
    assert found.problems == (("copy.jsonl", "a copy of 03.jsonl"),)
    assert spells(found)[-1] == ("FAIL", "03", 1)
    (tmp_path / "03.jsonl").unlink()
    again = history(tmp_path, clauses="format.*", every=True)
    assert (again.problems, spells(again)[-1]) == ((), ("FAIL", "03", 1))


@pytest.mark.parametrize(
    ("started", "why"),
    [
        ("not a date", "it started on 'not a date', which is no date"),
        ("2999-01-01T00:00:00+00:00", "which is yet to come; a clock was wrong"),
        ("2026-13-01T00:00:00+00:00", "which is no date"),
    ],
    ids=["no-date", "future", "month-13"],
)
def test_night_without_a_possible_date_is_a_problem_and_no_night(
    tmp_path: Path, started: str, why: str
) -> None:
    write(tmp_path, "..")
    bad = night(3, runs.broken(), runs.finding("envelope.json"), head={"started": started})
    write_run(bad, tmp_path / "bad.jsonl")
    found = history(tmp_path)
    assert [len(each.started) for each in found.nights] == [2]
    ((path, said),) = found.problems
    assert path == "bad.jsonl"
    assert why in said
    assert not found.timelines
