"""The page elsewhere than on a wide screen: dark, on a phone, on paper, without scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.results.run_file import Run
from tests import runs
from tests.browser import LoadedPage, open_page
from tests.pages import CELL, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parse(colour).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, share, rank) => sum + share * [0.2126, 0.7152, 0.0722][rank], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    const bare = parse(colour)[3] === 0 && element.parentElement;
    return bare ? behind(element.parentElement) : colour;
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, style")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    let opaque = 1;
    for (let part = element; part; part = part.parentElement) {
      opaque *= getComputedStyle(part).opacity;
    }
    if (ratio < 4.5 || opaque < 1)
      weak.push(`${element.className} ${element.textContent} ${ratio}`);
  }
  return weak;
}"""
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize(
    ("scheme", "filters"), [("light", "&verdict=known"), ("dark", "")], ids=["known-only", "all"]
)
def test_contrast_is_enough_to_read(
    browser: Browser, file: Path, scheme: str, filters: str
) -> None:
    with open_page(browser, file, CELL + filters, color_scheme=scheme) as page:
        page.page.wait_for_selector("#evidence:not([hidden])")
        assert (page.page.evaluate(GROUND) == "rgb(18, 23, 30)") == (scheme == "dark")
        assert bool(page.page.locator(".faint").count()) == bool(filters)
        assert page.page.evaluate(CONTRAST) == []


def test_page_is_no_wider_than_a_phone(browser: Browser, file: Path) -> None:
    with open_page(browser, file, viewport={"width": 390, "height": 844}) as page:
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
        page.page.evaluate(f"location.hash = '{CELL}'")
        page.page.wait_for_selector("#evidence:not([hidden])")
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.page.evaluate("document.getElementById('evidence').scrollWidth") <= 390


def test_table_that_a_phone_cuts_off_fades_until_it_is_scrolled_to_its_end(
    browser: Browser, file: Path
) -> None:
    fades = "(table) => getComputedStyle(table).maskImage !== 'none'"
    with open_page(browser, file, viewport={"width": 390, "height": 844}) as page:
        table = page.page.get_by_role("region", name="Totals by provider and model")
        assert table.evaluate(fades)
        table.evaluate("(table) => table.scrollLeft = table.scrollWidth")
        page.page.wait_for_timeout(100)  # for a frame
        assert not table.evaluate(fades)
        page.page.set_viewport_size({"width": 1600, "height": 844})
        assert not table.evaluate(fades)


def test_print_leaves_out_what_paper_cannot_do_and_names_the_columns(page: LoadedPage) -> None:
    page.page.emulate_media(media="print")
    assert page.page.is_hidden("#filters")
    assert page.page.is_visible("#grid table")
    assert page.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    head = page.page.locator(".offers thead th").first
    assert not head.locator("button").is_visible()  # browsers leave them out of repeated heads
    assert head.evaluate("(th) => getComputedStyle(th, '::before').content") == '"Provider"'


def long_run(names: Sequence[str] = ("aimock-with-a-long-name",), models: int = 3) -> Run:
    """Return a run whose matrix does not fit on one sheet."""
    head = runs.header(names, [f"gpt-image-1.{number}" for number in range(models)])
    places = [(name, model) for name in names for model in head["providers"][0]["models"]]
    clauses = [f"count.promise-{number}" for number in range(100)]
    findings = (
        runs.finding(clause, provider=name, model=model)
        for clause in clauses
        for name, model in places
    )
    return runs.run(*findings, head=head)


HEAD = """() => {
  const head = document.querySelector("#grid thead");
  const style = getComputedStyle(head);
  const hides = (part) => getComputedStyle(part).overflow !== "visible";
  const cut = [...head.querySelectorAll(".name, .origin, .model span")]
    .filter((part) => part.scrollWidth > part.clientWidth + 1 && hides(part)
      || part.scrollHeight > part.clientHeight + 1)
    .map((part) => part.textContent);
  return [style.display, style.position, head.offsetHeight, head.offsetWidth, cut];
}"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("providers", "models", "sheet"), [(1, 3, 1031), (3, 7, 703), (10, 7, 703)]
)
def test_print_repeats_the_names_of_the_columns_and_cuts_none(
    browser: Browser, tmp_path: Path, providers: int, models: int, sheet: int
) -> None:
    names = [f"aimock-{number}" for number in range(providers)]
    file = write_page(tmp_path, long_run(names, models))
    with open_page(browser, file, "#differs=0", viewport={"width": 1031, "height": 703}) as page:
        page.page.emulate_media(media="print")
        display, position, height, width, cut = page.page.evaluate(HEAD)
        broad = page.page.locator("#matrix.broad").count()
    assert (display, position, cut) == ("table-header-group", "static", [])
    assert width <= 1031
    assert height < sheet / 4  # browsers repeat no head that is higher
    assert bool(broad) == (sheet == 703)


@pytest.mark.long
def test_print_fills_its_sheets(browser: Browser, tmp_path: Path) -> None:
    with open_page(browser, write_page(tmp_path, long_run()), "#differs=0") as page:
        pdf = page.page.pdf(prefer_css_page_size=True)
    assert 3 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 6


def test_without_javascript_the_summary_is_there(browser: Browser, file: Path) -> None:
    with open_page(browser, file, scripts=False) as page:
        text = page.texts("body")[0]
        assert page.page.is_hidden("#filters")
    for part in ("does not conform", "need JavaScript", "relay", "dall-e-2", "2/4", "seed 42"):
        assert part in text
