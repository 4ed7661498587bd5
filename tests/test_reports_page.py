"""The page as a file: whole in itself, safe whatever is in it, small whatever is in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from conformance.findings import STATES, Verdict
from conformance.reports import render, summarize
from conformance.reports.formatting import duration
from conformance.reports.page import evidence as packing
from conformance.reports.page.evidence import proofs
from conformance.reports.page.rendering import as_json
from conformance.results.reach import Cell
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests import runs
from tests.nights import night
from tests.sums import kept_apart

ADDRESSES = ("src", "href", "action", "srcset", "data", "poster", "formaction")


class Parsed(HTMLParser):
    """The elements of a page, and the text of each script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in = tag if tag in self.raw else ""
        if self._in:
            self.raw[tag].append("")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.raw[self._in][-1] += data

    def handle_endtag(self, _: str) -> None:
        self._in = ""

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(*found: Run) -> str:
    return render(found or [messy()], "html")


def messy() -> Run:
    """A run with something of everything, and a clause that nothing was judged by."""
    found = runs.messy()
    silent = {"id": "stream.events", "level": "MUST", "statement": "It streams.", "citations": []}
    runs.change_header(found, clauses=[*runs.header()["clauses"], silent])
    return found


def unpacked(column: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(column)))
    return found


def long_body(characters: int = 100_000, count: int = 3) -> Run:
    """A run with answers that no compression makes small."""
    found = runs.run(*(runs.finding(case=f"case-{number}") for number in range(count)))
    for number in range(count):
        exchange = runs.exchange(case=f"case-{number}")
        noise = b"".join(hashlib.sha256(f"{number}{n}".encode()).digest() for n in range(3200))
        exchange["response"] = {
            "status": 200,
            "headers": [["x-id", "1"]],
            "body": base64.b85encode(noise).decode()[:characters],
            "bytes": characters,
        }
        found.add(runs.read(exchange, ExchangeRecord))
    return found


def test_page_needs_nothing_but_itself() -> None:
    for _, attributes in Parsed(page()).elements:
        for name in ADDRESSES:
            value = attributes.get(name)
            assert value is None or value.startswith("#"), (name, value)
    assert not re.search(r"@import|url\(", Parsed(page()).raw["style"][0])


@pytest.mark.parametrize("kind", ["script", "style"])
def test_policy_allows_our_own_text_and_no_other(kind: str) -> None:
    parsed = Parsed(page())
    policy = next(each["content"] or "" for each in parsed.attributes("meta") if "content" in each)
    digest = base64.b64encode(hashlib.sha256(parsed.raw[kind][-1].encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"{kind}-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy


def test_page_has_no_inline_handlers_or_styles() -> None:
    for _, attributes in Parsed(page()).elements:
        assert not [each for each in attributes if each.startswith("on") or each == "style"]


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
def test_hostile_text_adds_no_element(text: str) -> None:
    shape = [tag for tag, _ in Parsed(page(runs.hostile("harmless"))).elements]
    assert [tag for tag, _ in Parsed(page(runs.hostile(text))).elements] == shape


@pytest.mark.parametrize("text", ["</script>", "<!--", "<script", "]]>", "\u2028", "&lt;", "é"])
def test_json_cannot_end_its_script(text: str) -> None:
    written = str(as_json({"text": text}))
    assert not set("<>&") & set(written)
    assert written.isascii()
    assert json.loads(written) == {"text": text}


@pytest.mark.parametrize("member", ["label", "letter", "symbol", "meaning"])
def test_every_state_is_told_from_all_others_without_colour(member: str) -> None:
    shown = [getattr(state, member) for state in STATES]
    assert len(set(shown)) == len(shown) == len(Verdict) + 1
    assert "?" not in shown  # stands for "not judged"


@pytest.mark.parametrize(
    "said",
    [
        "relay (3 models, replay) does not conform",
        "replay of cassettes, recorded 2026-01-02, from https://acme.test",
        "complete, ",
        "in 55 s",
        "spend not recorded",
        "Broken promises that nobody knew of",
        "image-conformance 0.1.0",
        "Left out of the totals, because the provider does not claim it",
        "no usage",
        "1 promise of the edition found nothing to judge here",
        "cassettes/x.yaml: remove it",
    ],
)
def test_page_says_without_any_script(said: str) -> None:
    assert said in re.sub(r"<[^>]+>", "", page().split("<script")[0])


@pytest.mark.parametrize(
    ("findings", "shown"),
    [
        ([runs.finding()], "c-0"),
        ([runs.finding(), runs.known(case="other")], "c-known"),
        ([runs.finding(), runs.broken(case="other")], "c-1"),
    ],
    ids=["pass", "known", "fail"],
)
def test_only_what_has_no_known_deviation_is_green(findings: list[Any], shown: str) -> None:
    assert f'class="verdict {shown}"' in page(runs.run(*findings))


def test_interrupted_run_says_so_at_the_top() -> None:
    assert "INTERRUPTED" in page(runs.run(end=None))


def cut(**changes: Any) -> Run:
    return runs.run(runs.exchange(), runs.finding(**changes), head=HEAD, end=None)


HEAD = runs.header(models=["dall-e-3"], budget={"usd": 20, "requests": None})


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_CLAIMED])
def test_row_of_an_interrupted_run_is_not_pass(verdict: Verdict) -> None:
    (row,) = summarize([cut(verdict=verdict)]).rows
    assert row.cell == Cell(Verdict.NOT_RUN)
    text = page(cut(verdict=verdict)).split('id="matrix"')[0]
    assert "v-pass" not in text.split("</style>")[1]
    assert 'class="ratio full"' not in text


