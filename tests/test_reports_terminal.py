"""The terminal report: one screen, readable without colour, and safe to print."""

from __future__ import annotations

import io
import re
import subprocess
import sys

import pytest
from rich.console import Console

from conformance.findings import Finding, Verdict
from conformance.reports import MergeError, print_runs
from conformance.reports.summary import conclusion_of, summarize
from conformance.results.conclusion import Conclusion
from conformance.results.reach import Cell, Kept, worst_cell
from conformance.results.run_file import Run
from tests import runs


def printed(*found: Run, width: int = 80, encoding: str = "utf-8", colour: bool = False) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(
        file=file,
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        legacy_windows=False,
    )
    print_runs(found, console)
    file.flush()
    return raw.getvalue().decode(encoding)


def line_with(text: str, page: str) -> str:
    return next(each for each in page.splitlines() if text in each)


def test_table_counts_kept_promises() -> None:
    page = printed(runs.messy())
    row = line_with("relay     dall-e-2", page)
    assert row.split() == ["relay", "dall-e-2", "FAIL", "2/4", "4/4", "0/1", "2", "1", "-"]


@pytest.mark.parametrize(
    ("verdict", "kept", "said"),
    [
        (
            Verdict.NOT_CLAIMED,
            Kept(1, 1, decided=1),
            "1 promise is not claimed by the provider and left out",
        ),
        (Verdict.UNAVAILABLE, Kept(1, 2, decided=1), "could not be judged; 1 of 2 MUSTs kept"),
    ],
)
def test_only_what_is_not_claimed_leaves_the_denominator(
    verdict: Verdict, kept: Kept, said: str
) -> None:
    run = runs.run(runs.finding(), runs.finding("count.n-images", verdict, message="no n"))
    row = summarize([run]).rows[0]
    assert row.kept == {"MUST": kept}
    assert (row.not_claimed, row.undecided)[verdict is Verdict.UNAVAILABLE] == 1
    assert said in printed(run)


@pytest.mark.parametrize(
    ("verdicts", "cell"),
    [
        ([], Cell(Verdict.NOT_RUN)),
        ([runs.finding()], Cell(Verdict.PASS)),
        ([runs.finding(), runs.known()], Cell(Verdict.FAIL, known=True)),
        ([runs.broken(), runs.known()], Cell(Verdict.FAIL)),
        (
            [runs.known(), runs.finding("errors.status-400", Verdict.DEVIATES)],
            Cell(Verdict.DEVIATES),
        ),
        (
            [runs.known(), runs.finding(verdict=Verdict.UNAVAILABLE)],
            Cell(Verdict.FAIL, known=True),
        ),
        ([runs.known(), runs.finding(verdict=Verdict.HARNESS_ERROR)], Cell(Verdict.HARNESS_ERROR)),
    ],
    ids=["none", "pass", "known", "new-and-known", "known-fail", "known-and-open", "own-fault"],
)
def test_what_is_new_outranks_what_was_known(verdicts: list[Finding], cell: Cell) -> None:
    assert worst_cell(Cell(each.verdict, each.excused) for each in verdicts) == cell


def test_new_promises_come_before_known_ones() -> None:
    page = printed(runs.messy())
    places = [page.index(each) for each in ("nobody knew of", "Known deviations", "Could not be")]
    assert places == sorted(places)
    assert page.index("MUST format.url-only") < page.index("SHOULD errors.status-400")


@pytest.mark.parametrize(
    "said",
    [
        "MUST format.url-only all 3 models (9 cases, e.g. n-0)",
        "data[0] carries b64_json; expected url; observed b64_json",
        "image-conformance explain format.url-only --edition sample-2026-01-01",
        "relay: It always answers base64.",
        "unavailable slow: 5 findings of 5 clauses on dall-e-2",
        "HTTP 429: rate limit reached",
        "acme: replay of cassettes, recorded 2026-01-02, https://acme.test",
        "FAIL: a MUST is broken",
    ],
)
def test_screen_says(said: str) -> None:
    page = printed(runs.messy())
    assert said in page
    assert "\x1b" not in page
    assert {"pass", "FAIL", "unavailable"} <= set(page.split())


def test_undecided_finding_that_is_excused_is_known() -> None:
    excused = runs.finding(verdict=Verdict.UNAVAILABLE, deviation="answers 500, as documented")
    page = printed(runs.run(runs.finding(case="other"), excused))
    assert "answers 500, as documented" in page
    assert "Could not be judged" not in page


def test_what_a_broken_promise_explains_is_counted_apart() -> None:
    open_one = runs.finding("count.n-images", Verdict.NOT_TESTABLE, message="no data")
    page = printed(runs.run(runs.broken(), open_one))
    assert "1 promise open, blocked by other failures (" in " ".join(page.split())
    assert "Could not be judged" not in page


def test_live_run_is_no_replay() -> None:
    page = printed(runs.run())
    assert "acme: live, 2026-01-02, https://acme.test" in page
    assert "replay" not in page


def test_address_is_shown_without_its_password() -> None:
    head = runs.header()
    head["providers"][0]["base_url"] = "https://me:secret@acme.test/v1"
    assert "secret" not in printed(runs.run(runs.finding(), head=head))


