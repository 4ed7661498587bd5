"""What got worse is sent again before it is called a regression; flaky has a rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from starlette.responses import JSONResponse, Response
from typer.testing import CliRunner

from conformance.cli import app
from conformance.findings import Finding, Verdict
from conformance.reference.defects import lying_steps
from conformance.results.baselines import NightsError, OtherRunError, RunFilter
from conformance.results.records import ContractRecord
from conformance.results.run_file import Run, read_run
from conformance.runner.confirm import Confirmer
from conformance.runner.output_path import ledger_of
from tests import runs
from tests.live import error, images, run_live, serve_counting, session
from tests.living import run_to_the_end
from tests.nights import night
from tests.runs import write_run

BEFORE = {"p::m/c::count.n-images": Verdict.PASS, "p::m/c::format.x": Verdict.FAIL}


def one_finding(verdict: Verdict, clause: str = "count.n-images") -> dict[str, Finding]:
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
    answers = (one_finding(repeat) if repeat else None for repeat in repeats)
    confirmed = Confirmer(BEFORE, 3).confirm(one_finding(Verdict.FAIL), lambda: next(answers))
    finding = confirmed["count.n-images"]
    assert (finding.verdict, finding.rate, finding.repeats) == (verdict, rate, times)


@pytest.mark.parametrize(
    "findings",
    [
        one_finding(Verdict.PASS),
        one_finding(Verdict.FAIL, "format.x"),
        one_finding(Verdict.FAIL, "format.new"),
    ],
    ids=["pass", "broken-before", "not-judged-before"],
)
def test_what_did_not_get_worse_is_not_repeated(findings: dict[str, Finding]) -> None:
    assert Confirmer(BEFORE, 3).confirm(findings, lambda: pytest.fail("repeated")) == findings


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of the same requests: one kept all promises, the next met 429 alone."""
    folder = tmp_path_factory.mktemp("good")
    with serve_counting() as (url, _):
        run = run_to_the_end(folder, url, "--cases", "[bnu]*")
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
    ("night", "stop", "expected"),
    [("1.jsonl", 1, (Verdict.FLAKY, 0.25, 3)), (".", None, (Verdict.FAIL, None, 3))],
    ids=["flake", "regression-after-a-429-night"],
)
def test_regression_is_told_from_a_flake_by_sending_again(
    baseline: Path, tmp_path: Path, night: str, stop: int | None, expected: tuple[Any, ...]
) -> None:
    options: dict[str, Any] = {"cases": "n-2", "baseline": baseline / night, "confirm": 3}
    run = run_live(tmp_path, images(error(400), stop=stop), **options)
    finding = run.finding("dall-e-2/n-2", "parameters.valid-accepted")
    assert (finding.verdict, finding.rate, finding.repeats) == expected
    assert stop is None or run.posts == 4


@pytest.mark.parametrize(("budget", "repeats"), [(9.0, 3), (0.075, 0)], ids=["ample", "tight"])
def test_first_requests_are_all_made_before_any_repeat(
    baseline: Path, tmp_path: Path, budget: float, repeats: int
) -> None:
    users: list[bool] = []

    def refuse(body: Any) -> Response | None:
        users.append("user" in body)
        message = f"'{body.get('user')}' is no user."
        refusal = {"message": message, "type": "x", "code": None, "param": "user"}
        return JSONResponse({"error": refusal}, 400) if "user" in body else None

    options: dict[str, Any] = {"cases": "[nu][-s]*[2rg]", "baseline": baseline, "confirm": 3}
    results = run_live(tmp_path, by_body=refuse, threads=1, budget=budget, **options).results
    assert len(users) == len(results) + 1 + repeats  # and the first request, which is their control
    assert users.index(True) < len(results)
    assert users[len(results) + 1 :] == [True] * repeats
    assert results["dall-e-2/n-2"].outcome.accepted


