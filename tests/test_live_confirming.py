"""What got worse is sent again before it is called a regression; flaky is told with its rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from starlette.responses import JSONResponse, Response

from conformance.findings import Finding, Verdict
from conformance.reference.defects import lying_steps
from conformance.results.baselines import NightsError, OtherRunError, RunFilter
from conformance.results.records import ContractRecord
from conformance.results.run_file import Run, read_run
from conformance.runner.confirm import Confirmer
from conformance.runner.output_path import ledger_of
from tests import runs
from tests.live import error, images, run_live, session, watched
from tests.living import finished
from tests.nights import night
from tests.runs import write_run

BEFORE = {"p::m/c::count.n-images": Verdict.PASS, "p::m/c::format.x": Verdict.FAIL}


def found(verdict: Verdict, clause: str = "count.n-images") -> dict[str, Finding]:
    return {clause: Finding(clause, "MUST", verdict, "p", "m", "c", message="two images")}


@pytest.mark.parametrize(
    ("repeats", "verdict", "rate", "times"),
    [
        ([Verdict.FAIL] * 3, Verdict.FAIL, None, 3),
        ([Verdict.PASS] * 3, Verdict.FLAKY, 0.25, 3),
        ([Verdict.FAIL, Verdict.PASS, Verdict.FAIL], Verdict.FLAKY, 0.75, 3),
        ([Verdict.UNAVAILABLE, Verdict.FAIL, Verdict.UNAVAILABLE], Verdict.FAIL, None, 1),
        ([Verdict.UNAVAILABLE] * 3, Verdict.FAIL, None, None),
        ([None], Verdict.FAIL, None, None),
    ],
    ids=["all-broken", "never", "now-and-then", "partly-unavailable", "unavailable", "no-budget"],
)
def test_worse_verdict_is_repeated_and_flaky_has_a_rate(
    repeats: list[Verdict | None], verdict: Verdict, rate: float | None, times: int | None
) -> None:
    answers = (found(again) if again else None for again in repeats)
    confirmed = Confirmer(BEFORE, 3).confirm(found(Verdict.FAIL), lambda: next(answers))
    told = confirmed["count.n-images"]
    assert (told.verdict, told.rate, told.repeats) == (verdict, rate, times)


@pytest.mark.parametrize(
    "judged",
    [found(Verdict.PASS), found(Verdict.FAIL, "format.x"), found(Verdict.FAIL, "format.new")],
    ids=["pass", "broken-before", "not-judged-before"],
)
def test_what_did_not_get_worse_is_not_repeated(judged: dict[str, Finding]) -> None:
    assert Confirmer(BEFORE, 3).confirm(judged, lambda: pytest.fail("repeated")) == judged


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of the same requests: one kept all promises, the next met 429 alone."""
    folder = tmp_path_factory.mktemp("good")
    with watched() as (url, _):
        run = finished(folder, url, "--cases", "[bnu]*")
    first = read_run(run)
    run.unlink()
    runs.change_header(first, selection={}, plan=[])  # as if there were no more to judge
    write_run(first, folder / "1.jsonl")
    out = [structs.replace(finding, verdict=Verdict.UNAVAILABLE) for finding in first.findings]
    second = Run(first.header, findings=out, footer=first.footer)
    runs.change_header(second, id="later", started=datetime.now(UTC).isoformat())
    write_run(second, folder / "2.jsonl")
    return folder


@pytest.mark.parametrize(
    ("night", "stop", "told"),
    [("1.jsonl", 1, (Verdict.FLAKY, 0.25, 3)), (".", None, (Verdict.FAIL, None, 3))],
    ids=["flake", "regression-after-a-429-night"],
)
def test_regression_is_told_from_a_flake_by_sending_again(
    good: Path, tmp_path: Path, night: str, stop: int | None, told: tuple[Any, ...]
) -> None:
    chosen: dict[str, Any] = {"cases": "n-2", "baseline": good / night, "confirm": 3}
    ended = run_live(tmp_path, images(error(400), stop=stop), **chosen)
    finding = ended.finding("dall-e-2/n-2", "parameters.valid-accepted")
    assert (finding.verdict, finding.rate, finding.repeats) == told
    assert stop is None or ended.posts == 4


@pytest.mark.parametrize(("budget", "repeats"), [(9.0, 3), (0.075, 0)], ids=["ample", "tight"])
def test_first_requests_are_all_made_before_any_repeat(
    good: Path, tmp_path: Path, budget: float, repeats: int
) -> None:
    asked: list[bool] = []

    def refuse(body: Any) -> Response | None:
        asked.append("user" in body)
        said = f"'{body.get('user')}' is no user."
        told = {"message": said, "type": "x", "code": None, "param": "user"}
        return JSONResponse({"error": told}, 400) if "user" in body else None

    chosen: dict[str, Any] = {"cases": "[nu][-s]*[2rg]", "baseline": good, "confirm": 3}
    judged = run_live(tmp_path, by_body=refuse, threads=1, budget=budget, **chosen).results
    assert len(asked) == len(judged) + 1 + repeats  # and the first request, which is their control
    assert asked.index(True) < len(judged)
    assert asked[len(judged) + 1 :] == [True] * repeats
    assert judged["dall-e-2/n-2"].outcome.accepted


