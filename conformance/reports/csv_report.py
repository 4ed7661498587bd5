"""Every finding as a row of CSV, for a spreadsheet: no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from conformance.findings import Finding
from conformance.parsing import printable
from conformance.reports.costs import Money, money_of, sent_once
from conformance.reports.summary import Summary
from conformance.results.records import ExchangeRecord

COLUMNS = (
    *("provider", "family", "model", "case", "chapter", "clause", "level", "verdict", "known"),
    *("message", "expected", "observed", "control", "deviation"),
    *(
        "provenance",
        "sent_at",
        "elapsed_seconds",
        "outcome",
        "attempts",
        "price_usd",
        "cassette",
        "edition",
    ),
)
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the wide ones, too
_LONGEST = 2000  # characters of a cell


def table(summary: Summary) -> str:
    """Write a summary's findings as CSV (RFC 4180), a header line first."""
    merged, paid = summary.merged, _paid(summary)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for each, rank in merged.owned:
        name = f"{each.provider}/{each.model}/{each.case}"
        exchange = merged.runs[rank].exchanges.get(name)
        family = merged.family((each.provider, each.model))
        sent = _sent(exchange, paid.pop(name, None))
        edition = merged.contract(each.provider).edition.id
        writer.writerow(map(csv_cell, (*_judged(each, family), *sent, edition)))
    sent_at_all = {name: each for run in merged.runs for name, each in run.exchanges.items()}
    for name, dollars in paid.items():
        if dollars:  # nothing was found in it; yet it was paid for
            exchange = sent_at_all[name]
            family = merged.family((exchange.provider, exchange.model))
            where = (exchange.provider, family, exchange.model, exchange.case)
            blank = [None] * (COLUMNS.index("provenance") - len(where))
            edition = merged.contract(exchange.provider).edition.id
            writer.writerow(map(csv_cell, (*where, *blank, *_sent(exchange, dollars), edition)))
    return file.getvalue()


def _judged(each: Finding, family: str) -> Iterator[Any]:
    yield from (each.provider, family, each.model, each.case)
    yield from (each.clause.split(".", 1)[0], each.clause, each.level, each.verdict.value)
    yield "yes" if each.excused else "no"
    yield from (each.message, each.expected, each.observed, each.control, each.deviation)


def _paid(summary: Summary) -> dict[str, float]:
    """Return what every case came to; it goes to the first of its rows, so that they add up."""
    paid: dict[str, Money] = {}
    for each in sent_once(summary.merged.runs):
        paid[each.path] = paid.get(each.path, Money()) + money_of(each)
    return {name: each.paid for name, each in paid.items() if each.priced}


def _sent(exchange: ExchangeRecord | None, dollars: float | None) -> Iterator[Any]:
    names = ("provenance", "sent_at", "elapsed", "outcome", "attempts")
    yield from (getattr(exchange, name, None) for name in names)
    yield from (dollars, exchange and exchange.cassette)


def csv_cell(value: object) -> str:
    """Write a cell; a text that a spreadsheet would compute begins with an apostrophe."""
    if value is None:
        return ""
    text = printable(str(value), _LONGEST)
    computed = isinstance(value, str) and text.startswith(_FORMULA)
    return f"'{text}" if computed else text
