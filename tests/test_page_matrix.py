"""The matrix of the page: which rows and columns it shows, in which order, how fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.reporting import CLAUSES, MODELS, RUNS, write_runs
from conformance.findings import Verdict
from conformance.results.run_file import read_run
from tests import runs
from tests.browser import Opened, opened
from tests.pages import written

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_rows_that_differ_are_all_that_is_shown_at_first(page: Opened) -> None:
    assert page.page.is_checked("#differs")
    assert len(page.shown()) == 5
    assert "extras.usage" not in page.shown()
    assert page.texts("#count") == [
        "5 of 6 promises; 9 of 9 columns; 5 judged differently by provider."
    ]


def test_rows_that_differ_come_first_by_chapter_and_within_it(
    browser: Browser, tmp_path: Path
) -> None:
    names = ("format.url-only", "format.one-payload", "count.n-images", "errors.status-400")
    kept = [runs.finding(name, provider=each) for name in names for each in ("acme", "relay")]
    new = [runs.broken(clause=name, provider="relay", case="two") for name in names[1::2]]
    found = runs.run(*kept, *new, head=runs.header(["acme", "relay"]))
    with opened(browser, written(tmp_path, found), "#differs=0") as page:
        assert page.shown() == [names[1], names[0], names[3], names[2]]


def test_one_provider_has_nothing_to_differ_from(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, runs.run())) as page:
        assert not page.page.is_checked("#differs")
        assert page.shown() == ["format.url-only"]


@pytest.mark.parametrize("name", ["relay", "slow"])
def test_one_provider_of_several_is_shown_with_all_its_promises(
    browser: Browser, file: Path, name: str
) -> None:
    with opened(browser, file, f"#provider={name}") as page:
        assert len(page.shown()) == (6 if name == "slow" else 5)
        assert "differently" not in page.texts("main")[0]
        assert page.page.is_disabled("#differs")
        assert not page.page.is_checked("#differs")
        page.page.evaluate("location.hash = '#provider=relay,acme'")
        page.page.wait_for_selector("#differs:enabled:checked")
        assert len(page.shown()) == 3


@pytest.mark.parametrize(
    ("text", "found"),
    [("one-payload", 1), ("It keeps FORMAT", 2), ("data[0] carries b64_json", 1), ("nowhere", 0)],
    ids=["clause", "statement", "message", "nothing"],
)
def test_text_is_searched_for_in_clause_statement_and_message(
    page: Opened, text: str, found: int
) -> None:
    page.page.uncheck("#differs")
    page.page.fill("#text", text)
    assert len([each for each in page.shown() if each != "count.n-images"]) == found


def test_filters_that_leave_nothing_say_so_and_can_be_undone(page: Opened) -> None:
    page.page.fill("#text", "nowhere")
    assert "No promise" in page.texts("#grid")[0]
    page.page.click("#grid button")
    page.page.click("#grid button")
    assert len(page.shown()) == 6


def test_reset_shows_what_was_shown_at_first(page: Opened) -> None:
    before = page.shown()
    page.page.fill("#text", "envelope")
    page.page.uncheck("#differs")
    page.page.click("#reset")
    assert page.shown() == before
    assert page.page.url.endswith("#")


@pytest.mark.long
def test_ten_providers_with_seven_models_open_in_a_second(browser: Browser, tmp_path: Path) -> None:
    found = [read_run(each) for each in write_runs(tmp_path, RUNS)]
    file = written(tmp_path, *found)
    assert file.stat().st_size < 2_000_000
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    times: list[float] = []
    while min(times, default=9999) >= 1000 and len(times) < 10:
        with opened(browser, file) as page:
            page.page.wait_for_selector("#grid td a")
            page.page.wait_for_function(f"{painted} > 0")
            times.append(max(page.page.evaluate(painted), page.page.evaluate(loaded)))
            every = f"document.querySelectorAll('#grid td a').length === {RUNS * MODELS * CLAUSES}"
            page.page.wait_for_function(every)
    assert min(times) < 1000  # milliseconds; the others are other people's work


def test_flaky_has_a_symbol_of_its_own(browser: Browser, tmp_path: Path) -> None:
    found = runs.run(runs.exchange(), runs.finding(verdict=Verdict.FLAKY))
    with opened(browser, written(tmp_path, found)) as page:
        assert page.texts("#grid td a") == ["≈"]
