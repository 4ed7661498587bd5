"""Promises that the newest nights could not judge: listed, with what held until then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.reports.history import History, history, history_json, history_markdown
from conformance.reports.history.render import now_of
from conformance.results.run_file import write_run
from tests import runs
from tests.nights import LETTERS, night, printed, spells, told, write
from tests.test_history_reports import VALIDATOR

NONE = "since 2026-01-03 (2 nights)"


@pytest.mark.parametrize(
    ("letters", "said"),
    [
        ("..??", f"pass until 2026-01-02; not judged {NONE}"),
        ("..  ", f"pass until 2026-01-02; not judged {NONE}"),
        (".F?!", f"FAIL until 2026-01-02; not judged {NONE}"),
        (".~??", f"pass until 2026-01-01; not judged {NONE}"),
        ("...?", "pass until 2026-01-03; not judged since 2026-01-04 (1 night)"),
        ("..?.", "pass since 2026-01-01 (3 nights)"),
        ("...~", "pass since 2026-01-01 (3 nights)"),
        ("????", "never judged"),
    ],
)
def test_promise_says_until_when_it_was_judged(tmp_path: Path, letters: str, said: str) -> None:
    assert now_of(told(tmp_path, letters).timelines[0]) == said


def silent(folder: Path, letters: str = "..??") -> History:
    write(folder, letters)
    return history(folder)


def test_promise_that_is_not_judged_any_more_is_listed_and_not_unchanged(tmp_path: Path) -> None:
    found = silent(tmp_path)
    assert (found.unchanged, found.silent) == (1, 1)
    assert [each.clause for each in found.timelines] == ["format.url-only"]
    assert spells(found) == [("pass", "01", 2)]


@pytest.mark.parametrize("letters", ["....", "..?.", "????"])
def test_promise_that_is_judged_or_never_was_is_no_silent_one(tmp_path: Path, letters: str) -> None:
    found = silent(tmp_path, letters)
    assert (found.unchanged, found.silent, found.timelines) == (2, 0, ())


def test_silence_is_in_every_form(tmp_path: Path) -> None:
    found = silent(tmp_path)
    value = json.loads(history_json(found))
    VALIDATOR.validate(value)
    silence = {"since": "2026-01-03T03:00:00+00:00", "nights": 2}
    assert (value["silent"], value["timelines"][0]["silence"]) == (1, silence)
    assert f"| pass until 2026-01-02; not judged {NONE} |" in history_markdown(found)
    page = " ".join(printed(found).split())
    assert f"dall-e-3: pass until 2026-01-02; not judged {NONE}" in page
    assert "1 promise was judged before, not on the newest night." in page


def test_what_changed_comes_before_what_is_not_judged_any_more(tmp_path: Path) -> None:
    for day, letter in enumerate(".FF", start=1):
        rest = [runs.finding("count.n-images")] if day < 3 else []
        write_run(night(day, LETTERS[letter], *rest), tmp_path / f"{day}.jsonl")
    found = [each.clause for each in history(tmp_path).timelines]
    assert found == ["format.url-only", "count.n-images"]
