"""What a run came to, as every report tells it."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.reports import render
from conformance.results.records import RunFooter, SpentRecord
from conformance.results.run_file import Run
from tests import runs

USAGE = {"input_tokens": 0, "output_tokens": 2000, "total_tokens": 2000}  # 0.016 USD
PRICED = {"created": 1, "data": [{"b64_json": "aGk="}], "usage": USAGE}


def paid_exchange(price: Any, case: str = "baseline", **changes: Any) -> dict[str, Any]:
    """One exchange with an image and a price."""
    image = {"index": 0, "member": "b64_json"}
    return {**runs.exchange(case=case), "images": [image], "price": price, **changes}


def kept_apart(actual: float | None, estimate: float = 0.0, guess: float = 0.0) -> dict[str, Any]:
    """The price of an answer as it is written today."""
    spent = {"actual": actual, "estimate": estimate, "guess": guess}
    return {"estimate": None if guess else estimate, "actual": actual, "spent": spent}


def summary_json(*all_runs: Run) -> dict[str, Any]:
    """The summary as JSON."""
    return dict(json.loads(render(all_runs, "json")))


def page(*all_runs: Run) -> str:
    """What the page says, without its tags."""
    html = render(all_runs, "html").split("<main>")
    head, cards = html[0], html[1].split('<section id="runs"')[0]
    return re.sub(r"(<[^>]+>|\s)+", " ", f"{head} {cards}")


def csv_sum(*all_runs: Run) -> float:
    """The sum of the column, as a spreadsheet adds it up."""
    rows = csv.DictReader(io.StringIO(render(all_runs, "csv"), newline=""))
    return sum(float(row["price_usd"] or 0) for row in rows)


def of(*exchanges: dict[str, Any], spent: Any = None, **head: Any) -> Run:
    """A run of exchanges with two findings each."""
    names = ("format.url-only", "count.n-images")
    findings = [
        runs.finding(name, case=exchange["case"]) for exchange in exchanges for name in names
    ]
    end = runs.footer() | ({"spent": spent} if spent else {})
    return runs.run(*exchanges, *findings, head=runs.header(**head), end=end)


def run_of_session(session: Any) -> Run:
    """The run of a session as its file tells it."""
    run = Run(session.header())
    for engine in session.engines:
        for case, _ in session.selected(engine):
            one = engine.judged(case)
            run.add(replace(one.record, findings=len(one.findings)))
            for finding in one.findings.values():
                run.add(finding)
    spent = session.live.ledger.spent()
    sums = SpentRecord(spent.estimate, spent.actual, spent.guess, spent.requests)
    run.footer = replace(runs.read_record(runs.footer(), RunFooter), spent=sums)
    return run


def check_agreement(run_file: Run) -> None:
    """Footer, head, cards, CSV and summary say one sum."""
    assert run_file.footer is not None
    assert run_file.footer.spent is not None
    spent = run_file.footer.spent
    document = summary_json(run_file)
    (run,) = document["runs"]
    assert run["spent"] == pytest.approx((spent.actual or 0) + spent.estimate)
    assert run["guess"] == pytest.approx(spent.guess)
    assert run["elsewhere"] == 0
    cards = [provider["price"] for provider in document["providers"]]
    before = run["taken_over"]
    assert sum(card["paid"] for card in cards) == pytest.approx(run["spent"] + before)
    assert csv_sum(run_file) == pytest.approx(run["spent"] + before)


def first_and_second(**second: Any) -> tuple[Run, Run]:
    """A run that was cut off, and the one that went on with it and sent one more."""
    one = paid_exchange(kept_apart(0.5), "one", sent_at="2026-01-02T03:04:06+00:00")
    two = paid_exchange(kept_apart(0.25), "two", sent_at="2026-01-02T04:04:06+00:00")
    first, later = of(one, id="first"), "2026-01-02T04:00:00+00:00"
    first.footer = None
    taken_over = one | {"run": "first"}
    return first, of(taken_over, two, id="second", resumes=["first"], started=later, **second)


def facts(*all_runs: Run) -> tuple[float, int, int, int]:
    """Dollars, requests, images and latencies of the only provider."""
    (provider,) = summary_json(*all_runs)["providers"]
    return (
        provider["price"]["paid"],
        provider["availability"]["total"],
        provider["images"],
        provider["latency"]["count"],
    )