def test_killed_run_loses_nothing_that_waited_to_be_confirmed(
    baseline: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"cases": "[bn]*", "baseline": baseline / "1.jsonl"}
    path = tmp_path / "killed.jsonl"
    with serve_counting(steps=lying_steps(["envelope.created-float"])) as (url, _):
        with session(tmp_path, url, **options) as first:
            first.live.ledger_file = ledger_of(path)
            write_run(Run(first.header()), path)
            (engine,) = first.engines
            for case, _ in first.selected(engine):
                engine.run(case)  # and nothing is confirmed
        with session(tmp_path, url, resume=path, **options) as second:
            results = second.resumed.judged(second.engines[0])
            assert second.lost_answers() is None
    kinds = {result.findings["envelope.created-integer"].verdict for result in results.values()}
    assert (len(results) > 1, kinds) == (True, {Verdict.FAIL})


NIGHTS = [Verdict.PASS, Verdict.UNAVAILABLE, Verdict.FLAKY]


def nights(folder: Path, *verdicts: Verdict, **changes: Any) -> Path:
    """Write a run for each verdict of one promise, in the order of their start."""
    for day, verdict in enumerate(verdicts, start=1):
        finding = runs.finding(verdict=verdict)
        write_run(night(day, finding, **changes), folder / f"{day}.jsonl")
    return folder


SOUGHT = RunFilter("sample-2026-01-01", frozenset({"acme"}), "2026-02-01")


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        (NIGHTS, Verdict.PASS),
        ([*NIGHTS, Verdict.FAIL], Verdict.FAIL),
        ([Verdict.FAIL, Verdict.PASS, Verdict.NOT_TESTABLE], Verdict.PASS),
        ([Verdict.PASS, Verdict.NOT_CLAIMED], Verdict.NOT_CLAIMED),
    ],
    ids=["429-and-flaky", "broken-last", "kept-last", "not-claimed"],
)
def test_folder_of_nights_stands_for_the_last_that_could_tell(
    tmp_path: Path, verdicts: list[Verdict], verdict: Verdict
) -> None:
    before = Confirmer.read(nights(tmp_path, *verdicts), SOUGHT, 3).before
    assert before == {runs.finding().id: verdict}


OTHERS: list[dict[str, Any]] = [{"edition": "other"}, {"providers": frozenset({"relay"})}]
LATER = {"until": "2025-12-31"}


@pytest.mark.parametrize("other", [*OTHERS, LATER], ids=["edition", "provider", "later"])
def test_folder_without_a_night_that_fits_is_told(tmp_path: Path, other: dict[str, Any]) -> None:
    with pytest.raises(NightsError, match="holds no complete run of the same edition"):
        Confirmer.read(nights(tmp_path, *NIGHTS), replace(SOUGHT, **other), 3)


def test_run_file_of_something_else_is_no_baseline(tmp_path: Path) -> None:
    (path,) = nights(tmp_path, Verdict.PASS).iterdir()
    for other, words in zip(OTHERS, ("'acme' by edition other,", "'relay' by"), strict=True):
        message = f"is a run of provider 'acme' by edition sa.*this one is of provider {words}"
        with pytest.raises(OtherRunError, match=message):
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
        serve_counting() as (url, eye),
        session(tmp_path, url, baseline=path) as live,
        pytest.raises(OtherRunError, match="this one is of provider 'paid'"),
    ):
        live.check_affordable()
    assert eye.asked == []


def test_night_that_was_cut_off_is_passed_over_in_a_folder(tmp_path: Path) -> None:
    nights(tmp_path, Verdict.PASS)
    write_run(night(2, runs.broken_must(), end=None), tmp_path / "2.jsonl")
    (tmp_path / "3.jsonl").write_text("no run\n")
    assert set(Confirmer.read(tmp_path, SOUGHT, 3).before.values()) == {Verdict.PASS}


@pytest.mark.parametrize("how", [["--replay"], ["--record-mode", "rewrite"]])
def test_baseline_of_what_is_not_sent_again_is_a_mistake(how: list[str]) -> None:
    words = ["run", "-p", "litellm", "--baseline", "nights", *how]
    assert "--baseline is for a live run" in str(CliRunner().invoke(app, words).exception)
