"""A live run sends nothing twice, refuses mistakes about money, and can be resumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
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
from tests.live import Watched, error, images, judge_all, paid_toml, session, watched
from tests.living import PAID, finished, lines_of, live
from tests.processes import command, run_pytest
from tests.test_plugin import MINE, PROMISES


def test_unreachable_provider_leaves_a_run_that_says_so_and_the_next_replaces_it(
    tmp_path: Path,
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with watched() as (url, eye):
        for _ in range(2):
            ended = live(tmp_path, url.replace("http", "https"), "--budget=9", "-q")
            assert (ended.returncode, "is there" in ended.stderr) == (2, False), ended.stderr
    run = read_run(tmp_path / "run.jsonl")
    assert "'paid' cannot be reached at https://" in run.problems[0]
    assert {each.verdict for each in run.findings} == {Verdict.UNAVAILABLE, Verdict.NOT_RUN}
    assert (eye.posts, len(list(tmp_path.glob("*run.jsonl*")))) == (0, 1)


Whole = tuple[Path, str, str, Watched]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A whole run of three threads: its folder, what it printed and said, and what was asked."""
    folder = tmp_path_factory.mktemp("whole")
    paid_toml(folder, "dall-e-2")
    with watched() as (url, eye):
        done = live(folder, url, "--budget", "1", "--concurrency", "3")
    assert done.returncode == 0, done.stderr + done.stdout
    return folder, done.stdout, done.stderr, eye


def test_nothing_is_sent_twice_by_several_threads(whole: Whole) -> None:
    folder, _, _, eye = whole
    assert (eye.posts, len(eye.asked)) == (50, 52)
    sent = [each for each in lines_of(folder / "run.jsonl") if each["type"] == "exchange"]
    assert set(Counter(each["case"] for each in sent).values()) == {1}
    assert {each["attempts"] for each in sent} == {1}


def test_money_is_told_before_and_after(whole: Whole) -> None:
    folder, out, err, _ = whole
    assert "the 52 selected requests cost about 0.32 USD; the budget is 1 USD" in err
    assert "about 0.2600 USD spent of 1.00 USD\n" in out
    written = lines_of(folder / "run.jsonl")
    assert written[0]["budget"] == {"usd": 1.0, "requests": None}
    assert written[-1]["spent"] == {"estimate": 0.26, "actual": None, "guess": 0.0, "requests": 52}


def test_ledger_goes_with_a_complete_run(whole: Whole) -> None:
    names = {each.name for each in whole[0].iterdir()}
    assert names == {"run.jsonl", "paid.toml"}


def test_footer_counts_what_the_file_holds(whole: Whole) -> None:
    run = read_run(whole[0] / "run.jsonl")
    assert run.footer is not None
    assert sum(run.footer.counts.values()) == len(run.findings)


