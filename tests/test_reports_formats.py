"""Markdown, JUnit, CSV, JSON and the folder that has every format: complete and honest."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.clients.impact import impact_of
from conformance.clients.outcomes import RECORDED, read_outcomes
from conformance.errors import UnknownNameError
from conformance.findings import Finding, Verdict
from conformance.reports import FORMATS, folder, render, summarize
from conformance.reports.costs import run_facts
from conformance.reports.statistics import ProviderFacts, provider_facts
from conformance.results.run_file import Run
from tests import runs
from tests.nights import night
from tests.runs import with_families, write_run
from tests.shown import by_schema
from tests.sums import kept_apart

PASS = runs.finding()


def priced(price: Any, case: str = "baseline", elapsed: float = 1.0) -> dict[str, Any]:
    picture = {"index": 0, "member": "url"}
    exchange = runs.exchange(case=case) | {"elapsed": elapsed, "images": [picture, picture]}
    return exchange | ({"price": price} if price else {})


# --- markdown ---


def test_markdown_says_what_is_broken_known_and_open() -> None:
    text = render([runs.messy()], "md")
    assert "| relay | dall-e-2 | FAIL | 2/4 | 0/1 | - | 4/4 | 2 | 1 | 0 | 0 |" in text
    assert len(re.findall(r"^\| (?:acme|relay|slow) \| \S+ \| .* \d \|$", text, re.M)) == 9
    assert text.index("nobody knew of") < text.index("Known deviations")
    for part in (
        "# Image API conformance: relay (3 models, replay) does not conform",
        "replay of cassettes, recorded 2026-01-02, `https://acme.test`",
        "### relay: A promise is broken\n\nIn 9 of 12 cases:",
        "**MUST** `format.url-only` all 3 models (9 cases, e.g. n-0)",
        "Found: `data[0] carries b64_json`",
        "Expected: `url`",
        "- relay, 3 findings: `It always answers base64.`\n\n  - **MUST** `count.n-images`",
        "- unavailable: slow, 5 findings of 5 clauses on dall-e-2",
        "`image-conformance explain format.url-only --edition sample-2026-01-01`",
        "| relay | dall-e-2 | FAIL | known | deviates | pass |",
        "acme, flat-image: 3 on",
        "`cassettes/x.yaml: remove it`",
    ):
        assert part in text


def test_markdown_says_what_a_run_took_and_how_fast_a_provider_was() -> None:
    exchange = runs.exchange() | {"price": kept_apart(0.25)}
    head = runs.header(seed=42, budget={"usd": 2, "requests": None})
    lines = render([runs.run(exchange, PASS, head=head)], "md").splitlines()
    took = "- Run of 2026-01-02 03:04 UTC, acme: complete, 1 finding in 55 s; "
    assert f"{took}0.25 USD spent of 2.00 USD; seed 42" in lines
    assert "- Latency of acme: median 1.2 s, p90 1.2 s of 1 accepted" in lines


def test_markdown_lists_runs_with_what_is_not_known_of_them() -> None:
    outage = night(5, runs.finding(verdict=Verdict.UNAVAILABLE))
    nights = [night(3, PASS, end=None), night(4, PASS), outage]
    text = render(nights, "md")
    lines = "\n".join(
        (
            "- Run of 2026-01-05 03:00 UTC, acme: complete, 1 finding, none decided; {}",
            "- Run of 2026-01-04 03:00 UTC, acme: complete, 1 finding; {}",
            "- Run of 2026-01-03 03:00 UTC, acme: INTERRUPTED, 1 finding; {}",
        )
    )
    assert lines.replace("{}", "spend not recorded") in text
    assert text.count("- Run of ") == 3
    assert "Latency" not in text


def test_long_section_of_markdown_is_cut_and_says_so_and_its_heading_hides_nothing() -> None:
    many = [runs.broken_must(clause=f"count.number-{number}") for number in range(130)]
    assert "- and 30 more, in the run file" in render([runs.run(*many)], "md")
    heading = render([runs.run(runs.known_deviation())], "md").splitlines()[0]
    text = "acme (dall-e-3, live) conforms but for 1 known deviation; 0 of 1 MUST kept, 1 decided"
    assert heading == f"# Image API conformance: {text}"


def test_what_is_open_where_a_run_broke_off_is_not_known() -> None:
    text = render([runs.run(end=None)], "md")
    assert "> The run did not come to the end" in text
    row = "| acme | dall-e-3 | not run | 1/1 so far | - | - | 1/1 | 0 | 0 | ? | 0 |"
    assert row in text.splitlines()
    assert "\n- ?: the run broke off" in text


# --- junit ---


def junit(*nights: Run) -> ET.Element:
    return ET.fromstring(render(nights, "junit"))


def case_of(finding: Finding) -> ET.Element:
    case = junit(runs.run(finding)).find("testsuite/testcase")
    assert case is not None
    return case


def open_finding(verdict: Verdict, message: str = "why") -> Finding:
    return runs.finding(verdict=verdict, message=message)


BECOMES: dict[str, tuple[Finding, str, dict[str, str]]] = {
    "pass": (PASS, "", {}),
    "fail": (
        runs.broken_must(), "failure", {"message": "data[0] carries b64_json", "type": "MUST"}),
    "known": (
        runs.known_deviation(), "skipped",
        {"message": "known deviation: It always answers base64."}),
    **{
        verdict.value: (open_finding(verdict), "skipped", {"message": f"{verdict.value}: why"})
        for verdict in (Verdict.UNAVAILABLE, Verdict.NOT_TESTABLE, Verdict.NOT_CLAIMED)
    },
    "harness error": (
        open_finding(Verdict.HARNESS_ERROR, "cassette damaged"), "error",
        {"message": "cassette damaged", "type": "harness error"}),
    "deviates": (
        runs.finding("errors.status-400", Verdict.DEVIATES, message="HTTP 422"), "system-out", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", BECOMES)
def test_verdict_becomes_what_ci_servers_read(name: str) -> None:
    finding, tag, attributes = BECOMES[name]
    case = case_of(finding)
    assert [(child.tag, child.attrib) for child in case] == [(tag, attributes)] * bool(tag)
    assert case.attrib["name"] == f"baseline::{finding.clause}"
    assert case.attrib["classname"] == "acme.dall-e-3"


def test_failure_says_what_was_expected_and_observed_and_a_should_in_its_output() -> None:
    text = case_of(runs.broken_must()).findtext("failure") or ""
    assert "expected: url\nobserved: b64_json\n" in text
    more = "more: image-conformance explain format.url-only --edition sample-2026-01-01"
    assert text.endswith(more)
    text = case_of(BECOMES["deviates"][0]).findtext("system-out") or ""
    assert text.startswith("SHOULD errors.status-400: deviates: HTTP 422")


def test_numbers_are_those_of_the_cases_and_totals_those_of_the_suites() -> None:
    root = junit(runs.messy())
    assert len(root) == 10
    for name, path in {"failures": "/failure", "errors": "/error", "tests": ""}.items():
        counts = [len(suite.findall(f"testcase{path}")) for suite in root]
        assert [int(suite.attrib[name]) for suite in root] == counts
        assert int(root.attrib[name]) == sum(counts)
    skips = [len(suite.findall("testcase/skipped")) for suite in root]
    assert [int(suite.attrib["skipped"]) for suite in root] == skips
    # the time of an exchange counts once
    root = junit(runs.run(runs.exchange(), PASS, runs.finding("envelope.json")))
    assert [case.get("time") for case in root.iter("testcase")][:2] == ["1.250", "0.000"]
    assert root.get("time") == "1.250"


# --- csv ---


def rows(*nights: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(nights, "csv"), newline="")))


def test_csv_has_a_row_for_every_finding_and_tells_of_its_exchange() -> None:
    table = rows(runs.messy())
    assert len(table) == len(runs.messy().findings)
    (deviation, *_) = [row for row in table if row["known"] == "yes"]
    assert deviation["deviation"] == "It always answers base64."
    assert deviation["chapter"] == "count"
    exchange = priced(kept_apart(None, 0.04)) | {"cassette": "cassettes/x.yaml"}
    (row,) = rows(runs.run(exchange, PASS))
    assert (row["price_usd"], row["elapsed_seconds"]) == ("0.04", "1.0")
    assert (row["cassette"], row["provenance"]) == ("cassettes/x.yaml", "live")


@pytest.mark.parametrize("reverse", [False, True], ids=["older-first", "newer-first"])
def test_csv_and_junit_tell_of_the_exchange_of_the_run_that_is_shown(reverse: bool) -> None:
    older = night(1, runs.exchange() | {"elapsed": 1.5}, PASS)
    newer = night(2, runs.exchange() | {"elapsed": 7.25}, runs.broken_must())
    nights = [newer, older] if reverse else [older, newer]
    (row,) = rows(*nights)
    assert (row["verdict"], row["elapsed_seconds"]) == ("fail", "7.25")
    case = junit(*nights).find("testsuite/testcase")
    assert case is not None
    assert case.get("time") == "7.250"


# --- json ---


def test_json_is_as_its_schema_says_and_says_what_the_other_reports_say() -> None:
    priced_run = runs.run(priced({"estimate": 1, "actual": 2}), runs.known_deviation())
    for run in (runs.run(end=None), runs.hostile("x"), priced_run):
        by_schema("report", render([with_families(run)], "json"))
    document = by_schema("report", render([with_families(runs.messy())], "json"))
    relay = next(column for column in document["columns"] if column["provider"] == "relay")
    assert relay["promises"]["format.url-only"] == "fail"
    assert relay["kept"]["MUST"] == {"kept": 2, "total": 4, "decided": 4, "accepted": 0}
    assert document["conclusion"] == 1


# --- what the numbers are made of ---


def facts_of(*records: Any) -> ProviderFacts:
    (facts,) = provider_facts(summarize([runs.run(*records, PASS)]))
    return facts


def test_numbers_of_a_provider_are_of_its_exchanges() -> None:
    accepted = [priced(None, f"case-{number}", number) for number in range(1, 11)]
    refusal = runs.exchange(case="refused") | {"outcome": "refused", "elapsed": 0.001}
    outage = runs.exchange(case="silent") | {"outcome": "unavailable", "reason": "HTTP 429"}
    measures = facts_of(*accepted, refusal, outage).measures
    latency, availability = measures.latency, measures.availability
    assert latency is not None
    assert (latency.count, latency.median, latency.p90) == (10, 5.5, 9)  # of accepted requests
    assert (availability.answered, availability.total) == (11, 12)
    assert availability.reasons == {"HTTP 429": 1}
    assert measures.price is None


def test_price_prefers_what_the_answer_says_and_counts_nothing_that_was_not_sent() -> None:
    price = facts_of(priced(kept_apart(0.5, 0.0), "one"), priced(None, "two")).measures.price
    assert price is not None
    assert (price.paid, price.per_image) == (0.5, 0.25)
    assert (price.estimated, price.unpriced) == (False, 1)
    unsent = priced(kept_apart(None, 5.0), "two") | {"outcome": "not run"}
    measures = facts_of(priced(kept_apart(None, 1.0)), unsent).measures
    assert measures.price is not None
    assert (measures.price.paid, measures.price.estimated) == (1.0, True)
    assert measures.availability.total == 1


def test_family_counts_promises_model_by_model_and_is_the_model_where_none_is_known() -> None:
    assert [family.name for family in facts_of().families] == ["dall-e-3"]
    facts = provider_facts(summarize([with_families(runs.messy())]))
    relay = next(provider for provider in facts if provider.id == "relay")
    totals = [(family.name, family.kept["MUST"].total) for family in relay.families]
    assert totals == [("dall-e", 8), ("gpt-image", 4)]


def test_run_takes_no_time_that_cannot_be() -> None:
    later, set_back = "2026-01-02T03:04:35+00:00", "2026-01-02T03:04:00+00:00"
    for finished, seconds in ((later, 30.0), (set_back, None), ("x", None)):
        run = runs.run(end={**runs.footer(), "finished": finished})
        assert run_facts(run).wall == seconds


# --- the command ---


def report(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["report", *words])
    return result.exit_code, result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_run(runs.messy(), tmp_path / "run.jsonl")
    return tmp_path / "run.jsonl"


def test_folder_has_every_format_and_the_badges(file: Path, tmp_path: Path) -> None:
    code, output = report(str(file), "-o", str(tmp_path / "out"), "-q")
    assert code == 0
    assert f"wrote {tmp_path}/out/index.html (the page)" in output.replace("\n", "")
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")}
    assert names == set(folder([runs.messy()]))
    assert {form.in_folder for form in FORMATS.values() if form.in_folder} < names
    assert "badges/relay.svg" in names


@pytest.mark.parametrize("command", ["report", "compare", "plan", "prove"])
def test_run_file_is_no_place_for_a_report(file: Path, command: str) -> None:
    path = file.rename(file.with_suffix(".md"))
    content = path.read_bytes()
    runs_to_read = [] if command in ("plan", "prove") else [str(path)]
    result = CliRunner().invoke(app, [command, *runs_to_read, "-o", str(path)])
    assert "is a run file; name another file with --output" in str(result.exception)
    assert path.read_bytes() == content


def test_suffix_names_the_format(file: Path, tmp_path: Path) -> None:
    names = {".html": "html", ".md": "md", ".xml": "junit", ".json": "json", ".csv": "csv"}
    names |= {".svg": "svg"}
    assert [*names.values()] == [*FORMATS]
    targets = [tmp_path / f"out{suffix}" for suffix in names]
    words = [word for target in targets for word in ("-o", str(target))]
    assert report(str(file), *words, "-q")[0] == 0
    impact = impact_of([runs.messy()], read_outcomes(RECORDED))
    summary = replace(summarize([runs.messy()]), impact=impact)
    for target in targets:
        assert target.read_bytes().decode() == render(summary, names[target.suffix])


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (["-o", "out.pdf"], [".html, .md, .xml", "--format"]),
        (["-f", "junit", "-o", "a.xml", "-o", "b.json"],
         ["b.json: its name ends as json does, and --format says junit"]),
    ],
    ids=["unknown", "contradiction"],
)  # fmt: skip
def test_name_that_asks_for_no_format_is_refused_before_anything_is_written(
    file: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], messages: list[str]
) -> None:
    monkeypatch.chdir(file.parent)
    result = CliRunner().invoke(app, ["report", str(file), *words])
    assert result.exit_code != 0
    assert all(text in str(result.exception) for text in messages)
    assert list(file.parent.iterdir()) == [file]


def test_format_is_that_of_a_file_whose_name_says_no_other(file: Path, tmp_path: Path) -> None:
    for name in ("a.md", "a.txt", "a"):
        assert report(str(file), "-f", "md", "-o", str(tmp_path / name), "-q")[0] == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("# Image API")
    code, output = report(str(file), "--format", "csv")
    assert code == 0
    assert output.startswith("provider,family,model,case,")


def test_unknown_format_names_its_nearest_match() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'junit'"):
        render([runs.run()], "junitxml")
