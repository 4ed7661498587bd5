"""CSV, JSON and the folder that has every format: complete, honest, and safe to open."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console
from typer.testing import CliRunner

from conformance.cli import app
from conformance.clients.impact import impact_of
from conformance.clients.outcomes import RECORDED, read_outcomes
from conformance.contract import schemas_directory
from conformance.reports import FOLDER, FORMATS, folder, print_runs, render, summarize
from conformance.reports.costs import run_facts
from conformance.reports.statistics import provider_facts
from conformance.results.run_file import Run, write_run
from tests import runs
from tests.nights import night
from tests.runners import commands
from tests.runs import with_families
from tests.sums import kept_apart

SCHEMA = json.loads((schemas_directory() / "report.schema.json").read_text(encoding="utf-8"))


def priced(price: Any, case: str = "baseline", elapsed: float = 1.0) -> dict[str, Any]:
    picture = {"index": 0, "member": "url"}
    made = runs.exchange(case=case) | {"elapsed": elapsed, "images": [picture, picture]}
    return made | ({"price": price} if price else {})


# --- csv ---


def rows(found: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render([found], "csv"), newline="")))


def test_csv_has_a_row_for_every_finding() -> None:
    found = rows(runs.messy())
    assert len(found) == len(runs.messy().findings)
    (known, *_) = [each for each in found if each["known"] == "yes"]
    assert known["deviation"] == "It always answers base64."
    assert known["chapter"] == "count"


def test_csv_tells_of_the_exchange() -> None:
    exchange = priced(kept_apart(None, 0.04)) | {"cassette": "cassettes/x.yaml"}
    (row,) = rows(runs.run(exchange, runs.finding()))
    assert (row["price_usd"], row["elapsed_seconds"]) == ("0.04", "1.0")
    assert (row["cassette"], row["provenance"]) == ("cassettes/x.yaml", "live")


@pytest.mark.parametrize("reverse", [False, True], ids=["older-first", "newer-first"])
def test_csv_and_junit_tell_of_the_exchange_of_the_run_that_is_shown(reverse: bool) -> None:
    good = night(1, runs.exchange() | {"elapsed": 1.5}, runs.finding())
    bad = night(2, runs.exchange() | {"elapsed": 7.25}, runs.broken())
    found = [bad, good] if reverse else [good, bad]
    (row,) = csv.DictReader(io.StringIO(render(found, "csv"), newline=""))
    assert (row["verdict"], row["elapsed_seconds"]) == ("fail", "7.25")
    case = ET.fromstring(render(found, "junit")).find("testsuite/testcase")
    assert case is not None
    assert case.get("time") == "7.250"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://evil.test")', "\t=1", "\r=1", "＝1"],  # noqa: RUF001 - it is meant
)
def test_csv_holds_no_formula(text: str) -> None:
    found = rows(runs.run(runs.exchange(), runs.broken(message=text, observed=text)))
    assert not found[0]["message"].startswith(tuple("=+-@\t\r＝"))  # noqa: RUF001 - it is meant
    assert found[0]["message"].endswith(text[-1])


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_csv_of_hostile_text_is_one_row(text: str) -> None:
    found = rows(runs.hostile(text))
    assert len(found) == 1
    assert all(value.isprintable() for value in found[0].values())


# --- json ---


@pytest.mark.parametrize(
    "found",
    [
        runs.messy(),
        runs.run(),
        runs.run(end=None),
        runs.hostile("x"),
        runs.run(priced({"estimate": 1, "actual": 2}), runs.known()),
    ],
    ids=["messy", "small", "interrupted", "hostile", "priced"],
)
def test_json_validates_against_its_schema(found: Run) -> None:
    document = json.loads(render([with_families(found)], "json"))
    errors = Draft202012Validator(SCHEMA).iter_errors(document)
    assert [each.message for each in errors] == []


def test_json_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_json_says_what_the_other_reports_say() -> None:
    document = json.loads(render([runs.messy()], "json"))
    relay = next(each for each in document["columns"] if each["provider"] == "relay")
    assert relay["promises"]["format.url-only"] == "fail"
    assert relay["kept"]["MUST"] == {"kept": 2, "total": 4, "decided": 4, "accepted": 0}
    assert document["conclusion"] == 1


# --- what the numbers are made of ---


def test_numbers_of_a_provider_are_of_its_exchanges() -> None:
    made = [priced(None, f"case-{number}", number) for number in range(1, 11)]
    refused = runs.exchange(case="refused") | {"outcome": "refused", "elapsed": 0.001}
    silent = runs.exchange(case="silent") | {"outcome": "unavailable", "reason": "HTTP 429"}
    (facts,) = provider_facts(summarize([runs.run(*made, refused, silent, runs.finding())]))
    latency, availability = facts.measures.latency, facts.measures.availability
    assert latency is not None
    assert (latency.count, latency.median, latency.p90) == (10, 5.5, 9)  # of accepted requests
    assert (availability.answered, availability.total) == (11, 12)
    assert availability.reasons == {"HTTP 429": 1}
    assert facts.measures.price is None


def test_price_prefers_what_the_answer_says() -> None:
    made = [priced(kept_apart(0.5, 0.0), "one"), priced(None, "two")]
    (facts,) = provider_facts(summarize([runs.run(*made, runs.finding())]))
    assert facts.measures.price is not None
    assert (facts.measures.price.paid, facts.measures.price.per_image) == (0.5, 0.25)
    assert (facts.measures.price.estimated, facts.measures.price.unpriced) == (False, 1)


def test_request_that_was_never_sent_counts_for_nothing() -> None:
    unsent = priced(kept_apart(None, 5.0), "two") | {"outcome": "not run"}
    sent = priced(kept_apart(None, 1.0))
    (facts,) = provider_facts(summarize([runs.run(sent, unsent, runs.finding())]))
    assert facts.measures.price is not None
    assert (facts.measures.price.paid, facts.measures.price.estimated) == (1.0, True)
    assert facts.measures.availability.total == 1


def test_family_counts_promises_model_by_model_and_is_the_model_where_none_is_known() -> None:
    (acme,) = provider_facts(summarize([runs.run()]))
    assert [family.name for family in acme.families] == ["dall-e-3"]
    facts = provider_facts(summarize([with_families(runs.messy())]))
    relay = next(each for each in facts if each.id == "relay")
    assert [(each.name, each.kept["MUST"].total) for each in relay.families] == [
        ("dall-e", 8),
        ("gpt-image", 4),
    ]


# --- the command ---


def report(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["report", *words])
    return done.exit_code, done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_run(runs.messy(), tmp_path / "run.jsonl")
    return tmp_path / "run.jsonl"


def test_folder_has_every_format_and_the_badges(file: Path, tmp_path: Path) -> None:
    code, said = report(str(file), "-o", str(tmp_path / "out"), "-q")
    assert code == 0
    assert f"wrote {tmp_path}/out/index.html (the page)" in said.replace("\n", "")
    written = {str(each.relative_to(tmp_path / "out")) for each in (tmp_path / "out").rglob("*.*")}
    assert written == set(folder([runs.messy()]))
    assert set(FOLDER) < written
    assert "badges/relay.svg" in written


@pytest.mark.parametrize("suffix", [".html", ".md", ".xml", ".json", ".csv", ".svg"])
def test_suffix_names_the_format(file: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    assert report(str(file), "-o", str(target), "-q")[0] == 0
    name = "junit" if suffix == ".xml" else suffix[1:]
    impact = impact_of([runs.messy()], read_outcomes(RECORDED))
    expected = render(replace(summarize([runs.messy()]), impact=impact), name)
    assert target.read_bytes().decode() == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "out.pdf"], [".html, .md, .xml", "--format"]),
        (
            ["-f", "junit", "-o", "a.xml", "-o", "b.json"],
            ["b.json: its name ends as json does, and --format says junit"],
        ),
    ],
    ids=["unknown", "contradiction"],
)
def test_name_that_asks_for_no_format_is_refused_before_anything_is_written(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: list[str]
) -> None:
    monkeypatch.chdir(file.parent)
    done = CliRunner().invoke(app, ["report", str(file), *words])
    assert done.exit_code != 0
    assert all(text in str(done.exception) for text in said)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a"])
def test_format_is_that_of_a_file_whose_name_says_no_other(
    file: Path, tmp_path: Path, name: str
) -> None:
    assert report(str(file), "-f", "md", "-o", str(tmp_path / name), "-q")[0] == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith("# Image API")


def test_format_without_a_file_is_printed(file: Path) -> None:
    code, said = report(str(file), "--format", "csv")
    assert code == 0
    assert said.startswith("provider,family,model,case,")


# --- runs ---


@pytest.mark.parametrize(
    ("finished", "seconds"),
    [("2026-01-02T03:04:35+00:00", 30.0), ("2026-01-02T03:04:00+00:00", None), ("x", None)],
    ids=["later", "clock-set-back", "no-date"],
)
def test_run_takes_no_time_that_cannot_be(finished: str, seconds: float | None) -> None:
    one = runs.run(end={**runs.footer(), "finished": finished})
    assert run_facts(one).wall == seconds


# --- what no format may hold ---

TEXTS = {
    **runs.HOSTILE,
    "command-after-a-wrap": f"{'x' * 60} ::error::x",
    "command-in-a-long-word": "x" * 150 + "::stop-commands::y",
    "command-in-parts": "::error",
    "anywhere": "x##[group]y##vso[a]z",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_report_holds_a_command(text: str) -> None:
    found = runs.hostile(text)
    for format_ in FORMATS:
        report = render([found], format_)
        assert commands(report) == [], format_
        if format_ in ("md", "junit"):
            assert all(line.isprintable() for line in report.split("\n")), format_
    for width in (20, 40, 80):
        screen = io.StringIO()
        print_runs([found], Console(file=screen, width=width, color_system=None))
        assert commands(screen.getvalue()) == [], width
