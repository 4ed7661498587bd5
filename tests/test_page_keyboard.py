"""The page by keyboard and screen reader: stops, arrows, focus, names."""

from __future__ import annotations

from tests.browser import Opened


def test_matrix_is_one_stop_of_the_tab_key(page: Opened) -> None:
    assert page.page.locator("#grid [tabindex='0']").count() == 1
    page.page.focus("#reset")
    page.page.keyboard.press("Tab")
    assert page.focused() == "pass: format.url-only, acme, dall-e-2"
    page.page.keyboard.press("Tab")
    assert not page.page.evaluate("document.activeElement.closest('#grid')")


def test_arrow_keys_move_from_cell_to_cell(page: Opened) -> None:
    page.page.focus("#grid [tabindex='0']")
    seen = []
    for key in ("ArrowRight", "ArrowDown", "End", "ArrowUp", "Home", "ArrowLeft"):
        page.page.keyboard.press(key)
        seen.append(page.focused())
    assert seen == [
        "pass: format.url-only, acme, dall-e-3",
        "pass: format.one-payload, acme, dall-e-3",
        "pass: format.one-payload, slow, gpt-image-1",
        "pass: format.url-only, slow, gpt-image-1",
        "pass: format.url-only, acme, dall-e-2",
        "pass: format.url-only, acme, dall-e-2",
    ]


def test_enter_opens_and_escape_closes_and_gives_the_focus_back(page: Opened) -> None:
    page.page.focus("#grid [tabindex='0']")
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("#evidence:not([hidden])")
    assert page.focused() == "format.url-only"
    page.page.keyboard.press("Escape")
    assert page.page.is_hidden("#evidence")
    assert page.focused() == "pass: format.url-only, acme, dall-e-3"


def test_skip_link_is_the_first_stop_and_leads_to_the_matrix(page: Opened) -> None:
    page.page.keyboard.press("Tab")
    assert page.focused() == "Skip to the matrix"
    page.page.keyboard.press("Enter")
    assert page.page.evaluate("document.activeElement.id") == "matrix"


def test_every_cell_has_a_name_and_every_table_its_headers(page: Opened) -> None:
    page.page.uncheck("#differs")
    cells = page.page.locator("#grid td a").all()
    assert all(each.get_attribute("aria-label") for each in cells)
    bare = "document.querySelectorAll('th:not([scope])').length"
    assert page.page.evaluate(bare) == 0
    assert page.page.evaluate("document.querySelectorAll('h1').length") == 1
