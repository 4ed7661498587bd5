"""A live run sends nothing twice, refuses mistakes about money, and can be resumed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from conformance.cases.model import Depth
from conformance.errors import ConformanceError
from conformance.exchange.source import RecordMode
from conformance.findings import Verdict
from conformance.results.run_file import read_run
from conformance.runner.options import Options
from conformance.runner.resume import ResumeError
from conformance.runner.session import Session
from tests.live import CountingServer, error, images, judge_all, paid_toml, serve_counting, session
from tests.living import footer_of, live, run_to_the_end, spent_of
from tests.processes import run_pytest
from tests.test_plugin import MINE, PROMISES

MANY, SENT = "[bmn]*", 18
"""Cases, and how many they are."""
PAID = [PROMISES, "--live", "--provider=./paid.toml"]
"""The arguments of pytest for a provider that bills."""


def test_unreachable_provider_leaves_a_run_that_says_so_and_the_next_replaces_it(
    tmp_path: Path,
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with serve_counting() as (url, eye):
        for _ in range(2):
            words = ("--budget=9", "-q", "--cases=[bm]*")
            process = live(tmp_path, url.replace("http", "https"), *words)
            assert (process.returncode, "is there" in process.stderr) == (2, False), process.stderr
    run = read_run(tmp_path / "run.jsonl")
    assert "'paid' cannot be reached at https://" in run.problems[0]
    assert "; start it, or correct its address" in run.problems[0]
    assert {finding.verdict for finding in run.findings} == {Verdict.UNAVAILABLE, Verdict.NOT_RUN}
    assert (eye.posts, len(list(tmp_path.glob("*run.jsonl*")))) == (0, 1)


@dataclass
class Whole:
    """A run of three threads: its folder, what it printed and said, who was asked."""

    folder: Path
    out: str
    err: str
    url: str
    eye: CountingServer
    headers: set[int]  # in the run file, whenever something was sent

    @property
    def file(self) -> Path:
        return self.folder / "run.jsonl"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder, headers = tmp_path_factory.mktemp("whole"), set()

    def look(_number: int, _path: str) -> None:
        headers.add((folder / "run.jsonl").read_text().count('"type":"run"'))

    paid_toml(folder, "dall-e-2")
    with serve_counting(look) as (url, eye):
        process = live(folder, url, "--budget", "1", "--concurrency", "3", "--cases", MANY)
        assert process.returncode == 0, process.stderr + process.stdout
        eye.answer = None
        yield Whole(folder, process.stdout, process.stderr, url, eye, headers)


def test_nothing_is_sent_twice_by_several_threads_nor_before_the_header(whole: Whole) -> None:
    run = read_run(whole.file)
    assert (whole.eye.posts, len(whole.eye.asked), whole.headers) == (SENT - 2, SENT, {1})
    assert set(Counter(exchange.case for exchange in run.exchanges.values()).values()) == {1}
    assert {exchange.attempts for exchange in run.exchanges.values()} == {1}
    assert sum(footer_of(whole.folder).counts.values()) == len(run.findings)
    assert {path.name for path in whole.folder.iterdir()} == {"run.jsonl", "paid.toml"}


def test_money_is_told_before_and_after(whole: Whole) -> None:
    assert f"the {SENT} selected requests cost about 0.14 USD; the budget is 1.00 USD" in whole.err
    assert "about 0.12 USD spent of 1.00 USD\n" in whole.out
    header = json.loads(whole.file.read_text().partition("\n")[0])
    assert header["budget"] == {"usd": 1.0, "requests": None}
    spent = spent_of(whole.folder)
    assert (spent.estimate, spent.actual, spent.guess, spent.requests) == (0.12, None, 0.0, SENT)


def test_first_failure_stops_what_is_sent_where_pytest_is_told_so_and_what_is_paid_is_kept(
    tmp_path: Path,
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    empty = JSONResponse({"created": 1, "data": []})
    with serve_counting(images(empty, start=3)) as (url, eye):
        words = ("--budget=1", "-x", "-q", f"--base-url={url}", "--concurrency=2")
        process = run_pytest(tmp_path, *PAID, *words)
    assert process.returncode == 1, process.stdout
    assert eye.posts < 12
    (file,) = tmp_path.glob("reports/*.jsonl")
    assert len(read_run(file).exchanges) > 1
    assert f"run file: {file.relative_to(tmp_path)}" in process.stdout


BUDGET, THREADS = "allow for it with --budget USD", "how many at once with --concurrency N"


@pytest.mark.parametrize(
    ("by_pytest", "words", "addopts", "text"),
    [
        (False, [], "", BUDGET),
        (False, ["--budget=1", "-n", "2"], "", THREADS),
        (False, ["--budget=1"], "-n 2", THREADS),
        (True, [], "", BUDGET),
        (True, ["--budget=9", "--dist=load", "--tx=2*popen"], "", THREADS),
    ],
    ids=["budget", "processes", "processes-by-addopts", "pytest-budget", "pytest-processes"],
)
def test_what_must_not_be_sent_so_is_refused(
    tmp_path: Path, by_pytest: bool, words: list[str], addopts: str, text: str
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with serve_counting() as (url, eye):
        if by_pytest:
            process = run_pytest(tmp_path, *PAID, f"--base-url={url}", *words)
        else:
            process = live(tmp_path, url, *words, addopts=addopts)
    assert process.returncode == (pytest.ExitCode.USAGE_ERROR if by_pytest else 2)
    assert (text in process.stderr, "Traceback" in process.stderr, eye.asked) == (True, False, [])
    assert not list(tmp_path.glob("reports/*"))


def test_refused_key_is_one_sentence_and_one_request_of_all_threads(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with serve_counting(lambda *_: error(401)) as (url, eye):
        eye.pause = 0.5  # so that all threads are there before the first answer is
        process = live(tmp_path, url, "--budget", "1", "--concurrency", "3", "--cases", "[bn]*")
    assert process.returncode == 2, process.stderr
    assert process.stderr.count("the first authorised request was refused (HTTP 401: no)") == 1
    assert len(eye.asked) == 1
    assert not footer_of(tmp_path).complete


def test_killed_part_of_a_run_is_resumed_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    words = [*PAID, "--budget=1", "--cases=[bn]*", "--concurrency=1"]
    words += ["-k", "count.as-asked or envelope.object"]
    bodies: list[str] = []
    with serve_counting() as (url, eye):
        eye.by_body = lambda body: bodies.append(str(body))
        words += [f"--base-url={url}"]
        run_pytest(tmp_path, *words, "--run-file=a.jsonl", "--max-requests=3", "--partial")
        part, lines = len(bodies), (tmp_path / "a.jsonl").read_text().splitlines(keepends=True)
        (tmp_path / "a.jsonl").write_text("".join(lines[:-1]))  # as if it had been killed
        process = run_pytest(tmp_path, *words, "--run-file=b.jsonl", "--resume=a.jsonl")
    assert len(bodies) > part > 1, process.stdout
    assert process.returncode == 0, process.stdout
    assert len(bodies) == len(set(bodies))
    clauses = {finding.clause for finding in read_run(tmp_path / "b.jsonl").findings}
    assert clauses == {"count.as-asked", "envelope.object"}


def test_what_was_unavailable_is_sent_again_and_the_rest_is_not(tmp_path: Path) -> None:
    with serve_counting(images(error(403, "insufficient_user_quota"), start=3)) as (url, eye):
        path, posts = run_to_the_end(tmp_path, url), eye.posts
        with session(tmp_path, url, cases="[bmn]*", resume=path) as second:
            paths = set(second.resumed.judged(second.engines[0]))
    assert posts == 4
    valid_first = ("baseline", "model-not-string", "b64_json-256x256")
    assert paths == {f"dall-e-2/{case}" for case in valid_first}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clauses": "format.*"}, "has no --clauses, and this one has --clauses 'format.*';"),
        ({"cases": "n-*"}, "has --cases '[bmn]*', and this one has --cases 'n-*';"),
        ({"cases": "*"}, "has --cases '[bmn]*', and this one has no --cases;"),
        ({"strength": 1}, "has no --strength, and this one has --strength 1;"),
        ({"depth": Depth.THOROUGH}, "has no --depth, and this one has --depth thorough;"),
        ({"base_url": "http://127.0.0.1:2/v1"}, "has the address http://127.0.0.1:"),
    ],
    ids=["clauses", "cases", "every-case", "strength", "depth", "address"],
)
def test_run_of_something_else_is_not_gone_on_with(
    whole: Whole, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    options = {"base_url": whole.url, "cases": MANY, "resume": whole.file, **changes}
    with session(tmp_path, **options) as second, pytest.raises(ResumeError) as excinfo:
        second.check_affordable()
    assert message in str(excinfo.value)
    assert "start anew without --resume" in str(excinfo.value)


@pytest.mark.parametrize("option", ["resume", "baseline"])
def test_run_that_is_not_there_is_told_before_anything_is_sent(tmp_path: Path, option: str) -> None:
    options: dict[str, Any] = {option: Path("nowhere.jsonl")}
    with (
        pytest.raises(ConformanceError, match=r"nowhere\.jsonl: cannot be read"),
        session(tmp_path, "http://127.0.0.1:1/v1", **options) as new_session,
    ):
        new_session.check_affordable()


def test_case_that_was_cut_off_is_judged_anew(whole: Whole, tmp_path: Path) -> None:
    lines = whole.file.read_text().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if '"case":"n-2"' in line)
    path = tmp_path / "run.jsonl"
    path.write_text("".join(lines[:last]))
    with session(tmp_path, whole.url, cases=MANY, resume=path) as second:
        results = second.resumed.judged(second.engines[0])
    assert "dall-e-2/n-2" not in results
    assert "dall-e-2/baseline" in results


def test_output_is_never_the_run_to_go_on_with(whole: Whole) -> None:
    size = whole.file.stat().st_size
    process = live(whole.folder, whole.url, "--budget", "9", "--resume", "run.jsonl")
    assert process.returncode == 2
    assert "name another file" in process.stderr
    assert whole.file.stat().st_size == size


def test_threads_that_record_play_what_is_there_and_send_the_rest(tmp_path: Path) -> None:
    provider = tmp_path / "mine.toml"
    provider.write_text(MINE)
    options: dict[str, Any] = {"cassettes": tmp_path / "cassettes", "cases": "[bn]*"}

    def record_verdicts(mode: RecordMode) -> dict[str, set[str]]:
        recording = Session(Options((str(provider),), record_mode=mode, **options))
        results = judge_all(recording, threads=4)
        recording.close()
        return {path: {f.verdict for f in case.findings.values()} for path, case in results.items()}

    first = record_verdicts(RecordMode.REWRITE)
    files = sorted((tmp_path / "cassettes").glob("*/*/*.yaml"))
    times = {file: file.stat().st_mtime_ns for file in files[1::2]}
    for file in files[::2]:
        file.unlink()
    assert record_verdicts(RecordMode.NEW_EPISODES) == first
    assert sorted((tmp_path / "cassettes").glob("*/*/*.yaml")) == files
    assert {file: file.stat().st_mtime_ns for file in times} == times
