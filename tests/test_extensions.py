"""What a user adds from outside: clauses in a file, a module or a package, and requests."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.own_requests import OwnRequestError, read_own_requests
from conformance.results.run_file import Run, read_run
from tests.processes import COMMAND, PLAIN, command, run_pytest

ROOT = Path(__file__).resolve().parents[1]

CLAUSE = '''
from conformance.clauses.bindings import accepted
from conformance.clauses.extensions import define_source
from conformance.clauses.registry import Level, clause, cite
from conformance.clauses.subject import Problem

define_source("acme-sla", "Acme: service level", "https://acme.example/sla",
              edition="2026-09-01", retrieved="2026-11-01")

@clause("acme.answers-in-time", Level.MUST, "An answer comes within LIMIT seconds.",
        cite("acme-sla", "2. Latency"), binds=accepted)
def answers_in_time(subject):
    """Compares the time of the exchange."""
    if (subject.exchange.elapsed or 0) > LIMIT:
        yield Problem("the answer took too long", "LIMIT s", f"{subject.exchange.elapsed:.1f} s")
'''
RUN = ["run", "--models", "dall-e-2", "-o", "run.jsonl", "--quiet"]


def plugin(folder: Path, limit: str, name: str = "acme_clauses") -> Path:
    path = folder / f"{name}.py"
    path.write_text(CLAUSE.replace("LIMIT", limit))
    return path


def verdicts(run: Run, clause: str) -> set[str]:
    return {each.verdict.value for each in run.findings if each.clause == clause}


@pytest.mark.parametrize(("limit", "verdict", "code"), [("60", "pass", 0), ("-1", "fail", 1)])
def test_clause_of_a_file_judges_a_run(limit: str, verdict: str, code: int, tmp_path: Path) -> None:
    plugin(tmp_path, limit)
    ended = command(tmp_path, *RUN, "--cases", "baseline", "--plugin", "./acme_clauses.py")
    run = read_run(tmp_path / "run.jsonl")
    assert (ended.returncode, verdicts(run, "acme.answers-in-time")) == (code, {verdict})
    (record,) = [each for each in run.header.clauses if each.id == "acme.answers-in-time"]
    assert [each.id for each in run.header.clauses if each.outside] == [record.id]
    assert record.citations[0].title == "Acme: service level"


def test_clause_of_a_file_is_a_pytest_item(tmp_path: Path) -> None:
    path = plugin(tmp_path, "60")
    words = ["--pyargs", "conformance.suite.test_promises", "--provider=reference", "--live"]
    words += ["--models=dall-e-2", "--cases=baseline", f"--plugin={path}", "-v", "-n", "0"]
    ended = run_pytest(tmp_path, *words, "-k", "acme.answers-in-time")
    assert "1 passed, " in ended.stdout
    assert "dall-e-2/baseline" in ended.stdout


def test_clause_of_an_installed_package_needs_no_option(tmp_path: Path) -> None:
    site = tmp_path / "site"
    facts = site / "acme_clauses-1.0.dist-info"
    facts.mkdir(parents=True)
    plugin(site, "60")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-clauses\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[image_conformance.clauses]\nacme = acme_clauses\n")
    (tmp_path / "work").mkdir()
    words = [*COMMAND, "list", "--clauses", "acme.*"]
    paths = f"{site}{os.pathsep}{ROOT}"
    ended = subprocess.run(
        words,
        cwd=tmp_path / "work",
        env={**PLAIN, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "acme.answers-in-time" in ended.stdout, ended.stderr


def test_explain_speaks_of_a_clause_from_outside(tmp_path: Path) -> None:
    plugin(tmp_path, "60")
    ended = command(tmp_path, "explain", "acme.answers-in-time", "--plugin", "./acme_clauses.py")
    assert "https://acme.example/sla" in ended.stdout


REQUESTS = """
[[request]]
id = "banner"
expect = "{banner}"
says = "Acme's contract, section 4"
body = {{prompt = "A red lantern", size = "512x512", user = "acme-4711"}}

[[request]]
id = "no-watercolour"
expect = "refused"
body = {{prompt = "A red lantern", size = "watercolour"}}
"""


def test_own_requests_are_sent_and_judged(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(REQUESTS.format(banner="accepted"))
    ended = command(tmp_path, *RUN, "--requests", "mine.toml", "--cases", "own-*")
    run = read_run(tmp_path / "run.jsonl")
    assert ended.returncode == 0, ended.stderr
    assert verdicts(run, "own.banner") == verdicts(run, "own.no-watercolour") == {"pass"}
    assert verdicts(run, "image.size-as-asked") == {"pass"}


def test_own_request_that_is_painted_against_its_expectation_fails(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(REQUESTS.format(banner="refused"))
    ended = command(tmp_path, *RUN, "--requests", "mine.toml", "--cases", "own-banner")
    assert ended.returncode == 1
    assert verdicts(read_run(tmp_path / "run.jsonl"), "own.banner") == {"fail"}


def test_plan_has_own_requests(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(REQUESTS.format(banner="accepted"))
    words = ["plan", "--provider", "reference", "--models", "dall-e-2", "--requests", "mine.toml"]
    assert "own-banner" in command(tmp_path, *words).stdout


def test_own_request_that_a_case_sends_already_is_not_sent_again(tmp_path: Path) -> None:
    from conformance.cases import all_cases
    from tests.live import EDITION

    known = all_cases(EDITION, ["dall-e-2"])
    body = next(case.body for case in known if case.id == "n-2")
    wanted = {name: value for name, value in (body or {}).items() if name != "model"}
    own = _own(tmp_path, {"id": "two", "body": wanted})
    assert not list(own.cases(["dall-e-2"], known))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"id": "a/b", "body": {}}, "no id of a request"),
        ({"id": "a", "body": {"model": "x"}}, "leave `model` out"),
        ({"id": "a"}, "missing required field `body`"),
        ({"id": "a", "body": {}, "expects": "accepted"}, "unknown field `expects`"),
        ({"id": "a", "body": {}, "expect": "painted"}, "Invalid enum value 'painted'"),
        ({"id": "a", "body": {}, "level": "must"}, "Invalid enum value 'must'"),
    ],
)
def test_file_of_requests_with_a_mistake_is_one_sentence(
    request_: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(OwnRequestError, match=said):
        _own(tmp_path, request_)


def _own(folder: Path, request: dict[str, Any]) -> Any:
    path = folder / "mine.json"
    path.write_text(json.dumps({"request": [request]}))
    return read_own_requests(path)
