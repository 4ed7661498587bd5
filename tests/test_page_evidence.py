"""The evidence of a cell on the page: exchanges, deviations, nights, pictures, hostile texts."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import to_builtins
from typer.testing import CliRunner

from conformance.cli import app
from conformance.findings import Verdict
from conformance.results.run_file import Run
from tests import runs
from tests.browser import LoadedPage, open_page
from tests.extent import sample
from tests.nights import night
from tests.pages import CELL, ENTRY, PIXEL, SOURCE, rich, write_page
from tests.runs import write_run
from tests.test_reports_editions import NEW, OLD, both_runs

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ACME = "#cell=format.url-only/acme/dall-e-3"


def unfold(page: LoadedPage, case: str) -> None:
    """Open what is folded of the finding of a case."""
    page.page.click(f"#evidence summary:has-text('{case}')")
    page.page.wait_for_selector("#evidence .pair")
    selector = f"#evidence .finding:has-text('{case}') .folded:not([open])"
    for part in page.page.locator(selector).all():
        part.locator("summary").click()


def test_link_opens_the_evidence_of_a_cell(browser: Browser, file: Path) -> None:
    with open_page(browser, file, CELL) as page:
        page.page.wait_for_selector("#evidence:not([hidden])")
        unfold(page, "n-7")
        text = "\n".join(page.texts("#evidence")).replace("\n\n", "\n")
        widths = "[...document.querySelectorAll('#evidence img')].map((i) => i.naturalWidth)"
        assert page.page.evaluate(widths) == [1]  # the thumbnail
    for part in (
        *("format.url-only", "MUST", "FAIL", "relay", "dall-e-3", "It keeps format.url-only"),
        *("response_format", "edition 2026-01-01", "retrieved 2026-01-02"),
        "replay of cassettes, recorded 2026-01-02",
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
        assert part in text
    assert not {"null", "undefined"} & set(text.split())


def test_evidence_shows_the_entry_of_a_known_deviation(page: LoadedPage) -> None:
    page.page.click("#grid a[aria-label='known: count.n-images, relay, dall-e-3']")
    page.page.wait_for_selector("#evidence .deviation")
    text = page.texts("#evidence .deviation")[0]
    assert "Since\n2026-01-01\nExpires\n2026-07-01\nWhere\ncount.n-images in n-*\n" in text
    assert page.page.get_attribute("#evidence .deviation a", "href") == ENTRY["link"]


def test_control_at_another_place_is_a_prerequisite(browser: Browser, tmp_path: Path) -> None:
    elsewhere = {"method": "GET", "url": "https://acme.test/v1/models"}
    changes = [dict([item]) for item in elsewhere.items()] + [{"url": "https://["}]
    records: list[Any] = []
    for number, change in enumerate(changes):
        control = runs.exchange(case=f"models-{number}")
        control["request"] |= change
        case = f"judged-{number}"
        finding = runs.broken_must(case=case, control=f"models-{number}")
        records += [control, runs.exchange(case=case) | {"failure": None}, finding]
    with open_page(browser, write_page(tmp_path, runs.run(*records)), ACME) as page:
        page.page.wait_for_selector("#evidence .pair")
        for number in (1, 2):  # the first is open
            page.page.click(f"#evidence summary:has-text('judged-{number}')")
            page.page.wait_for_selector(f"#evidence h4:has-text('models-{number}')")
        titles = page.texts("#evidence .exchange h4")
        assert [title for title in titles if title.startswith("Its ")] == [
            f"Its prerequisite models-{number}" for number in range(3)
        ]
        assert not {"null", "undefined"} & set("\n".join(page.texts("#evidence")).split())


PROMPTS = {
    "A kite": "“A kite”",
    "<img src=x onerror=alert(1)>\u202egnp": "“<img src=x onerror=alert(1)>\\u202egnp”",
    "long " * 100: f"“{('long ' * 60)}…”",
}


def test_picture_stands_beside_its_prompt_and_no_key_of_a_service_is_named(
    browser: Browser, tmp_path: Path
) -> None:
    run = rich()
    request = runs.exchange("relay")["request"]
    images = run.exchanges["relay/dall-e-3/baseline"].images
    for model, prompt in zip(("dall-e-3", "dall-e-2", "gpt-image-1"), PROMPTS, strict=True):
        change = {"body": json.dumps({"prompt": prompt, "size": "1024x1024"})}
        name = f"relay/{model}/baseline"
        runs.change_exchange(run, name, request=request | change, images=images)
    headers = [["Authorization", "Bearer sk-conformance-redacted"]]
    runs.change_exchange(run, "relay/dall-e-3/n-7", request=request | {"headers": headers})
    with open_page(browser, write_page(tmp_path, run), CELL) as page:
        page.page.click("#evidence summary:has-text('n-7')")
        page.page.wait_for_selector("#evidence .pair figure")
        assert page.texts("#evidence .prompt") == ["“A kite”"]
        lines = page.texts("#evidence pre")
        assert lines[0].startswith("curl")
        assert any('"authorization: Bearer $API_KEY"' in line for line in lines)
        page.page.click("#close")
        page.page.click(".gallery summary")
        page.page.wait_for_selector(".gallery figure")
        assert set(page.texts(".gallery .prompt")) == set(PROMPTS.values())
        assert "asked: size 1024x1024" in page.texts(".gallery figcaption")[0]
        assert page.page.get_attribute(".gallery img", "src") == PIXEL
        assert page.complaints == []


def answer(text: str, case: str = "baseline") -> dict[str, Any]:
    return runs.exchange(case=case) | {"reason": f"HTTP 200 {text}"}


def test_evidence_of_several_runs_is_of_the_night_that_failed_and_says_since_when(
    browser: Browser, tmp_path: Path
) -> None:
    more = [answer("good", "other"), runs.finding(case="other"), runs.finding("envelope.json")]
    first = night(1, answer("good"), *more, runs.finding())
    second = night(2, answer("bad"), runs.broken_must())
    with open_page(browser, write_page(tmp_path, second, first), ACME) as page:
        page.page.wait_for_selector("#evidence .details")
        text = page.texts("#evidence .details")[0]
        assert page.texts("#evidence .finding summary b") == ["baseline", "other"]
    assert "HTTP 200 bad" in text
    assert "good" not in text
    assert "Judged in\nrun of 2026-01-02 03:00 UTC" in text
    assert "First seen\n2026-01-01 03:00 UTC" in text
    assert "Last changed\n2026-01-02 03:00 UTC, from pass to fail" in text


a_pass, a_failure = runs.finding, runs.broken_must
an_outage = partial(runs.finding, verdict=Verdict.UNAVAILABLE)
NIGHTS: list[tuple[list[Any], str]] = [
    ([a_pass, a_failure, a_failure], "2026-01-02 03:00 UTC, from pass to FAIL"),
    ([a_failure, a_failure, a_failure], "not since then"),
    ([a_pass, a_pass, a_failure], "in this run, from pass to FAIL"),
    ([a_pass, an_outage, an_outage], "2026-01-02 03:00 UTC, from pass to not judged"),
]


@pytest.mark.parametrize(("days", "change"), sample(NIGHTS, 4))
def test_page_of_one_run_says_since_when_by_the_nights_before(
    browser: Browser, tmp_path: Path, days: list[Any], change: str
) -> None:
    nights = tmp_path / "nights"
    for day, build in enumerate(days, 1):
        folder = tmp_path if day == len(days) else nights
        write_run(night(day, runs.exchange(), build()), folder / f"{day}.jsonl")
    words = [str(tmp_path / "3.jsonl"), "--history", str(nights), "-q", "-o"]
    result = CliRunner().invoke(app, ["report", *words, str(tmp_path / "index.html")])
    assert result.exit_code == 0
    with open_page(browser, tmp_path / "index.html", ACME) as page:
        page.page.wait_for_selector("#evidence .nights")
        text = page.texts("#evidence .nights")[0]
    first = "pass" if days[0] is a_pass else "FAIL"
    assert text == f"First seen\n2026-01-01 03:00 UTC, {first}\nLast changed\n{change}"


def test_browser_that_cannot_unpack_says_so(browser: Browser, file: Path) -> None:
    with open_page(browser, file) as page:
        page.page.evaluate("delete window.DecompressionStream")
        page.page.click("#grid td a")
        page.page.wait_for_selector("#evidence .note")
        assert "the run file has it" in page.texts("#evidence")[0]
        assert page.complaints == []


def test_cell_of_a_missing_promise_opens_and_says_so(browser: Browser, tmp_path: Path) -> None:
    with open_page(browser, write_page(tmp_path, *both_runs()), "#differs=0") as page:
        assert page.texts("thead .edition")[-2:] == [OLD, NEW]
        assert page.page.locator("#grid td.v-not-in-this-edition").count() == 2
        page.page.click("td.v-not-in-this-edition a")
        page.page.wait_for_selector("#evidence:not([hidden])")
        assert "has no such promise" in page.texts("#evidence-body")[0]
        page.page.evaluate("location.hash = ''")
        page.page.wait_for_selector("#grid .empty")


# --- hostile contents: what a provider says is only ever text ---

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
    """Return a run whose provider, its file and its answers say one thing wherever they can."""
    run = runs.hostile(text)
    head = to_builtins(run.header)
    entry = dict.fromkeys(("clause", "reason", "link", "since", "expires"), text)
    head["providers"][0]["deviations"] = [{**ENTRY, **entry}]
    head["clauses"][0]["citations"] = [{**SOURCE, "url": text, "title": text}]
    head["edition"]["families"] = {text: text}
    runs.change_header(run, **head)
    small = f"data:image/{text}"
    picture = {"index": 0, "member": text, "type": text, "sha256": text, "thumbnail": small}
    answer = f'{{"data":[{{"revised_prompt":{text!r}}}]}}'
    runs.change_exchange(
        run,
        next(iter(run.exchanges)),
        images=[picture],
        response={"status": 200, "headers": [[text, text]], "body": answer, "bytes": 1},
        downloads=[{"url": text, "status": 200}],
        **dict.fromkeys(("cassette", "target", "reason"), text),
    )
    return run


UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
LINKS = "[...document.querySelectorAll('[href]')].map((link) => link.getAttribute('href'))"
INJECT = """() => {
  const made = document.createElement("script");
  try { made.textContent = "window.hacked = true"; } catch { return; }
  document.body.append(made);
}"""


def test_hostile_text_is_only_ever_text(browser: Browser, tmp_path: Path) -> None:
    attacks = sample(ATTACKS.values(), 6)
    file = write_page(tmp_path, *map(hostile, attacks))
    with open_page(browser, file, "#differs=0") as page:
        cells = page.page.locator("#grid td a")
        assert cells.count() == len(attacks)
        for cell in cells.all():
            cell.click(timeout=2000)
            page.page.wait_for_selector("#evidence .details", timeout=2000)
            page.page.evaluate(UNFOLD)
            links = page.page.evaluate(LINKS)
            assert all(link.startswith(("#", "https://", "http://")) for link in links)
            assert not set(runs.BIDI + "\u2066\x1b\u200b") & set("".join(page.texts("body")))
            assert page.page.evaluate("[...document.images].length") == 0
            page.page.click("#close")
        page.page.wait_for_timeout(50)
        assert page.page.evaluate("window.hacked") is None
        assert page.complaints == []
        assert {url.split(":")[0] for url in page.requests} <= {"file", "data"}


def test_policy_stops_a_script_that_gets_in_all_the_same(browser: Browser, file: Path) -> None:
    with open_page(browser, file) as page:
        page.page.evaluate(INJECT)
        assert page.page.evaluate("window.hacked") is None