def test_row_of_an_interrupted_run_is_as_bad_as_what_was_found() -> None:
    (row,) = summarize([cut(verdict=Verdict.FAIL)]).rows
    assert row.cell == Cell(Verdict.FAIL)


def test_what_is_open_where_a_run_broke_off_is_not_known() -> None:
    overview, _, providers = page(cut()).partition('<section id="providers"')
    (_, total, row) = re.findall("<tr.*?</tr>", overview, re.DOTALL)[:3]
    (_, family) = re.findall("<tr.*?</tr>", providers, re.DOTALL)[:2]
    for each in (total, row, family):
        assert '1<span class="of">/1 so far</span>' in each
        assert re.search(r'<td class="n">\s*\?\s*</td>', each)
    assert "?: the run broke off" in page(cut())


def test_what_is_open_where_a_run_says_how_it_ended_is_counted() -> None:
    halted = runs.run(runs.finding(), head=HEAD, end=runs.footer(complete=False))
    assert "so far" not in page(halted).split('id="matrix"')[0]


def test_promises_that_an_interrupted_run_did_not_reach_are_called_so() -> None:
    said = re.sub(r"<[^>]+>", "", page(cut()).split("<script")[0])
    assert "4 promises of the edition were not reached (the run was cut off)" in said
    assert "found nothing to judge" not in said


def test_spend_of_an_interrupted_run_is_not_said_to_be_of_its_budget() -> None:
    said = re.sub(r"<[^>]+>", "", page(cut()))
    assert "spend not recorded (budget 20.00 USD)" in said


def nights(count: int) -> list[Run]:
    """Nights in a row, the oldest first."""
    found = []
    for day in range(1, count + 1):
        exchange = runs.exchange(sent_at=f"2026-01-{day:02}T03:00:01+00:00")
        found.append(night(day, exchange, runs.finding()))
    return found


def test_newest_of_many_nights_are_at_the_top() -> None:
    head = page(*nights(5)).split("<dl", 1)[1].split("</dl>")[0]
    days = re.findall(r"<dt>Run (\S+) ", head)
    assert days == ["2026-01-05", "2026-01-04", "2026-01-03"]
    assert "2 earlier runs, listed at the end" in head


def test_many_nights_have_one_origin_with_its_range_of_days() -> None:
    assert [each.how for each in summarize(nights(5)).origins] == ["live, 2026-01-01 to 2026-01-05"]


def test_origins_of_different_kinds_stay_apart() -> None:
    replay = night(6, runs.finding(), head=runs.header(mode="replay"))
    about = runs.header()["providers"][0] | {"base_url": "https://other.test/v1"}
    elsewhere = night(7, runs.finding(), head={"providers": [about]})
    assert len(summarize([*nights(2), replay, elsewhere]).origins) == 3


def test_note_under_the_table_says_what_is_counted_how() -> None:
    summary = summarize([runs.messy()])
    assert sum(row.known for row in summary.rows) == 3
    assert len(summary.known) == 1
    said = re.sub(r"<[^>]+>", "", page())
    assert "count it once a provider (2 broken for 6 here, 1 known for 3 here)." in said
    assert "1 MUST and 1 SHOULD broken that nobody knew of" in said
    assert "once a provider" not in page(runs.run())


def test_what_a_run_spent_and_its_seed_are_at_the_top() -> None:
    paid = runs.exchange() | {"price": kept_apart(0.25)}
    head = runs.header(seed=42, budget={"usd": 2, "requests": None})
    found = runs.run(paid, runs.finding(), head=head)
    said = re.sub(r"<[^>]+>|\s+", " ", page(found))
    assert "0.2500 USD spent of 2.00 USD; seed 42" in re.sub(" +", " ", said)


def test_evidence_has_findings_and_exchanges_of_its_column() -> None:
    summary = summarize([runs.messy()])
    columns = map(unpacked, proofs(summary).columns)
    relay = dict(zip(summary.columns, columns, strict=True))["relay", "dall-e-3"]
    first, *others = relay["findings"]["format.url-only"]
    assert first == "baseline"
    assert [each["verdict"] for each in others] == ["fail", "fail", "fail"]
    assert list(relay["exchanges"]) == ["baseline"]
    assert relay["exchanges"]["baseline"]["response"]["status"] == 200


