"""The benchmarks run and print their ratios; here in miniature, and nothing is timed."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import archive, history, judging, memory, replay, reporting
from benchmarks.__main__ import BENCHMARKS, main, table_of
from benchmarks.measuring import BenchmarkError, Row, run
from benchmarks.samples import PAYLOAD, picture, prepare, speaking_clauses
from conformance.contract import load_edition
from conformance.errors import UnknownNameError
from conformance.parsing.images.facts import inspect_image
from conformance.reports.history.timeline import history as tell
from conformance.results.run_file import read_run

FASTER = Row("speed", "1 ms", "30 ms", 30.0, 20, at_least=True)
SLOWER = Row("time", "30 s", "15 s", 2.0, 1, at_least=False)


@pytest.mark.parametrize(
    ("row", "met", "wanted"),
    [(FASTER, True, "≥ 20"), (SLOWER, False, "≤ 1")],
    ids=["least", "most"],
)
def test_row_is_met_on_its_own_side_of_the_bound(row: Row, met: bool, wanted: str) -> None:
    assert (row.met, row.wanted) == (met, wanted)


def test_table_says_what_was_not_met() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table_of([FASTER, SLOWER]))
    lines = console.export_text().splitlines()
    assert [" yes " in line for line in lines if "speed" in line] == [True]
    assert [" NO " in line for line in lines if "15 s" in line] == [True]


def test_pictures_are_whole_distinct_and_of_the_size_in_the_issue() -> None:
    one, other = (inspect_image(picture(number)) for number in (1, 2))
    assert one.complete
    assert one.size == other.size == PAYLOAD
    assert one.digest != other.digest


def test_samples_give_twenty_clauses_something_to_judge() -> None:
    names = speaking_clauses(load_edition())
    assert len(names) >= 20
    assert {"image", "base64"} <= {name.split(".")[0] for name in names[:20]}


def test_judging_compares_both_ways_on_the_same_exchange() -> None:
    rows = judging.measure(exchanges=1, clauses=2, repeats=1)
    assert [row.at_least for row in rows] == [True, True]
    assert all("pytest-recording" in row.against and row.ratio > 0 for row in rows)


def test_ours_judges_every_sample_under_every_clause(tmp_path: Path) -> None:
    plan = prepare(tmp_path, exchanges=2)
    watched = judging.run_ours(plan)
    run_file = read_run(tmp_path / "run.jsonl")
    assert len(run_file.findings) == 2 * len(plan.clauses)
    assert {finding.verdict.value for finding in run_file.findings} == {"pass"}
    assert watched.peak > 10_000_000


def test_memory_compares_many_with_few() -> None:
    peak, time = memory.measure(exchanges=2, fewer=1)
    assert (peak.bound, time.bound) == (1, 1.2)
    assert min(peak.ratio, time.ratio) > 0


def test_reporting_renders_what_it_says(tmp_path: Path) -> None:
    (first, _) = map(read_run, reporting.write_runs(tmp_path, runs=2))
    assert len(first.findings) == 5040
    rows = reporting.measure(runs=1)
    assert [row.at_least for row in rows] == [False] * 3
    assert all("1 runs with 5,040 findings" in row.what and row.ratio > 0 for row in rows)


def test_history_opens_the_nights_that_were_written(tmp_path: Path) -> None:
    size = history.write(tmp_path, providers=1, nights=2)
    history_ = tell(tmp_path)
    assert len(history_.nights[0].started) == 2
    assert not history_.problems
    run_file = read_run(next(tmp_path.rglob("*.jsonl")))
    assert len(run_file.findings) == history.FINDINGS
    assert size > 2 * 500_000
    assert all(row.ratio > 0 for row in history.measure(providers=1, nights=1, repeats=1))


def test_archive_compares_a_large_har_with_a_small_one() -> None:
    peak, time = archive.measure(megabytes=16, fewer=4)
    assert (peak.bound, time.bound) == (1.2, 1.2)
    assert 0 < peak.ratio < 1.5
    assert time.ratio > 0


def test_collect_is_measured_on_any_folder_of_cassettes(tmp_path: Path) -> None:
    plan = prepare(tmp_path, exchanges=1, clauses=1)
    options = ["-p", "conformance.plugin", f"--provider={plan.provider}"]
    options += [f"--cassettes={tmp_path / 'cassettes'}"]
    (row,) = replay.measure_collect(options, repeats=1)
    assert row.ratio > 0


def test_report_is_the_recipe_of_the_makefile_without_set_up() -> None:
    process = run([*replay.report_command(), "--dry-run"])
    commands = process.stdout.splitlines()
    assert any("run --provider reference" in command for command in commands)
    assert not any("pip install" in command for command in commands)


def test_replay_measures_the_wall_time_of_a_command() -> None:
    (row,) = replay.measure_replay([sys.executable, "-c", "import time; time.sleep(0.2)"])
    assert row.ratio >= 0.2 / replay.REPORT_LIMIT


def test_what_cannot_run_is_said_with_its_last_words() -> None:
    with pytest.raises(BenchmarkError, match="no such thing"):
        run([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_unmeasured_benchmark_is_told_and_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> list[Row]:
        raise BenchmarkError("the disk is full")

    monkeypatch.setitem(BENCHMARKS, "memory", fail)
    console = Console(width=120, record=True, file=io.StringIO())
    assert main(["memory"], console) == 2
    assert "memory was not measured: the disk is full" in console.export_text()


def test_unknown_benchmark_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'judging'"):
        main(["juding"])


def test_concurrency_measures_64_accepted_images_each_model_by_its_baseline_first() -> None:
    from benchmarks.concurrency import IMAGES, _cases

    cases = _cases(IMAGES)
    assert sum(map(len, cases.values())) == 64
    assert {ids[0] for ids in cases.values()} == {"baseline"}
