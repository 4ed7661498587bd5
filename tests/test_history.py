"""Many nights as timelines: spells, accidents, and an index that is never trusted blindly."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from typer.testing import CliRunner

from conformance.cli import app
from conformance.commands import history as command
from conformance.contract import schemas_directory
from conformance.findings import Finding, Verdict
from conformance.reports.history import (
    History,
    HistoryError,
    history,
    history_json,
    history_markdown,
    print_history,
    statements,
)
from conformance.reports.history import index as index_module
from conformance.reports.history.index import NAME
from conformance.reports.history.states import MARKS, STATE_OF, State
from conformance.reports.history.timeline import Rate, squeezed
from conformance.runs.file import write_run
from tests import runs
from tests.nights import night
from tests.test_reports_markdown import structure

VALIDATOR = Draft202012Validator(
    json.loads((schemas_directory() / "history.schema.json").read_text(encoding="utf-8"))
)
V = Verdict
LETTERS = {
    ".": runs.finding(),
    "F": runs.broken(),
    "k": runs.known(),
    "d": runs.finding(verdict=V.DEVIATES),
    "~": runs.finding(verdict=V.FLAKY, rate=0.5, repeats=4),
    "?": runs.finding(verdict=V.UNAVAILABLE),
    "!": runs.finding(verdict=V.HARNESS_ERROR),
    "-": runs.finding(verdict=V.NOT_CLAIMED),
}


def write(folder: Path, letters: str, since: int = 1) -> None:
    """Write a night a letter; a blank is a night without the promise."""
    for day, letter in enumerate(letters, start=since):
        found = [LETTERS[letter]] if letter in LETTERS else []
        write_run(night(day, *found, runs.finding("envelope.json")), folder / f"{day:02}.jsonl")


def told(folder: Path, letters: str, since: int = 1) -> History:
    write(folder, letters, since)
    return history(folder, clauses="format.*", every=True)


def spells(found: History) -> list[tuple[str, str, int]]:
    (timeline,) = found.timelines
    return [(each.state.word, each.first[8:10], each.nights) for each in timeline.spells]


def printed(found: History, width: int = 80) -> str:
    file = io.StringIO()
    print_history(found, Console(file=file, width=width))
    return file.getvalue()


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("...", [("pass", "01", 3)]),
        ("..FF", [("pass", "01", 2), ("FAIL", "03", 2)]),
        (".?!~.", [("pass", "01", 2)]),
        ("F?k", [("FAIL", "01", 1), ("known", "03", 1)]),
        (".d.-", [("pass", "01", 1), ("deviates", "02", 1), ("pass", "03", 1),
                  ("not claimed", "04", 1)]),
        ("??", []),
        (". .", [("pass", "01", 2)]),
    ],
)  # fmt: skip
def test_spells_say_since_when_each_verdict_holds(
    tmp_path: Path, letters: str, expected: list[tuple[str, str, int]]
) -> None:
    found = told(tmp_path, letters)
    assert spells(found) == expected
    assert found.timelines[0].marks == letters


@pytest.mark.parametrize(
    ("letters", "flakes", "judged", "unjudged"),
    [
        ("....", 0, 4, 0),
        ("..F..", 1, 5, 0),
        ("..FF..", 0, 6, 0),
        ("..F", 0, 3, 0),
        (".~.?", 1, 3, 1),
        (".?F?.", 1, 3, 2),
        (".F.F.", 3, 5, 0),
    ],
)
def test_accident_is_a_flaky_night_or_one_that_alone_differs(
    tmp_path: Path, letters: str, flakes: int, judged: int, unjudged: int
) -> None:
    (timeline,) = told(tmp_path, letters).timelines
    assert (timeline.flakes, timeline.unjudged) == (Rate(flakes, judged), unjudged)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert list(Rate(hits, of).interval) == pytest.approx([low, high], abs=1e-4)


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


def test_worst_of_a_night_counts_but_for_what_is_explained(tmp_path: Path) -> None:
    hidden = runs.finding("count.n-images", V.NOT_TESTABLE)
    seen = runs.finding("count.n-images", case="n-2")
    mixed: list[Finding] = [runs.known(), hidden, seen, runs.finding(case="n-2")]
    write_run(night(1, *mixed), tmp_path / "1.jsonl")
    marks = {each.clause: each.marks for each in history(tmp_path, every=True).timelines}
    assert marks == {"format.url-only": "k", "count.n-images": "."}


def test_every_verdict_has_a_state_and_every_state_a_letter() -> None:
    assert set(STATE_OF) == set(Verdict)
    assert set(MARKS) == set(State)


@pytest.mark.parametrize(
    ("marks", "width", "row"),
    [("..F", 5, "..F"), ("...F..", 3, ".F."), ("?.??", 2, ".?"), ("  ..", 2, " .")],
)
def test_row_of_nights_fits_and_hides_no_failure(marks: str, width: int, row: str) -> None:
    assert squeezed(marks, width) == row


def test_models_with_the_same_nights_share_a_row(tmp_path: Path) -> None:
    for day, letter in enumerate("..F", start=1):
        models = ("dall-e-2", "dall-e-3")
        make = runs.broken if letter == "F" else runs.finding
        write_run(night(day, *(make(model=each) for each in models)), tmp_path / f"{day}.jsonl")
    (timeline,) = history(tmp_path).timelines
    assert timeline.models == ("dall-e-2", "dall-e-3")


def test_only_what_changed_is_shown_unless_asked(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    found = history(tmp_path)
    assert [each.clause for each in found.timelines] == ["format.url-only"]
    assert found.unchanged == 1
    assert len(history(tmp_path, every=True).timelines) == 2


@pytest.mark.parametrize(
    "said",
    [
        "acme: 7 nights, 2026-01-01 to 2026-01-07",
        "MUST format.url-only on dall-e-3: FAIL since 2026-01-06 (2 nights), 3 changes, flaky",
        "..F..FF",
        "1 promise never changed (--all shows them).",
    ],
)
def test_screen_says(tmp_path: Path, said: str) -> None:
    write(tmp_path, "..F..FF")
    assert said in " ".join(printed(history(tmp_path)).split())


def test_json_is_as_its_schema_says(tmp_path: Path) -> None:
    VALIDATOR.validate(json.loads(history_json(told(tmp_path, ".F~k?!d- .F"))))


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(tmp_path: Path, text: str) -> None:
    def found(said: str, folder: Path) -> History:
        for day, verdict in ((1, V.PASS), (2, V.FAIL)):
            run = runs.hostile(said, verdict)
            run.header.update(started=f"2026-01-0{day}T03:00:00+00:00", id=f"{said}{day}")
            write_run(run, folder / f"{day}.jsonl")
        return history(folder)

    hostile = found(text, tmp_path)
    assert all(each.isprintable() for each in printed(hostile).split("\n"))
    (tmp_path / "plain").mkdir()
    plain = history_markdown(found("harmless", tmp_path / "plain"))
    assert len(hostile.timelines) == 1
    assert structure(history_markdown(hostile)) == structure(plain)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "is no folder"),
        (["."], "holds no run"),
        (["runs", "-p", "relay"], "no run of a provider 'relay'"),
        (["runs", "-f", "html"], "unknown format"),
    ],
    ids=["no-folder", "empty", "provider", "format"],
)
def test_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["history", *words])
    if words[0] == "runs":
        (tmp_path / "runs").mkdir()
        write(tmp_path / "runs", "..")
        done = CliRunner().invoke(app, ["history", *words])
    assert why in str(done.exception)


def test_command_writes_files(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    out = tmp_path / "history.json"
    done = CliRunner().invoke(app, ["history", str(tmp_path), "-o", str(out)])
    assert done.exit_code == 0
    assert "format.url-only" in done.stdout
    VALIDATOR.validate(json.loads(out.read_text()))


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


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_progress_is_for_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    command._progress(200, 600)
    assert capsys.readouterr().err == "read 200 of 600 run files\n" * terminal


def test_lock_that_is_never_given_up_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ".")
    monkeypatch.setattr(index_module, "_PATIENCE", 0.01)
    with index_module._alone(tmp_path), pytest.raises(HistoryError, match="another process"):
        history(tmp_path)
