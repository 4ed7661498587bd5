"""What requests tell beside verdicts: first tries and retries, times and prices by quality."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.reports import print_runs, render, summarize
from conformance.reports.comparison.compare import compare
from conformance.reports.comparison.render import print_comparison
from conformance.reports.measures import Measures, measures_of
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests import runs
from tests.runs import write_run
from tests.shown import screen
from tests.sums import kept_apart, paid_exchange

AGAIN = {"status": 503, "reason": "HTTP 503", "said": "overloaded"}


def request(case: str, attempts: int | None = 1, **members: Any) -> dict[str, Any]:
    """Return a generation, and how often it was sent."""
    retries = [AGAIN] * ((attempts or 1) - 1)
    base = {"attempts": attempts, "expected": "accepted", "retried": retries}
    return runs.exchange(case=case) | base | members


def measure(*exchanges: dict[str, Any]) -> Measures:
    return measures_of([runs.read_record(exchange, ExchangeRecord) for exchange in exchanges])


def run_of(provider: str, *exchanges: dict[str, Any], **head: Any) -> Run:
    about_provider = runs.header([provider], ["dall-e-3"], id=f"run-{provider}", **head)
    own = [exchange | {"provider": provider} for exchange in exchanges]
    return runs.run(*own, runs.finding(provider=provider), head=about_provider)


TIRED = run_of("tired", request("one", 3), request("two"))
BRISK = run_of("brisk", request("one"), request("two"))
LATER = run_of("brisk", request("one"), tool="image-conformance 0.2.0")


def test_first_try_is_of_requests_whose_attempts_are_known() -> None:
    outage = request("four", outcome="unavailable")
    retries = measure(request("one"), request("two", 3), request("three", None), outage).retries
    assert (retries.first.hits, retries.first.of) == (1, 3)
    assert (retries.failed.hits, retries.failed.of) == (3, 5)
    assert retries.reasons == {"HTTP 503: overloaded": 2}
    assert not measure(request("one", None)).retries.known
    assert measure(request("one", 3, retried=[])).retries.reasons == {"not kept": 2}


def test_more_failed_attempts_than_attempts_end_no_report() -> None:
    run = run_of("damaged", request("one", 1, retried=[AGAIN] * 3))
    retries = json.loads(render([run], "json"))["providers"][0]["retries"]
    assert (retries["first"]["count"], retries["failed"]["count"]) == (0, 3)
    assert retries["failed"]["of"] == 4


def test_times_and_prices_are_by_the_quality_that_is_asked_for() -> None:
    about = {"asks": {"quality": "high"}, "elapsed": 9.0, "expected": "accepted"}
    high = paid_exchange(kept_apart(None, 0.2), "one", **about)
    qualities = measure(high, request("two", elapsed=1.0)).qualities
    times = {quality.name: quality.latency.median for quality in qualities if quality.latency}
    assert times == {"high": 9.0, "default": 1.0}
    assert [quality.per_image for quality in qualities if quality.name == "high"] == [0.2]
    assert [quality.per_image for quality in qualities if quality.name != "high"] == [None]
    assert measure(request("one", expected="refused", asks={"quality": "grand"})).qualities == ()


def test_report_says_what_was_sent_again_and_why() -> None:
    texts = [render([TIRED], name) for name in ("html", "md", "json")]
    for text in (*texts, screen(print_runs, [TIRED], width=200)):
        assert "HTTP 503: overloaded" in text
    assert "first try" not in screen(print_runs, [BRISK], width=200)


def test_comparison_has_the_numbers_of_the_reports() -> None:
    comparison = compare([TIRED, BRISK])
    by_label = {offer.label: offer for model in comparison.offers for offer in model.offers}
    for run in (TIRED, BRISK):
        (model,) = summarize([run]).offers
        assert by_label[model.offers[0].label] == model.offers[0]
    assert by_label["tired"].measures.retries.first.share == 0.5
    text = screen(print_comparison, comparison, width=200)
    assert "sent again after HTTP 503: overloaded (2)" in text


@pytest.mark.parametrize(
    ("second", "message"),
    [(TIRED, ""), (LATER, "a page cannot show brisk twice")],
    ids=["two-providers", "one-provider-twice"],
)
def test_comparison_of_two_providers_is_a_page(tmp_path: Path, second: Run, message: str) -> None:
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for run, file in zip((BRISK, second), files, strict=True):
        write_run(run, file)
    page = tmp_path / "both.html"
    result = CliRunner().invoke(app, ["compare", *map(str, files), "-o", str(page)])
    assert message in str(result.exception)
    assert (result.exit_code == 0) == (not message)
    assert page.exists() == (not message)
    assert message or 'id="offers"' in page.read_text(encoding="utf-8")


def test_every_run_names_its_providers() -> None:
    document = json.loads(render([TIRED, BRISK], "json"))
    assert [run["providers"] for run in document["runs"]] == [["tired"], ["brisk"]]
    assert "tired: complete" in render([TIRED], "html")
    assert ", tired: complete" in render([TIRED], "md")


def test_picture_of_the_readme_is_small_and_shown() -> None:
    picture = Path(__file__).parents[1] / "docs" / "comparison.png"
    assert picture.stat().st_size < 150_000
    assert "](docs/comparison.png)" in picture.parents[1].joinpath("README.md").read_text("utf-8")
