"""Drift as people and machines read it: one screen, Markdown, JSON, an issue, an exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from typer.testing import CliRunner

from conformance.cli import app
from conformance.contract import schemas_directory
from conformance.errors import ConformanceError
from conformance.findings import Finding, Verdict
from conformance.reports.drift import Drift, drift, drift_json, drift_markdown, print_drift
from conformance.results.run_file import Run, write_run
from tests import runs
from tests.nights import SHAPE, answer, answers, night
from tests.runners import commands
from tests.test_reports_markdown import structure

VALIDATOR = Draft202012Validator(
    json.loads((schemas_directory() / "drift.schema.json").read_text(encoding="utf-8"))
)
SCREEN = 40  # lines


def screen(found: Drift, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    print_drift(found, Console(file=file, width=width))
    file.flush()
    return raw.getvalue().decode(encoding)


def eventful() -> Drift:
    """A night after which there is something of everything, and much of it."""
    count = 30
    names = [f"format.promise-{number}" for number in range(count)]
    before = [runs.finding(each) for each in names] + [runs.broken(clause="envelope.json")]
    after = [runs.broken(clause=each, repeats=3) for each in names] + [
        runs.finding("envelope.json")
    ]
    after += [runs.finding("count.n-images", Verdict.UNAVAILABLE, message="HTTP 429")]
    before += [runs.finding("count.n-images")]
    shapes = [*SHAPE, *(f"extra_{number}:string" for number in range(count))]
    slow: dict[str, Any] = {"price": {"estimate": None, "actual": 0.08}, "elapsed": 60.0}
    old = night(1, *answers(price={"estimate": None, "actual": 0.04}), *before)
    return drift([old], night(2, *answers(shape=shapes, **slow), *after))


def hostile(text: str) -> Drift:
    """A drift in which every foreign text is one and the same."""
    one, other = runs.hostile(text, Verdict.PASS), runs.hostile(text, Verdict.FAIL, repeats=3)
    runs.change_header(one, id="one", started="2026-01-01T03:00:00+00:00")
    for run, shape in ((one, []), (other, [f"{text}:string"])):
        about = answer(shape=shape, headers=[[text, text]], host=text, image=text, elapsed=9)
        about |= {"model": text, "case": text, "error": {"code": text + str(len(shape))}}
        runs.change_exchange(run, next(iter(run.exchanges)), **{**about, "provider": text})
    return drift([one], other)


def test_much_that_changed_fits_on_one_screen() -> None:
    lines = screen(eventful()).splitlines()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "said",
    [
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
    ],
)
def test_screen_says(said: str) -> None:
    assert said in " ".join(screen(eventful()).split())


@pytest.mark.parametrize(
    ("sure", "said"),
    [(1, "1 of 27 confirmed, broken again 3 times"), (27, "  confirmed, broken again 3 times")],
    ids=["one", "all"],
)
def test_regression_says_how_many_of_its_cases_are_confirmed(sure: int, said: str) -> None:
    cases = [f"n-{number}" for number in range(27)]
    before = night(1, *answers(27), *(runs.finding(case=each) for each in cases))
    now = [
        runs.broken(case=each, repeats=3 if place < sure else None)
        for place, each in enumerate(cases)
    ]
    found = drift([before], night(2, *answers(27), *now))
    assert said in screen(found)
    assert said.strip() in drift_markdown(found)
    assert found.exit_code() == 1


KNOWN = runs.known()
QUIET = "Nothing got worse: 1 finding compared."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            KNOWN,
            runs.broken(),
            "no known deviation excuses any more what is broken: format.url-only; 1 finding",
        ),
        (KNOWN, KNOWN, QUIET),
        (KNOWN, runs.finding(), QUIET),
        (runs.finding(), runs.finding(), QUIET),
        (runs.finding(), runs.broken(), "(run with --confirm 3)"),
    ],
    ids=["still-broken", "still-known", "kept", "quiet", "waiting"],
)
def test_closing_says_what_is_good_and_what_is_not(
    before: Finding, after: Finding, said: str
) -> None:
    found = drift([night(1, answer(), before)], night(2, answer(), after))
    assert said in " ".join(screen(found).split())
    assert said in drift_markdown(found)
    assert found.exit_code() == 0
    assert len(screen(found).splitlines()) <= (6 if before == after else 10)


def test_providers_are_named_where_there_are_several() -> None:
    head = {"providers": runs.header(["acme", "relay"])["providers"]}
    old = night(1, runs.finding(provider="relay"), head=head)
    found = drift([old], night(2, runs.broken(provider="relay"), head=head))
    assert "  relay: MUST format.url-only" in screen(found)
    assert "relay: **MUST**" in drift_markdown(found)


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_screen_needs_no_more_than_ascii(encoding: str) -> None:
    assert "pass -> FAIL" in screen(eventful(), encoding=encoding)


def test_markdown_tells_everything() -> None:
    text = drift_markdown(eventful())
    assert text.startswith("# What changed: 30 regressions")
    assert text.count("`format.promise-") == 30
    assert "field `extra_29`: came (string)" in text


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_reaches_neither_terminal_nor_document(text: str) -> None:
    found = hostile(text)
    assert len(found.changes) == 3
    assert all(each.isprintable() for each in screen(found).split("\n"))
    assert commands(screen(found) + drift_markdown(found)) == []
    assert structure(drift_markdown(found)) == structure(drift_markdown(hostile("harmless")))


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_issue_of_a_hostile_provider_is_harmless(text: str) -> None:
    body, plain = (
        json.loads(drift_json(hostile(each)))["providers"][0]["body"] for each in (text, "harmless")
    )
    assert structure(body) == structure(plain)


@pytest.mark.parametrize("found", [eventful(), drift([night(1)], night(2))], ids=["much", "none"])
def test_json_is_as_its_schema_says(found: Drift) -> None:
    value = json.loads(drift_json(found))
    VALIDATOR.validate(value)
    assert value["counts"]["regression"] == len(value["providers"][0]["clauses"])


def test_issue_carries_its_fingerprint_and_only_its_own_regressions() -> None:
    (about,) = json.loads(drift_json(eventful()))["providers"]
    assert f"provider=acme fingerprint={about['fingerprint']} clauses=format.p" in about["body"]
    assert about["title"] == "acme no longer keeps format.promise-0 and 29 more"
    assert "envelope.json" not in about["body"]


def test_regression_is_over_only_where_the_promise_is_kept_again() -> None:
    old = night(1, runs.finding(), runs.finding("count.n-images"), runs.finding("envelope.json"))
    out = runs.finding("count.n-images", Verdict.UNAVAILABLE)
    new = night(2, answer(), runs.broken(), out, runs.finding("envelope.json"))
    (about,) = json.loads(drift_json(drift([old], new)))["providers"]
    assert (about["clauses"], about["waiting"]) == ([], ["format.url-only"])
    assert about["kept"] == ["envelope.json"]


def write(folder: Path, **named: Run) -> list[str]:
    for name, run in named.items():
        write_run(run, folder / f"{name}.jsonl")
    return [str(folder / f"{name}.jsonl") for name in named]


@pytest.mark.parametrize(
    ("new", "words", "code"),
    [
        (night(2, answer(), runs.finding()), [], 0),
        (night(2, answer(), runs.broken()), [], 0),
        (night(2, answer(), runs.broken()), ["--unconfirmed-too"], 1),
        (night(2, answer(), runs.broken(repeats=2)), [], 1),
        (night(2, answer(), runs.finding(), end=None), [], 2),
    ],
    ids=["same", "unconfirmed", "unconfirmed-too", "confirmed", "cut-off"],
)
def test_exit_code(tmp_path: Path, new: Run, words: list[str], code: int) -> None:
    names = write(tmp_path, base=night(1, answer(), runs.finding()), new=new)
    assert CliRunner().invoke(app, ["drift", *names, *words]).exit_code == code


def test_folder_stands_for_its_newest_nights(tmp_path: Path) -> None:
    for day in range(1, 9):
        write_run(night(day, runs.finding()), tmp_path / f"{day}.jsonl")
    write_run(night(9, runs.finding(), end=None), tmp_path / "cut.jsonl")
    (tmp_path / "other.jsonl").write_text("no run\n")
    new = tmp_path / "new.jsonl"
    write_run(night(10, runs.broken(repeats=3)), new)
    done = CliRunner().invoke(
        app, ["drift", str(tmp_path), str(new), "--nights", "3", "-f", "json"]
    )
    assert [each["started"][8:10] for each in json.loads(done.stdout)["bases"]] == [
        "06",
        "07",
        "08",
    ]
    assert done.exit_code == 1


def test_files_are_written_beside_the_screen(tmp_path: Path) -> None:
    names = write(tmp_path, base=night(1), new=night(2))
    out = [str(tmp_path / "out.md"), str(tmp_path / "out.json")]
    done = CliRunner().invoke(app, ["drift", *names, "-o", out[0], "-o", out[1]])
    assert "Nothing got worse" in done.stdout
    assert Path(out[0]).read_text().startswith("# What changed")
    VALIDATOR.validate(json.loads(Path(out[1]).read_text()))


@pytest.mark.parametrize(
    ("words", "said"),
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    write(tmp_path, base=night(1), new=night(2))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["drift", *words])
    assert isinstance(done.exception, ConformanceError)
    assert said in str(done.exception)