@pytest.mark.parametrize(
    ("found", "conclusion", "said"),
    [
        (
            runs.run(),
            Conclusion.CONFORMS,
            "acme (dall-e-3, live) conforms; 1 of 1 MUST kept, 1 decided (edition",
        ),
        (
            runs.run(runs.known()),
            Conclusion.CONFORMS,
            "acme (dall-e-3, live) conforms but for 1 known deviation; 0 of 1 MUST kept,",
        ),
        (
            runs.run(runs.broken()),
            Conclusion.BREAKS,
            "acme (dall-e-3, live) does not conform; 0 of 1 MUST kept, 1 decided; 1 MUST",
        ),
        (
            runs.run(
                *(runs.broken(clause=each) for each in ("format.url-only", "count.n-images")),
                runs.finding("errors.status-400", Verdict.DEVIATES),
            ),
            Conclusion.BREAKS,
            "0 of 2 MUSTs kept, 2 decided; 2 MUSTs and 1 SHOULD broken that nobody knew of (",
        ),
        (
            runs.run(runs.finding(verdict=Verdict.UNAVAILABLE)),
            Conclusion.NOT_JUDGED,
            "acme (dall-e-3, live) could not be judged; 0 of 1 MUST kept, 0 decided; 1 promise",
        ),
        (
            runs.run(end=None),
            Conclusion.NOT_JUDGED,
            "the run is incomplete (edition sample-2026-01-01).",
        ),
        (
            Run(runs.run().header, footer=runs.run().footer),
            Conclusion.NOT_JUDGED,
            "nothing was judged at all (edition sample-2026-01-01).",
        ),
        (
            runs.run(end=runs.footer(problems=["x.toml: deviation expired"])),
            Conclusion.BREAKS,
            "1 of 1 MUST kept, 1 decided; 1 problem with the run as a whole (",
        ),
        (
            runs.run(runs.finding("errors.status-400", Verdict.DEVIATES)),
            Conclusion.CONFORMS,
            "acme (dall-e-3, live): no MUST is broken; no MUST was judged; 1 SHOULD broken",
        ),
    ],
    ids=["conforms", "known", "breaks", "both", "open", "cut-off", "empty", "problem", "should"],
)
def test_last_sentence_is_the_conclusion(found: Run, conclusion: Conclusion, said: str) -> None:
    assert conclusion_of(found) is conclusion
    assert said in " ".join(printed(found).split())


def test_incomplete_run_says_so_at_its_head_and_shows_models_not_reached() -> None:
    page = printed(runs.run(end=None))
    assert "The run did not come to the end" in page
    assert line_with("gpt-image-1", page).split()[:2] == ["gpt-image-1", "not"]


@pytest.mark.parametrize(
    ("run", "style"),
    [(runs.run(), "1;32"), (runs.fallen_short(), "1;36"), (runs.run(runs.broken()), "1;31")],
    ids=["conforms", "fallen-short", "breaks"],
)
def test_last_sentence_is_green_only_where_it_says_conforms(run: Run, style: str) -> None:
    file = io.StringIO()
    print_runs([run], Console(file=file, width=200, force_terminal=True, color_system="standard"))
    assert file.getvalue().strip().splitlines()[-1].startswith(f"\x1b[{style}m")


def test_model_left_out_on_purpose_is_not_shown() -> None:
    head = runs.header(selection={"clauses": "*", "models": "dall-e-*", "cases": "*"})
    page = printed(runs.run(head=head, end=None))
    assert "gpt-image-1" not in page
    assert "Only a part was judged: models dall-e-*." in page


def test_providers_that_differ_are_named_in_the_conclusion() -> None:
    said = " ".join(printed(runs.messy()).split())
    assert (
        "relay (3 models, replay) does not conform; 6 of 12 MUSTs kept, 12 decided (acme:" in said
    )


def test_runs_of_different_providers_are_merged() -> None:
    other = runs.run(runs.finding(provider="relay"), head=runs.header(["relay"]))
    page = printed(runs.run(), other)
    assert {"acme", "relay"} <= set(re.findall(r"^\w+", page, re.MULTILINE))


@pytest.mark.parametrize("order", [1, -1], ids=["pass-first", "fail-first"])
def test_worst_of_a_repeated_finding_is_kept(order: int) -> None:
    both = [runs.run(runs.finding()), runs.run(runs.broken())][::order]
    summary = summarize(both)
    assert [each.verdict for each in summary.merged.findings] == [Verdict.FAIL]
    assert summary.merged.repeated == 1


def test_no_run_at_all_is_refused() -> None:
    with pytest.raises(MergeError, match="no run to report"):
        printed()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    page = printed(runs.messy(), width=width)
    assert max(map(len, page.splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80])
def test_table_keeps_each_model_on_one_line(width: int) -> None:
    page = printed(runs.messy(), width=width)
    for model in ("dall-e-2", "dall-e-3", "gpt-image-1"):
        assert len(re.findall(rf"^(?:acme|relay|slow| ) +{model} ", page, re.MULTILINE)) == 3


