"""The page as its reader meets it, in headless Chromium: filters, links, keyboard, evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from benchmarks.reporting import CLAUSES, MODELS, RUNS, write_runs
from conformance.cli import app
from conformance.findings import Verdict
from conformance.reports import render
from conformance.runs.file import Run, read_run, write_run
from tests import runs
from tests.browser import Opened, chromium, opened
from tests.nights import night

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CELL = "#cell=format.url-only/relay/dall-e-3"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # noqa: E501 - one picture
SOURCE = {
    "source": "document",
    "section": "response_format",
    "title": "The document",
    "url": "https://contract.test/images",
    "edition": "2026-01-01",
    "retrieved": "2026-01-02",
}
ENTRY = {
    "clause": "count.n-images",
    "models": ["*"],
    "cases": ["n-*"],
    "reason": "It always answers base64.",
    "link": "https://relay.test/issues/1",
    "since": "2026-01-01",
    "expires": "2026-07-01",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def rich() -> Run:
    """A run of three providers in which everything that a page can show occurs."""
    found = runs.messy()
    head = found.header
    head["edition"] = {**runs.EDITION, "families": {"dall-e-3": "dall-e", "dall-e-2": "dall-e"}}
    head["seed"] = 42
    head["providers"][1] |= {"deviations": [ENTRY], "key_variable": "COMETAPI_KEY"}
    for each in head["clauses"]:
        each["citations"] = [SOURCE]
    for name, exchange in found.exchanges.items():
        exchange |= {"target": "https://recorded.test/v1", "cassette": f"cassettes/{name}.yaml"}
    add_refused(found)
    return found


def add_refused(found: Run) -> None:
    """Add a refused request beside its control, with a picture in the control's answer."""
    where: dict[str, Any] = {"provider": "relay", "model": "dall-e-3"}
    picture = {"index": 0, "member": "url", "type": "png", "width": 512, "height": 512}
    more = {"alpha": True, "frames": 1, "complete": True, "bytes": 1200, "sha256": "ab" * 32}
    control = found.exchanges["relay/dall-e-3/baseline"]
    control["images"] = [{**picture, **more, "thumbnail": PIXEL}]
    control["request"] |= {"body": '{"prompt":"A kite","size":"1024x1024"}', "method": "POST"}
    refused = runs.exchange("relay", "dall-e-3", "n-7", "cassette")
    refused["response"] = {"status": 500, "headers": [["server", "x"]], "body": "{}", "bytes": 2}
    found.add(refused)
    found.add(runs.broken(case="n-7", control="baseline", **where))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page"), rich())


def written(folder: Path, *found: Run) -> Path:
    (folder / "index.html").write_text(render(found, "html"), encoding="utf-8")
    return folder / "index.html"


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Opened]:
    with opened(browser, file) as found:
        yield found
        assert found.complaints == []
        assert {each.split(":")[0] for each in found.requests} <= {"file", "data"}


def columns(page: Opened) -> list[str]:
    return page.texts("#grid thead .model")


# --- filters and links ---


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
    ("name", "value", "clauses", "models"),
    [
        ("provider", "slow", 6, 3),
        ("model", "dall-e-2", 5, 3),
        ("family", "dall-e", 5, 6),
        ("chapter", "format", 2, 9),
        ("level", "SHOULD", 1, 9),
        ("verdict", "known", 1, 9),
    ],
)
def test_filter_is_kept_in_the_address(
    page: Opened, name: str, value: str, clauses: int, models: int
) -> None:
    page.page.uncheck("#differs")
    page.page.click(f"[data-menu={name}] summary")
    page.page.check(f"[data-menu={name}] input[value='{value}']")
    assert f"{name}={value}" in page.page.url
    assert (len(page.shown()), len(columns(page))) == (clauses, models)
    page.page.reload()
    assert (len(page.shown()), len(columns(page))) == (clauses, models)
    assert page.texts(f"[data-menu={name}] summary b") == [value]


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