def test_killed_run_loses_nothing_that_waited_to_be_confirmed(good: Path, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"cases": "[bn]*", "baseline": good / "1.jsonl"}
    killed = tmp_path / "killed.jsonl"
    with watched(steps=lying_steps(["envelope.created-float"])) as (url, _):
        with session(tmp_path, url, **chosen) as found:
            found.live.ledger_file = ledger_of(killed)
            write_run(Run(found.header()), killed)
            (engine,) = found.engines
            for case, _ in found.selected(engine):
                engine.run(case)  # and nothing is confirmed
        with session(tmp_path, url, resume=killed, **chosen) as again:
            taken = again.resumed.judged(again.engines[0])
            assert again.lost_answers() is None
    broken = {result.findings["envelope.created-integer"].verdict for result in taken.values()}
    assert (len(taken) > 1, broken) == (True, {Verdict.FAIL})


NIGHTS = [Verdict.PASS, Verdict.UNAVAILABLE, Verdict.FLAKY]


def nights(folder: Path, *verdicts: Verdict, **changes: Any) -> Path:
    """Write a run a verdict of one promise, in the order of their start."""
    for day, verdict in enumerate(verdicts, start=1):
        one = runs.finding(verdict=verdict)
        write_run(night(day, one, **changes), folder / f"{day}.jsonl")
    return folder


SOUGHT = RunFilter("sample-2026-01-01", frozenset({"acme"}), "2026-02-01")


@pytest.mark.parametrize(
    ("verdicts", "known"),
    [
        (NIGHTS, Verdict.PASS),
        ([*NIGHTS, Verdict.FAIL], Verdict.FAIL),
        ([Verdict.FAIL, Verdict.PASS, Verdict.NOT_TESTABLE], Verdict.PASS),
        ([Verdict.PASS, Verdict.NOT_CLAIMED], Verdict.NOT_CLAIMED),
    ],
    ids=["429-and-flaky", "broken-last", "kept-last", "not-claimed"],
)
def test_folder_of_nights_stands_for_the_last_that_could_tell(
    tmp_path: Path, verdicts: list[Verdict], known: Verdict
) -> None:
    before = Confirmer.read(nights(tmp_path, *verdicts), SOUGHT, 3).before
    assert before == {runs.finding().id: known}


OTHERS: list[dict[str, Any]] = [{"edition": "other"}, {"providers": frozenset({"relay"})}]
LATER = {"until": "2025-12-31"}


@pytest.mark.parametrize("other", [*OTHERS, LATER], ids=["edition", "provider", "later"])
def test_folder_without_a_night_that_fits_is_told(tmp_path: Path, other: dict[str, Any]) -> None:
    with pytest.raises(NightsError, match="holds no complete run of the same edition"):
        Confirmer.read(nights(tmp_path, *NIGHTS), replace(SOUGHT, **other), 3)


def test_run_file_of_something_else_is_no_baseline(tmp_path: Path) -> None:
    (path,) = nights(tmp_path, Verdict.PASS).iterdir()
    for other, said in zip(OTHERS, ("'acme' by edition other,", "'relay' by"), strict=True):
        same = f"is a run of provider 'acme' by edition sa.*this one is of provider {said}"
        with pytest.raises(OtherRunError, match=same):
            Confirmer.read(path, replace(SOUGHT, **other), 3)
    assert Confirmer.read(path, replace(SOUGHT, until="2025-01-01"), 3).before


def test_run_of_several_editions_is_compared_by_that_of_each_provider() -> None:
    head = runs.run(head=runs.header(("acme", "relay"))).header
    edition = structs.replace(head.edition, id="other")
    other = ContractRecord(edition=edition, providers=("relay",), clauses=head.clauses)
    head = structs.replace(head, also=(other,))
    relay = replace(SOUGHT, providers=frozenset({"relay"}))
    assert SOUGHT.is_alike(head)
    assert not relay.is_alike(head)
    assert replace(relay, edition="other").is_alike(head)
    both = replace(SOUGHT, providers=frozenset({"acme", "relay"}))
    assert not both.is_alike(head)
    assert replace(both, others={"relay": "other"}).is_alike(head)


def test_baseline_of_another_provider_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (path,) = nights(tmp_path, Verdict.PASS).iterdir()
    with (
        watched() as (url, eye),
        session(tmp_path, url, baseline=path) as found_,
        pytest.raises(OtherRunError, match="this one is of provider 'paid'"),
    ):
        found_.check_affordable()
    assert eye.asked == []


def test_night_that_was_cut_off_is_passed_over_in_a_folder(tmp_path: Path) -> None:
    nights(tmp_path, Verdict.PASS)
    write_run(night(2, runs.broken(), end=None), tmp_path / "2.jsonl")
    (tmp_path / "3.jsonl").write_text("no run\n")
    assert set(Confirmer.read(tmp_path, SOUGHT, 3).before.values()) == {Verdict.PASS}
