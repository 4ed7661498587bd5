"""The address of the page: filters and cells in it, saved views, Back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import runs
from tests.browser import LoadedPage, open_page
from tests.extent import sample
from tests.pages import columns, write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILTERS = [
    ("provider", "slow", 6, 3),
    ("model", "dall-e-2", 5, 3),
    ("family", "dall-e", 5, 6),
    ("chapter", "format", 2, 9),
    ("level", "SHOULD", 1, 9),
    ("verdict", "known", 1, 9),
]
OPENER = "#grid a[aria-label^='FAIL: format.url-only, relay, dall-e-2']"
ABOVE = "document.getElementById('{}').getBoundingClientRect().top < innerHeight"


def open_evidence(page: LoadedPage) -> None:
    page.page.click(OPENER)
    page.page.wait_for_selector("#evidence:not([hidden])")


@pytest.mark.parametrize(("name", "value", "clauses", "models"), sample(FILTERS, 6))
def test_filter_is_kept_in_the_address(
    page: LoadedPage, name: str, value: str, clauses: int, models: int
) -> None:
    page.page.uncheck("#differs")
    page.page.click(f"[data-menu={name}] summary")
    page.page.check(f"[data-menu={name}] input[value='{value}']")
    assert f"{name}={value}" in page.page.url
    assert (len(page.shown()), len(columns(page))) == (clauses, models)
    page.page.reload()
    assert (len(page.shown()), len(columns(page))) == (clauses, models)
    assert page.texts(f"[data-menu={name}] summary b") == [value]


def test_filters_combine_in_a_link_and_what_means_nothing_is_passed_over(
    browser: Browser, file: Path
) -> None:
    link = "#provider=acme,relay&chapter=format&verdict=FAIL&differs=1"
    with open_page(browser, file, link) as page:
        assert page.shown() == ["format.url-only"]
        assert len(columns(page)) == 6
        assert page.texts("[data-menu=provider] summary b") == ["2 chosen"]
    with open_page(browser, file, "#provider=&nobody=x&cell=a/b/c&=&&x") as page:
        assert len(columns(page)) == 9
        assert page.complaints == []
        assert page.page.is_hidden("#evidence")
        assert page.page.is_hidden("#gone")


def test_link_to_a_cell_that_is_not_there_says_so(browser: Browser, file: Path) -> None:
    with open_page(browser, file, "#cell=format.nosuch/<b>relay/dall-e-3") as page:
        (note,) = page.texts("#missing")
        assert note == "There is no such cell in this report: format.nosuch, <b>relay, dall-e-3."
        assert page.page.evaluate(ABOVE.format("missing"))
        open_evidence(page)
        assert page.page.is_hidden("#missing")


GONE = {
    "provider=nobody": "provider nobody",
    "verdict=flaky": "verdict flaky",
    "verdict=%E0%A4%A": "verdict %E0%A4%A",
    "chapter=streams&differs=0": "chapter streams",
}


@pytest.mark.parametrize("link", sample(GONE, 2))
def test_saved_view_of_what_is_not_there_any_more_is_empty_and_says_why(
    browser: Browser, file: Path, link: str
) -> None:
    with open_page(browser, file, f"#{link}") as page:
        assert page.shown() == []
        assert f"not on this page: {GONE[link]}." in page.texts("#gone")[0]
        assert page.texts(".menu.active summary b") == [GONE[link].split(" ")[1]]
        page.page.click("#gone button")
        assert page.shown() != []
        assert page.page.is_hidden("#gone")


def test_saved_view_is_kept_where_all_verdicts_are_the_same(
    browser: Browser, tmp_path: Path
) -> None:
    with open_page(browser, write_page(tmp_path, runs.run()), "#verdict=FAIL") as page:
        assert page.shown() == []
        assert "verdict FAIL" in page.texts("#gone")[0]
        assert page.page.url.endswith("#verdict=FAIL")


def test_link_to_a_section_leaves_the_filters_as_they_are(page: LoadedPage) -> None:
    page.page.fill("#text", "url-only")
    page.page.click("nav a[href='#providers']")
    assert page.shown() == ["format.url-only"]
    assert page.page.url.endswith("#text=url-only")
    assert page.page.evaluate("document.activeElement.id") == "providers"
    assert page.page.evaluate(ABOVE.format("providers"))
    page.page.reload()
    assert page.shown() == ["format.url-only"]


@pytest.mark.parametrize("fragment", sample(["#provider=relay,acme", "", "#providers"], 3))
def test_back_closes_the_evidence_and_keeps_the_filters(
    browser: Browser, file: Path, fragment: str
) -> None:
    with open_page(browser, file, fragment) as page:
        count = len(columns(page))
        open_evidence(page)
        page.page.go_back()
        page.page.wait_for_selector("#evidence", state="hidden")
        assert page.page.url.endswith(f"index.html{fragment}")
        assert len(columns(page)) == count
        page.page.go_forward()
        page.page.wait_for_selector("#evidence:not([hidden])")


def test_address_of_an_opened_cell_opens_it_again_and_leaves_no_step_behind(
    page: LoadedPage,
) -> None:
    for _ in range(2):
        open_evidence(page)
        assert page.page.url.endswith("#cell=format.url-only/relay/dall-e-2")
        page.page.keyboard.press("Escape")
        page.page.wait_for_function("!location.hash")
    assert page.focused().startswith("FAIL: format.url-only, relay, dall-e-2")
    page.page.go_back()
    assert page.page.url == "about:blank"
    page.page.go_forward()
    open_evidence(page)
    page.page.reload()
    page.page.wait_for_selector("#evidence:not([hidden])")
    assert "dall-e-2" in page.texts("#evidence .headline")[0]
    # a filter that is set beside the evidence stays when it closes
    page.page.evaluate("state.chosen.provider.add('relay'); update()")
    page.page.click("#close")
    page.page.wait_for_url("**#provider=relay")
    assert len(columns(page)) == 3


AT_ITS_TOP = """(id) => {
  const top = document.getElementById(id).getBoundingClientRect().top;
  const end = document.documentElement.scrollHeight - innerHeight - scrollY;
  return top >= -1 && (top < 40 || (end < 2 && top < innerHeight));
}"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("link", "section", "width"),
    [
        ("#providers", "providers", 390),
        ("#observations", "observations", 1400),
        ("#runs", "runs", 390),
        ("#level=SHOULD&differs=0", "matrix", 1400),
    ],
)
def test_link_leads_to_what_it_names(
    browser: Browser, file: Path, link: str, section: str, width: int
) -> None:
    with open_page(browser, file, link, viewport={"width": width, "height": 800}) as page:
        page.page.wait_for_function(AT_ITS_TOP, arg=section)


LIES_OVER = """() => {
  const corner = document.querySelector('.corner').getBoundingClientRect();
  const at = document.elementFromPoint(corner.left + 12, corner.bottom - 12);
  return at && at.closest('th').className;
}"""


@pytest.mark.long
@pytest.mark.parametrize("width", [390, 900])
def test_head_of_the_first_column_stays_above_what_is_scrolled_sideways(
    browser: Browser, file: Path, width: int
) -> None:
    with open_page(browser, file, viewport={"width": width, "height": 800}) as page:
        page.page.evaluate("document.getElementById('grid').scrollLeft = 150")
        page.page.evaluate("document.getElementById('grid').scrollIntoView()")
        assert "corner" in page.page.evaluate(LIES_OVER)
