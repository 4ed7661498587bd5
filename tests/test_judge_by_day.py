"""Recordings are judged by the edition of their day, and every report says by which."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from conformance.contract import load_edition
from conformance.errors import UnknownNameError
from conformance.recordings import judge_files
from conformance.recordings.contracts import ContractsByDay
from conformance.recordings.model_names import read_names
from conformance.reports import render, summarize
from conformance.reports.drift import DriftError, drift
from conformance.results.editions import editions_of
from conformance.results.run_file import Run, read_run
from conformance.results.run_states import StatesReader
from tests.processes import command
from tests.test_foreign import record

OLD, NEW = "cometapi-2026-03-12", "openai-2026-11"
OPENAI, ELSEWHERE = "api.openai.com", "gateway.test"
BY_DAY = ContractsByDay(load_edition())


@dataclass
class Asked:
    """As much of an exchange as tells its edition."""

    provider: str
    model: str
    sent_at: float


def edition_for(host: str, model: str, day: str) -> str:
    sent = datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp() if day else 0.0
    asked = Asked(host, model, sent)
    return BY_DAY.of(asked).edition.id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "model", "day", "edition"),
    [
        (OPENAI, "gpt-image-1.5", "2026-11-12", OLD),
        (OPENAI, "gpt-image-1.5", "2026-11-13", NEW),
        (OPENAI, "gpt-image-1.5-2025-12-16", "2026-11-20", NEW),
        (OPENAI, "gpt-image-1", "2026-11-20", NEW),
        (OPENAI, "model-not-named", "2026-11-20", NEW),
        (OPENAI, "dall-e-3", "2026-11-20", OLD),
        (OPENAI, "gpt-image-2.6-flare", "", OLD),
        (OPENAI, "gpt-image-2", "2022-01-01", OLD),
        (ELSEWHERE, "gpt-image-2.6-flare", "2026-11-20", NEW),
        (ELSEWHERE, "gpt-image-2.6-flare", "2026-11-12", OLD),
        (ELSEWHERE, "nobody-knows-it", "2026-11-20", OLD),
        ("api.cometapi.com", "dall-e-3", "2026-03-12", OLD),
        ("127.0.0.1", "gpt-image-2.6-flare", "2026-11-20", NEW),
    ],
    ids=[
        *("day-before", "day-of-publication", "snapshot", "family-at-its-own-host", "no-model"),
        *("not-in-the-document", "no-day", "before-every-edition", "name-at-any-host"),
        *("newer-than-its-day", "unknown-model", "own-document", "address"),
    ],
)
def test_edition_is_the_newest_of_its_day_that_knows_the_model(
    host: str, model: str, day: str, edition: str
) -> None:
    assert edition_for(host, model, day) == edition


def test_unknown_host_is_judged_by_the_document_of_the_default_edition_first() -> None:
    assert edition_for(ELSEWHERE, "gpt-image-1.5", "2026-11-20").startswith("cometapi-")


def recording(host: str, model: str, day: str) -> str:
    url = f"https://{host}/v1/images/generations"
    whole = record(url=url, model=model, size=None, response_format=None)
    return json.dumps({**whole, "recorded_at": f"{day}T10:00:00Z"})


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run file of one host on two days, of two editions."""
    folder = tmp_path_factory.mktemp("days")
    lines = [(OPENAI, "gpt-image-1.5", "2026-05-01"), (OPENAI, "gpt-image-1.5", "2026-11-20")]
    (folder / "two.jsonl").write_text("\n".join(recording(*line) for line in lines))
    return judge_files([folder / "two.jsonl"], BY_DAY, folder / "run.jsonl").run_file


def test_one_run_file_says_of_every_provider_by_which_edition(both: Path) -> None:
    run = read_run(both)
    assert editions_of(run.header) == {OPENAI: OLD, f"{OPENAI} ({NEW})": NEW}
    columns = {(row.provider, row.model) for row in summarize([run]).rows}
    assert columns == {(OPENAI, "gpt-image-1.5"), (f"{OPENAI} ({NEW})", "gpt-image-1.5")}


def test_headline_says_which_edition_judged_what(both: Path) -> None:
    told = json.loads(render([read_run(both)], "json"))
    assert f"{OPENAI} by {OLD}; {OPENAI} ({NEW}) by {NEW}" in told["sentence"]
    assert [column["edition"] for column in told["columns"]] == [OLD, NEW]


def test_every_promise_is_of_the_edition_of_its_day(both: Path) -> None:
    run = read_run(both)
    (new,) = run.header.also
    clauses = {each.id for each in new.clauses}
    mine = {each.clause for each in run.findings if each.provider in new.providers}
    assert mine <= clauses
    assert mine - {each.clause for each in run.findings if each.provider == OPENAI} == set()


def test_states_of_such_a_run_are_read_from_its_findings(both: Path) -> None:
    states = StatesReader().read(both)
    lengths = {len(each) for each in states.states.values()}
    assert lengths == {len(states.clauses)}
    assert states.states.keys() == {
        (OPENAI, "gpt-image-1.5"),
        (f"{OPENAI} ({NEW})", "gpt-image-1.5"),
    }


def night(folder: Path, day: str) -> Run:
    file = folder / f"{day}.jsonl"
    file.write_text(recording(OPENAI, "gpt-image-1.5", day))
    return read_run(judge_files([file], BY_DAY, folder / f"{day}-run.jsonl").run_file)


def test_drift_refuses_a_host_that_two_editions_judged(tmp_path: Path) -> None:
    with pytest.raises(DriftError, match=f"{OLD} before, {NEW} now"):
        drift([night(tmp_path, "2026-05-01")], night(tmp_path, "2026-11-20"))


def test_option_judges_all_by_one_edition(tmp_path: Path) -> None:
    (tmp_path / "new.jsonl").write_text(recording(OPENAI, "gpt-image-2.6-flare", "2026-11-20"))
    for option, edition in (([], NEW), (["--edition", OLD], OLD)):
        command(tmp_path, "judge", "new.jsonl", "-o", "run.jsonl", "-q", *option)
        assert read_run(tmp_path / "run.jsonl").header.edition.id == edition


def test_name_of_a_model_may_be_of_any_edition(tmp_path: Path) -> None:
    names = read_names(["gpt-image-2.6-flare=flare"], None, *BY_DAY.editions)
    assert names.known == {"flare": "gpt-image-2.6-flare"}
    with pytest.raises(UnknownNameError, match="unknown model 'nobody'"):
        read_names(["nobody=x"], None, *BY_DAY.editions)


def test_host_that_one_edition_judged_has_its_own_name(tmp_path: Path) -> None:
    run = night(tmp_path, "2026-11-20")
    assert (run.header.edition.id, run.header.also) == (NEW, ())
    assert {each.provider for each in run.findings} == {OPENAI}
