"""The terminal report: one screen, readable without colour, and whole."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from conformance.findings import Finding, Verdict
from conformance.reports import MergeError, print_runs
from conformance.reports.summary import summarize
from conformance.results.reach import Cell, Kept, worst_cell
from conformance.results.run_file import Run
from tests import runs
from tests.shown import screen

PASS, OUT = runs.finding(), runs.finding(verdict=Verdict.UNAVAILABLE)
SHOULD = runs.finding("errors.status-400", Verdict.DEVIATES)


def screen_of(*several: Run, width: int = 80, encoding: str = "utf-8", colour: bool = False) -> str:
    colours = "truecolor" if colour else None
    return screen(print_runs, several, width=width, encoding=encoding, colours=colours)


def line_with(text: str, page: str) -> str:
    return next(line for line in page.splitlines() if text in line)


def test_screen_of_three_providers_says_what_is_broken_and_open() -> None:
    page = screen_of(runs.messy())
    row = line_with("relay     dall-e-2", page)
    assert row.split() == ["relay", "dall-e-2", "FAIL", "2/4", "4/4", "0/1", "2", "1", "-"]
    for part in (
        "MUST format.url-only all 3 models (9 cases, e.g. n-0)",
        "data[0] carries b64_json; expected url; observed b64_json",
        "image-conformance explain format.url-only --edition sample-2026-01-01",
        "relay: It always answers base64.",
        "unavailable slow: 5 findings of 5 clauses on dall-e-2",
        "HTTP 429: rate limit reached",
        "acme: replay of cassettes, recorded 2026-01-02, https://acme.test",
        "FAIL: a MUST is broken",
    ):
        assert part in page
    assert "\x1b" not in page
    assert {"pass", "FAIL", "unavailable"} <= set(page.split())
    places = [page.index(head) for head in ("nobody knew of", "Known deviations", "Could not be")]
    assert places == sorted(places)
    assert page.index("MUST format.url-only") < page.index("SHOULD errors.status-400")
    last = "relay (3 models, replay) does not conform; 6 of 12 MUSTs kept, 12 decided (acme:"
    assert last in " ".join(page.split())
    assert "; over all 3 providers 1 MUST" in " ".join(page.split())
    lines = page.splitlines()
    assert lines.index("Broken promises that nobody knew of (2; 1 cause explains 1)") <= 24
    assert "\x1b[1;31mFAIL" in screen_of(runs.messy(), colour=True)


def test_only_what_is_not_claimed_leaves_the_denominator() -> None:
    unclaimed, out = (
        runs.run(PASS, runs.finding("count.n-images", verdict, message="no n"))
        for verdict in (Verdict.NOT_CLAIMED, Verdict.UNAVAILABLE)
    )
    row = summarize([unclaimed]).rows[0]
    assert (row.kept, row.not_claimed) == ({"MUST": Kept(1, 1, decided=1)}, 1)
    assert "1 promise is not claimed by the provider and left out" in screen_of(unclaimed)
    row = summarize([out]).rows[0]
    assert (row.kept, row.undecided) == ({"MUST": Kept(1, 2, decided=1)}, 1)
    assert "could not be judged; 1 of 2 MUSTs kept" in screen_of(out)


OURS = runs.finding(verdict=Verdict.HARNESS_ERROR)
KNOWN = runs.known_deviation()


@pytest.mark.parametrize(
    ("verdicts", "cell"),
    [
        ([], Cell(Verdict.NOT_RUN)),
        ([PASS], Cell(Verdict.PASS)),
        ([PASS, KNOWN], Cell(Verdict.FAIL, known=True)),
        ([runs.broken_must(), KNOWN], Cell(Verdict.FAIL)),
        ([KNOWN, SHOULD], Cell(Verdict.DEVIATES)),
        ([KNOWN, OUT], Cell(Verdict.FAIL, known=True)),
        ([KNOWN, OURS], Cell(Verdict.HARNESS_ERROR)),
    ],
)
def test_what_is_new_outranks_what_was_known(verdicts: list[Finding], cell: Cell) -> None:
    assert worst_cell(Cell(finding.verdict, finding.excused) for finding in verdicts) == cell


EXCUSED = runs.finding(verdict=Verdict.UNAVAILABLE, deviation="answers 500, as documented")
BLOCKED = runs.finding("count.n-images", Verdict.NOT_TESTABLE, message="no data")


def test_what_is_undecided_for_a_reason_is_not_said_to_be_open() -> None:
    excused = screen_of(runs.run(runs.finding(case="other"), EXCUSED))
    blocked = screen_of(runs.run(runs.broken_must(), BLOCKED))
    assert "answers 500, as documented" in " ".join(excused.split())
    assert "1 promise open, blocked by other failures (" in " ".join(blocked.split())
    assert "Could not be judged" not in excused + blocked


def test_live_run_is_no_replay_and_its_address_is_shown_without_a_password() -> None:
    page = screen_of(runs.run())
    assert "acme: live, 2026-01-02, https://acme.test" in page
    assert "replay" not in page
    head = runs.header()
    head["providers"][0]["base_url"] = "https://me:secret@acme.test/v1"
    assert "secret" not in screen_of(runs.run(PASS, head=head))


def test_incomplete_run_says_so_at_its_head_and_shows_models_not_reached() -> None:
    page = screen_of(runs.run(end=None))
    assert "The run did not come to the end" in page
    assert line_with("gpt-image-1", page).split()[:2] == ["gpt-image-1", "not"]
    assert line_with("acme      dall-e-3", page).split()[-2:] == ["-", "?"]
    assert "?: the run broke off: what else is open nobody knows" in page
    end_page = screen_of(runs.run(end=runs.footer(complete=False)))
    assert line_with("acme      dall-e-3", end_page).split()[-1] == "-"
    assert "broke off" not in end_page


def test_model_left_out_on_purpose_is_not_shown() -> None:
    head = runs.header(selection={"clauses": "*", "models": "dall-e-*", "cases": "*"})
    page = screen_of(runs.run(head=head, end=None))
    assert "gpt-image-1" not in page
    assert "Only a part was judged: models dall-e-*." in page


def test_worst_of_a_repeated_finding_is_kept_and_no_run_at_all_refused() -> None:
    for order in (1, -1):
        summary = summarize([runs.run(PASS), runs.run(runs.broken_must())][::order])
        assert [finding.verdict for finding in summary.merged.findings] == [Verdict.FAIL]
        assert summary.merged.repeated == 1
    with pytest.raises(MergeError, match="no run to report"):
        screen_of()


def test_dumb_terminal_gets_plain_ascii() -> None:
    program = "from rich.console import Console; from conformance.reports import print_runs; "
    program += "from tests import runs; print_runs([runs.messy()], Console())"
    environment = {"TERM": "dumb", "PYTHONIOENCODING": "ascii", "PYTHONPATH": "."}
    process = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, timeout=60
    )
    assert process.returncode == 0, process.stderr.decode()
    assert process.stdout.isascii()
    assert b"\x1b" not in process.stdout


def test_text_beyond_the_encoding_is_escaped() -> None:
    run = runs.run(runs.broken_must(observed="図… " * 200))
    for encoding in ("ascii", "latin-1", "cp437"):
        page = screen_of(run, encoding=encoding)
        assert r"\u56f3" in page
        assert "..." in page


def test_words_of_a_provider_take_two_lines_of_a_terminal_and_are_whole_in_a_pipe() -> None:
    run = runs.run(runs.broken_must(observed="word " * 100))
    lines = [line for line in screen_of(run, colour=True).splitlines() if "word" in line]
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert screen_of(run).count("word") == 100


def test_what_the_suite_says_is_whole_on_a_terminal_too() -> None:
    message = f"no cassette ({'folder/' * 30}a.yaml); record it with: image-conformance run"
    open_one = runs.finding(verdict=Verdict.HARNESS_ERROR, message=message)
    run = runs.run(runs.broken_must(message=message, case="n-2"), open_one)
    text = "".join(re.sub(r"\x1b\[[\d;]*m", "", screen_of(run, colour=True)).split())
    assert text.count("".join(message.split())) == 3  # too little was decided, broken, and open
    assert "…" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", ["acme", "openai-sdk-test-automation-account.openai.azure.com"])
def test_table_folds_names_and_cuts_no_number(width: int, name: str) -> None:
    long_name = "an-image-model-with-a-very-long-name-2026-11-28"
    models = ("gpt-image-1", "qwen-image-3.0-pro", long_name)
    findings = [
        runs.finding(f"count.n-{number}", Verdict.FAIL, provider=name, model=model)
        for model in models
        for number in range(115)
    ]
    page = screen_of(runs.run(*findings, head=runs.header((name,), models)), width=width)
    table = page.split("\n\n")[1]
    heading, *rows = table.splitlines()[: -table.endswith("\n") or None]
    counts = [row.split() for row in rows if "0/115" in row]
    assert {"MUST", "broken", "open"} <= set(heading.split())
    ends = [row[-3:] for row in counts]
    assert ends in ([["0/115", "115", "-"]] * 3, [["115", "-", "-"]] * 3)
    assert max(map(len, page.splitlines())) <= width


def test_what_is_wrong_with_the_run_as_a_whole_is_said_once() -> None:
    reason = "connection refused"
    problem = f"provider 'acme' cannot be reached: {reason}"
    not_run = runs.finding(verdict=Verdict.NOT_RUN, message=f"not run: {problem}")
    outage = runs.finding(verdict=Verdict.UNAVAILABLE, message=reason, case="models-list")
    attempt = {"status": None, "reason": reason, "said": ""}
    changes = {"outcome": "unavailable", "attempts": 2, "retried": [attempt]}
    lost = runs.exchange(case="models-list") | changes
    end = runs.footer(False, 2, [problem])
    page = screen_of(runs.run(lost, outage, not_run, end=end), width=200)
    assert page.count(reason) == 1
    assert "because of what is wrong with the run as a whole; to decide more, first mend" in page
    assert "for what is wrong with the run as a whole, below" in page


def test_long_list_says_how_many_more() -> None:
    many = [runs.broken_must(clause=f"count.number-{number}") for number in range(40)]
    assert "and 28 more: image-conformance report -f md" in screen_of(runs.run(*many))


def test_reports_know_only_the_run_file() -> None:
    program = "import sys, conformance.reports; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    names = process.stdout.split()
    ours = {name.split(".")[1] for name in names if name.startswith("conformance.")}
    below = {"cases", "findings", "lifecycle", "errors", "parsing", "output", "version"}
    assert ours == below | {"clients", "exchange", "results", "reports"}
    assert [name for name in names if ".exchange." in name] == ["conformance.exchange.model"]
    assert "conformance.clients.impact" not in names