def test_filters_combine_in_a_link(browser: Browser, file: Path) -> None:
    link = "#provider=acme,relay&chapter=format&verdict=FAIL&differs=1"
    with opened(browser, file, link) as page:
        assert page.shown() == ["format.url-only"]
        assert len(columns(page)) == 6
        assert page.texts("[data-menu=provider] summary b") == ["2 chosen"]


def test_link_that_means_nothing_is_passed_over(browser: Browser, file: Path) -> None:
    with opened(browser, file, "#provider=&nobody=x&cell=a/b/c&=&&x") as page:
        assert len(columns(page)) == 9
        assert page.complaints == []
        assert page.page.is_hidden("#evidence")
        assert page.page.is_hidden("#gone")


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("provider=nobody", "provider nobody"),
        ("verdict=flaky", "verdict flaky"),
        ("verdict=%E0%A4%A", "verdict %E0%A4%A"),
        ("chapter=streams&differs=0", "chapter streams"),
    ],
)
def test_saved_view_of_what_is_not_there_any_more_is_empty_and_says_why(
    browser: Browser, file: Path, link: str, said: str
) -> None:
    with opened(browser, file, f"#{link}") as page:
        assert page.shown() == []
        assert f"not on this page: {said}." in page.texts("#gone")[0]
        assert page.texts(".menu.active summary b") == [said.split(" ")[1]]
        page.page.click("#gone button")
        assert page.shown() != []
        assert page.page.is_hidden("#gone")


def test_saved_view_is_kept_where_all_verdicts_are_the_same(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, written(tmp_path, runs.run()), "#verdict=FAIL") as page:
        assert page.shown() == []
        assert "verdict FAIL" in page.texts("#gone")[0]
        assert page.page.url.endswith("#verdict=FAIL")


def test_filters_that_leave_nothing_say_so_and_can_be_undone(page: Opened) -> None:
    page.page.fill("#text", "nowhere")
    assert "No promise" in page.texts("#grid")[0]
    page.page.click("#grid button")
    page.page.click("#grid button")
    assert len(page.shown()) == 6


def test_link_to_a_section_leaves_the_filters_as_they_are(page: Opened) -> None:
    page.page.fill("#text", "url-only")
    page.page.click("nav a[href='#providers']")
    assert page.shown() == ["format.url-only"]
    assert page.page.url.endswith("#text=url-only")
    assert page.page.evaluate("document.activeElement.id") == "providers"
    at = "document.getElementById('providers').getBoundingClientRect().top < innerHeight"
    assert page.page.evaluate(at)
    page.page.reload()
    assert page.shown() == ["format.url-only"]


def test_reset_shows_what_was_shown_at_first(page: Opened) -> None:
    before = page.shown()
    page.page.fill("#text", "envelope")
    page.page.uncheck("#differs")
    page.page.click("#reset")
    assert page.shown() == before
    assert page.page.url.endswith("#")


# --- evidence ---


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


@pytest.mark.parametrize(
    "part",
    [
        "Expected\nurl",
        "Observed\nb64_json",
        "HTTP 500",
        "server: x",
        "curl -sS -X POST https://relay.test/v1/images/generations",
        "Its control, which differs in one field baseline",
        "cassettes/relay/dall-e-3/baseline.yaml",
        "recorded from https://recorded.test/v1",
        "asked: size 1024x1024",
        "came: 512×512 png, alpha, 1.2 kB",  # noqa: RUF001 - as people write it
        "sha256 abababababababab…",
    ],
)
def test_evidence_shows(evidence: Opened, part: str) -> None:
    assert part in "\n".join(evidence.texts("#evidence")).replace("\n\n", "\n")


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({}, "Its control, which differs in one field models"),
        ({"method": "GET"}, "Its prerequisite models"),
        ({"url": "https://acme.test/v1/models"}, "Its prerequisite models"),
        ({"url": "https://["}, "Its prerequisite models"),
    ],
    ids=["same", "method", "path", "no-url"],
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


