"""Files among many nights: what is no run, cut off, a copy or of no date, and is said to be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.reports.history import History, history, statements
from conformance.reports.history import index as index_module
from conformance.reports.history.index import NAME, Index
from conformance.results.run_file import write_run
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


@pytest.mark.parametrize("by_hand", [False, True], ids=["duckdb", "by-hand"])
@pytest.mark.parametrize("names", ["bac", "bca"], ids=["whole-last", "whole-first"])
@pytest.mark.parametrize("late", ["", "whole", "cut"], ids=["at-once", "whole-late", "cut-late"])
def test_whole_run_counts_and_not_what_was_cut_off_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_hand: bool, names: str, late: str
) -> None:
    if by_hand:
        monkeypatch.setattr(index_module, "_suspects", all_suspect)
    shortest, longer, whole = (f"{name}.jsonl" for name in names)
    lines = lines_with_a_fail(tmp_path)
    files = {shortest: lines[:1], longer: lines[:2], whole: lines}
    first = [each for each in files if (each == whole) != (late == "whole")] if late else files
    for some in (first, files):
        for name in some:
            (tmp_path / name).write_bytes(b"".join(files[name]))
        found = history(tmp_path, every=True)
    assert ("format.url-only", "F") in [(each.clause, each.marks) for each in found.timelines]
    cut = [(name, count) for name, count in ((shortest, 0), (longer, 1))]
    said = [(name, f"a copy of {whole}, cut off after {n} of 2 findings") for name, n in cut]
    assert found.problems == tuple(sorted(said))
    (tmp_path / NAME).unlink()
    assert history(tmp_path, every=True) == found


def lines_with_a_fail(folder: Path) -> list[bytes]:
    """Give the lines of a whole run: its head, two findings of which the later fails, its end."""
    path = folder / "x.jsonl"
    write_run(night(1, runs.finding("envelope.json"), runs.broken()), path)
    content = path.read_bytes()
    path.unlink()
    return content.splitlines(keepends=True)


def all_suspect(index: Index, _folder: Path, files: Sequence[str]) -> list[str]:
    index.connection.execute(statements.NOTHING)
    return list(files)


def test_longest_of_copies_counts_where_none_is_whole(tmp_path: Path) -> None:
    lines = lines_with_a_fail(tmp_path)
    for name, count in (("a", 2), ("b", 3), ("c", 3)):
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(lines[:count]))
    found = history(tmp_path, clauses="format.*", every=True)
    assert spells(found) == [("FAIL", "01", 1)]
    assert found.problems == (
        ("a.jsonl", "a copy of b.jsonl, cut off after 1 of 2 findings"),
        ("c.jsonl", "a copy of b.jsonl"),
    )


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
