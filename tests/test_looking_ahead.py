"""The next case is played, and its images decoded, while one is judged: nothing else changes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from benchmarks.many import ManySession
from benchmarks.samples import picture, prepare
from conformance.cases.model import Case
from conformance.exchange.answer import ImageInspector
from conformance.exchange.model import Exchange
from conformance.exchange.source import Replay
from conformance.findings import Verdict
from conformance.parsing.images import ImageFacts, inspect_image
from conformance.runner.engine import Engine

CLAUSES = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    prepare(folder, 2, CLAUSES)
    return folder


@pytest.fixture
def engine(folder: Path) -> Engine:
    (found,) = ManySession(prepare(folder, 2, CLAUSES)).engines
    return found


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that decode."""
    names: list[str] = []
    inspect = ImageInspector.inspect

    def noted(inspector: ImageInspector, data: bytes, alone: bool) -> ImageFacts:
        names.append(threading.current_thread().name)
        return inspect(inspector, data, alone)

    monkeypatch.setattr(ImageInspector, "inspect", noted)
    return names


def test_looking_ahead_decodes_once_on_another_thread(engine: Engine, decoders: list[str]) -> None:
    case = next(iter(engine.cases.values()))
    engine.look_ahead(case)
    assert engine.judged(case).outcome.result.value == "accepted"
    assert decoders == ["decoder_0"]


def test_looking_ahead_changes_no_finding(folder: Path, engine: Engine) -> None:
    (plain,) = ManySession(prepare(folder, 2, CLAUSES)).engines
    for case in engine.cases.values():
        engine.look_ahead(case)
        assert engine.judged(case).findings == plain.judged(case).findings
        assert engine.judged(case).record == plain.judged(case).record


def test_looking_ahead_plays_a_cassette_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[str] = []
    exchange = Replay.exchange

    def noted(replay: Replay, case: Case) -> Exchange:
        played.append(case.id)
        return exchange(replay, case)

    monkeypatch.setattr(Replay, "exchange", noted)
    case = next(iter(engine.cases.values()))
    engine.look_ahead(case)
    engine.look_ahead(case)
    engine.judged(case)
    engine.look_ahead(case)
    assert played == ["sample-0000"]


def test_looking_ahead_at_a_damaged_cassette_leaves_it_to_the_judge(
    folder: Path, engine: Engine
) -> None:
    case = list(engine.cases.values())[1]
    path = next(folder.glob(f"cassettes/*/*/{case.id}.yaml"))
    path.write_text("interactions: [")
    engine.look_ahead(case)
    found = engine.judged(case)
    assert {finding.verdict for finding in found.findings.values()} == {Verdict.HARNESS_ERROR}
    assert "record it again" in found.outcome.reason


def test_image_that_stood_beside_another_is_not_decoded_again_where_it_stands_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[bool] = []

    def noted(data: bytes, **options: Any) -> ImageFacts:
        decoded.append(options["compared"])
        return inspect_image(data, **options)

    monkeypatch.setattr("conformance.exchange.answer.inspect_image", noted)
    data = picture(77)
    for alone in (True, False, True):
        found = ImageInspector(10**9, 10**9).inspect(data, alone)
    assert decoded == [False, True]
    assert found.pixel_digest
