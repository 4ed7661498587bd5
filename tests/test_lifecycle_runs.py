"""Live runs and replays of models that end: what is asked, what it costs, and on which day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from conformance.contract import load_edition
from conformance.exchange.source import RecordMode
from conformance.live.ledger import Ledger
from conformance.live.plan import plan
from conformance.providers import load_provider
from conformance.results.case_result import CaseResult
from conformance.results.deviations import stale_deviations
from conformance.results.standings import standings_of
from conformance.runner.live_run import LiveRun
from conformance.runner.options import Options
from conformance.runner.session import Session
from conformance.runner.whole_plan import plan_of
from tests import runs
from tests.live import Clock, judge_all, paid_toml, session, watched
from tests.runs import write_run

EDITION = load_edition()
MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1-mini")
END = date(2026, 12, 1)
DAY = timedelta(days=1)
DATES = """
[lifecycle."dall-e-2"]
until = "{until}"
source = "the page of the provider"
retrieved = "2026-11-27"
"""
GONE = {"error": {"message": "The model does not exist.", "code": "model_not_found"}}


def ending(folder: Path, *models: str, until: date = END) -> str:
    """Write the file of a provider whose dall-e-2 ends, and return its path."""
    return paid_toml(folder, *models, more=DATES.format(until=until))


def verdicts_of(judged: Mapping[str, CaseResult], path: str) -> dict[str, str]:
    return {name: finding.verdict.value for name, finding in judged[path].findings.items()}


def judged_on(folder: Path, day: date, models: Any) -> tuple[Mapping[str, CaseResult], Ledger]:
    """Judge the smallest requests to dall-e-2 and dall-e-3 on a day; returns what was spent too."""
    with watched(models=models) as (url, _):
        named = ("dall-e-2", "dall-e-3")
        dates = DATES.format(until=END)
        with session(folder, url, *named, more=dates, today=day, cases="baseline") as run:
            return judge_all(run), run.live.ledger


@pytest.mark.parametrize("day", [END, END + DAY, END + 400 * DAY])
def test_of_a_model_that_has_ended_only_the_smallest_request_is_asked(
    tmp_path: Path, day: date
) -> None:
    with watched(models=MODELS[1:]) as (url, eye):
        file = ending(tmp_path, "dall-e-2")
        run = Session(Options(providers=(file,), live=True, base_url=url, today=day))
        run.__dict__["live"] = LiveRun(run.options, Clock(), lambda _: None)
        judged = judge_all(run)
        assert eye.asked == [("GET", "/v1/models"), ("POST", "/v1/images/generations")]
        assert set(verdicts_of(judged, "dall-e-2/baseline").values()) == {"pass"}
        assert run.live.ledger.spent().counted == 0
        assert run.live.ledger.halts() == []
        run.close()


@pytest.mark.parametrize(
    ("day", "served", "clause", "verdict"),
    [
        (END - DAY, True, "models.served-until-end", "pass"),
        (END - DAY, False, "models.served-until-end", "fail"),
        (END, True, "models.retired-refused", "pass"),
        (END, False, "models.retired-refused", "pass"),
        (END + DAY, True, "models.retired-refused", "fail"),
        (END + DAY, False, "models.retired-refused", "pass"),
    ],
    ids=["eve-served", "eve-refused", "day-served", "day-refused", "past-served", "past-refused"],
)
def test_verdict_on_either_side_of_the_end(
    tmp_path: Path, day: date, served: bool, clause: str, verdict: str
) -> None:
    models = EDITION.models if served else MODELS[1:]
    judged, ledger = judged_on(tmp_path, day, models)
    assert verdicts_of(judged, "dall-e-2/baseline")[clause] == verdict
    assert ledger.spent().counted == pytest.approx(0.04 + 0.02 * served)
    assert len(judged["dall-e-3/baseline"].findings) > 40


def test_model_that_ends_at_midnight_while_a_run_goes_on_breaks_nothing(tmp_path: Path) -> None:
    until = datetime.now(UTC).date()  # so that what is sent now is sent after midnight
    painted: list[str] = []

    def refuse(body: Any) -> Response | None:
        names_it = isinstance(body, dict) and body.get("model") == "dall-e-2"
        painted.extend(["dall-e-2"] * names_it)
        return JSONResponse(GONE, 404) if names_it and len(painted) > 1 else None

    with watched() as (url, eye):
        eye.by_body = refuse
        more = DATES.format(until=until)
        with session(tmp_path, url, more=more, today=until - DAY, cases="[bnq]*") as run:
            judged = judge_all(run)
    words = {
        finding.verdict.value for result in judged.values() for finding in result.findings.values()
    }
    assert words == {"pass", "unavailable"}
    said = {finding.message for finding in judged["dall-e-2/n-2"].findings.values()}
    assert said == {"", "the model ended while the run was under way"}


def test_what_is_replayed_is_judged_as_on_the_day_of_its_recording(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    file = ending(tmp_path, "dall-e-2", until=today + 5 * DAY)
    values: dict[str, Any] = {
        "providers": (file,), "cases": "baseline", "cassettes": tmp_path / "tapes",
    }  # fmt: skip
    with watched() as (url, _):
        sends = Options(**values, base_url=url, record_mode=RecordMode.REWRITE, budget=9.0)
        recording = Session(sends)
        recorded = judge_all(recording)
        recording.close()
    later = Session(Options(**values, today=today + 900 * DAY))
    replayed = judge_all(later)
    header = later.header()
    later.close()
    assert verdicts_of(replayed, "dall-e-2/baseline") == verdicts_of(recorded, "dall-e-2/baseline")
    assert header.day == (today + 900 * DAY).isoformat()
    assert header.providers[0].lifecycle["dall-e-2"].judged_on == today.isoformat()


def test_cases_of_no_model_go_to_the_first_that_has_not_ended(tmp_path: Path) -> None:
    provider = load_provider(ending(tmp_path, "dall-e-2", "dall-e-3"))
    chosen = plan(EDITION, provider, combined=False, day=END).chosen
    paths = {request.case.path for request in chosen}
    assert {path for path in paths if path.startswith("dall-e-2/")} == {
        "dall-e-2/models-list",
        "dall-e-2/baseline",
    }
    assert "dall-e-3/model-omitted" in paths


def test_plan_pays_nothing_for_what_has_ended_and_says_what_painting_would_cost(
    tmp_path: Path,
) -> None:
    provider = load_provider(ending(tmp_path, "dall-e-2"))
    made = plan(EDITION, provider, combined=False, day=END)
    assert (made.usd, made.usd_if_painted) == (0, 0.02)
    assert made.standings["dall-e-2"].words == "retired on 2026-12-01"
    before = plan(EDITION, provider, combined=False, day=END - DAY)
    assert before.usd > 0.2
    assert before.standings["dall-e-2"].words == "ends on 2026-12-01, in 1 day"


def test_header_of_a_run_counts_the_plan_of_what_has_ended(tmp_path: Path) -> None:
    file = ending(tmp_path, "dall-e-2", "dall-e-3")
    run = Session(Options(providers=(file,), live=True, budget=9.0, today=END))
    (ended, served) = plan_of(run)
    (column,) = standings_of(run.header().providers)
    assert (ended.cases, ended.promises) == (1, 4)
    assert served.cases > 20
    assert column == ("paid", "dall-e-2")


def test_resumed_run_keeps_the_day_on_which_it_began(tmp_path: Path) -> None:
    write_run(runs.run(head=runs.header(day="2026-11-30")), tmp_path / "run.jsonl")
    assert Session(Options(resume=tmp_path / "run.jsonl")).today == date(2026, 11, 30)
    write_run(runs.run(), tmp_path / "old.jsonl")
    assert Session(Options(resume=tmp_path / "old.jsonl")).today == date(2026, 1, 2)


def test_deviation_of_a_model_that_has_ended_is_not_stale(tmp_path: Path) -> None:
    more = (
        '[[deviations]]\nclause = "count.*"\nmodels = ["dall-e-2"]\nreason = "ignores n"\n'
        'since = "2026-01-01"\nexpires = "2026-06-01"\n'
    )
    provider = load_provider(paid_toml(tmp_path, "dall-e-2", "dall-e-3", more=more))
    assert len(stale_deviations(provider, [], END)) == 1
    assert stale_deviations(provider, [], END, ["dall-e-2"]) == []
    assert len(stale_deviations(provider, [], END, ["dall-e-3"])) == 1