def test_evidence_shows_the_thumbnail(evidence: Opened) -> None:
    widths = "[...document.querySelectorAll('#evidence img')].map((each) => each.naturalWidth)"
    assert evidence.page.evaluate(widths) == [1]


def test_evidence_names_the_key_by_its_variable(browser: Browser, tmp_path: Path) -> None:
    found = rich()
    exchange = found.exchanges["relay/dall-e-3/n-7"]
    exchange["request"] |= {"headers": [["Authorization", "Bearer sk-conformance-redacted"]]}
    with opened(browser, written(tmp_path, found), CELL) as page:
        page.page.click("#evidence summary:has-text('n-7')")
        said = page.page.inner_text("#evidence pre >> nth=0")
        every = page.page.locator("#evidence pre").all_inner_texts()
    assert said.startswith("curl")
    assert any('"authorization: Bearer $COMETAPI_KEY"' in each for each in every)


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


@pytest.mark.parametrize(
    ("days", "changed"),
    [
        ([runs.finding, runs.broken, runs.broken], "2026-01-02 03:00 UTC, from pass to FAIL"),
        ([runs.broken, runs.broken, runs.broken], "not since then"),
        ([runs.finding, runs.finding, runs.broken], "in this run, from pass to FAIL"),
    ],
    ids=["changed", "always", "new"],
)
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


OPENER = "#grid a[aria-label^='FAIL: format.url-only, relay, dall-e-2']"


def evidence_of(page: Opened, opener: str = OPENER) -> None:
    page.page.click(opener)
    page.page.wait_for_selector("#evidence:not([hidden])")


@pytest.mark.parametrize("fragment", ["", "#provider=relay,acme", "#providers"])
def test_back_closes_the_evidence_and_keeps_the_filters(
    browser: Browser, file: Path, fragment: str
) -> None:
    with opened(browser, file, fragment) as page:
        count = len(columns(page))
        evidence_of(page)
        page.page.go_back()
        page.page.wait_for_selector("#evidence", state="hidden")
        assert page.page.url.endswith(f"index.html{fragment}")
        assert len(columns(page)) == count
        page.page.go_forward()
        page.page.wait_for_selector("#evidence:not([hidden])")


def test_evidence_that_is_closed_leaves_no_step_behind(page: Opened) -> None:
    before = page.page.url
    for _ in range(2):
        evidence_of(page)
        page.page.keyboard.press("Escape")
        page.page.wait_for_function("!location.hash")
    assert page.focused().startswith("FAIL: format.url-only, relay, dall-e-2")
    page.page.go_back()
    assert page.page.url == "about:blank" != before


def test_filter_that_is_set_beside_the_evidence_stays_when_it_closes(page: Opened) -> None:
    evidence_of(page)
    page.page.evaluate("state.chosen.provider.add('relay'); update()")
    page.page.click("#close")
    page.page.wait_for_timeout(50)
    assert page.page.url.endswith("#provider=relay")
    assert len(columns(page)) == 3


def test_address_of_an_opened_cell_opens_it_again(page: Opened) -> None:
    page.page.click("#grid a[aria-label^='FAIL: format.url-only, relay, dall-e-2']")
    page.page.wait_for_selector("#evidence:not([hidden])")
    assert page.page.url.endswith("#cell=format.url-only/relay/dall-e-2")
    page.page.reload()
    page.page.wait_for_selector("#evidence:not([hidden])")
    assert "dall-e-2" in page.texts("#evidence .headline")[0]


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
    found.exchanges["relay/dall-e-3/baseline"]["request"]["body"] = asked
    with opened(browser, written(tmp_path, found), CELL) as page:
        page.page.click("#evidence summary:has-text('n-7')")
        page.page.wait_for_selector("#evidence .pair figure")
        assert page.texts("#evidence .prompt") == [shown]
        page.page.click("#close")
        page.page.click(".gallery summary")
        page.page.wait_for_selector(".gallery figure")
        assert page.texts(".gallery .prompt") == [shown]
        assert page.complaints == []


