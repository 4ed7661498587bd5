"""What the page shows of a cell that is opened: findings and exchanges, packed by column.

A page of ten providers has tens of megabytes of evidence. A column of it is deflated and
unpacked by the browser when the first of its cells is opened.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from msgspec import to_builtins

from conformance.exchange.model import Price
from conformance.findings import Finding, Verdict
from conformance.parsing import JSONFaultError, load_json
from conformance.reports.capabilities.table import ModelTable
from conformance.reports.page.requests import shown_request
from conformance.reports.summary import Summary
from conformance.reports.wording import paid
from conformance.results.baselines import sort_by_start
from conformance.results.reach import ColumnKey
from conformance.results.records import DeviationRecord, RequestRecord
from conformance.results.run_file import Run

LIMIT = 1_700_000  # characters of all columns together, so that a page stays under 2 MB
_CELL = 280  # characters that a cell of the capability table takes beside them
_CUTS = (6000, 1200, 200, 0)  # characters of a body, tried in turn until the page is small enough
# a picture that the suite has painted anew: no other address gets into the page (ARCHITECTURE 16)
_THUMBNAIL = re.compile(r"data:image/(?:webp|png|jpeg);base64,[A-Za-z0-9+/]{1,20000}={0,2}")
_PROMPT = 300  # characters of a prompt beside its picture
_EXCHANGE_MEMBERS = (
    "provenance", "sent_at", "elapsed", "attempts", "price", "outcome", "reason",
    "failure", "downloads", "cassette", "target",
)  # of an exchange  # fmt: skip
_CAPTION_PARAMETERS = (
    "size", "quality", "style", "background", "output_format", "n", "response_format",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proofs:
    """The packed columns, the pictures in them, and where bodies had to be cut."""

    columns: tuple[str, ...]
    pictures: Mapping[str, str]
    cut: int | None


def proofs(summary: Summary) -> Proofs:
    """Pack the evidence of every column, and cut bodies where it would be too much."""
    columns = _ColumnPacker(summary).columns()
    cells = sum(len(table.rows) * len(table.sides) for table in summary.capabilities)
    # evidence is cut only as far as a page of this many columns needs it
    for limit in _CUTS:
        packed = tuple(_packed(column, limit) for column in columns)
        if sum(map(len, packed)) <= LIMIT - _CELL * cells:
            break
    return Proofs(packed, _pictures(columns), limit if limit != _CUTS[0] else None)


def _packed(column: Mapping[str, Any], limit: int) -> str:
    """Pack a column with its bodies cut to a limit; at a limit of 0 headers are left out too."""
    if limit != _CUTS[0]:
        shortened = {
            name: _shorten(exchange, limit) for name, exchange in column["exchanges"].items()
        }
        column = {**column, "exchanges": shortened}
    text = json.dumps(column, ensure_ascii=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


def _shorten(exchange: Mapping[str, Any], limit: int) -> Mapping[str, Any]:
    response = exchange["response"]
    if response is None:
        return exchange
    body = response["body"]
    note = f"… ({len(body) - limit} more characters in the run file)"
    shorter = {**response, "body": body if len(body) <= limit else body[:limit] + note}
    return {**exchange, "response": {**shorter, "headers": response["headers"] if limit else []}}


def _pictures(columns: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Take the thumbnails out of the columns, each once, by the digest of the image."""
    pictures: dict[str, str] = {}
    for column in columns:
        for exchange in column["exchanges"].values():
            for image in exchange["images"]:
                small = image.pop("thumbnail", None)
                if small and _THUMBNAIL.fullmatch(small):
                    pictures.setdefault(str(image.get("sha256")), small)
    return pictures


