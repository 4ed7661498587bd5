"""The page of hostile contents: what a provider says is only ever text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import to_builtins

from conformance.results.run_file import Run
from tests import runs
from tests.browser import opened
from tests.extent import sample
from tests.pages import ENTRY, SOURCE, written

if TYPE_CHECKING:
    from playwright.sync_api import Browser

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
    made = runs.hostile(text)
    head = to_builtins(made.header)
    about = dict.fromkeys(("clause", "reason", "link", "since", "expires"), text)
    head["providers"][0]["deviations"] = [{**ENTRY, **about}]
    head["clauses"][0]["citations"] = [{**SOURCE, "url": text, "title": text}]
    head["edition"]["families"] = {text: text}
    runs.change_header(made, **head)
    small = f"data:image/{text}"
    picture = {"index": 0, "member": text, "type": text, "sha256": text, "thumbnail": small}
    answer = f'{{"data":[{{"revised_prompt":{text!r}}}]}}'
    runs.change_exchange(
        made,
        next(iter(made.exchanges)),
        images=[picture],
        response={"status": 200, "headers": [[text, text]], "body": answer, "bytes": 1},
        downloads=[{"url": text, "status": 200}],
        **dict.fromkeys(("cassette", "target", "reason"), text),
    )
    return made


UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
LINKS = "[...document.querySelectorAll('[href]')].map((link) => link.getAttribute('href'))"
INJECT = """() => {
  const made = document.createElement("script");
  try { made.textContent = "window.hacked = true"; } catch { return; }
  document.body.append(made);
}"""


def test_hostile_text_is_only_ever_text(browser: Browser, tmp_path: Path) -> None:
    attacks = sample(ATTACKS.values(), 3)
    file = written(tmp_path, *map(hostile, attacks))
    with opened(browser, file, "#differs=0") as page:
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
    with opened(browser, file) as page:
        page.page.evaluate(INJECT)
        assert page.page.evaluate("window.hacked") is None
