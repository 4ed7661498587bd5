"""When a model begins and ends: its dates, and what a run asks of it, and pays, on which day."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from conformance.contract import Edition, EditionError, load_edition, schemas_directory
from conformance.contract.loading import read_edition
from conformance.errors import UnknownNameError
from conformance.exchange.source import RecordMode
from conformance.lifecycle import ENDLESS, Lifecycle, Standing
from conformance.live.plan import plan
from conformance.providers import ProviderError, load_provider
from conformance.providers.asked import with_asked_models
from conformance.results.deviations import stale_deviations
from conformance.results.standings import standings_of
from conformance.runner.options import Options
from conformance.runner.session import Session
from conformance.runner.whole_plan import plan_of
from tests import runs
from tests.live import judge_all, paid_toml, run_live, serve_counting, verdicts
from tests.runs import write_run
from tests.test_providers import GOOD, write

END, DAY = date(2026, 12, 1), timedelta(days=1)
FIRST, EVE = date(2025, 12, 16), END - DAY
MODEL = Lifecycle(FIRST, date(2026, 6, 2), END, ("next-1", "next-2"))
DATES = """
[lifecycle."dall-e-3"]
until = "2027-04-07"
replaced_by = ["gpt-image-2"]
source = "the page of the provider"
retrieved = "2026-11-27"
"""
ENTRY = {
    "until": "2026-12-01",
    "citations": [{"source": "openai", "section": "Shutdown", "level": "MUST"}],
}


NEXT = "; replaced by next-1 or next-2"


@pytest.mark.parametrize(
    ("day", "state", "words"),
    [
        ("2026-06-01", "active", ""),
        ("2026-06-02", "deprecated", ""),
        ("2026-10-31", "deprecated", ""),
        ("2026-11-01", "deprecated", f"ends on 2026-12-01, in 30 days{NEXT}"),
        ("2026-11-30", "deprecated", f"ends on 2026-12-01, in 1 day{NEXT}"),
        ("2026-12-01", "retired", f"retired on 2026-12-01{NEXT}"),
        ("2027-12-01", "retired", f"retired on 2026-12-01{NEXT}"),
    ],
)
def test_state_of_a_model_on_a_day(day: str, state: str, words: str) -> None:
    standing = Standing(MODEL, date.fromisoformat(day))
    assert (standing.state, standing.words) == (state, words)


def test_model_without_dates_is_active_and_promises_no_end() -> None:
    standing = Standing(ENDLESS, END)
    assert (standing.state, standing.words) == ("active", "")
    assert not standing.must_be_served(END)


def test_model_is_promised_from_its_first_day_to_the_one_before_its_end() -> None:
    days = (FIRST - DAY, FIRST, EVE, END)
    promises = [Standing(MODEL, day).must_be_served(day) for day in days]
    assert promises == [False, True, True, False]
    eve = Standing(MODEL, EVE)
    assert not eve.must_be_served(END), "after midnight"
    assert [eve.ends_before(last_day) for last_day in (EVE, END)] == [False, True]


def edition(folder: Path, **lifecycle: Any) -> Edition:
    shutil.copytree(schemas_directory(), folder, dirs_exist_ok=True)
    path = folder / "cometapi-2026-03-12" / "edition.json"
    content = json.loads(path.read_text("utf-8")) | {"lifecycle": lifecycle}
    path.write_text(json.dumps(content), "utf-8")
    return read_edition(path.parent)


def test_dates_of_an_edition_name_their_source_and_out_of_order_the_file(tmp_path: Path) -> None:
    lifecycle = edition(tmp_path / "right", **{"dall-e-3": ENTRY}).lifecycles["dall-e-3"]
    source = "OpenAI OpenAPI specification 2.3.0, Shutdown"
    assert (lifecycle.until, lifecycle.source, lifecycle.retrieved) == (END, source, "2026-11-23")
    with pytest.raises(EditionError, match=r"edition\.json: lifecycle\.dall-e-3: since"):
        edition(tmp_path / "wrong", **{"dall-e-3": {**ENTRY, "since": "2027-01-01"}})


def test_own_dates_of_a_provider_outrank_those_of_the_edition(tmp_path: Path) -> None:
    judged_by = edition(tmp_path / "schemas", **{"dall-e-3": ENTRY, "dall-e-2": ENTRY})
    mine = load_provider(write(tmp_path, GOOD + DATES))
    assert mine.lifecycle("dall-e-3", judged_by).until == date(2027, 4, 7)
    assert mine.lifecycle("dall-e-3-2026-01-01", judged_by).until == date(2027, 4, 7)
    assert mine.lifecycle("dall-e-2", judged_by).until == END
    assert load_provider("reference").lifecycle("dall-e-2", judged_by) is ENDLESS


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"2027-04-07"', '"2027-02-30"', r"lifecycle\.dall-e-3: .*day"),
        ('until = "2', 'since = "2028-01-01"\nuntil = "2', "since 2028-01-01 is after until"),
        ("until", "untill", "unknown key 'untill'; did you mean 'until'"),
        ('retrieved = "2026-11-27"', "", "'retrieved' is a required property"),
    ],
    ids=["no-date", "order", "unknown-key", "no-source"],
)
def test_mistake_in_the_dates_of_a_provider_is_said(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(ProviderError, match=message):
        load_provider(write(tmp_path, GOOD + DATES.replace(old, new)))


def test_dates_of_a_model_need_one_that_is_known_and_without_an_end_one_that_is_sold(
    tmp_path: Path,
) -> None:
    mine = load_provider(write(tmp_path, GOOD + DATES.replace("dall-e-3", "dall-e-33")))
    with pytest.raises(UnknownNameError, match=r"mine\.toml: lifecycle.*did you mean 'dall-e-3'"):
        with_asked_models(mine, load_edition())
    dates = DATES.replace("dall-e-3", "dall-e-2").replace("until", "since")
    with pytest.raises(ProviderError, match=r"lifecycle\.dall-e-2: \[models\] lacks it.*`until`"):
        load_provider(write(tmp_path, GOOD + dates))


@pytest.mark.parametrize("name", ["dall-e-2", "gpt-image-1", "gpt-image-1.5-2025-12-16"])
@pytest.mark.parametrize("neighbour", ["dall-e-3", "gpt-image-1.5", "qwen-image"])
def test_model_in_lifecycle_alone_is_asked_from_the_day_of_its_end_beside_any_other(
    name: str, neighbour: str, tmp_path: Path
) -> None:
    text = GOOD.replace("dall-e-3", neighbour) + DATES.replace("dall-e-3", name)
    mine = load_provider(write(tmp_path, text))
    days = (date(2027, 4, 6), date(2027, 4, 7))
    before, since = (with_asked_models(mine, load_edition(), day=day) for day in days)
    assert [*before.models] == [neighbour]
    assert [*since.models] == [neighbour, name]


def test_model_that_is_sold_no_more_is_asked_where_the_edition_knows_it(tmp_path: Path) -> None:
    openai = load_provider("openai")
    old = with_asked_models(openai, load_edition("cometapi-2026-03-12"))
    assert {"dall-e-2", "dall-e-3"} <= set(old.retired(load_edition(), date(2026, 11, 28)))
    today = with_asked_models(openai, load_edition("openai-2026-11"))
    assert list(today.models) == list(openai.models)
    assert today.retired(load_edition("openai-2026-11"), date(2026, 11, 28)) == ("gpt-image-1",)


def test_openai_says_of_every_model_of_the_old_page_when_it_ends() -> None:
    judged_by = load_edition()
    openai = with_asked_models(load_provider("openai"), judged_by)
    ends = {name: str(openai.lifecycle(name, judged_by).until) for name in openai.models}
    assert ends["dall-e-3"] == ends["dall-e-2"] == "2026-05-12"
    assert ends["gpt-image-1"] == "2026-10-23"
    assert ends["gpt-image-1.5"] == ends["gpt-image-1-mini"] == "2026-12-01"


# live runs and replays of models that end

EDITION = load_edition()
MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1-mini")
ENDS = """
[lifecycle."dall-e-2"]
until = "{until}"
source = "the page of the provider"
retrieved = "2026-11-27"
"""
GONE = {"error": {"message": "The model does not exist.", "code": "model_not_found"}}


def write_ending_provider(folder: Path, *models: str, until: date = END) -> str:
    """Write the file of a provider whose dall-e-2 ends, and return its path."""
    return paid_toml(folder, *models, more=ENDS.format(until=until))


@pytest.mark.parametrize("day", [END, END + 400 * DAY])
def test_of_a_model_that_has_ended_only_the_smallest_request_is_asked(
    tmp_path: Path, day: date
) -> None:
    more = ENDS.format(until=END)
    run = run_live(tmp_path, served=MODELS[1:], more=more, today=day, budget=None)
    assert run.eye.asked == [("GET", "/v1/models"), ("POST", "/v1/images/generations")]
    assert verdicts({"ended": run.results["dall-e-2/baseline"]}) == {"pass"}
    assert (run.spent.counted, run.halts) == (0, [])


@pytest.mark.parametrize(
    ("day", "is_served", "clause", "verdict"),
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
    tmp_path: Path, day: date, is_served: bool, clause: str, verdict: str
) -> None:
    models, more = (EDITION.models if is_served else MODELS[1:]), ENDS.format(until=END)
    options: dict[str, Any] = {"more": more, "today": day, "cases": "baseline"}
    run = run_live(tmp_path, None, "dall-e-2", "dall-e-3", served=tuple(models), **options)
    assert run.finding("dall-e-2/baseline", clause).verdict == verdict
    assert run.spent.counted == pytest.approx(0.04 + 0.02 * is_served)
    assert len(run.results["dall-e-3/baseline"].findings) > 40


def test_model_that_ends_at_midnight_while_a_run_goes_on_breaks_nothing(tmp_path: Path) -> None:
    until = datetime.now(UTC).date()  # so that what is sent now is sent after midnight
    generations: list[str] = []

    def refuse(body: Any) -> Response | None:
        names_it = isinstance(body, dict) and body.get("model") == "dall-e-2"
        generations.extend(["dall-e-2"] * names_it)
        return JSONResponse(GONE, 404) if names_it and len(generations) > 1 else None

    options: dict[str, Any] = {"more": ENDS.format(until=until), "today": until - DAY}
    run = run_live(tmp_path, by_body=refuse, cases="[bnq]*", **options)
    assert run.verdicts == {"pass", "unavailable"}
    messages = {finding.message for finding in run.results["dall-e-2/n-2"].findings.values()}
    assert messages == {"", "the model ended while the run was under way"}


def test_what_is_replayed_is_judged_as_on_the_day_of_its_recording(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    file = write_ending_provider(tmp_path, "dall-e-2", until=today + 5 * DAY)
    values: dict[str, Any] = {
        "providers": (file,), "cases": "baseline", "cassettes": tmp_path / "tapes",
    }  # fmt: skip
    with serve_counting() as (url, _):
        sends = Options(**values, base_url=url, record_mode=RecordMode.REWRITE, budget=9.0)
        recording = Session(sends)
        before = judge_all(recording)
        recording.close()
    replay = Session(Options(**values, today=today + 900 * DAY))
    after = judge_all(replay)
    header = replay.header()
    replay.close()
    (second, first) = (results["dall-e-2/baseline"].findings for results in (after, before))
    assert {name: finding.verdict for name, finding in second.items()} == {
        name: finding.verdict for name, finding in first.items()
    }
    assert header.day == (today + 900 * DAY).isoformat()
    assert header.providers[0].lifecycle["dall-e-2"].judged_on == today.isoformat()


def test_plan_has_and_pays_next_to_nothing_for_what_has_ended(tmp_path: Path) -> None:
    provider = load_provider(write_ending_provider(tmp_path, "dall-e-2", "dall-e-3"))
    plan_at_end = plan(EDITION, provider, combined=False, day=END)
    paths = {request.case.path for request in plan_at_end.chosen}
    assert {path for path in paths if path.startswith("dall-e-2/")} == {
        "dall-e-2/models-list",
        "dall-e-2/baseline",
    }
    assert "dall-e-3/model-omitted" in paths, "cases of no model go to one that has not ended"
    assert plan_at_end.standings["dall-e-2"].words == "retired on 2026-12-01"
    lone_provider = load_provider(write_ending_provider(tmp_path, "dall-e-2"))
    plan_at_end = plan(EDITION, lone_provider, combined=False, day=END)
    assert (plan_at_end.usd, plan_at_end.usd_if_painted) == (0, 0.02)
    plan_before_end = plan(EDITION, lone_provider, combined=False, day=END - DAY)
    assert plan_before_end.usd > 0.2
    assert plan_before_end.standings["dall-e-2"].words == "ends on 2026-12-01, in 1 day"


def test_header_of_a_run_counts_the_plan_of_what_has_ended(tmp_path: Path) -> None:
    file = write_ending_provider(tmp_path, "dall-e-2", "dall-e-3")
    live = Session(Options(providers=(file,), live=True, budget=9.0, today=END))
    (ended_plan, served_plan) = plan_of(live)
    (column,) = standings_of(live.header().providers)
    assert (ended_plan.cases, ended_plan.promises) == (1, 4)
    assert served_plan.cases > 20
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