def test_first_failure_stops_what_is_sent_where_pytest_is_told_so(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    empty = JSONResponse({"created": 1, "data": []})
    words = [PROMISES, "--live", "--provider=./paid.toml", "--budget=1", "-x", "-q"]
    with watched(images(empty, start=3)) as (url, eye):
        done = run_pytest(tmp_path, *words, f"--base-url={url}", "--concurrency=2")
    assert done.returncode == 1, done.stdout
    assert eye.posts < 12
    (file,) = tmp_path.glob("reports/*.jsonl")
    assert sum(each["type"] == "exchange" for each in lines_of(file)) > 1


@pytest.mark.parametrize(
    ("words", "by_environment"), [(("-n", "2"), False), ((), True)], ids=["n", "addopts"]
)
def test_processes_are_refused_where_requests_are_sent(
    tmp_path: Path, words: tuple[str, ...], by_environment: bool
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    options = "-n 2" if by_environment else ""
    with watched() as (url, eye):
        done = command(
            tmp_path, *PAID, "--base-url", url, "--budget", "1", *words, PYTEST_ADDOPTS=options
        )
    assert done.returncode == 2
    assert "how many at once with --concurrency N" in done.stderr
    assert "Traceback" not in done.stderr
    assert eye.asked == []


@pytest.mark.parametrize(
    "words",
    [("-n", "2"), ("--dist=load", "--tx=2*popen")],
    ids=["n", "dist"],
)
def test_pytest_refuses_processes_where_requests_are_sent(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run_pytest(tmp_path, PROMISES, "--live", "--provider=reference", *words)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "how many at once with --concurrency N" in done.stderr


def test_refused_key_is_one_sentence_and_one_request_of_all_threads(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with watched(lambda *_: error(401)) as (url, eye):
        eye.pause = 0.5  # so that all threads are there before the first answer is
        done = live(tmp_path, url, "--budget", "1", "--concurrency", "3")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("the first authorised request was refused (HTTP 401: no)") == 1
    assert len(eye.asked) == 1
    assert not read_run(tmp_path / "run.jsonl").complete


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "allow for it with --budget USD"),
        (("--budget", "9", "--resume", "nowhere.jsonl"), "nowhere.jsonl: cannot be read"),
        (("--budget", "9", "--baseline", "nowhere.jsonl"), "nowhere.jsonl: cannot be read"),
    ],
    ids=["no-budget", "resume", "baseline"],
)
def test_mistake_about_money_sends_nothing(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    paid_toml(tmp_path, "dall-e-2")
    with watched() as (url, eye):
        done = live(tmp_path, url, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert eye.asked == []


def test_pytest_refuses_what_the_command_refuses(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    words = [PROMISES, "--live", "--provider=./paid.toml"]
    with watched() as (url, eye):
        done = run_pytest(tmp_path, *words, f"--base-url={url}")
    assert done.returncode == 4
    assert "allow for it with --budget USD" in done.stderr
    assert eye.asked == []
    assert not list(tmp_path.glob("reports/*"))


def test_killed_part_of_a_run_is_resumed_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    words = [PROMISES, "--live", "--provider=./paid.toml", "--budget=1", "--cases=[bn]*"]
    chosen = ["-k", "count.as-asked or envelope.object", "--concurrency=1"]
    bodies: list[str] = []
    with watched() as (url, eye):
        eye.by_body = lambda asked: bodies.append(str(asked))
        words += [f"--base-url={url}"]
        run_pytest(tmp_path, *words, *chosen, "--run-file=a.jsonl", "--max-requests=3", "--partial")
        part, lines = len(bodies), (tmp_path / "a.jsonl").read_text().splitlines(keepends=True)
        (tmp_path / "a.jsonl").write_text("".join(lines[:-1]))  # as if it had been killed
        done = run_pytest(tmp_path, *words, *chosen, "--run-file=b.jsonl", "--resume=a.jsonl")
    assert len(bodies) > part > 1, done.stdout
    assert done.returncode == 0, done.stdout
    run = read_run(tmp_path / "b.jsonl")
    assert len(bodies) == len(set(bodies))
    assert {each.clause for each in run.findings} == {"count.as-asked", "envelope.object"}


def test_pytest_keeps_what_is_paid_without_being_told_where(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    words = [PROMISES, "--live", "--provider=./paid.toml", "--budget=1", "--cases=baseline"]
    with watched() as (url, _):
        done = run_pytest(tmp_path, *words, f"--base-url={url}")
    (file,) = tmp_path.glob("reports/*.jsonl")
    assert read_run(file).complete
    assert f"run file: {file.relative_to(tmp_path)}" in done.stdout


def test_header_is_there_before_anything_is_sent(tmp_path: Path) -> None:
    paid_toml(tmp_path, "dall-e-2")
    seen = []

    def answer(number: int, path: str) -> None:
        del number, path
        seen.append((tmp_path / "run.jsonl").read_text().count('"type":"run"'))

    with watched(answer) as (url, _):
        done = live(tmp_path, url, "--budget", "1", "--cases", "baseline")
    assert done.returncode == 0, done.stderr
    assert set(seen) == {1}


def test_what_was_unavailable_is_sent_again_and_the_rest_is_not(tmp_path: Path) -> None:
    with watched(images(error(403, "insufficient_user_quota"), start=3)) as (url, eye):
        path = finished(tmp_path, url)
        eye.answer, first = None, eye.posts
        with session(tmp_path, url, cases="[bmn]*", resume=path) as found:
            assert found.resumed is not None
            taken = set(found.resumed.judged(found.engines[0]))
    assert first == 4
    valid_first = ("baseline", "model-not-string", "b64_json-256x256")
    assert taken == {f"dall-e-2/{each}" for each in valid_first}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A finished run of a few cases, and the address that it was sent to."""
    with watched() as (url, _):
        yield finished(tmp_path_factory.mktemp("few"), url), url


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"clauses": "format.*"}, "has no --clauses, and this one has --clauses 'format.*';"),
        ({"cases": "n-*"}, "has --cases '[bmn]*', and this one has --cases 'n-*';"),
        ({"cases": "*"}, "has --cases '[bmn]*', and this one has no --cases;"),
        ({"strength": 2}, "has no --strength, and this one has --strength 2;"),
        ({"depth": Depth.THOROUGH}, "has no --depth, and this one has --depth thorough;"),
        ({"base_url": "http://127.0.0.1:2/v1"}, "has the address http://127.0.0.1:"),
    ],
    ids=["clauses", "cases", "every-case", "strength", "depth", "address"],
)
def test_run_of_something_else_is_not_gone_on_with(
    few: tuple[Path, str], tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    chosen: dict[str, Any] = {"cases": "[bmn]*", "resume": few[0], **changed}
    address = chosen.pop("base_url", few[1])
    with session(tmp_path, address, **chosen) as found, pytest.raises(ResumeError) as told:
        found.check_affordable()
    assert said in str(told.value)
    assert "start anew without --resume" in str(told.value)


def test_case_that_was_cut_off_is_judged_anew(few: tuple[Path, str], tmp_path: Path) -> None:
    whole = few[0].read_text().splitlines(keepends=True)
    last = max(number for number, line in enumerate(whole) if '"case":"n-2"' in line)
    path = tmp_path / "run.jsonl"
    path.write_text("".join(whole[:last]))
    with session(tmp_path, few[1], cases="[bmn]*", resume=path) as found:
        assert found.resumed is not None
        taken = found.resumed.judged(found.engines[0])
    assert "dall-e-2/n-2" not in taken
    assert "dall-e-2/baseline" in taken


def test_output_is_never_the_run_to_go_on_with(few: tuple[Path, str]) -> None:
    path, url = few
    size = path.stat().st_size
    done = live(path.parent, url, "--budget", "9", "--resume", "run.jsonl")
    assert done.returncode == 2
    assert "name another file" in done.stderr
    assert path.stat().st_size == size


def test_ledger_that_cannot_be_kept_is_a_sentence(tmp_path: Path) -> None:
    from conformance.live.ledger import Ledger

    (tmp_path / "nowhere").write_text("in the way")
    with pytest.raises(ConformanceError, match="no ledger can be kept there"):
        Ledger(tmp_path / "nowhere" / "run.jsonl.ledger")


def test_threads_that_record_play_what_is_there_and_send_the_rest(tmp_path: Path) -> None:
    provider = tmp_path / "mine.toml"
    provider.write_text(MINE)
    chosen: dict[str, Any] = {"cassettes": tmp_path / "cassettes", "cases": "[bn]*"}

    def recorded(mode: RecordMode) -> dict[str, set[str]]:
        found = Session(Options((str(provider),), record_mode=mode, **chosen))
        judged = judge_all(found, threads=4)
        found.close()
        return {path: {f.verdict for f in each.findings.values()} for path, each in judged.items()}

    first = recorded(RecordMode.REWRITE)
    made = sorted((tmp_path / "cassettes").glob("*/*/*.yaml"))
    kept = {each: each.stat().st_mtime_ns for each in made[1::2]}
    for each in made[::2]:
        each.unlink()
    assert recorded(RecordMode.NEW_EPISODES) == first
    assert sorted((tmp_path / "cassettes").glob("*/*/*.yaml")) == made
    assert {each: each.stat().st_mtime_ns for each in kept} == kept