# --- keyboard, screen readers, other sheets of paper ---


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


def test_verdicts_are_told_apart_without_colour(page: Opened) -> None:
    pairs = "[...document.querySelectorAll('#grid td a')].map((a) => [a.textContent, a.ariaLabel])"
    found = {(symbol, name.split(":")[0]) for symbol, name in page.page.evaluate(pairs)}
    assert len({symbol for symbol, _ in found}) == len(found) >= 4


CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parse(colour).slice(0, 3).map((part) => {
    const each = part / 255;
    return each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, each, rank) => sum + each * [0.2126, 0.7152, 0.0722][rank], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    const bare = parse(colour)[3] === 0 && element.parentElement;
    return bare ? behind(element.parentElement) : colour;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script, style")) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    let opaque = 1;
    for (let each = element; each; each = each.parentElement) {
      opaque *= getComputedStyle(each).opacity;
    }
    if (ratio < 4.5 || opaque < 1)
      found.push(`${element.className} ${element.textContent} ${ratio}`);
  }
  return found;
}"""


@pytest.mark.parametrize("filtered", ["", "&verdict=known"], ids=["all", "known-only"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_to_read(
    browser: Browser, file: Path, scheme: str, filtered: str
) -> None:
    with opened(browser, file, CELL + filtered, color_scheme=scheme) as page:
        page.page.wait_for_selector("#evidence:not([hidden])")
        assert bool(page.page.locator(".faint").count()) == bool(filtered)
        assert page.page.evaluate(CONTRAST) == []


def test_dark_is_dark(browser: Browser, file: Path) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, file, color_scheme="dark") as page:
        assert page.page.evaluate(colour) == "rgb(18, 23, 30)"


@pytest.mark.parametrize("fragment", ["", CELL], ids=["matrix", "evidence"])
def test_page_is_no_wider_than_a_phone(browser: Browser, file: Path, fragment: str) -> None:
    with opened(browser, file, fragment, viewport={"width": 390, "height": 844}) as page:
        if fragment:
            page.page.wait_for_selector("#evidence:not([hidden])")
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.page.evaluate("document.getElementById('evidence').scrollWidth") <= 390


def test_print_leaves_out_what_paper_cannot_do(page: Opened) -> None:
    page.page.emulate_media(media="print")
    assert page.page.is_hidden("#filters")
    assert page.page.is_visible("#grid table")
    assert page.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def long_run(names: Sequence[str] = ("aimock-with-a-long-name",), models: int = 3) -> Run:
    """A run whose matrix does not fit on one sheet."""
    head = runs.header(names, [f"gpt-image-1.{number}" for number in range(models)])
    places = [(name, model) for name in names for model in head["providers"][0]["models"]]
    judged = [
        runs.finding(f"count.promise-{number}", provider=name, model=model)
        for number in range(100)
        for name, model in places
    ]
    return runs.run(*judged, head=head)


HEAD = """() => {
  const head = document.querySelector("#grid thead");
  const style = getComputedStyle(head);
  const cut = [...head.querySelectorAll(".name, .origin, .model span")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflow !== "visible"
      || each.scrollHeight > each.clientHeight + 1)
    .map((each) => each.textContent);
  return [style.display, style.position, head.offsetHeight, cut];
}"""  # noqa: E501 - a program


@pytest.mark.parametrize(
    ("providers", "models", "sheet"), [(1, 3, 1031), (3, 7, 703)], ids=["upright", "broad"]
)
def test_print_repeats_the_names_of_the_columns_and_cuts_none(
    browser: Browser, tmp_path: Path, providers: int, models: int, sheet: int
) -> None:
    names = [f"aimock-{number}" for number in range(providers)]
    file = written(tmp_path, long_run(names, models))
    with opened(browser, file, "#differs=0", viewport={"width": 1031, "height": 703}) as page:
        page.page.emulate_media(media="print")
        display, position, height, cut = page.page.evaluate(HEAD)
        broad = page.page.locator("#matrix.broad").count()
    assert (display, position, cut) == ("table-header-group", "static", [])
    assert height < sheet / 4  # browsers repeat no head that is higher
    assert bool(broad) == (sheet == 703)


def test_print_fills_its_sheets(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, written(tmp_path, long_run()), "#differs=0") as page:
        printed = page.page.pdf(prefer_css_page_size=True)
    assert 3 <= len(re.findall(rb"/Type /Page\b", printed)) <= 6


def test_without_javascript_the_summary_is_there(browser: Browser, file: Path) -> None:
    with opened(browser, file, java_script_enabled=False) as page:
        said = page.texts("body")[0]
        assert page.page.is_hidden("#filters")
    for part in ("It does not conform", "need JavaScript", "relay", "dall-e-2", "2/4", "seed 42"):
        assert part in said


# --- what a provider says is only ever text ---

SHOUT = "window.hacked = true"
ATTACKS = {
    **runs.HOSTILE,
    "script": f"</script><script>{SHOUT}</script>",
    "comment": f"<!--<script>{SHOUT}</script>",
    "handler": f'"><img src=x onerror="{SHOUT}">',
    "address": f"javascript:{SHOUT}",
    "data-address": f"data:text/html,<script>{SHOUT}</script>",
    "prototype": "__proto__",
    "template": "{{ 7 * 7 }} ${7 * 7} %s",
    "style": f"</style><style>*{{display:none}}</style><svg onload={SHOUT}>",
}


def hostile(text: str) -> Run:
    """A run in which a provider, its file and its answers say one thing wherever they can."""
    found = runs.hostile(text)
    found.header["providers"][0]["deviations"] = [
        {**ENTRY, "clause": text, "reason": text, "link": text, "since": text, "expires": text}
    ]
    found.header["clauses"][0]["citations"] = [{**SOURCE, "url": text, "title": text}]
    found.header["edition"]["families"] = {text: text}
    exchange = next(iter(found.exchanges.values()))
    picture = {"index": 0, "member": text, "type": text, "sha256": text, "thumbnail": text}
    answer = f'{{"data":[{{"revised_prompt":{text!r}}}]}}'
    exchange |= {
        "images": [picture],
        "response": {"status": 200, "headers": [[text, text]], "body": answer, "bytes": 1},
        "downloads": [{"url": text, "status": 200}],
        **dict.fromkeys(("curl", "cassette", "target", "reason", "provenance"), text),
    }
    return found


UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"
LINKS = "[...document.querySelectorAll('[href]')].map((each) => each.getAttribute('href'))"


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_hostile_text_is_only_ever_text(browser: Browser, tmp_path: Path, text: str) -> None:
    with opened(browser, written(tmp_path, hostile(text))) as page:
        page.page.click("#grid td a", timeout=2000)
        page.page.wait_for_selector("#evidence .details", timeout=2000)
        page.page.evaluate(UNFOLD)
        page.page.wait_for_timeout(50)
        assert page.page.evaluate("window.hacked") is None
        assert page.complaints == []
        assert {each.split(":")[0] for each in page.requests} <= {"file", "data"}
        links = page.page.evaluate(LINKS)
        assert all(each.startswith(("#", "https://", "http://")) for each in links)
        assert not set(runs.BIDI + "\u2066\x1b\u200b") & set("".join(page.texts("body")))
        assert page.page.evaluate("[...document.images].length") == 0


def test_policy_stops_a_script_that_gets_in_all_the_same(browser: Browser, file: Path) -> None:
    inject = """() => {
      const made = document.createElement("script");
      try { made.textContent = "window.hacked = true"; } catch { return; }
      document.body.append(made);
    }"""
    with opened(browser, file) as page:
        page.page.evaluate(inject)
        assert page.page.evaluate("window.hacked") is None


# --- numbers ---


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
