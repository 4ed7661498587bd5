"""Recordings are judged by the edition of their day, and every report says by which."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.contract import load_edition
from conformance.errors import UnknownNameError
from conformance.recordings.contracts import Contracts, read_names
from conformance.recordings.judging import judge_files
from conformance.reports import render, summarize
from conformance.reports.drift.drift import drift
from conformance.reports.drift.model import DriftError
from conformance.results.editions import editions_of
from conformance.results.run_file import Run, read_run
from conformance.results.run_states import StatesReader
from tests.test_foreign import record

OLD, NEW = "cometapi-2026-03-12", "openai-2026-11"
OPENAI, ELSEWHERE = "api.openai.com", "gateway.test"
TWICE = f"{OPENAI} ({NEW})"
BY_DAY = Contracts(load_edition(), by_day=True)


EDITIONS = {
    "day-before": (OPENAI, "gpt-image-1.5", "2026-11-12", OLD),
    "day-of-publication": (OPENAI, "gpt-image-1.5", "2026-11-13", NEW),
    "snapshot": (OPENAI, "gpt-image-1.5-2025-12-16", "2026-11-20", NEW),
    "family-at-its-own-host": (OPENAI, "gpt-image-1", "2026-11-20", NEW),
    "no-model": (OPENAI, "model-not-named", "2026-11-20", NEW),
    "not-in-the-document": (OPENAI, "dall-e-3", "2026-11-20", OLD),
    "no-day": (OPENAI, "gpt-image-2.6-flare", "", OLD),
    "before-every-edition": (OPENAI, "gpt-image-2", "2022-01-01", OLD),
    "name-at-any-host": (ELSEWHERE, "gpt-image-2.6-flare", "2026-11-20", NEW),
    "newer-than-its-day": (ELSEWHERE, "gpt-image-2.6-flare", "2026-11-12", OLD),
    "unknown-model": (ELSEWHERE, "nobody-knows-it", "2026-11-20", OLD),
    "default-document-first": (ELSEWHERE, "gpt-image-1.5", "2026-11-20", OLD),
    "own-document": ("api.cometapi.com", "dall-e-3", "2026-03-12", OLD),
    "address": ("127.0.0.1", "gpt-image-2.6-flare", "2026-11-20", NEW),
}


@pytest.mark.parametrize(("host", "model", "day", "edition"), EDITIONS.values(), ids=EDITIONS)
def test_edition_is_the_newest_of_its_day_that_knows_the_model(
    host: str, model: str, day: str, edition: str
) -> None:
    sent_at = datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp() if day else 0.0
    exchange: Any = SimpleNamespace(provider=host, model=model, sent_at=sent_at)
    assert BY_DAY.of(exchange).edition.id == edition


def recording(host: str, model: str, day: str) -> str:
    url = f"https://{host}/v1/images/generations"
    entry = record(url=url, model=model, size=None, response_format=None)
    return json.dumps({**entry, "recorded_at": f"{day}T10:00:00Z"})


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run file of one host on two days, of two editions."""
    folder = tmp_path_factory.mktemp("days")
    lines = [(OPENAI, "gpt-image-1.5", "2026-05-01"), (OPENAI, "gpt-image-1.5", "2026-11-20")]
    (folder / "two.jsonl").write_text("\n".join(recording(*line) for line in lines))
    return judge_files([folder / "two.jsonl"], BY_DAY, folder / "run.jsonl").run_file


def test_one_run_file_says_of_every_provider_by_which_edition(run_file: Path) -> None:
    run = read_run(run_file)
    assert editions_of(run.header) == {OPENAI: OLD, TWICE: NEW}
    columns = {(OPENAI, "gpt-image-1.5"), (TWICE, "gpt-image-1.5")}
    assert {(row.provider, row.model) for row in summarize([run]).rows} == columns
    document = json.loads(render([run], "json"))
    assert f"{OPENAI} by {OLD}; {TWICE} by {NEW}" in document["sentence"]
    assert [column["edition"] for column in document["columns"]] == [OLD, NEW]
    states = StatesReader().read(run_file)
    assert states.states.keys() == columns
    assert {len(state) for state in states.states.values()} == {len(states.clauses)}


def test_every_promise_is_of_the_edition_of_its_day(run_file: Path) -> None:
    run = read_run(run_file)
    (new,) = run.header.also
    clauses = {clause.id for clause in new.clauses}
    mine = {finding.clause for finding in run.findings if finding.provider in new.providers}
    assert mine <= clauses
    assert (
        mine - {finding.clause for finding in run.findings if finding.provider == OPENAI} == set()
    )


def night(folder: Path, day: str) -> Run:
    file = folder / f"{day}.jsonl"
    file.write_text(recording(OPENAI, "gpt-image-1.5", day))
    return read_run(judge_files([file], BY_DAY, folder / f"{day}-run.jsonl").run_file)


def test_drift_refuses_a_host_that_two_editions_judged(tmp_path: Path) -> None:
    before, now = night(tmp_path, "2026-05-01"), night(tmp_path, "2026-11-20")
    assert (now.header.edition.id, now.header.also) == (NEW, ())
    assert {finding.provider for finding in now.findings} == {OPENAI}, "one edition: its own name"
    with pytest.raises(DriftError, match=f"{OLD} before, {NEW} now"):
        drift([before], now)


def test_option_judges_all_by_one_edition(tmp_path: Path) -> None:
    source, run = tmp_path / "new.jsonl", tmp_path / "run.jsonl"
    source.write_text(recording(OPENAI, "gpt-image-2.6-flare", "2026-11-20"))
    CliRunner().invoke(app, ["judge", str(source), "-o", str(run), "-q", "--edition", OLD])
    assert read_run(run).header.edition.id == OLD


def test_name_of_a_model_may_be_of_any_edition(tmp_path: Path) -> None:
    names = read_names(["gpt-image-2.6-flare=flare"], None, *BY_DAY.editions)
    assert names.known == {"flare": "gpt-image-2.6-flare"}
    with pytest.raises(UnknownNameError, match="unknown model 'nobody'"):
        read_names(["nobody=x"], None, *BY_DAY.editions)
