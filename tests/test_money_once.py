"""A run that is named twice, or gone on with by another, is paid once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from conformance.results.run_file import Run
from tests import runs
from tests.live import judge_all, session, watched
from tests.sums import (
    check_agreement,
    csv_sum,
    facts,
    first_and_second,
    kept_apart,
    lived,
    of,
    page,
    paid,
    told,
)


def test_run_that_is_named_twice_is_counted_once_and_told() -> None:
    found = of(paid(kept_apart(0.5)))
    assert facts(found, found) == facts(found) == (0.5, 1, 1, 1)
    assert csv_sum(found, found) == 0.5
    assert "run 20260102T030405Z-00000000 was named twice" in told(found, found)["problems"][0]
    assert "was named twice; it is counted once" in page(found, found)


def test_copy_of_a_run_that_was_still_going_on_is_left_out() -> None:
    one, two = paid(kept_apart(0.5), "one"), paid(kept_apart(0.25), "two")
    whole, copy = of(one, two), of(one)
    copy.footer = None
    for found in ((copy, whole), (whole, copy)):
        assert facts(*found) == (0.75, 2, 2, 2)
        assert told(*found)["complete"]


def test_other_run_with_the_same_id_is_not_left_out() -> None:
    other = of(paid(kept_apart(0.25), "two"))
    assert facts(of(paid(kept_apart(0.5), "one")), other) == (0.75, 2, 2, 2)


@pytest.mark.parametrize("turned", [False, True], ids=["in-order", "turned"])
def test_run_and_the_one_that_it_goes_on_with_are_paid_once(turned: bool) -> None:
    found = list(first_and_second())
    assert facts(*(found[::-1] if turned else found)) == (0.75, 2, 2, 2)
    assert csv_sum(*found) == 0.75
    spent = [(each["spent"], each["taken_over"]) for each in told(*found)["runs"]]
    assert spent == [(0.5, 0), (0.25, 0.5)]


def test_page_of_a_resumed_run_tells_what_the_run_before_it_paid() -> None:
    _, second = first_and_second()
    assert "0.2500 USD spent, 0.5000 USD by the runs it took over" in page(second)
    assert facts(second)[0] == csv_sum(second) == 0.75


def test_resumed_run_says_who_sent_what_it_took_over(tmp_path: Path) -> None:
    from conformance.results.run_file import read_run, write_run

    with watched() as (url, _):
        with session(tmp_path, url, cases="baseline") as found:
            judged = judge_all(found)
            written = runs.run(
                *(
                    replace(each.record, findings=len(each.findings))
                    for each in judged.values()
                    if each.record
                ),
                *(one for each in judged.values() for one in each.findings.values()),
                head=found.header(),
                end=None,
            )
        write_run(written, tmp_path / "run.jsonl")
        with session(tmp_path, url, cases="baseline", resume=tmp_path / "run.jsonl") as again:
            taken = again.resumed.judged(again.engines[0])["dall-e-2/baseline"].record
    assert taken.run == read_run(tmp_path / "run.jsonl").header.id


def test_run_that_was_gone_on_with_twice_is_paid_once(tmp_path: Path) -> None:
    from conformance.results.run_file import read_run, write_run

    written: list[Run] = []
    with watched() as (url, eye):
        for number, most in enumerate((4, 4, None)):
            chosen: dict[str, Any] = {"max_requests": most, "partial": True, "cases": "[bn]*"}
            if number:
                chosen["resume"] = tmp_path / f"{number - 1}.jsonl"
            with session(tmp_path, url, **chosen) as found:
                if number:
                    for engine in found.engines:
                        engine._results.update(found.resumed.judged(engine))
                made = lived(found)
            write_run(made, tmp_path / f"{number}.jsonl")
            written.append(read_run(tmp_path / f"{number}.jsonl"))
    for each in written:
        check_agreement(each)
    (provider,) = told(*written)["providers"]
    sums = [each.footer.spent for each in written if each.footer]
    spent = sum(each.estimate for each in sums if each)
    assert provider["price"]["paid"] == pytest.approx(spent) == csv_sum(*written)
    assert spent == pytest.approx(csv_sum(written[-1]))
    assert provider["availability"]["total"] == eye.posts
