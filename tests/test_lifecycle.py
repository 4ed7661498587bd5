"""When a model begins and ends: the dates of a provider and of an edition."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import Edition, EditionError, load_edition, schemas_directory
from conformance.contract.loading import read_edition
from conformance.errors import UnknownNameError
from conformance.lifecycle import ENDLESS, Lifecycle, Standing
from conformance.providers import ProviderError, load_provider
from conformance.providers.asked import with_asked_models
from tests.test_providers import GOOD, write

END = date(2026, 12, 1)
EVE = END - timedelta(days=1)
MODEL = Lifecycle(date(2025, 12, 16), date(2026, 6, 2), END, ("next-1", "next-2"))
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
    ("day", "state", "said"),
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
def test_state_of_a_model_on_a_day(day: str, state: str, said: str) -> None:
    standing = Standing(MODEL, date.fromisoformat(day))
    assert (standing.state, standing.words) == (state, said)


def test_model_without_dates_is_active_and_promises_no_end() -> None:
    standing = Standing(ENDLESS, END)
    assert (standing.state, standing.words) == ("active", "")
    assert not standing.must_be_served(END)


FIRST = date(2025, 12, 16)


@pytest.mark.parametrize(
    ("day", "sent", "promised"),
    [
        (FIRST - timedelta(days=1), FIRST - timedelta(days=1), False),
        (FIRST, FIRST, True),
        (EVE, EVE, True),
        (EVE, END, False),
        (END, END, False),
    ],
    ids=["before-its-first-day", "first-day", "last-day", "after-midnight", "end"],
)
def test_model_is_promised_from_its_first_day_to_the_one_before_its_end(
    day: date, sent: date, promised: bool
) -> None:
    standing = Standing(MODEL, day)
    assert standing.must_be_served(sent) is promised
    assert standing.ends_before(sent) is (day != sent)


def edition(folder: Path, **lifecycle: Any) -> Edition:
    shutil.copytree(schemas_directory(), folder, dirs_exist_ok=True)
    path = folder / "cometapi-2026-03-12" / "edition.json"
    content = json.loads(path.read_text("utf-8")) | {"lifecycle": lifecycle}
    path.write_text(json.dumps(content), "utf-8")
    return read_edition(path.parent)


def test_dates_of_an_edition_name_their_source_and_out_of_order_the_file(tmp_path: Path) -> None:
    read = edition(tmp_path / "right", **{"dall-e-3": ENTRY}).lifecycles["dall-e-3"]
    source = "OpenAI OpenAPI specification 2.3.0, Shutdown"
    assert (read.until, read.source, read.retrieved) == (END, source, "2026-11-23")
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
    ("old", "new", "said"),
    [
        ('"2027-04-07"', '"2027-02-30"', r"lifecycle\.dall-e-3: .*day"),
        ('until = "2', 'since = "2028-01-01"\nuntil = "2', "since 2028-01-01 is after until"),
        ("until", "untill", "unknown key 'untill'; did you mean 'until'"),
        ('retrieved = "2026-11-27"', "", "'retrieved' is a required property"),
    ],
    ids=["no-date", "order", "unknown-key", "no-source"],
)
def test_mistake_in_the_dates_of_a_provider_is_said(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(ProviderError, match=said):
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
