"""The states of a run's promises: decided once, and read from the ends of its file."""

from __future__ import annotations

import string
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.findings import ACCEPTED_INSTEAD, UNDECIDED, Finding, Verdict
from conformance.reports.merging import merge
from conformance.results.conclusion import Reasons
from conformance.results.run_file import RunFileError, read_run
from conformance.results.run_states import StatesReader, states_in
from tests import runs
from tests.nights import ONE_NIGHT, QUICK, night, with_footer
from tests.runs import write_run

CASES = ("n-2", "baseline", "elsewhere")  # where the reason is: the same, the control, another
REASONS = ("format.url-only", "errors.status-400", "errors.not-5xx", "parameters.valid-accepted")


@QUICK
@given(ONE_NIGHT, st.sampled_from(["live", "foreign"]))
def test_footer_says_what_the_findings_say(
    tmp_path_factory: pytest.TempPathFactory, findings: list[Finding], mode: str
) -> None:
    run = with_footer(night(1, runs.exchange(), *findings, head=runs.header(mode=mode)))
    path = tmp_path_factory.mktemp("runs") / "run.jsonl"
    write_run(run, path)
    assert StatesReader().read(path) == states_in(run)


@pytest.mark.parametrize("deviation", [None, "it is planted"], ids=["new", "known"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_states_leave_out_what_is_explained(verdict: Verdict, deviation: str | None) -> None:
    pairs: dict[str, tuple[Finding, Finding]] = {}
    messages = (ACCEPTED_INSTEAD, "it was not seen")
    for reason, case, own, message in product(REASONS, CASES, UNDECIDED, messages):
        model = f"m{len(pairs)}"
        pairs[model] = (
            runs.finding(reason, verdict, model=model, case=case, deviation=deviation),
            runs.finding("count.n-images", own, model=model, case="n-2", message=message,
                         control="baseline"),
        )  # fmt: skip
    passes = [runs.finding("count.n-images", model=model, case="n-1") for model in pairs]
    states = states_in(night(1, *chain(*pairs.values()), *passes))
    place = [clause.id for clause in states.clauses].index("count.n-images")
    for model, (cause, effect) in pairs.items():
        explained = Reasons([cause, effect]).explain(effect)
        assert (states.states["acme", model][place] == ".") == explained, (cause, effect)


def test_nothing_is_read_between_header_and_footer(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(with_footer(night(1, runs.broken_must(), runs.finding("envelope.json"))), path)
    states = StatesReader().read(path)
    first, *_, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"not read\n" * 9 + last)
    assert StatesReader().read(path) == states


def test_footer_that_does_not_fit_is_not_believed(tmp_path: Path) -> None:
    path, run = tmp_path / "run.jsonl", with_footer(night(1, runs.finding()))
    write_run(run, path)
    text = path.read_text()
    for states in ("F", "FFFFFX", ""):  # too short, an unknown letter, none
        path.write_text(text.replace('"states":".    "', f'"states":"{states}"'))
        assert path.read_text() != text
        assert StatesReader().read(path) == states_in(run)


@pytest.mark.parametrize("mode", ["live", "foreign"])
def test_end_that_its_findings_contradict_is_told(tmp_path: Path, mode: str) -> None:
    path, head = tmp_path / "run.jsonl", runs.header(mode=mode)
    run = with_footer(night(1, runs.exchange(), runs.broken_must(), head=head))
    assert not merge([run]).problems
    write_run(run, path)
    path.write_text(path.read_text().replace('"states":"F', '"states":".'))
    assert StatesReader().read(path) == states_in(run)  # it keeps more than is counted beside
    assert "says something else than its findings" in merge([read_run(path)]).problems[0]


def test_clauses_of_other_suites_are_told_apart(tmp_path: Path) -> None:
    clauses = runs.header()["clauses"]
    reader, path = StatesReader(), tmp_path / "run.jsonl"
    suites: list[list[Any]] = [clauses, clauses[:2], clauses[::-1], clauses, []]
    for suite in suites:
        write_run(with_footer(night(1, runs.broken_must(), head=runs.header(clauses=suite))), path)
        own = reader.read(path).clauses[: len(suite)]
        assert own == StatesReader().read(path).clauses
        assert [clause.id for clause in own] == [clause["id"] for clause in suite]


def test_damaged_header_spoils_no_other_run(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    write_run(with_footer(night(1, runs.finding())), good)
    text = good.read_text()
    bad.write_text(text.replace('"level":"MUST"', '"level":"PERHAPS"', 1))
    reader = StatesReader()
    reader.read(good)
    for _ in range(2):
        with pytest.raises(RunFileError):
            reader.read(bad)


@QUICK
@given(st.text(string.printable))
def test_what_is_no_run_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("runs") / "run.jsonl"
    path.write_text(text)
    with pytest.raises(RunFileError):
        StatesReader().read(path)
