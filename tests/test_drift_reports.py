"""Drift as people and machines read it: one screen, Markdown, JSON, an issue, an exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.errors import ConformanceError
from conformance.findings import Finding, Verdict
from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import Drift
from conformance.reports.drift.render import drift_json, drift_markdown, print_drift
from conformance.results.run_file import Run
from tests import runs
from tests.nights import BROKEN, SHAPE, answer, answers, night
from tests.runs import write_run
from tests.shown import by_schema, check_harmless, screen, structure

SCREEN = 40  # lines
DEVIATION, PASS, JSON = runs.known_deviation(), runs.finding(), runs.finding("envelope.json")


def eventful() -> Drift:
    """A night after which there is something of everything, and much of it."""
    names = [f"format.promise-{number}" for number in range(30)]
    out = runs.finding("count.n-images", Verdict.UNAVAILABLE, message="HTTP 429")
    before = [*map(runs.finding, names), runs.broken_must(clause="envelope.json")]
    after = [*(runs.broken_must(clause=name, repeats=3) for name in names), JSON]
    shapes = [*SHAPE, *(f"extra_{number}:string" for number in range(30))]
    slow: dict[str, Any] = {"price": {"estimate": None, "actual": 0.08}, "elapsed": 60.0}
    cheap = answers(price={"estimate": None, "actual": 0.04})
    old = night(1, *cheap, *before, runs.finding("count.n-images"))
    return drift([old], night(2, *answers(shape=shapes, **slow), *after, out))


def hostile(text: str) -> Drift:
    """A drift in which every foreign text is one and the same."""
    one, two = runs.hostile(text, Verdict.PASS), runs.hostile(text, Verdict.FAIL, repeats=3)
    runs.change_header(one, id="one", started="2026-01-01T03:00:00+00:00")
    for run, shape in ((one, []), (two, [f"{text}:string"])):
        base = answer(shape=shape, headers=[[text, text]], host=text, image=text, elapsed=9)
        base |= {"model": text, "case": text, "error": {"code": text + str(len(shape))}}
        runs.change_exchange(run, next(iter(run.exchanges)), **{**base, "provider": text})
    return drift([one], two)


def test_screen_says_what_changed_within_its_size() -> None:
    text = screen(print_drift, eventful())
    assert len(text.splitlines()) <= SCREEN
    assert max(map(len, text.splitlines())) <= 80
    for words in (
        "30 regressions, 1 fixed, 32 new, 1 noise",
        "Regressions (30)",
        "MUST format.promise-0: pass -> FAIL on dall-e-3 (1 case, baseline)",
        "confirmed, broken again 3 times; data[0] carries b64_json; expected",
        "and 25 more: --format md shows them",
        "MUST envelope.json: FAIL -> pass",
        "latency dall-e-3: 1.2 s -> 60.0 s",
        "median of 6; usual",
        "unavailable on dall-e-3 (1 finding, baseline)",
        "HTTP 429",
        "30 confirmed regressions: something got worse.",
    ):
        assert words in " ".join(text.split())


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_screen_needs_no_more_than_ascii(encoding: str) -> None:
    assert "pass -> FAIL" in screen(print_drift, eventful(), encoding=encoding)


@pytest.mark.parametrize(
    ("sure", "words"),
    [(1, "1 of 27 confirmed, broken again 3 times"), (27, "  confirmed, broken again 3 times")],
    ids=["one", "all"],
)
def test_regression_says_how_many_of_its_cases_are_confirmed(sure: int, words: str) -> None:
    cases = [f"n-{number}" for number in range(27)]
    before = night(1, *answers(27), *(runs.finding(case=case) for case in cases))
    repeats = [3] * sure + [None] * (27 - sure)
    now = [runs.broken_must(case=case, repeats=n) for case, n in zip(cases, repeats, strict=True)]
    report = drift([before], night(2, *answers(27), *now))
    assert words in screen(print_drift, report)
    assert words.strip() in drift_markdown(report)
    assert report.exit_code == 1


QUIET = "Nothing got worse: 1 finding compared."
NO_EXCUSE = "no known deviation excuses any more what is broken: format.url-only; 1 finding"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (DEVIATION, runs.broken_must(), NO_EXCUSE),
        (DEVIATION, DEVIATION, QUIET),
        (DEVIATION, PASS, QUIET),
        (PASS, PASS, QUIET),
        (PASS, runs.broken_must(), "(run with --confirm 3)"),
    ],
    ids=["still-broken", "still-known", "kept", "quiet", "waiting"],
)
def test_closing_says_what_is_good_and_what_is_not(
    before: Finding, after: Finding, words: str
) -> None:
    report = drift([night(1, answer(), before)], night(2, answer(), after))
    text = screen(print_drift, report)
    assert words in " ".join(text.split())
    assert words in drift_markdown(report)
    assert report.exit_code == 0
    assert len(text.splitlines()) <= (6 if before == after else 10)


def test_providers_are_named_where_there_are_several() -> None:
    head = {"providers": runs.header(["acme", "relay"])["providers"]}
    old = night(1, runs.finding(provider="relay"), head=head)
    report = drift([old], night(2, runs.broken_must(provider="relay"), head=head))
    assert "  relay: MUST format.url-only" in screen(print_drift, report)
    assert "relay: **MUST**" in drift_markdown(report)


def test_markdown_tells_everything() -> None:
    text = drift_markdown(eventful())
    assert text.startswith("# What changed: 30 regressions")
    assert text.count("`format.promise-") == 30
    assert "field `extra_29`: came (string)" in text


def issue(report: Drift) -> dict[str, Any]:
    """Return what the JSON says of the only provider."""
    document = by_schema("drift", drift_json(report))
    (row,) = document["providers"]
    assert document["counts"]["regression"] == len(row["clauses"] + row["waiting"])
    return dict(row)


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document_nor_issue(text: str) -> None:
    report, base = hostile(text), hostile("harmless")
    assert len(report.changes) == 3
    lines = screen(print_drift, report)
    check_harmless(lines, drift_markdown(report), drift_markdown(base))
    assert structure(issue(report)["body"]) == structure(issue(base)["body"])


def test_issue_carries_its_fingerprint_and_only_its_own_regressions() -> None:
    assert issue(drift([night(1)], night(2)))["clauses"] == []
    row = issue(eventful())
    assert len(row["clauses"]) == 30
    assert f"provider=acme fingerprint={row['fingerprint']} clauses=format.p" in row["body"]
    assert row["title"] == "acme no longer keeps format.promise-0 and 29 more"
    assert "envelope.json" not in row["body"]


def test_regression_is_over_only_where_the_promise_is_kept_again() -> None:
    out = runs.finding("count.n-images", Verdict.UNAVAILABLE)
    old = night(1, PASS, runs.finding("count.n-images"), JSON)
    row = issue(drift([old], night(2, answer(), runs.broken_must(), out, JSON)))
    assert (row["clauses"], row["waiting"]) == ([], ["format.url-only"])
    assert row["kept"] == ["envelope.json"]


def write(folder: Path, **nights: Run) -> list[str]:
    for name, run in nights.items():
        write_run(run, folder / f"{name}.jsonl")
    return [str(folder / f"{name}.jsonl") for name in nights]


def test_exit_code(tmp_path: Path) -> None:
    failure, cut_off = night(2, runs.broken_must()), night(2, PASS, end=None)
    nights = {"base": night(1, PASS), "confirmed": night(2, BROKEN)}
    write(tmp_path, same=night(2, PASS), broken=failure, cut_off=cut_off, **nights)
    for words, code in (
        (["same"], 0),
        (["broken"], 0),
        (["broken", "--unconfirmed-too"], 1),
        (["confirmed"], 1),
        (["cut_off"], 2),
    ):
        files = [str(tmp_path / f"{name}.jsonl") for name in ("base", words[0])]
        assert CliRunner().invoke(app, ["drift", *files, *words[1:]]).exit_code == code, words


def test_folder_stands_for_its_newest_nights(tmp_path: Path) -> None:
    (tmp_path / "nights").mkdir()
    for day in range(1, 9):
        write_run(night(day, PASS), tmp_path / "nights" / f"{day}.jsonl")
    write_run(night(9, PASS, end=None), tmp_path / "nights" / "cut.jsonl")
    (tmp_path / "nights" / "other.jsonl").write_text("no run\n")
    names = [str(tmp_path / "nights"), *write(tmp_path, new=night(10, BROKEN))]
    result = CliRunner().invoke(app, ["drift", *names, "--nights", "3", "-f", "json"])
    days = [base["started"][8:10] for base in json.loads(result.stdout)["bases"]]
    assert (days, result.exit_code) == (["06", "07", "08"], 1)


def test_files_are_written_beside_the_screen(tmp_path: Path) -> None:
    names = write(tmp_path, base=night(1), new=night(2))
    out = [tmp_path / "out.md", tmp_path / "out.json"]
    result = CliRunner().invoke(app, ["drift", *names, "-o", str(out[0]), "-o", str(out[1])])
    assert "Nothing got worse" in result.stdout
    assert out[0].read_text().startswith("# What changed")
    by_schema("drift", out[1].read_text())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new.jsonl"], "name at least one BASE"),
        (["new.jsonl", "."], "this is a folder"),
        (["empty", "new.jsonl"], "holds no complete run"),
        (["base.jsonl", "new.jsonl", "-f", "yaml"], "unknown format 'yaml'"),
        (["base.jsonl", "new.jsonl", "-o", "out.txt"], "end its name in .md or .json"),
    ],
    ids=["one", "folder", "empty-folder", "format", "ending"],
)
def test_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    write(tmp_path, base=night(1), new=night(2))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["drift", *words])
    assert isinstance(result.exception, ConformanceError)
    assert message in str(result.exception)
