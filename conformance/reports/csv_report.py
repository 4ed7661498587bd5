"""Every finding as a row of CSV, for a spreadsheet: no cell can be taken for a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

from conformance.findings import Finding
from conformance.output.printing import printable
from conformance.reports.costs import Money, money_of, sent_once
from conformance.reports.summary import Summary
from conformance.results.records import ExchangeRecord

_TEXTS = ("message", "expected", "observed", "control", "deviation")
COLUMNS = (
    "provider", "family", "model", "case", "chapter", "clause", "level", "verdict", "known",
    *_TEXTS,
    "provenance", "sent_at", "elapsed_seconds", "outcome", "attempts", "price_usd", "cassette",
    "edition",
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - spreadsheets take the wide ones, too
_LONGEST = 2000  # characters of a cell


def table(summary: Summary) -> str:
    """Write a summary's findings as CSV (RFC 4180), a header line first.

    What a case cost goes to the first of its rows, so that prices add up.
    """
    merged = summary.merged
    spent: dict[str, Money] = {}
    for exchange in sent_once(merged.runs):
        spent[exchange.path] = spent.get(exchange.path, Money()) + money_of(exchange)
    paid = {path: money.paid for path, money in spent.items() if money.priced}
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()

    def write(record: Finding | ExchangeRecord, cells: dict[str, Any]) -> None:
        row = {
            "provider": record.provider,
            "family": merged.family(record.column),
            "model": record.model,
            "case": record.case,
            "edition": merged.contract(record.provider).edition.id,
            **cells,
            "price_usd": paid.pop(record.path, None),
        }
        writer.writerow({name: csv_cell(value) for name, value in row.items()})

    for finding, rank in merged.owned:
        finding_cells = {
            "chapter": finding.clause.split(".", 1)[0],
            "clause": finding.clause,
            "level": finding.level,
            "verdict": finding.verdict.value,
            "known": "yes" if finding.excused else "no",
            **{name: getattr(finding, name) for name in _TEXTS},
        }
        own_exchange = merged.runs[rank].exchanges.get(finding.path)
        write(finding, finding_cells | (_exchange_cells(own_exchange) if own_exchange else {}))
    exchanges = {path: exchange for run in merged.runs for path, exchange in run.exchanges.items()}
    for path in [path for path, dollars in paid.items() if dollars]:
        # nothing was found in it; yet it was paid for
        write(exchanges[path], _exchange_cells(exchanges[path]))
    return file.getvalue()


def _exchange_cells(exchange: ExchangeRecord) -> dict[str, Any]:
    names = ("provenance", "sent_at", "outcome", "attempts", "cassette")
    cells = {name: getattr(exchange, name) for name in names}
    return {**cells, "elapsed_seconds": exchange.elapsed}


def csv_cell(value: object) -> str:
    """Write a cell; a text that a spreadsheet would compute begins with an apostrophe."""
    if value is None:
        return ""
    text = printable(str(value), _LONGEST)
    computed = isinstance(value, str) and text.startswith(_FORMULA)
    return f"'{text}" if computed else text
