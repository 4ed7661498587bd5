"""A few weeks of nights on a virtual clock; `make year` plays a whole year."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import year
from tests.year_nights import Keeper
from tests.year_script import draw_year


def test_weeks_of_nights_raise_no_false_alarm_miss_nothing_and_lose_no_cent(tmp_path: Path) -> None:
    tally = year.play(tmp_path, nights=30, providers=2, seed=7)
    assert tally.faults == []
    assert tally.nights == 60
    assert min(tally.alarms, tally.retirements, tally.killed) >= 2


def test_simulation_sees_an_alarm_that_is_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.reports.drift.model.Drift.regressions", ())
    script, keeper = draw_year("provider-0", 45, 7), Keeper(tmp_path / "provider-0")
    nights = (night for day in range(45) for night in keeper.nights(script, day))
    faults = (fault for night in nights for fault in year.faults_of(night, script))
    assert any(fault.startswith("missed regression") for fault in faults)