class _ColumnPacker:
    """Puts findings and exchanges into their columns, each exchange beside its own run."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        owners = {(finding.column, rank) for finding, rank in summary.merged.owned}
        runs = Counter(column for column, _ in owners)
        self._several = {column for column, count in runs.items() if count > 1}
        self._providers = summary.merged.providers
        self._history = _history(summary) if summary.merged.repeated else {}

    def columns(self) -> list[dict[str, Any]]:
        """Return a column's findings by clause, and its exchanges by case.

        Where a column is of several runs, a case is written `2/case`: of the third of them.
        """
        columns: dict[ColumnKey, dict[str, Any]] = {
            column: {"findings": {}, "exchanges": {}, "several": column in self._several}
            for column in self._summary.columns
        }
        merged = self._summary.merged
        for finding, rank in merged.owned:
            column = columns[finding.column]
            prefix = f"{rank}/" if column["several"] else ""
            cell = self._finding(finding, prefix)
            column["findings"].setdefault(finding.clause, []).append(cell)
            for case in filter(None, (finding.case, finding.control)):
                path = f"{finding.provider}/{finding.model}/{case}"
                self._exchange(column["exchanges"], path, prefix + case, merged.runs[rank])
        for table in self._summary.capabilities:
            for side, provider in enumerate(table.sides):
                self._values(columns[provider, table.model], table, side)
        for (provider, model, clause), spells in self._summary.spells.items():
            if (provider, model) in columns:
                columns[provider, model].setdefault("spells", {})[clause] = spells
        return list(columns.values())

    def _values(self, column: dict[str, Any], table: ModelTable, side: int) -> None:
        """Add what one provider makes of each value, with the exchanges that show it."""
        runs = self._summary.merged.runs
        for row in table.rows:
            cell = row.cells[side]
            evidence = []
            for proof in cell.evidence:
                prefix = f"{proof.run}/" if column["several"] else ""
                path = f"{table.sides[side]}/{table.model}/{proof.case}"
                self._exchange(column["exchanges"], path, prefix + proof.case, runs[proof.run])
                evidence.append([prefix + proof.case, proof.word, proof.why])
            values = column.setdefault("values", {})
            values[f"{row.parameter}={row.value}"] = [cell.word, cell.why, evidence]

    def _finding(self, finding: Finding, prefix: str) -> Any:
        """Write a finding; of a pass with nothing to add, only its case."""
        history = self._history.get(finding.id)
        if finding.verdict is Verdict.PASS and not history and not finding.observed:
            return prefix + finding.case
        names = ("verdict", "message", "expected", "observed", "control", "rate", "repeats")
        values: dict[str, Any] = {"case": prefix + finding.case}
        values |= {name: value for name in names if (value := getattr(finding, name))}
        if finding.deviation is not None:  # the number of its entry in the provider's file
            provider = self._providers.get(finding.provider)
            entries = enumerate(provider.deviations if provider else ())
            ranks = (rank for rank, entry in entries if _excuses(entry, finding))
            values["deviation"] = next(ranks, finding.deviation)
        return values | ({"history": history} if history else {})

    def _exchange(self, exchanges: dict[str, Any], path: str, key: str, run: Run) -> None:
        """Add what is shown of an exchange; its request is a curl line."""
        exchange = run.exchanges.get(path)
        if key in exchanges or exchange is None:
            return
        provider = self._providers.get(exchange.provider)
        values = to_builtins(exchange) | {"price": _price(exchange.price)}
        members = {name: values[name] for name in _EXCHANGE_MEMBERS if values[name] is not None}
        exchanges[key] = members | {
            "endpoint": f"{exchange.request.method} {_path(exchange.request.url)}",
            "sent": shown_request(exchange.request, provider.base_url if provider else None),
            "response": values["response"],
            "images": values["images"],
            **_caption(exchange.request),
        }


def _excuses(deviation: DeviationRecord, finding: Finding) -> bool:
    return (
        deviation.reason == finding.deviation
        and fnmatchcase(finding.clause, deviation.clause)
        and any(fnmatchcase(finding.model, glob) for glob in deviation.models)
        and any(fnmatchcase(finding.case, glob) for glob in deviation.cases)
    )


def _history(summary: Summary) -> dict[str, list[list[str]]]:
    """Return, of the findings that several runs made, since when each verdict holds."""
    history: dict[str, list[list[str]]] = {}
    for run in sort_by_start(summary.merged.runs):
        for finding in run.findings:
            verdict = f"{finding.verdict.value}{', known' * finding.excused}"
            changes = history.setdefault(finding.id, [])
            if not changes or changes[-1][1] != verdict:
                changes.append([run.header.started, verdict])
    return history


def _price(price: Price | None) -> str | None:
    """Write what an answer cost: by its usage, else about what the price list says."""
    if price is None:
        return None
    is_estimated = price.actual is None
    return paid(price.estimate if is_estimated else price.actual, is_estimated, unpriced=0)


def _path(url: str) -> str:
    """Return the path of a URL: a control that differs there is another request, not a field."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url


def _caption(request: RequestRecord) -> dict[str, Any]:
    """Return what a picture was asked to be: the parameters that can be seen in it."""
    try:
        body = load_json(request.body)
    except JSONFaultError:
        body = None
    parameters = body if isinstance(body, dict) else {}
    asked = ((name, parameters.get(name)) for name in _CAPTION_PARAMETERS)
    texts = [f"{name} {value}" for name, value in asked if value is not None]
    prompt = parameters.get("prompt")
    prompt = prompt if isinstance(prompt, str) else ""
    short = prompt if len(prompt) <= _PROMPT else prompt[:_PROMPT] + "…"
    return {"asked": ", ".join(texts), "prompt": short}
