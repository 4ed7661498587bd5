"""Whatever a provider answers: findings, plain sentences, bounded time, and the run goes on."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import date

import pytest

from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.exchange.source import Client, Live, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.findings import Finding, Verdict
from conformance.providers import Provider
from conformance.results.run_file import line_of
from conformance.runner.engine import Engine
from fuzz.answers import texts
from tests.hostile import BEHAVIOURS, HostileServer, _fixed, honest_answer

LIMITS = Limits(total_seconds=1.0, connect_seconds=0.5, body_bytes=1024 * 1024)
KEY = "sk-hostile-0123456789abcdef"
JSON = "Content-Type: application/json"


def answer(data: object, created: object = 1790000000) -> bytes:
    return json.dumps({"created": created, "data": data}).encode()


BODIES: dict[str, bytes] = {
    "empty": b"",
    "truncated-json": answer([{"url": "https://a.example/a.png"}])[:-9],
    "html": b"<!DOCTYPE html><title>524</title><script>alert(1)</script>",
    "deep-json": b"[" * 100_000,
    "infinity": b'{"created":-Infinity,"data":[{}]}',
    "data-string": answer("https://a.example/a.png"),
    "data-of-strings": answer(["https://a.example/a.png"]),
    "data-null": answer(None),
    "data-object": answer({"url": "https://a.example/a.png"}),
    "array": b"[]",
    "string": b'"hi"',
    "null": b"null",
    "escapes": answer([{"url": "\x1b[2J\x1b]0;owned\x07", "revised_prompt": "\u202egnp.exe"}]),
    "url-number": answer([{"url": 5}]),
    "url-unresolvable": answer([{"url": "https://no-such-host.invalid/image.png"}]),
    "b64-number": answer([{"b64_json": 7}]),
    "b64-nonsense": answer([{"b64_json": "%%%%"}]),
    "error-in-200": b'{"error":{"message":"no"}}',
    "error-list": b'{"error":[1,2]}',
}
"""What needs no malice; `tests/attacks` has what does."""
STATUSES = {
    "redirect-loop": honest_answer(
        b"", "Location: /redirect-loop/images/generations", status="302 Found"
    ),
    "no-content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "teapot": honest_answer(b"{}", JSON, status="418 Teapot"),
    "599": honest_answer(b"<html>", status="599 What"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    behaviours = {name: _fixed(honest_answer(body, JSON)) for name, body in BODIES.items()}
    behaviours |= {name: _fixed(text) for name, text in STATUSES.items()}
    BEHAVIOURS.update(behaviours)
    with HostileServer() as hostile:
        yield hostile


def judge_behaviour(server: HostileServer, behaviour: str) -> tuple[list[Finding], Engine]:
    edition, models = load_edition(), {"dall-e-3": "dall-e-3"}
    provider = Provider("hostile", "Hostile", server.url(f"/{behaviour}"), models)
    with Transport(LIMITS, AddressPolicy.for_provider(provider.base_url)) as transport:
        client = Client(Target("hostile", provider.base_url, KEY, models), transport)
        cases, source = all_cases(edition, [*models]), Live(lambda: client)
        engine = Engine(provider, edition, clauses_of(edition), cases, source, date.today())
        findings = list(engine.judged(engine.cases["dall-e-3/baseline"]).findings.values())
    return findings, engine


@pytest.mark.parametrize("behaviour", [*BODIES, *STATUSES, "stall"])
def test_bad_answer_gives_findings_plain_sentences_and_evidence_without_its_teeth(
    server: HostileServer, behaviour: str
) -> None:
    start_time = time.monotonic()
    findings, engine = judge_behaviour(server, behaviour)
    assert time.monotonic() - start_time < 10
    verdicts = {finding.verdict for finding in findings}
    assert len(findings) > 15
    assert Verdict.HARNESS_ERROR not in verdicts
    assert verdicts != {Verdict.PASS}
    rest = [finding for finding in findings if finding.verdict is not Verdict.PASS]
    assert all(finding.message and finding.message.isprintable() for finding in rest)
    assert not any(re.search("Traceback| at 0x[0-9a-f]{6}", finding.message) for finding in rest)
    record = engine.judged(engine.cases["dall-e-3/baseline"]).record
    assert record is not None
    assert KEY not in line_of(record) + "".join(line_of(finding) for finding in findings)
    assert all(text.isprintable() for text in texts(json.loads(line_of(record))))


def test_fault_of_the_suite_is_told_as_one_and_the_run_goes_on(
    server: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> list[object]:
        raise TypeError("unhashable \x1b[2J")

    monkeypatch.setattr("conformance.runner.engine.observe", broken)
    findings, engine = judge_behaviour(server, "data-null")
    assert {finding.verdict for finding in findings} == {Verdict.HARNESS_ERROR}
    assert "the suite itself failed at test_bad_input.py:" in findings[0].message
    assert "TypeError: unhashable \\x1b[2J" in findings[0].message
    assert engine.judged(engine.cases["dall-e-3/n-0"]).findings
