"""The nights of a folder over time: spells, accidents, silences, and how they are reported."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from msgspec import structs
from typer.testing import CliRunner

from conformance.cli import app
from conformance.contract import schemas_directory
from conformance.findings import Verdict
from conformance.reports.history import History, history, history_json, history_markdown
from conformance.reports.history.render import now_of
from conformance.reports.history.timeline import Timeline, squeezed, timelines_of
from conformance.reports.measures import Rate
from conformance.results.records import ClauseRecord, ContractRecord
from conformance.results.run_file import read_run, write_run
from conformance.results.run_states import RunStates
from tests import runs
from tests.nights import LETTERS, QUICK, ended, night, printed, spells, write
from tests.runners import commands
from tests.test_reports_markdown import structure

VALIDATOR = Draft202012Validator(
    json.loads((schemas_directory() / "history.schema.json").read_text(encoding="utf-8"))
)
TELLING = "-.kdF"
ROWS = st.text(".Fdk~unr!- ", min_size=1).filter(str.strip)


def timeline(row: str) -> Timeline:
    """The timeline of one promise, a letter a night."""
    clauses = (ClauseRecord("format.url-only", "MUST", "", ()),)
    nights = [
        RunStates(
            *(f"{day}", f"{day:04}", "tool", {"acme": "edition"}),
            True,
            False,
            1,
            clauses,
            {("acme", "m"): mark},
        )
        for day, mark in enumerate(row)
    ]
    (found,) = timelines_of("acme", nights, "*")
    return found


@QUICK
@given(ROWS)
def test_spells_are_the_nights_that_tell_in_runs_of_one_verdict(row: str) -> None:
    found = timeline(row)
    letters = [each.state.letter for each in found.spells]
    telling = "".join(mark for mark in row if mark in TELLING)
    assert "".join(s.state.letter * s.nights for s in found.spells) == telling
    assert all(one != other for one, other in pairwise(letters))
    for spell in found.spells:
        assert row[int(spell.first)] == row[int(spell.last)] == spell.state.letter


@QUICK
@given(ROWS)
def test_every_night_is_judged_or_not_judged_or_missing(row: str) -> None:
    found = timeline(row)
    assert found.flakes.of + found.unjudged + row.count(" ") == len(row)
    low, high = found.flakes.interval
    assert 0 <= low <= found.flakes.share <= high <= 1


@QUICK
@given(ROWS)
def test_silence_is_the_end_of_a_row_that_was_judged_before(row: str) -> None:
    found = timeline(row)
    tail = row[len(row.rstrip("unr! ")) :]
    nights = len(tail) if found.spells else 0
    assert (found.silence.nights if found.silence else 0) == nights


@QUICK
@given(ROWS, st.integers(1, 30))
def test_row_of_nights_fits_and_hides_no_failure(row: str, width: int) -> None:
    fitted = squeezed(timeline(row).marks, width)
    assert len(fitted) == min(len(row), width)
    assert ("F" in fitted) == ("F" in row)


@pytest.mark.parametrize(
    ("letters", "flakes", "judged", "unjudged"),
    [
        ("....", 0, 4, 0),
        ("..F..", 1, 5, 0),
        ("..FF..", 0, 6, 0),
        ("..F", 0, 3, 0),
        (".~.n", 1, 3, 1),
        (".uF!.", 1, 3, 2),
        (".F.F.", 3, 5, 0),
    ],
)
def test_accident_is_a_flaky_night_or_one_that_alone_differs(
    letters: str, flakes: int, judged: int, unjudged: int
) -> None:
    found = timeline(letters)
    assert (found.flakes, found.unjudged) == (Rate(flakes, judged), unjudged)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert list(Rate(hits, of).interval) == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize("with_states", [True, False], ids=["footer", "findings"])
@pytest.mark.parametrize(
    ("letters", "said"),
    [
        ("..FF", "FAIL since 2026-01-03 (2 nights)"),
        ("..?.", "pass since 2026-01-01 (3 nights)"),
        ("..??", "pass until 2026-01-02; not judged since 2026-01-03 (2 nights)"),
        (".F  ", "FAIL until 2026-01-02; not judged since 2026-01-03 (2 nights)"),
        (".k~!", "known until 2026-01-02; not judged since 2026-01-04 (1 night)"),
        ("-d.~", "pass since 2026-01-03 (1 night)"),
        ("????", "never judged"),
    ],
)
def test_promise_says_since_when_it_holds(
    tmp_path: Path, letters: str, said: str, with_states: bool
) -> None:
    write(tmp_path, letters, with_states=with_states)
    (found,) = history(tmp_path, clauses="format.*", every=True).timelines
    assert (now_of(found), found.marks) == (said, letters)


def test_worst_of_a_night_counts_but_for_what_is_explained(tmp_path: Path) -> None:
    hidden = runs.finding("count.n-images", Verdict.NOT_TESTABLE)
    seen = runs.finding("count.n-images", case="n-2")
    write_run(night(1, runs.known(), hidden, seen, runs.finding(case="n-2")), tmp_path / "1.jsonl")
    marks = {each.clause: each.marks for each in history(tmp_path, every=True).timelines}
    assert marks == {"format.url-only": "k", "count.n-images": "."}


@pytest.mark.parametrize(("mode", "marks"), [("foreign", "."), ("live", "?")])
def test_silence_of_a_recording_undoes_no_pass(tmp_path: Path, mode: str, marks: str) -> None:
    silent = runs.finding(verdict=Verdict.NOT_TESTABLE, case="n-2", message="no image")
    head = {"providers": runs.header(mode=mode)["providers"]}
    write_run(night(1, runs.finding(), silent, head=head), tmp_path / "1.jsonl")
    (found,) = history(tmp_path, every=True).timelines
    assert found.marks == marks


def test_models_with_the_same_nights_share_a_row(tmp_path: Path) -> None:
    for day, make in enumerate((runs.finding, runs.finding, runs.broken), start=1):
        findings = [make(model=each) for each in ("dall-e-2", "dall-e-3")]
        write_run(night(day, *findings), tmp_path / f"{day}.jsonl")
    (found,) = history(tmp_path).timelines
    assert found.models == ("dall-e-2", "dall-e-3")


@pytest.mark.parametrize(
    ("letters", "shown", "unchanged", "silent"),
    [("..F", 1, 1, 0), ("...", 0, 2, 0), (".?.", 0, 2, 0), ("..?", 1, 1, 1), ("???", 0, 2, 0)],
)
def test_only_what_changed_or_fell_silent_is_shown_unless_asked(
    tmp_path: Path, letters: str, shown: int, unchanged: int, silent: int
) -> None:
    write(tmp_path, letters)
    found = history(tmp_path)
    assert (len(found.timelines), found.unchanged, found.silent) == (shown, unchanged, silent)
    assert len(history(tmp_path, every=True).timelines) == 2


def test_what_changed_comes_before_what_is_not_judged_any_more(tmp_path: Path) -> None:
    for day, letter in enumerate(".FF", start=1):
        rest = [runs.finding("count.n-images")] if day < 3 else []
        write_run(night(day, LETTERS[letter], *rest), tmp_path / f"{day}.jsonl")
    found = [each.clause for each in history(tmp_path).timelines]
    assert found == ["format.url-only", "count.n-images"]


def test_suite_with_other_clauses_goes_on_with_the_same_promises(tmp_path: Path) -> None:
    clauses = runs.header()["clauses"]
    for day, some in enumerate((clauses[:1], clauses, clauses[::-1]), start=1):
        head = {"clauses": some, "tool": f"suite {day}"}
        found = [runs.finding(each["id"]) for each in some]
        write_run(ended(night(day, *found, head=head)), tmp_path / f"{day}.jsonl")
    marks = {each.clause: each.marks for each in history(tmp_path, every=True).timelines}
    assert marks == dict.fromkeys(runs.LEVELS, " ..") | {"format.url-only": "..."}


HEAD = json.dumps({**runs.header(), "id": "x"}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "there is nothing to read"),
        (b"no run\n", "no header of a run file"),
        (HEAD + b"not json\n" + HEAD, "bad.jsonl:2: is no record"),
        (HEAD + b'{"type":"finding","verdict":"green"}\n', "bad.jsonl:2: is no record"),
        (HEAD.replace(b'"schema": 1', b'"schema": 7'), "schema 7, not 1"),
        (HEAD.replace(b'"started": "2026', b'"started": "x2026'), "which is no date"),
        (HEAD.replace(b'"started": "2026', b'"started": "2999'), "which is yet to come"),
    ],
    ids=["empty", "text", "line", "verdict", "schema", "no-date", "future"],
)
def test_file_that_is_no_night_is_left_out_with_the_reason(
    tmp_path: Path, content: bytes, why: str
) -> None:
    write(tmp_path, "..")
    (tmp_path / "bad.jsonl").write_bytes(content)
    found = history(tmp_path)
    ((path, said),) = found.problems
    assert path == "bad.jsonl"
    assert why in said
    assert len(found.nights[0].started) == 2
    assert f"left out: {path}" in printed(found)


def test_part_of_a_run_is_not_cut_off(tmp_path: Path) -> None:
    for day, part in enumerate((False, True), start=1):
        end = {**runs.footer(complete=not part), "interrupted": False}
        write_run(ended(night(day, runs.finding(), end=end)), tmp_path / f"{day}.jsonl")
    found = history(tmp_path, every=True)
    assert (found.nights[0].incomplete, found.nights[0].parts) == (0, 1)
    assert "2 nights, 2026-01-01 to 2026-01-02, 1 a part\n" in printed(found)


@pytest.mark.parametrize(("letters", "marks"), [("..F", "..F"), ("..", ".?")])
def test_run_that_was_cut_off_breaks_promises_and_keeps_none(
    tmp_path: Path, letters: str, marks: str
) -> None:
    write(tmp_path, letters)
    path = tmp_path / f"0{len(letters)}.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    found = history(tmp_path, clauses="format.*", every=True)
    assert (found.problems, found.nights[0].incomplete) == ((), 1)
    assert found.timelines[0].marks == marks


@pytest.mark.parametrize("names", ["abc", "bca", "cab"])
def test_whole_run_counts_and_not_what_was_cut_off_of_it(tmp_path: Path, names: str) -> None:
    path = tmp_path / "x.jsonl"
    write_run(ended(night(1, runs.finding("envelope.json"), runs.broken())), path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.unlink()
    for name, count in zip(names, (1, 2, 4), strict=True):
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(lines[:count]))
    found = history(tmp_path, clauses="format.*", every=True)
    assert spells(found) == [("FAIL", "01", 1)]
    shorter = sorted(zip(names, (0, 1), strict=False))
    why = f"a copy of {names[2]}.jsonl, cut off after {{}} of 2 findings"
    assert found.problems == tuple((f"{name}.jsonl", why.format(n)) for name, n in shorter)
    (tmp_path / f"{names[2]}.jsonl").unlink()
    ((path_, why),) = history(tmp_path).problems
    assert (path_, why) == (
        f"{names[0]}.jsonl", f"a copy of {names[1]}.jsonl, cut off after 0 of 1 findings",
    )  # fmt: skip


def test_night_that_several_editions_judged_names_that_of_the_provider(tmp_path: Path) -> None:
    write(tmp_path, "..")
    path = tmp_path / "02.jsonl"
    run = read_run(path)
    edition = structs.replace(run.header.edition, id="openai-2026-11")
    other = ContractRecord(edition=edition, providers=("acme",), clauses=run.header.clauses)
    path.unlink()
    write_run(replace(run, header=structs.replace(run.header, also=(other,)), footer=None), path)
    assert history(tmp_path).nights[0].editions == (run.header.edition.id, "openai-2026-11")


def test_copy_of_a_run_counts_once(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    (tmp_path / "copy.jsonl").write_bytes((tmp_path / "03.jsonl").read_bytes())
    found = history(tmp_path, clauses="format.*", every=True)
    assert found.problems == (("copy.jsonl", "a copy of 03.jsonl"),)
    assert spells(found)[-1] == ("FAIL", "03", 1)


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


def test_silence_is_in_every_form(tmp_path: Path) -> None:
    write(tmp_path, "..??")
    found = history(tmp_path)
    value = json.loads(history_json(found))
    silence = {"since": "2026-01-03T03:00:00+00:00", "nights": 2}
    assert (value["silent"], value["timelines"][0]["silence"]) == (1, silence)
    said = "pass until 2026-01-02; not judged since 2026-01-03 (2 nights)"
    assert f"| {said} |" in history_markdown(found)
    page = " ".join(printed(found).split())
    assert f"dall-e-3: {said}" in page
    assert "1 promise was judged before, not on the newest night." in page


def test_json_is_as_its_schema_says(tmp_path: Path) -> None:
    write(tmp_path, ".F~k?!d- .F")
    VALIDATOR.validate(json.loads(history_json(history(tmp_path, every=True))))


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(tmp_path: Path, text: str) -> None:
    def found(said: str, folder: Path) -> History:
        folder.mkdir()
        for day, verdict in ((1, Verdict.PASS), (2, Verdict.FAIL)):
            run = runs.hostile(said, verdict)
            started = f"2026-01-0{day}T03:00:00+00:00"
            runs.change_header(run, started=started, id=f"{said}{day}")
            write_run(run, folder / f"{day}.jsonl")
        return history(folder)

    hostile, plain = found(text, tmp_path / "hostile"), found("harmless", tmp_path / "plain")
    assert all(each.isprintable() for each in printed(hostile).split("\n"))
    assert commands(printed(hostile) + history_markdown(hostile)) == []
    assert structure(history_markdown(hostile)) == structure(history_markdown(plain))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "is no folder"),
        (["empty"], "holds no run"),
        ([".", "-p", "relay"], "no run of a provider 'relay'"),
        ([".", "-f", "html"], "unknown format"),
    ],
    ids=["no-folder", "empty", "provider", "format"],
)
def test_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    write(tmp_path, "..")
    assert why in str(CliRunner().invoke(app, ["history", *words]).exception)


def test_command_writes_files(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    out = tmp_path / "history.json"
    done = CliRunner().invoke(app, ["history", str(tmp_path), "-o", str(out)])
    assert done.exit_code == 0
    assert "format.url-only" in done.stdout
    VALIDATOR.validate(json.loads(out.read_text()))
