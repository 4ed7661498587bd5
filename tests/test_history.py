"""The nights of a folder over time: spells, accidents, silences, and how they are reported."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from typer.testing import CliRunner

from conformance.cli import app
from conformance.findings import Verdict
from conformance.reports.history.render import history_json, history_markdown, now_of
from conformance.reports.history.timeline import History, Timeline, history, squeezed, timelines_of
from conformance.reports.measures import Rate
from conformance.results.records import ClauseRecord, ContractRecord
from conformance.results.run_file import read_run
from conformance.results.run_states import RunStates
from tests import runs
from tests.nights import QUICK, night, render_history, spells, with_footer, write
from tests.runs import write_run
from tests.shown import by_schema, check_harmless


def timeline(row: str) -> Timeline:
    """The timeline of one promise, a letter a night."""
    clauses = (ClauseRecord("format.url-only", "MUST", "", ()),)
    about = ("tool", {"acme": "edition"}, True, False, 1, clauses)
    nights = [
        RunStates(f"{d}", f"{d:04}", *about, {("acme", "m"): row[d]}) for d in range(len(row))
    ]
    (only,) = timelines_of("acme", nights, "*")
    return only


def nights_in(folder: Path, *findings: list[Any], **head: Any) -> History:
    """The history of nights with these findings."""
    for day, records in enumerate(findings, start=1):
        write_run(night(day, *records, head=head), folder / f"{day}.jsonl")
    return history(folder, every=True)


@QUICK
@given(st.text(".Fdk~unr!- ", min_size=1).filter(str.strip), st.integers(1, 30))
def test_nights_that_tell_are_spells_of_one_verdict_and_none_is_lost(row: str, width: int) -> None:
    line = timeline(row)
    assert "".join(spell.state.letter * spell.nights for spell in line.spells) == "".join(
        mark for mark in row if mark in "-.kdF"
    )
    assert all(one.state != other.state for one, other in pairwise(line.spells))
    for spell in line.spells:
        assert row[int(spell.first)] == row[int(spell.last)] == spell.state.letter
    assert line.flakes.of + line.unjudged + row.count(" ") == len(row)
    low, high = line.flakes.interval
    assert 0 <= low <= line.flakes.share <= high <= 1
    silent_nights = len(row) - len(row.rstrip("unr! ")) if line.spells else 0
    assert (line.silence.nights if line.silence else 0) == silent_nights
    short_row = squeezed(line.marks, width)
    assert len(short_row) == min(len(row), width)
    assert ("F" in short_row) == ("F" in row)


@pytest.mark.parametrize(
    ("letters", "flakes", "judged", "unjudged"),
    [
        *(("....", 0, 4, 0), ("..F..", 1, 5, 0), ("..FF..", 0, 6, 0), ("..F", 0, 3, 0)),
        *((".~.n", 1, 3, 1), (".uF!.", 1, 3, 2), (".F.F.", 3, 5, 0)),
    ],
)
def test_accident_is_a_flaky_night_or_one_that_alone_differs(
    letters: str, flakes: int, judged: int, unjudged: int
) -> None:
    line = timeline(letters)
    assert (line.flakes, line.unjudged) == (Rate(flakes, judged), unjudged)


def test_interval_is_wilsons() -> None:
    for hits, of, low, high in ((0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (0, 0, 0.0, 1.0)):
        assert list(Rate(hits, of).interval) == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize("with_states", [True, False], ids=["footer", "findings"])
@pytest.mark.parametrize(
    ("letters", "sentence"),
    [
        ("..FF", "FAIL since 2026-01-03 (2 nights)"),
        ("..?.", "pass since 2026-01-01 (3 nights)"),
        (".F  ", "FAIL until 2026-01-02; not judged since 2026-01-03 (2 nights)"),
        (".k~!", "known until 2026-01-02; not judged since 2026-01-04 (1 night)"),
        ("-d.~", "pass since 2026-01-03 (1 night)"),
        ("????", "never judged"),
    ],
)
def test_promise_says_since_when_it_holds(
    tmp_path: Path, letters: str, sentence: str, with_states: bool
) -> None:
    write(tmp_path, letters, with_states=with_states)
    nights = history(tmp_path, clauses="format.*", every=True)
    (line,) = nights.timelines
    assert (now_of(line, nights.nights[0].started), line.marks) == (sentence, letters)


def test_runs_of_one_day_are_told_apart_by_their_time(tmp_path: Path) -> None:
    for hour, verdict in enumerate((Verdict.PASS, Verdict.FAIL), start=8):
        head = {"started": f"2026-01-02T0{hour}:30:05+00:00", "id": f"{hour}"}
        run = night(2, runs.finding("format.url-only", verdict), head=head)
        write_run(run, tmp_path / f"{hour}.jsonl")
    text = render_history(history(tmp_path), 120)
    assert "2 nights, 2026-01-02 08:30:05 to 2026-01-02 09:30:05" in text
    assert "FAIL since 2026-01-02 09:30:05" in text


def test_worst_of_a_night_counts_but_for_what_is_explained(tmp_path: Path) -> None:
    explained = runs.finding("count.n-images", Verdict.NOT_TESTABLE)
    own_finding = runs.finding("count.n-images", case="n-2")
    nights = nights_in(
        tmp_path, [runs.known_deviation(), explained, own_finding, runs.finding(case="n-2")]
    )
    marks = {line.clause: line.marks for line in nights.timelines}
    assert marks == {"format.url-only": "k", "count.n-images": "."}


@pytest.mark.parametrize(("mode", "marks"), [("foreign", "."), ("live", "?")])
def test_silence_of_a_recording_undoes_no_pass(tmp_path: Path, mode: str, marks: str) -> None:
    undecided = runs.finding(verdict=Verdict.NOT_TESTABLE, case="n-2", message="no image")
    head = runs.header(mode=mode)
    (line,) = nights_in(
        tmp_path, [runs.finding(), undecided], providers=head["providers"]
    ).timelines
    assert line.marks == marks


@pytest.mark.parametrize(
    ("letters", "shown", "unchanged", "silent", "unjudged"),
    [
        ("..F", 1, 1, 0, 0),
        ("...", 0, 2, 0, 0),
        (".?.", 0, 2, 0, 0),
        ("..?", 1, 1, 1, 0),
        ("???", 0, 1, 0, 1),
        ("?", 0, 1, 0, 1),
    ],
)
def test_only_what_changed_or_fell_silent_is_shown_unless_asked(
    tmp_path: Path, letters: str, shown: int, unchanged: int, silent: int, unjudged: int
) -> None:
    write(tmp_path, letters)
    nights = history(tmp_path)
    assert (len(nights.timelines), nights.unchanged, nights.silent) == (shown, unchanged, silent)
    assert nights.unjudged == unjudged
    assert ("never judged" in history_markdown(nights)) == bool(unjudged)
    assert len(history(tmp_path, every=True).timelines) == 2


def test_models_share_a_row_and_what_changed_comes_before_what_fell_silent(
    tmp_path: Path,
) -> None:
    models = ("dall-e-2", "dall-e-3")
    passes, breaks = (
        [make(model=name) for name in models] for make in (runs.finding, runs.broken_must)
    )
    rest = runs.finding("count.n-images")
    nights_in(tmp_path, [*passes, rest], [*breaks, rest], breaks)
    lines = [(line.clause, line.models) for line in history(tmp_path).timelines]
    assert lines == [("format.url-only", models), ("count.n-images", ("dall-e-3",))]


def test_suite_with_other_clauses_goes_on_with_the_same_promises(tmp_path: Path) -> None:
    clauses = runs.header()["clauses"]
    for day, some in enumerate((clauses[:1], clauses, clauses[::-1]), start=1):
        findings = [runs.finding(clause["id"]) for clause in some]
        head = {"clauses": some, "tool": f"suite {day}"}
        write_run(with_footer(night(day, *findings, head=head)), tmp_path / f"{day}.jsonl")
    marks = {line.clause: line.marks for line in history(tmp_path, every=True).timelines}
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
    nights = history(tmp_path)
    ((path, reason),) = nights.problems
    assert path == "bad.jsonl"
    assert why in reason
    assert len(nights.nights[0].started) == 2
    assert f"left out: {path}" in render_history(nights)


def test_part_of_a_run_is_not_cut_off(tmp_path: Path) -> None:
    for day, part in enumerate((False, True), start=1):
        end = {**runs.footer(complete=not part), "interrupted": False}
        write_run(with_footer(night(day, runs.finding(), end=end)), tmp_path / f"{day}.jsonl")
    few = night(3, runs.finding(), head={"selection": {"cases": "baseline"}})
    write_run(with_footer(few), tmp_path / "3.jsonl")
    nights = history(tmp_path, every=True)
    assert (nights.nights[0].incomplete, nights.nights[0].parts) == (0, 2)
    assert "3 nights, 2026-01-01 to 2026-01-03, 2 a part\n" in render_history(nights)


@pytest.mark.parametrize(("letters", "marks"), [("..F", "..F"), ("..", ".?")])
def test_run_that_was_cut_off_breaks_promises_and_keeps_none(
    tmp_path: Path, letters: str, marks: str
) -> None:
    write(tmp_path, letters)
    path = tmp_path / f"0{len(letters)}.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    nights = history(tmp_path, clauses="format.*", every=True)
    assert (nights.problems, nights.nights[0].incomplete) == ((), 1)
    assert nights.timelines[0].marks == marks


@pytest.mark.parametrize("names", ["abc", "bca", "cab"])
def test_whole_run_counts_and_not_what_was_cut_off_of_it(tmp_path: Path, names: str) -> None:
    path = tmp_path / "x.jsonl"
    write_run(with_footer(night(1, runs.finding("envelope.json"), runs.broken_must())), path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.unlink()
    for name, count in zip(names, (1, 2, 4), strict=True):
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(lines[:count]))
    nights = history(tmp_path, clauses="format.*", every=True)
    assert spells(nights) == [("FAIL", "01", 1)]
    shorter = sorted(zip(names, (0, 1), strict=False))
    why = f"a copy of {names[2]}.jsonl, cut off after {{}} of 2 findings"
    assert nights.problems == tuple((f"{name}.jsonl", why.format(n)) for name, n in shorter)
    (tmp_path / f"{names[2]}.jsonl").unlink()
    why = f"a copy of {names[1]}.jsonl, cut off after 0 of 1 findings"
    assert history(tmp_path).problems == ((f"{names[0]}.jsonl", why),)


def test_night_that_several_editions_judged_names_that_of_the_provider(tmp_path: Path) -> None:
    write(tmp_path, "..")
    path = tmp_path / "02.jsonl"
    run = read_run(path)
    edition = structs.replace(run.header.edition, id="openai-2026-11")
    contract = ContractRecord(edition=edition, providers=("acme",), clauses=run.header.clauses)
    path.unlink()
    write_run(replace(run, header=structs.replace(run.header, also=(contract,)), footer=None), path)
    nights = history(tmp_path)
    assert nights.nights[0].editions == (run.header.edition.id, "openai-2026-11")
    assert f"by {run.header.edition.id} and openai-2026-11" in render_history(nights, 200)


def test_copy_of_a_run_counts_once(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    (tmp_path / "copy.jsonl").write_bytes((tmp_path / "03.jsonl").read_bytes())
    nights = history(tmp_path, clauses="format.*", every=True)
    assert nights.problems == (("copy.jsonl", "a copy of 03.jsonl"),)
    assert spells(nights)[-1] == ("FAIL", "03", 1)


def test_screen_says_what_changed_and_since_when(tmp_path: Path) -> None:
    write(tmp_path, "..F..FF")
    output = " ".join(render_history(history(tmp_path)).split())
    assert "acme: 7 nights, 2026-01-01 to 2026-01-07" in output
    since = "FAIL since 2026-01-06 (2 nights), 3 changes, flaky"
    assert f"MUST format.url-only on dall-e-3: {since}" in output
    assert "..F..FF" in output
    assert "1 promise never changed (--all shows them)." in output


def test_every_night_keeps_its_place_in_a_row_where_browsers_fold_blanks(tmp_path: Path) -> None:
    write(tmp_path, "  .  F")
    for text in (render_history(history(tmp_path)), unescape(history_markdown(history(tmp_path)))):
        assert "__.__F" in text


def test_markdown_has_one_row_a_promise_and_its_nights_by_their_time(tmp_path: Path) -> None:
    write(tmp_path, "..F")
    nights = history(tmp_path, every=True)
    rows = history_markdown(nights).partition("| --- |")[2].partition("The last 60")[0]
    assert rows.count("| MUST |") == len(nights.timelines) == 2
    assert all(line.startswith("|") for line in rows.splitlines()[1:] if line)


def test_silence_is_in_every_form(tmp_path: Path) -> None:
    write(tmp_path, "..??")
    nights = history(tmp_path)
    value = json.loads(history_json(nights))
    silence = {"since": "2026-01-03T03:00:00+00:00", "nights": 2}
    assert (value["silent"], value["timelines"][0]["silence"]) == (1, silence)
    sentence = "pass until 2026-01-02; not judged since 2026-01-03 (2 nights)"
    assert f"| {sentence} |" in history_markdown(nights)
    output = " ".join(render_history(nights).split())
    assert f"dall-e-3: {sentence}" in output
    assert "1 promise was judged before, not on the newest night." in output


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(tmp_path: Path, text: str) -> None:
    def nights(message: str, folder: Path) -> History:
        folder.mkdir()
        for day, verdict in ((1, Verdict.PASS), (2, Verdict.FAIL)):
            run = runs.hostile(message, verdict)
            started = f"2026-01-0{day}T03:00:00+00:00"
            runs.change_header(run, started=started, id=f"{message}{day}")
            write_run(run, folder / f"{day}.jsonl")
        return history(folder)

    hostile, plain = nights(text, tmp_path / "hostile"), nights("harmless", tmp_path / "plain")
    check_harmless(render_history(hostile), history_markdown(hostile), history_markdown(plain))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "is no folder"),
        (["empty"], "holds no run"),
        ([".", "-p", "relay"], "no run of a provider 'relay'"),
        ([".", "--clauses", "conut.*"], "unknown clause 'conut.*'"),
        ([".", "-f", "html"], "unknown format"),
    ],
    ids=["no-folder", "empty", "provider", "clause", "format"],
)
def test_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    write(tmp_path, "..")
    assert why in str(CliRunner().invoke(app, ["history", *words]).exception)


def test_command_writes_what_its_schema_says(tmp_path: Path) -> None:
    write(tmp_path, ".F~k?!d- .F")
    out = tmp_path / "history.json"
    result = CliRunner().invoke(app, ["history", str(tmp_path), "--all", "-o", str(out)])
    assert result.exit_code == 0
    assert "format.url-only" in result.stdout
    by_schema("history", out.read_text())
