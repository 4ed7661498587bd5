"""The evidence of a cell on the page: exchanges, deviations, nights, pictures."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.findings import Verdict
from conformance.results.run_file import write_run
from tests import runs
from tests.browser import Opened, opened
from tests.extent import sample
from tests.nights import night
from tests.pages import CELL, ENTRY, PIXEL, rich, written

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_link_opens_the_evidence_of_a_cell(browser: Browser, file: Path) -> None:
    with opened(browser, file, CELL) as page:
        page.page.wait_for_selector("#evidence:not([hidden])")
        said = page.texts("#evidence")[0]
    for part in (
        "format.url-only",
        "MUST",
        "FAIL",
        "relay",
        "dall-e-3",
        "It keeps format.url-only",
    ):
        assert part in said
    for part in ("response_format", "edition 2026-01-01", "retrieved 2026-01-02"):
        assert part in said
    assert "replay of cassettes, recorded 2026-01-02" in said


@pytest.fixture
def evidence(page: Opened) -> Opened:
    """The page with the evidence of a broken cell, every part of it unfolded."""
    page.page.click("#grid a[aria-label='FAIL: format.url-only, relay, dall-e-3']")
    page.page.click("#evidence summary:has-text('n-7')")
    page.page.wait_for_selector("#evidence .pair")
    for each in page.page.locator("#evidence .finding:has-text('n-7') .folded:not([open])").all():
        each.locator("summary").click()
    return page


def test_evidence_shows(evidence: Opened) -> None:
    said = "\n".join(evidence.texts("#evidence")).replace("\n\n", "\n")
    for part in (
        "Expected\nurl",
        "Observed\nb64_json",
        "HTTP 500",
        "server: x",
        "curl -sS -X POST --url https://relay.test/v1/images/generations",
        "Its control, which differs in one field baseline",
        "cassettes/relay/dall-e-3/baseline.yaml",
        "recorded from https://recorded.test/v1",
        "asked: size 1024x1024",
        "came: 512×512 png, alpha, 1.2 kB",  # noqa: RUF001 - as people write it
        "sha256 abababababababab…",
    ):
        assert part in said
    widths = "[...document.querySelectorAll('#evidence img')].map((each) => each.naturalWidth)"
    assert evidence.page.evaluate(widths) == [1]  # the thumbnail


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"method": "GET"}, "Its prerequisite models"),
        ({"url": "https://acme.test/v1/models"}, "Its prerequisite models"),
        ({"url": "https://["}, "Its prerequisite models"),
    ],
    ids=["method", "path", "no-url"],
)
def test_control_at_another_place_is_a_prerequisite(
    browser: Browser, tmp_path: Path, change: dict[str, str], title: str
) -> None:
    control = runs.exchange(case="models")
    control["request"] |= change
    found = runs.run(runs.exchange(), control, runs.broken(control="models"))
    with opened(browser, written(tmp_path, found), "#cell=format.url-only/acme/dall-e-3") as page:
        page.page.wait_for_selector("#evidence .pair")
        assert page.texts("#evidence .exchange h4")[1] == title


def test_evidence_has_no_text_for_what_an_answer_has_not(browser: Browser, tmp_path: Path) -> None:
    found = runs.run(runs.exchange() | {"failure": None}, runs.broken())
    with opened(browser, written(tmp_path, found), "#cell=format.url-only/acme/dall-e-3") as page:
        page.page.wait_for_selector("#evidence .details")
        assert not {"null", "undefined"} & set("\n".join(page.texts("#evidence")).split())


def test_evidence_names_no_key_of_a_service(browser: Browser, tmp_path: Path) -> None:
    found = rich()
    headers = [["Authorization", "Bearer sk-conformance-redacted"]]
    request = runs.exchange("relay")["request"] | {"headers": headers}
    runs.change_exchange(found, "relay/dall-e-3/n-7", request=request)
    with opened(browser, written(tmp_path, found), CELL) as page:
        page.page.click("#evidence summary:has-text('n-7')")
        said = page.page.inner_text("#evidence pre >> nth=0")
        every = page.page.locator("#evidence pre").all_inner_texts()
    assert said.startswith("curl")
    assert any('"authorization: Bearer $API_KEY"' in each for each in every)


def test_evidence_shows_the_entry_of_a_known_deviation(page: Opened) -> None:
    page.page.click("#grid a[aria-label='known: count.n-images, relay, dall-e-3']")
    page.page.wait_for_selector("#evidence .deviation")
    said = page.texts("#evidence .deviation")[0]
    assert "Since\n2026-01-01\nExpires\n2026-07-01" in said
    assert page.page.get_attribute("#evidence .deviation a", "href") == ENTRY["link"]


def test_evidence_of_several_runs_says_since_when(browser: Browser, tmp_path: Path) -> None:
    first = runs.run(runs.exchange(), runs.finding())
    head = runs.header(started="2026-01-09T03:04:05+00:00", id="later")
    second = runs.run(runs.exchange(), runs.broken(), head=head)
    link = "#cell=format.url-only/acme/dall-e-3"
    with opened(browser, written(tmp_path, first, second), link) as page:
        page.page.wait_for_selector("#evidence .details")
        said = page.texts("#evidence .details")[0]
    assert "First seen\n2026-01-02 03:04 UTC" in said
    assert "Last changed\n2026-01-09 03:04 UTC, from pass to fail" in said


@pytest.mark.parametrize("reverse", [False, True], ids=["older-first", "newer-first"])
def test_evidence_of_a_failure_is_of_the_night_that_failed(
    browser: Browser, tmp_path: Path, reverse: bool
) -> None:
    others = [said("good", "other"), runs.finding(case="other"), runs.finding("envelope.json")]
    good = night(1, said("good"), *others, runs.finding())
    bad = night(2, said("bad"), runs.broken())
    link = "#cell=format.url-only/acme/dall-e-3"
    with opened(
        browser, written(tmp_path, *([bad, good] if reverse else [good, bad])), link
    ) as page:
        page.page.wait_for_selector("#evidence .details")
        shown = page.texts("#evidence .details")[0]
        names = page.texts("#evidence .finding summary b")
    assert "HTTP 200 bad" in shown
    assert "good" not in shown
    assert "Judged in\nrun of 2026-01-02 03:00 UTC" in shown
    assert names == ["baseline", "other"]


silent = partial(runs.finding, verdict=Verdict.UNAVAILABLE)


NIGHTS: list[tuple[list[Any], str]] = [
    ([runs.finding, runs.broken, runs.broken], "2026-01-02 03:00 UTC, from pass to FAIL"),
    ([runs.broken, runs.broken, runs.broken], "not since then"),
    ([runs.finding, runs.finding, runs.broken], "in this run, from pass to FAIL"),
    ([runs.finding, silent, silent], "2026-01-02 03:00 UTC, from pass to not judged"),
]


@pytest.mark.parametrize(("days", "changed"), sample(NIGHTS, 2))
def test_page_of_one_run_says_since_when_by_the_nights_before(
    browser: Browser, tmp_path: Path, days: list[Any], changed: str
) -> None:
    earlier = tmp_path / "nights"
    for day, made in enumerate(days, 1):
        folder = tmp_path if day == len(days) else earlier
        write_run(night(day, runs.exchange(), made()), folder / f"{day}.jsonl")
    words = [str(tmp_path / "3.jsonl"), "--history", str(earlier), "-q", "-o"]
    done = CliRunner().invoke(app, ["report", *words, str(tmp_path / "index.html")])
    assert done.exit_code == 0
    with opened(browser, tmp_path / "index.html", "#cell=format.url-only/acme/dall-e-3") as page:
        page.page.wait_for_selector("#evidence .nights")
        shown = page.texts("#evidence .nights")[0]
    first = "pass" if days[0] is runs.finding else "FAIL"
    assert shown == f"First seen\n2026-01-01 03:00 UTC, {first}\nLast changed\n{changed}"


def said(text: str, case: str = "baseline") -> dict[str, Any]:
    return runs.exchange(case=case) | {"reason": f"HTTP 200 {text}"}


def test_browser_that_cannot_unpack_says_so(browser: Browser, file: Path) -> None:
    with opened(browser, file) as page:
        page.page.evaluate("delete window.DecompressionStream")
        page.page.click("#grid td a")
        page.page.wait_for_selector("#evidence .note")
        assert "the run file has it" in page.texts("#evidence")[0]
        assert page.complaints == []


def test_gallery_shows_what_was_asked_and_what_came(page: Opened) -> None:
    page.page.click(".gallery summary")
    page.page.wait_for_selector(".gallery figure")
    assert "asked: size 1024x1024" in page.texts(".gallery figcaption")[0]
    assert page.page.get_attribute(".gallery img", "src") == PIXEL


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("A kite", "“A kite”"),
        ("<img src=x onerror=alert(1)>\u202egnp", "“<img src=x onerror=alert(1)>\\u202egnp”"),
        ("long " * 100, f"“{('long ' * 60)}…”"),
    ],
    ids=["plain", "hostile", "long"],
)
def test_picture_stands_beside_the_prompt_that_was_asked(
    browser: Browser, tmp_path: Path, prompt: str, shown: str
) -> None:
    found = rich()
    asked = json.dumps({"prompt": prompt, "size": "1024x1024"})
    request = runs.exchange("relay")["request"] | {"body": asked}
    runs.change_exchange(found, "relay/dall-e-3/baseline", request=request)
    with opened(browser, written(tmp_path, found), CELL) as page:
        page.page.click("#evidence summary:has-text('n-7')")
        page.page.wait_for_selector("#evidence .pair figure")
        assert page.texts("#evidence .prompt") == [shown]
        page.page.click("#close")
        page.page.click(".gallery summary")
        page.page.wait_for_selector(".gallery figure")
        assert page.texts(".gallery .prompt") == [shown]
        assert page.complaints == []
