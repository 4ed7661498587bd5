"""The page as a file: whole in itself, honest, and small whatever is in it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from conformance.findings import STATES, Verdict
from conformance.reports import render, summarize
from conformance.reports.formatting import duration
from conformance.reports.page import evidence as packing
from conformance.reports.page.evidence import proofs
from conformance.results.reach import Cell
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests import runs
from tests.nights import night
from tests.shown import ParsedPage

ADDRESSES = ("src", "href", "action", "srcset", "data", "poster", "formaction")
BROKEN = runs.broken_must(case="other")
HEAD = runs.header(models=["dall-e-3"], budget={"usd": 20, "requests": None})


def page(*several: Run) -> str:
    return render(several or [messy()], "html")


def visible_text(text: str) -> str:
    """Return what a page says without any script."""
    return " ".join(re.sub(r"<[^>]+>", "", text.split("<script")[0]).split())


def messy() -> Run:
    """Return a run with something of everything, and a clause that nothing was judged by."""
    run = runs.messy()
    clause = {"id": "stream.events", "level": "MUST", "statement": "It streams.", "citations": []}
    runs.change_header(run, clauses=[*runs.header()["clauses"], clause])
    return run


def unpack(column: str) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(base64.b64decode(column))))


def exchange_with(body: str, **changes: Any) -> dict[str, Any]:
    response = {"status": 200, "headers": [], "body": body, "bytes": len(body)}
    return {**runs.exchange(**changes), "response": response}


def long_body(characters: int = 100_000, count: int = 3) -> Run:
    """Return a run with answers that no compression makes small."""
    run = runs.run(*(runs.finding(case=f"case-{number}") for number in range(count)))
    for number in range(count):
        noise = random.Random(number).randbytes(characters)
        body = base64.b64encode(noise).decode()[:characters]
        run.add(runs.read_record(exchange_with(body, case=f"case-{number}"), ExchangeRecord))
    return run


def test_page_needs_nothing_but_itself_and_its_policy_allows_nothing_else() -> None:
    parsed = ParsedPage(page())
    for _, attributes in parsed.elements:
        for name in ADDRESSES:
            value = attributes.get(name)
            assert value is None or value.startswith("#"), (name, value)
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    assert not re.search(r"@import|url\(", parsed.raw["style"][0])
    metas = parsed.attributes("meta")
    policy = next(meta["content"] or "" for meta in metas if "content" in meta)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        digest = hashlib.sha256(parsed.raw[kind][-1].encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}';" in policy


def test_every_state_is_told_from_all_others_without_colour() -> None:
    for member in ("label", "letter", "symbol", "meaning"):
        values = {getattr(state, member) for state in STATES}
        assert len(values) == len(STATES) == len(Verdict) + 1
        assert "?" not in values  # stands for "not judged"


def test_page_says_without_any_script() -> None:
    text = visible_text(page())
    for part in (
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
        "count it once a provider (2 broken for 6 here, 1 known for 3 here).",
        "1 MUST and 1 SHOULD broken that nobody knew of",
    ):
        assert part in text
    summary = summarize([runs.messy()])
    assert (sum(row.known for row in summary.rows), len(summary.known)) == (3, 1)
    assert "once a provider" not in page(runs.run())


def test_only_what_has_no_known_deviation_is_green() -> None:
    for findings, verdict in (
        ([], "0"),
        ([runs.known_deviation(case="2")], "known"),
        ([BROKEN], "1"),
    ):
        assert f'class="verdict c-{verdict}"' in page(runs.run(runs.finding(), *findings))


# --- a run that was cut off ---


def cut(verdict: Verdict = Verdict.PASS) -> Run:
    return runs.run(runs.exchange(), runs.finding(verdict=verdict), head=HEAD, end=None)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_CLAIMED])
def test_row_of_an_interrupted_run_is_not_pass(verdict: Verdict) -> None:
    (row,) = summarize([cut(verdict)]).rows
    assert row.cell == Cell(Verdict.NOT_RUN)
    text = page(cut(verdict)).split('id="matrix"')[0]
    assert "v-pass" not in text.split("</style>")[1]
    assert 'class="ratio full"' not in text
    (row,) = summarize([cut(Verdict.FAIL)]).rows
    assert row.cell == Cell(Verdict.FAIL)


def test_interrupted_run_says_at_the_top_what_is_not_known_of_it() -> None:
    text = visible_text(page(cut()))
    assert "INTERRUPTED" in text
    assert "4 promises of the edition were not reached (the run was cut off)" in text
    assert "found nothing to judge" not in text
    assert "spend not recorded (budget 20.00 USD)" in text


def test_what_is_open_where_a_run_broke_off_is_not_known() -> None:
    overview, _, providers = page(cut()).partition('<section id="providers"')
    (_, total, row) = re.findall("<tr.*?</tr>", overview, re.DOTALL)[:3]
    (_, family) = re.findall("<tr.*?</tr>", providers, re.DOTALL)[:2]
    for line in (total, row, family):
        assert '1<span class="of">/1 so far</span>' in line
        assert re.search(r'<td class="n">\s*\?\s*</td>', line)
    assert "?: the run broke off" in page(cut())
    stop = runs.run(runs.finding(), head=HEAD, end=runs.footer(complete=False))
    assert "so far" not in page(stop).split('id="matrix"')[0]


# --- many nights ---


def nights(count: int) -> list[Run]:
    """Return nights in a row, the oldest first."""
    moments = [f"2026-01-{day:02}T03:00:01+00:00" for day in range(1, count + 1)]
    exchanges = [runs.exchange(sent_at=moment) for moment in moments]
    return [night(day, exchange, runs.finding()) for day, exchange in enumerate(exchanges, start=1)]


def test_newest_of_many_nights_are_at_the_top_and_their_days_one_origin() -> None:
    head = page(*nights(5)).split("<dl", 1)[1].split("</dl>")[0]
    days = re.findall(r"<dt>Run (\S+) ", head)
    assert days == ["2026-01-05", "2026-01-04", "2026-01-03"]
    assert "2 earlier runs, listed at the end" in head
    origins = summarize(nights(5)).origins
    assert [origin.how for origin in origins] == ["live, 2026-01-01 to 2026-01-05"]


def test_origins_of_different_kinds_stay_apart() -> None:
    replay = night(6, runs.finding(), head=runs.header(mode="replay"))
    provider = runs.header()["providers"][0] | {"base_url": "https://other.test/v1"}
    elsewhere = night(7, runs.finding(), head={"providers": [provider]})
    assert len(summarize([*nights(2), replay, elsewhere]).origins) == 3


# --- evidence ---


def test_evidence_has_findings_and_exchanges_of_its_column() -> None:
    summary = summarize([runs.messy()])
    columns = map(unpack, proofs(summary).columns)
    relay = dict(zip(summary.columns, columns, strict=True))["relay", "dall-e-3"]
    first, *findings = relay["findings"]["format.url-only"]
    assert first == "baseline"
    assert [finding["verdict"] for finding in findings] == ["fail", "fail", "fail"]
    assert list(relay["exchanges"]) == ["baseline"]
    assert relay["exchanges"]["baseline"]["response"]["status"] == 200


def test_control_is_in_the_evidence_although_no_clause_speaks_of_it() -> None:
    finding = runs.broken_must(case="refused", control="baseline")
    run = runs.run(runs.exchange(case="refused"), runs.exchange(), finding)
    (column,) = proofs(summarize([run])).columns
    assert set(unpack(column)["exchanges"]) == {"refused", "baseline"}


@pytest.mark.parametrize("order", [1, -1], ids=["older-first", "newer-first"])
def test_proof_of_a_finding_is_the_exchange_of_its_own_run(order: int) -> None:
    older = night(1, exchange_with("good"), runs.finding("envelope.json"), runs.finding())
    newer = night(
        2, exchange_with("bad"), runs.broken_must(), runs.known_deviation(clause="count.n-images")
    )
    (data,) = proofs(summarize([older, newer][::order])).columns
    column = unpack(data)
    findings = [finding for entries in column["findings"].values() for finding in entries]
    cases = {one if isinstance(one, str) else one["case"]: one for one in findings}
    by_body = {column["exchanges"][key]["response"]["body"]: cases[key] for key in cases}
    assert set(by_body) == {"good", "bad"}
    assert by_body["bad"]["verdict"] == "fail"


def test_bodies_are_cut_until_the_page_is_small_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(page(long_body(count=40))) < 2_000_000
    assert proofs(summarize([long_body(5000)])).cut is None
    monkeypatch.setattr(packing, "LIMIT", 20_000)
    packed = proofs(summarize([long_body()]))
    assert sum(map(len, packed.columns)) <= 20_000
    assert packed.cut == 1200
    body = unpack(packed.columns[0])["exchanges"]["case-0"]["response"]["body"]
    assert body.endswith("(98800 more characters in the run file)")
    assert "cut to 1200 characters" in page(long_body())


def test_picture_is_kept_once_and_only_when_it_is_one() -> None:
    good = {"index": 0, "member": "url", "sha256": "a", "thumbnail": "data:image/png;base64,AAAA"}
    bad = {**good, "sha256": "b", "thumbnail": "data:image/svg+xml,<svg onload=alert(1)>"}
    one = runs.exchange() | {"images": [good, bad]}
    two = runs.exchange(case="two") | {"images": [good]}
    run = runs.run(one, two, runs.finding(), runs.finding(case="two"))
    assert proofs(summarize([run])).pictures == {"a": "data:image/png;base64,AAAA"}
    assert page(run) == page(run)  # rendering leaves the run as it was


def test_durations_are_written_as_people_speak() -> None:
    seconds = {0.004: "4 ms", 5: "5.0 s", 61: "61 s", 125: "2 min 5 s", 7260: "2 h 1 min"}
    assert {time: duration(time) for time in seconds} == seconds
    end = runs.footer() | {"finished": runs.header()["started"]}
    text = page(runs.run(end=end))
    assert "complete, 1 finding in under 1 s" in text
    assert "<td>under 1 s</td>" in text


# --- the committed sample ---

SAMPLE = Path(__file__).parents[1] / "reports" / "sample"


def test_sample_is_small_and_of_the_form_that_is_written_today() -> None:
    assert (SAMPLE / "index.html").stat().st_size < 500_000
    assert "# Image API conformance" in (SAMPLE / "summary.md").read_text(encoding="utf-8")
    sample = ParsedPage((SAMPLE / "index.html").read_text(encoding="utf-8"))
    today = ParsedPage(page())
    assert sample.attributes("meta")[1] == today.attributes("meta")[1], "run `make sample`"
    assert len(sample.attributes("table")) > 3


def test_cell_that_the_readme_links_to_is_in_the_sample() -> None:
    (link,) = re.findall(r"#cell=([^`]+)", (SAMPLE.parent / "README.md").read_text("utf-8"))
    clause, provider, model = link.split("/")
    sample = ParsedPage((SAMPLE / "index.html").read_text("utf-8"))
    data = next(part for text in sample.raw["script"] if "clauses" in (part := json.loads(text)))
    providers = [entry["id"] for entry in data["providers"]]
    columns = [(providers[column["provider"]], column["model"]) for column in data["columns"]]
    row = [entry["id"] for entry in data["clauses"]].index(clause)
    assert data["cells"][row][columns.index((provider, model))] != "."