def test_table_of_three_providers_ends_within_the_first_screen() -> None:
    lines = printed(runs.messy()).splitlines()
    assert lines.index("Broken promises that nobody knew of (2, 1 of them for 1 cause)") <= 24


def test_colour_is_used_where_there_is_one() -> None:
    assert "\x1b[1;31mFAIL" in printed(runs.messy(), colour=True)


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_dumb_terminal_gets_plain_ascii(variable: str) -> None:
    program = "from rich.console import Console; from conformance.reports import print_runs; "
    program += "from tests import runs; print_runs([runs.messy()], Console())"
    environment = {variable: "dumb", "PYTHONIOENCODING": "ascii", "PYTHONPATH": "."}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_text_beyond_the_encoding_is_escaped(encoding: str) -> None:
    page = printed(runs.run(runs.broken(observed="図… " * 200)), encoding=encoding)
    assert r"\u56f3" in page
    assert "..." in page


@pytest.mark.parametrize("text", runs.HOSTILE.values(), ids=runs.HOSTILE)
@pytest.mark.parametrize("width", [60, 120])
def test_hostile_text_cannot_steer_the_terminal(text: str, width: int) -> None:
    page = printed(runs.hostile(text), width=width)
    assert all(each.isprintable() for each in page.split("\n"))
    assert max(map(len, page.splitlines())) <= width


def test_rich_markup_of_a_provider_is_shown_as_it_came() -> None:
    text = "[bold red]shout[/bold red] :boom:"
    page = printed(runs.run(runs.broken(message=text)), colour=True)
    assert text in page


def test_words_of_a_provider_take_two_lines_of_a_terminal_and_are_whole_in_a_pipe() -> None:
    found = runs.run(runs.broken(observed="word " * 100))
    lines = [each for each in printed(found, colour=True).splitlines() if "word" in each]
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert printed(found).count("word") == 100


def test_what_the_suite_says_is_whole_on_a_terminal_too() -> None:
    message = f"no cassette ({'folder/' * 30}a.yaml); record it with: image-conformance run"
    broken = runs.broken(message=message, case="n-2")
    open_one = runs.finding(verdict=Verdict.HARNESS_ERROR, message=message)
    page = printed(runs.run(broken, open_one), colour=True)
    said = "".join(re.sub(r"\x1b\[[\d;]*m", "", page).split())
    assert said.count("".join(message.split())) == 3  # too little was decided, broken, and open
    assert "…" not in page


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", ["acme", "openai-sdk-test-automation-account.openai.azure.com"])
def test_table_folds_names_and_cuts_no_number(width: int, name: str) -> None:
    models = (
        "gpt-image-1",
        "qwen-image-3.0-pro",
        "an-image-model-with-a-very-long-name-2026-11-28",
    )
    head = runs.header((name,), models)
    found = [
        runs.finding(f"count.n-{number}", Verdict.FAIL, provider=name, model=model)
        for model in models
        for number in range(115)
    ]
    table = printed(runs.run(*found, head=head), width=width).split("\n\n")[1]
    heading, *rows = table.splitlines()[: -table.endswith("\n") or None]
    counts = [each.split() for each in rows if "0/115" in each]
    assert {"MUST", "broken", "open"} <= set(heading.split())
    assert [each[-3:] for each in counts] in ([["0/115", "115", "-"]] * 3, [["115", "-", "-"]] * 3)
    assert max(map(len, rows)) <= width


def test_what_is_wrong_with_the_run_as_a_whole_is_said_once() -> None:
    problem = "provider 'acme' cannot be reached"
    left = runs.finding(verdict=Verdict.NOT_RUN, message=f"not run: {problem}")
    page = printed(runs.run(left, end=runs.footer(False, 2, [problem])), width=200)
    assert page.count(problem) == 1
    assert "because of what is wrong with the run as a whole; to decide more, first mend" in page
    assert "for what is wrong with the run as a whole, below" in page


def test_long_list_says_how_many_more() -> None:
    many = [runs.broken(clause=f"count.number-{number}") for number in range(40)]
    assert "and 28 more: image-conformance report -f md" in printed(runs.run(*many))


def test_reports_know_only_the_run_file() -> None:
    program = "import sys, conformance.reports; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    ours = {each.split(".")[1] for each in done.stdout.split() if each.startswith("conformance.")}
    below = {
        "clients",
        "results",
        "findings",
        "lifecycle",
        "errors",
        "parsing",
        "output",
        "version",
    }
    assert ours == below | {"reports"}
    assert "conformance.clients.impact" not in done.stdout.split()


def test_what_is_open_where_a_run_broke_off_is_not_known() -> None:
    head = runs.header(models=["dall-e-3"])
    shown = printed(runs.run(head=head, end=None))
    assert line_with("acme      dall-e-3", shown).split()[-2:] == ["-", "?"]
    assert "?: the run broke off: what else is open nobody knows" in shown
    ended = printed(runs.run(head=head, end=runs.footer(complete=False)))
    assert line_with("acme      dall-e-3", ended).split()[-1] == "-"
    assert "broke off" not in ended
