"""What requests tell beside verdicts: first tries and retries, times and prices by quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from conformance.cli import app
from conformance.reports import print_runs, render, summarize
from conformance.reports.comparison import compare, print_comparison
from conformance.reports.measures import Measures, measures_of
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run, write_run
from tests import runs

AGAIN = {"status": 503, "reason": "HTTP 503", "said": "overloaded"}


def sent(
    case: str, attempts: int | None = 1, provider: str = "acme", **members: Any
) -> dict[str, Any]:
    """A generation, and how often it was sent."""
    more = {
        "attempts": attempts,
        "expected": "accepted",
        "retried": [AGAIN] * ((attempts or 1) - 1),
    }
    return runs.exchange(provider, case=case) | more | members


def measured(*exchanges: dict[str, Any]) -> Measures:
    return measures_of([runs.read(each, ExchangeRecord) for each in exchanges])


def run_of(provider: str, *exchanges: dict[str, Any]) -> Run:
    head = runs.header([provider], ["dall-e-3"], id=f"run-{provider}")
    return runs.run(*exchanges, runs.finding(provider=provider), head=head)


def terminal(run: Run) -> str:
    console = Console(record=True, width=200)
    print_runs([run], console)
    return console.export_text()


TIRED = run_of("tired", sent("one", 3, "tired"), sent("two", provider="tired"))
BRISK = run_of("brisk", sent("one", provider="brisk"), sent("two", provider="brisk"))


def test_first_try_is_of_requests_whose_attempts_are_known() -> None:
    lost = sent("four", outcome="unavailable")
    retries = measured(sent("one"), sent("two", 3), sent("three", None), lost).retries
    assert (retries.first.hits, retries.first.of) == (1, 3)
    assert (retries.failed.hits, retries.failed.of) == (3, 5)
    assert retries.reasons == {"HTTP 503: overloaded": 2}
    assert not measured(sent("one", None)).retries.known
    assert measured(sent("one", 3, retried=[])).retries.reasons == {"not kept": 2}


def test_more_failed_attempts_than_attempts_end_no_report() -> None:
    damaged = run_of("damaged", sent("one", 1, "damaged", retried=[AGAIN] * 3))
    retries = json.loads(render([damaged], "json"))["providers"][0]["retries"]
    assert (retries["first"]["count"], retries["failed"]["count"]) == (0, 3)
    assert retries["failed"]["of"] == 4


def test_times_and_prices_are_by_the_quality_that_is_asked_for() -> None:
    price = {
        "estimate": 0.2,
        "actual": None,
        "spent": {"actual": None, "estimate": 0.2, "guess": 0.0},
    }
    image = {"index": 0, "member": "url"}
    high = sent("one", asks={"quality": "high"}, elapsed=9.0, price=price, images=[image])
    qualities = measured(high, sent("two", elapsed=1.0)).qualities
    times = {each.name: each.latency.median for each in qualities if each.latency}
    assert times == {"high": 9.0, "none asked": 1.0}
    assert {each.name: each.per_image for each in qualities} == {"high": 0.2, "none asked": None}
    assert measured(sent("one", expected="refused", asks={"quality": "grand"})).qualities == ()


@pytest.mark.parametrize("format_", ["html", "md", "json", "terminal"])
def test_report_says_what_was_sent_again_and_why(format_: str) -> None:
    text = terminal(TIRED) if format_ == "terminal" else render([TIRED], format_)
    assert "HTTP 503: overloaded" in text
    assert "first try" not in terminal(BRISK)


def test_comparison_has_the_numbers_of_the_reports() -> None:
    both = compare([TIRED, BRISK])
    shown = {offer.label: offer for model in both.offers for offer in model.offers}
    for run in (TIRED, BRISK):
        (model,) = summarize([run]).offers
        assert shown[model.offers[0].label] == model.offers[0]
    assert shown["tired"].measures.retries.first.share == 0.5
    console = Console(record=True, width=200)
    print_comparison(both, console)
    assert "sent again after HTTP 503: overloaded (2)" in console.export_text()


def test_comparison_of_two_providers_is_a_page(tmp_path: Path) -> None:
    files = [str(write(tmp_path, run)) for run in (TIRED, BRISK)]
    page = tmp_path / "both.html"
    done = CliRunner().invoke(app, ["compare", *files, "-o", str(page)])
    assert done.exit_code == 0, done.output
    assert 'id="offers"' in page.read_text(encoding="utf-8")


def test_comparison_of_one_provider_twice_is_no_page(tmp_path: Path) -> None:
    later = run_of("brisk", sent("one", provider="brisk"))
    runs.change_header(later, id="later", tool="image-conformance 0.2.0")
    files = [str(write(tmp_path, run)) for run in (BRISK, later)]
    done = CliRunner().invoke(app, ["compare", *files, "-o", str(tmp_path / "x.html")])
    assert "a page cannot show brisk twice" in str(done.exception)


def write(folder: Path, run: Run) -> Path:
    path = folder / f"{run.header.id}.jsonl"
    write_run(run, path)
    return path


def test_every_run_names_its_providers() -> None:
    document = json.loads(render([TIRED, BRISK], "json"))
    assert [run["providers"] for run in document["runs"]] == [["tired"], ["brisk"]]
    assert "tired: complete" in render([TIRED], "html")
    assert ", tired: complete" in render([TIRED], "md")


def test_picture_of_the_readme_is_small_and_shown() -> None:
    picture = Path(__file__).parents[1] / "docs" / "comparison.png"
    assert picture.stat().st_size < 150_000
    assert "](docs/comparison.png)" in picture.parents[1].joinpath("README.md").read_text("utf-8")
