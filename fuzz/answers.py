"""Whole answers: any status, headers and bytes, judged, kept as evidence and reported.

The promise of the suite about all of them: verdicts, never a harness error, never an exception,
and never a character that steers a terminal or hides text.
"""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from rich.console import Console

from conformance.cases.documented import all_cases
from conformance.cases.model import Case
from conformance.cases.request import Headers, build_request
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.contract import Edition, load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Download, Exchange, Response
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.exchange.redaction.redactor import Redactor
from conformance.findings import Finding, Verdict
from conformance.reports import folder, print_runs, summarize
from conformance.results.evidence import evidence
from conformance.results.records import (
    SCHEMA,
    ProviderRecord,
    Record,
    RunFooter,
    RunHeader,
)
from conformance.results.run_file import Run, line_of, record_of
from conformance.runner.header import about_clause, about_edition

KEY = "sk-fuzzed-0123456789abcdef"
ASKED = (
    ("dall-e-3", "url-1024x1024"),
    ("dall-e-3", "b64_json-1024x1024"),
    ("dall-e-3", "models-list"),
    ("dall-e-3", "n-0"),
    ("gpt-image-1", "baseline"),
    ("gpt-image-1", "stream"),
)
"""What was asked: each kind of answer that clauses tell apart."""

_PIXELS = 1 << 20
_CONTROL = Outcome("baseline", Result.ACCEPTED, "HTTP 200", 200)
_OWN_SPACE = frozenset("\n")  # between the lines of a report


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One answer to one of the requests of `ASKED`."""

    asked: int
    status: int
    headers: Headers
    body: bytes
    images: tuple[tuple[str, Response], ...] = ()  # what URLs gave


def exchange_of(fuzzed: Fuzzed) -> Exchange:
    """Return the exchange as the client would: with its downloads, without its secrets."""
    case = _cases()[ASKED[fuzzed.asked % len(ASKED)]]
    request = build_request(case, base_url="https://api.example/v1", key=KEY, served_as=None)
    downloads = tuple(Download(url, response) for url, response in fuzzed.images)
    reply = Response(fuzzed.status, fuzzed.headers, fuzzed.body)
    bare = Exchange("fuzzed", case.model, case.id, request, reply, downloads=downloads)
    return Redactor(KEY).exchange(bare)


def check(fuzzed: Fuzzed) -> list[Finding]:
    """Judge and report an answer, assert the promise above, and give the findings."""
    exchange = exchange_of(fuzzed)
    answer = Answer(exchange, pixels=_PIXELS)
    outcome = outcome_of(exchange, answer)
    findings = judge(exchange, edition(), _clauses(), _CONTROL, answer)
    record = evidence(exchange, answer, outcome)
    run = Run(_header(), footer=_footer())
    records: list[Record] = [record, *observe(exchange, edition(), answer), *findings]
    for entry in records:
        run.add(entry)
    _check_findings(findings)
    _check_lines([record, *findings])
    check_texts([*render_all(run), outcome.reason])
    return findings


def _check_findings(findings: Sequence[Finding]) -> None:
    assert findings
    for finding in findings:
        assert finding.verdict is not Verdict.HARNESS_ERROR, f"{finding.clause}: {finding.message}"
        assert finding.verdict is Verdict.PASS or finding.message
        check_texts([finding.message, finding.expected, finding.observed])


def _check_lines(records: Sequence[Record]) -> None:
    """A run file can be read again, holds no key and no text that cannot be shown."""
    for record in records:
        line = line_of(record)
        assert KEY not in line
        assert record_of(line.encode()) == record
        check_texts(list(texts(json.loads(line))))


def check_texts(lines: Sequence[str]) -> None:
    for text in lines:
        assert KEY not in text
        bad = {character for character in set(text) - _OWN_SPACE if not character.isprintable()}
        assert not bad, f"{bad!r} in {text[:200]!r}"


def texts(value: object) -> Iterator[str]:
    """Return every text in a JSON value, names of members included."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def render_all(run: Run) -> list[str]:
    """Write every report of a run; JUnit must be XML."""
    screen, summary = io.StringIO(), summarize([run])
    print_runs(summary, Console(file=screen, width=100, color_system=None))
    documents = folder(summary)
    ElementTree.fromstring(documents["junit.xml"])  # noqa: S314 - our own document
    documents["findings.csv"] = documents["findings.csv"].replace("\r\n", "\n")  # RFC 4180
    return [screen.getvalue(), *documents.values()]


@functools.cache
def edition() -> Edition:
    """Load the edition once."""
    return load_edition()


@functools.cache
def _clauses() -> tuple[Clause, ...]:
    return tuple(clauses_of(edition()))


@functools.cache
def _cases() -> dict[tuple[str, str], Case]:
    models = sorted({model for model, _ in ASKED})
    return {(case.model, case.id): case for case in all_cases(edition(), models)}


@functools.cache
def _header() -> RunHeader:
    about = edition()
    models = {"dall-e-3": "dall-e-3", "gpt-image-1": "gpt-image-1"}
    fuzzed = ProviderRecord("fuzzed", "Fuzzed", "https://api.example/v1", "live", models)
    return RunHeader(
        schema=SCHEMA,
        id="fuzzed",
        tool="image-conformance",
        edition=about_edition(about, models),
        started="2026-01-02T03:04:05+00:00",
        providers=(fuzzed,),
        clauses=tuple(about_clause(clause, about) for clause in clauses_of(about)),
    )


def _footer() -> RunFooter:
    return RunFooter(finished="", complete=True, conclusion=2)


def answer_of(data: bytes) -> Fuzzed:
    """Read an answer from bytes: what was asked, a status, lines of headers, then the body.

    The first byte says what was asked and how, the next two the status; the header ends at the
    first blank line. What stands after a NUL line is what every URL gave.
    """
    case_byte, high, low = (*data[:3], 0, 0, 0)[:3]
    status = _STATUSES[high % len(_STATUSES)] or 100 + (high << 8 | low) % 900
    head, _, bodies = data[3:].partition(b"\n\n")
    body, _, fetched = bodies.partition(b"\n\0\n")
    kind = _TYPES[case_byte // len(ASKED) % len(_TYPES)]
    headers = (*((("content-type", kind),) if kind else ()), *_lines(head))
    bare = Fuzzed(case_byte, status, headers, body)
    urls = dict.fromkeys(
        payload.url for payload in Answer(exchange_of(bare)).payloads if payload.url
    )
    image = Response(200, (("content-type", "image/png"),), fetched)
    return Fuzzed(case_byte, status, headers, body, tuple((url, image) for url in list(urls)[:4]))


_STATUSES = (200, 400, 200, 401, 404, 429, 500, None)
_TYPES = ("application/json", "text/event-stream", None, "image/png", "text/html")


def _lines(head: bytes) -> Iterator[tuple[str, str]]:
    for line in head.split(b"\n")[:100]:
        name, _, value = line.partition(b":")
        yield name.decode("latin-1").lower(), value.strip().decode("utf-8", "replace")