def test_control_is_in_the_evidence_although_no_clause_speaks_of_it() -> None:
    judged = runs.broken(case="refused", control="baseline")
    found = runs.run(runs.exchange(case="refused"), runs.exchange(), judged)
    (column,) = proofs(summarize([found])).columns
    assert set(unpacked(column)["exchanges"]) == {"refused", "baseline"}


def told(body: str) -> dict[str, Any]:
    response = {"status": 200, "headers": [], "body": body, "bytes": len(body)}
    return {**runs.exchange(), "response": response}


@pytest.mark.parametrize("reverse", [False, True], ids=["older-first", "newer-first"])
def test_proof_of_a_finding_is_the_exchange_of_its_own_run(reverse: bool) -> None:
    good = night(1, told("good"), runs.finding("envelope.json"), runs.finding())
    bad = night(2, told("bad"), runs.broken(), runs.known(clause="count.n-images"))
    (packed,) = proofs(summarize([bad, good] if reverse else [good, bad])).columns
    column = unpacked(packed)
    found = [each for mine in column["findings"].values() for each in mine]
    cases = {each if isinstance(each, str) else each["case"]: each for each in found}
    bodies = {key: column["exchanges"][key]["response"]["body"] for key in cases}
    verdicts = {bodies[key]: cases[key] for key in cases}
    assert set(bodies.values()) == {"good", "bad"}
    assert verdicts["bad"]["verdict"] == "fail"


def test_bodies_are_cut_until_the_page_is_small_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "LIMIT", 20_000)
    found = proofs(summarize([long_body()]))
    assert sum(map(len, found.columns)) <= 20_000
    assert found.cut == 1200
    body = unpacked(found.columns[0])["exchanges"]["case-0"]["response"]["body"]
    assert body.endswith("(98800 more characters in the run file)")
    assert "cut to 1200 characters" in page(long_body())


def test_bodies_are_left_whole_where_there_is_room() -> None:
    assert proofs(summarize([long_body(5000)])).cut is None


def test_page_of_long_answers_stays_under_two_megabytes() -> None:
    assert len(page(long_body(count=40))) < 2_000_000


def test_picture_is_kept_once_and_only_when_it_is_one() -> None:
    good = {"index": 0, "member": "url", "sha256": "a", "thumbnail": "data:image/png;base64,AAAA"}
    bad = {**good, "sha256": "b", "thumbnail": "data:image/svg+xml,<svg onload=alert(1)>"}
    one = runs.exchange() | {"images": [good, bad]}
    two = runs.exchange(case="two") | {"images": [good]}
    found = runs.run(one, two, runs.finding(), runs.finding(case="two"))
    assert proofs(summarize([found])).pictures == {"a": "data:image/png;base64,AAAA"}


def test_rendering_leaves_the_run_as_it_was() -> None:
    picture = {"index": 0, "member": "url", "sha256": "a", "thumbnail": "data:image/png;base64,AA"}
    found = runs.run(runs.exchange() | {"images": [picture]}, runs.finding())
    assert page(found) == page(found)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.004, "4 ms"), (5, "5.0 s"), (61, "61 s"), (125, "2 min 5 s"), (7260, "2 h 1 min")],
)
def test_duration_is_written_as_people_speak(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_run_within_a_second_took_under_one() -> None:
    begun = runs.footer() | {"finished": runs.header()["started"]}
    text = page(runs.run(end=begun))
    assert "complete, 1 finding in under 1 s" in text
    assert "<td>under 1 s</td>" in text


SAMPLE = Path(__file__).parents[1] / "reports" / "sample"


def test_sample_is_of_the_form_that_is_written_today() -> None:
    sample = Parsed((SAMPLE / "index.html").read_text(encoding="utf-8"))
    today = Parsed(page())
    assert sample.attributes("meta")[1] == today.attributes("meta")[1], "run `make sample`"
    assert len(sample.attributes("table")) > 3


def test_sample_is_small_enough_to_be_committed() -> None:
    assert (SAMPLE / "index.html").stat().st_size < 500_000
    assert "# Image API conformance" in (SAMPLE / "summary.md").read_text(encoding="utf-8")


def test_cell_that_the_readme_links_to_is_in_the_sample() -> None:
    (link,) = re.findall(r"#cell=([^`]+)", (SAMPLE.parent / "README.md").read_text("utf-8"))
    clause, provider, model = link.split("/")
    sample = Parsed((SAMPLE / "index.html").read_text("utf-8"))
    data = next(found for each in sample.raw["script"] if "clauses" in (found := json.loads(each)))
    providers = [each["id"] for each in data["providers"]]
    columns = [(providers[each["provider"]], each["model"]) for each in data["columns"]]
    row = [each["id"] for each in data["clauses"]].index(clause)
    assert data["cells"][row][columns.index((provider, model))] != "."
