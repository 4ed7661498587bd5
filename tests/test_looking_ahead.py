"""The next case is played, and its images decoded, while one is judged: nothing else changes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from benchmarks.many import ManySession
from benchmarks.samples import Plan, picture, prepare
from conformance.cases.model import Case
from conformance.exchange.answer import ImageInspector
from conformance.exchange.model import Exchange
from conformance.exchange.source import Replay
from conformance.findings import Verdict
from conformance.parsing.images.facts import ImageFacts, inspect_image
from conformance.runner.engine import Engine

CLAUSES = 12


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return prepare(tmp_path_factory.mktemp("samples"), 2, CLAUSES)


@pytest.fixture
def engine(plan: Plan) -> Engine:
    (engine,) = ManySession(plan).engines
    return engine


def test_looking_ahead_plays_and_decodes_once_on_another_thread_and_changes_no_finding(
    plan: Plan, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plain_engine,) = ManySession(plan).engines
    expected = {case.id: plain_engine.judged(case) for case in engine.cases.values()}
    cases, decoders = [], []
    exchange, inspect = Replay.exchange, ImageInspector.inspect

    def note_exchange(replay: Replay, case: Case) -> Exchange:
        cases.append(case.id)
        return exchange(replay, case)

    def note_inspect(inspector: ImageInspector, data: bytes, alone: bool) -> ImageFacts:
        decoders.append(threading.current_thread().name)
        return inspect(inspector, data, alone)

    monkeypatch.setattr(Replay, "exchange", note_exchange)
    monkeypatch.setattr(ImageInspector, "inspect", note_inspect)
    for case in engine.cases.values():
        engine.look_ahead(case)
        engine.look_ahead(case)
        result = engine.judged(case)
        engine.look_ahead(case)
        assert result.outcome.result.value == "accepted"
        other = expected[case.id]
        assert (result.findings, result.record) == (other.findings, other.record)
    assert cases == ["sample-0000", "sample-0001"]
    assert decoders == ["decoder_0"] * 2


def test_looking_ahead_at_a_damaged_cassette_leaves_it_to_the_judge(
    plan: Plan, engine: Engine
) -> None:
    case = list(engine.cases.values())[1]
    path = next(plan.folder.glob(f"cassettes/*/*/{case.id}.yaml"))
    text = path.read_text()
    path.write_text("interactions: [")
    engine.look_ahead(case)
    result = engine.judged(case)
    path.write_text(text)
    assert {finding.verdict for finding in result.findings.values()} == {Verdict.HARNESS_ERROR}
    assert "record it again" in result.outcome.reason


def test_image_that_stood_beside_another_is_not_decoded_again_where_it_stands_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    comparisons: list[bool] = []

    def note(data: bytes, **options: Any) -> ImageFacts:
        comparisons.append(options["compared"])
        return inspect_image(data, **options)

    monkeypatch.setattr("conformance.exchange.answer.inspect_image", note)
    data = picture(77)
    for alone in (True, False, True):
        facts = ImageInspector(10**9, 10**9).inspect(data, alone)
    assert comparisons == [False, True]
    assert facts.pixel_digest
