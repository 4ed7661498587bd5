"""The command `judge` as a user meets it: files, folders and patterns, and what is none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.results.run_file import read_run
from tests.processes import command
from tests.test_foreign import record

if TYPE_CHECKING:
    from collections.abc import Callable


BROKEN_NOTHING = "nothing is broken, in what was recorded"


def judge(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command(folder, "judge", "-o", "run.jsonl", *words)


def lines(*records: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in records)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (lines(record()), 0),
        (lines(record(size="512x512")), 1),
        (lines(record(), {"request": 1}), 2),
        (lines(record(size="512x512"), {"request": 1}), 1),
        (lines(record(url="https://provider.example/v1/chat/completions")), 2),
        ("interactions: []\n", 2),
    ],
    ids=["conforms", "breaks", "unreadable", "breaks-unreadable", "other-traffic", "no-entries"],
)
def test_judge_ends_with_what_it_comes_to(tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "recording").write_text(text)
    done = judge(tmp_path, "recording")
    assert done.returncode == code, done.stdout + done.stderr
    footer = read_run(tmp_path / "run.jsonl").footer
    assert footer is not None
    assert footer.conclusion == code


def test_judge_reports_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "recording").write_text(lines(record()))
    assert BROKEN_NOTHING in " ".join(judge(tmp_path, "recording").stdout.split())
    done = command(tmp_path, "report", "run.jsonl", "-o", "out.md", "-o", "out.xml")
    assert BROKEN_NOTHING in " ".join(done.stdout.split())
    assert "recorded by others" in done.stdout
    assert "provider.example" in (tmp_path / "out.md").read_text()
    suites = ET.parse(tmp_path / "out.xml").getroot()
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")
    assert int(suites.get("tests", "0")) > 20


def test_judge_prints_what_came_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(lines(record()))
    (tmp_path / "bad.har").write_text('{"log": {\n"entries": [\n{"a" 1}]}}')
    done = judge(tmp_path, "good.jsonl", "bad.har")
    assert "error: bad.har:3: is no JSON" in done.stderr
    table = done.stdout.splitlines()[:3]
    assert table[0].split() == ["recording", "kind", "entries", "for", "images", "judged", "broken"]
    assert table[1].split() == ["good.jsonl", "JSON", "lines", "1", "1", "1", "-"]


def test_judge_quiet_says_what_is_wrong_alone(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(lines(record()))
    done = judge(tmp_path, "--quiet", "good.jsonl", "none.har")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: none.har: cannot be read: no such file or directory\n"


def test_judge_finds_recordings_in_folders_and_by_patterns(tmp_path: Path) -> None:
    below = tmp_path / "some" / "below"
    below.mkdir(parents=True)
    (below / "one.jsonl").write_text(lines(record()))
    (below / "package.json").write_text('{"name": "no recording"}')
    (below / "notes.txt").write_text("nothing")
    (below / ".hidden.har").write_text("{")
    done = judge(tmp_path, "some", "some/*/o*.jsonl")
    assert done.returncode == 0, done.stderr
    assert "passed over: some/below/package.json: is JSON, but no known" in done.stdout
    assert len(read_run(tmp_path / "run.jsonl").exchanges) == 1


def test_judge_named_file_that_is_no_recording_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "no recording"}')
    done = judge(tmp_path, "package.json")
    assert done.returncode == 2
    assert "package.json: is JSON, but no known recording" in done.stderr


def test_judge_does_not_judge_its_own_run_file(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(lines(record()))
    for _ in range(2):
        assert judge(tmp_path, ".").returncode == 0
    done = judge(tmp_path, "run.jsonl")
    assert done.returncode == 2
    assert "run.jsonl: is to be judged; choose another with --output" in done.stderr


def test_judge_clauses_narrow_what_is_judged(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(lines(record(size="512x512")))
    done = judge(tmp_path, "one.jsonl", "--clauses", "format.*", "--edition", "cometapi-2026-03-12")
    assert done.returncode == 0
    found = read_run(tmp_path / "run.jsonl").findings
    assert {each.clause.split(".")[0] for each in found} == {"format"}


def test_judge_header_names_families_and_recordings(tmp_path: Path) -> None:
    other = record(model="gpt-image-1.5", response_format=None)
    (tmp_path / "one.jsonl").write_text(lines(record(), other, record(model="unheard-of")))
    judge(tmp_path, "one.jsonl")
    header = read_run(tmp_path / "run.jsonl").header
    assert set(header.edition.families) == {"dall-e-2", "gpt-image-1.5"}
    assert header.recordings == ("one.jsonl",)
    assert header.providers[0].mode == "foreign"


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_looping_link(path: Path) -> None:
    path.symlink_to(path)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "blank": (lambda path: path.write_bytes(b" \n"), "is empty"),
    "binary": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0"), "is binary"),
    "text": (lambda path: path.write_text("hello"), "is no known recording"),
    "pipe": (os.mkfifo, "is no regular file"),
    "socket": (make_socket, "is no regular file"),
    "folder": (lambda path: path.mkdir(), "is a folder without recordings"),
    "missing": (Path.exists, "no such file or directory"),
    "link-to-itself": (make_looping_link, "too many levels of symbolic links"),
}


@pytest.mark.parametrize(("make", "said"), ODD.values(), ids=ODD)
def test_judge_says_of_what_is_no_recording_what_it_is(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    make(tmp_path / "odd")
    done = judge(tmp_path, "odd")
    assert done.returncode == 2
    assert done.stderr.startswith("error: odd: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("word", "said"),
    [("/dev/null", "is no regular file"), ("*.har", "matches no file"), ("\udcff", "no such file")],
    ids=["device", "pattern", "name-in-latin-1"],
)
def test_judge_takes_any_word_for_a_file(tmp_path: Path, word: str, said: str) -> None:
    done = judge(tmp_path, word)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_judge_says_what_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed.har").touch(mode=0)
    assert "permission denied" in judge(tmp_path, "closed.har").stderr


def test_judge_needs_a_file(tmp_path: Path) -> None:
    done = command(tmp_path, "judge")
    assert done.returncode == 2
    assert "Missing argument" in done.stderr


@pytest.mark.parametrize(
    ("model", "words", "code"),
    [
        ("openai/dall-e-2", [], 2),
        ("openai/dall-e-2", ["--model", "dall-e-2=openai/dall-e-2"], 0),
        ("flux-9", [], 2),
        ("dall-e-2", [], 0),
    ],
    ids=["prefix", "prefix-named", "unknown", "known"],
)
def test_judge_of_an_unknown_model_is_not_green(
    tmp_path: Path, model: str, words: list[str], code: int
) -> None:
    (tmp_path / "recording").write_text(lines(record(model=model)))
    done = judge(tmp_path, "recording", *words)
    assert done.returncode == code, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert (f"{model!r} is none of" in said) == (BROKEN_NOTHING not in said) == (code == 2)


def test_judge_of_known_and_unknown_models_concludes_from_the_known(tmp_path: Path) -> None:
    (tmp_path / "recording").write_text(lines(record(), record(model="flux-9"), record()))
    done = judge(tmp_path, "recording")
    assert done.returncode == 0
    assert "--model MODEL=flux-9 says which it is" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [("dall-e-3", "say which model"), ("dall-e-9=x", "unknown model 'dall-e-9'")],
    ids=["no-name", "unknown-model"],
)
def test_judge_with_a_wrong_name_is_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "recording").write_text(lines(record()))
    done = judge(tmp_path, "recording", "--model", text)
    assert (done.returncode, said in done.stderr) == (2, True)
