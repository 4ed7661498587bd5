"""The command `judge` as a user meets it: files, folders and patterns, and what is none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract import load_edition
from conformance.errors import ConformanceError
from conformance.findings import NO_TEXT, Verdict
from conformance.output.printing import printable
from conformance.recordings.contracts import read_names
from conformance.recordings.inputs import ForeignReport
from conformance.recordings.judging import judge_files
from conformance.recordings.render import show
from conformance.results.run_file import read_run
from tests.processes import command
from tests.test_foreign import record

if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN_NOTHING = "nothing is broken, in what was recorded"


def judge(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return command(folder, "judge", "-o", "run.jsonl", *words)


def judge_here(folder: Path, *paths: str | Path, names: list[str] | None = None) -> ForeignReport:
    """Judge files in this process."""
    edition = load_edition()
    mapping = read_names(names or [], None, edition)
    return judge_files(
        [folder / path for path in paths], edition, folder / "run.jsonl", names=mapping
    )


def lines(*records: object) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in records)


def decoded_record() -> dict[str, Any]:
    """Return a record whose bodies are decoded JSON."""
    halves = record()
    for half in halves.values():
        half["body"] = json.loads(half["body"])
    return halves


BROKEN, UNREADABLE = record(size="512x512"), {"request": 1}
OTHER = record(url="https://provider.example/v1/chat/completions")
CONCLUSIONS = [
    (lines(record()), 0),
    (lines(BROKEN), 1),
    (lines(record(), UNREADABLE), 2),
    (lines(BROKEN, UNREADABLE), 1),
    (lines(OTHER), 2),
    ("interactions: []\n", 2),
]


def test_judge_concludes(tmp_path: Path) -> None:
    for text, code in CONCLUSIONS:
        (tmp_path / "recording").write_text(text)
        assert judge_here(tmp_path, "recording").conclusion == code, text
        footer = read_run(tmp_path / "run.jsonl").footer
        assert footer is not None
        assert footer.conclusion == code
        (tmp_path / "run.jsonl").unlink()


def test_judge_decides_of_a_decoded_answer_all_but_how_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "recording").write_text(lines(decoded_record()))
    assert judge_here(tmp_path, "recording").conclusion == 0
    findings = read_run(tmp_path / "run.jsonl").findings
    untold = {finding.clause for finding in findings if finding.message == NO_TEXT}
    names = ("syntax", "utf8", "no-nan", "number-range", "unique-names")
    assert untold == {f"envelope.json-{name}" for name in names}
    verdicts = {finding.verdict for finding in findings if finding.clause not in untold}
    assert verdicts == {Verdict.PASS}


def test_judge_command_prints_files_problems_and_the_run_that_report_prints(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(lines(record()))
    (tmp_path / "bad.har").write_text('{"log": {\n"entries": [\n{"a" 1}]}}')
    process = judge(tmp_path, "good.jsonl", "bad.har")
    assert (process.returncode, "error: bad.har:3: is no JSON" in process.stderr) == (2, True)
    table = process.stdout.splitlines()[:3]
    assert table[0].split() == ["recording", "kind", "entries", "for", "images", "judged", "broken"]
    assert table[1].split() == ["good.jsonl", "JSON", "lines", "1", "1", "1", "-"]
    process = judge(tmp_path, "good.jsonl")
    assert BROKEN_NOTHING in " ".join(process.stdout.split())
    process = command(tmp_path, "report", "run.jsonl", "-o", "out.md", "-o", "out.xml")
    assert BROKEN_NOTHING in " ".join(process.stdout.split())
    assert "recorded by others" in process.stdout
    assert "provider.example" in (tmp_path / "out.md").read_text()
    suites = ET.parse(tmp_path / "out.xml").getroot()
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")
    assert int(suites.get("tests", "0")) > 20


def test_judge_of_nothing_leaves_no_run_file_and_keeps_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.json").write_text("notes")
    names = ("missing.jsonl", "empty", "*.none", "notes.json")
    reports = [judge_here(tmp_path, name) for name in names]
    assert {(report.conclusion, report.has_read) for report in reports} == {(2, False)}
    assert not (tmp_path / "run.jsonl").exists()
    (tmp_path / "good").write_text(lines(record()))
    judge_here(tmp_path, "good")
    before = (tmp_path / "run.jsonl").read_bytes()
    judge_here(tmp_path, "notes.json")
    assert (tmp_path / "run.jsonl").read_bytes() == before


def test_judge_finds_recordings_in_folders_and_by_patterns(tmp_path: Path) -> None:
    below = tmp_path / "some" / "below"
    below.mkdir(parents=True)
    (below / "one.jsonl").write_text(lines(record()))
    (below / "package.json").write_text('{"name": "no recording"}')
    (below / "notes.txt").write_text("nothing")
    (below / ".hidden.har").write_text("{")
    (below / "drawn.json").write_text('{"schema": 1, "examples": [{"n": 1e400}]}')
    report = judge_here(tmp_path, "some", "some/*/o*.jsonl")
    assert (report.conclusion, report.judged) == (0, 1)
    [note] = report.notes
    assert note.startswith(f"{below}/package.json: is JSON, but no known")


def test_judge_does_not_judge_its_own_run_file(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(lines(record()))
    for _ in range(2):
        assert judge_here(tmp_path, ".").judged == 1
    with pytest.raises(ConformanceError, match=r"is to be judged; choose another with --output"):
        judge_here(tmp_path, "run.jsonl")
    with pytest.raises(ConformanceError, match="name at least one recording"):
        judge_here(tmp_path)


def test_judge_clauses_narrow_what_is_judged_and_the_header_says_of_what(tmp_path: Path) -> None:
    other_record = record(model="gpt-image-1.5", response_format=None)
    (tmp_path / "one.jsonl").write_text(lines(BROKEN, other_record, record(model="unheard-of")))
    process = judge(
        tmp_path, "one.jsonl", "--clauses", "format.*", "--edition", "cometapi-2026-03-12"
    )
    assert process.returncode == 0
    run = read_run(tmp_path / "run.jsonl")
    assert {finding.clause.split(".")[0] for finding in run.findings} == {"format"}
    assert set(run.header.edition.families) == {"dall-e-2", "gpt-image-1.5"}
    assert run.header.recordings == ("one.jsonl",)
    assert run.header.providers[0].mode == "foreign"


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (Path.touch, "is empty"),
    "text": (lambda path: path.write_text("hello"), "is no known recording"),
    "pipe": (os.mkfifo, "is no regular file"),
    "socket": (make_socket, "is no regular file"),
    "folder": (Path.mkdir, "is a folder without recordings"),
    "missing": (Path.exists, "no such file or directory"),
    "link-to-itself": (lambda path: path.symlink_to(path), "too many levels of symbolic links"),
    "*.har": (Path.exists, "matches no file"),
    "\udcff": (Path.exists, "no such file"),
}


def test_judge_says_of_what_is_no_recording_what_it_is_and_quiet_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (make, reason) in ODD.items():
        make(tmp_path / name)
        report = judge_here(tmp_path, name)
        assert report.conclusion == 2
        [problem] = report.problems
        assert problem.startswith(f"{tmp_path}/{printable(name)}: ")
        assert reason in problem
    assert "is no regular file" in judge_here(tmp_path, "/dev/null").problems[0]
    show(judge_here(tmp_path, "missing"), quiet=True)
    message = f"error: {tmp_path}/missing: cannot be read: no such file or directory\n"
    assert capsys.readouterr() == ("", message)
    assert "Missing argument" in command(tmp_path, "judge").stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_judge_says_what_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "closed.har").touch(mode=0)
    assert "permission denied" in judge_here(tmp_path, "closed.har").problems[0]


MODELS: list[tuple[list[str], list[str], int]] = [
    (["openai/dall-e-2"], [], 2),
    (["openai/dall-e-2"], ["dall-e-2=openai/dall-e-2"], 0),
    (["dall-e-2", "flux-9", "dall-e-2"], [], 0),
]


def test_hint_on_several_files_is_given_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jsonl").write_text(lines(record(model="flux-9")))
    report = judge_here(tmp_path, "?.jsonl")
    show(report, quiet=False)
    assert capsys.readouterr().out.count("'flux-9' is no model of") == 1
    assert report.unknown[0].endswith("; 2 more like it")
    assert len(report.notes) == 3, "the run file names each"


def test_judge_of_an_unknown_model_alone_is_not_green(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for models, names, code in MODELS:
        (tmp_path / "recording").write_text(lines(*(record(model=model) for model in models)))
        report = judge_here(tmp_path, "recording", names=names)
        assert report.conclusion == code
        unknown_models = [model for model in models if model != "dall-e-2"] if not names else []
        assert len(report.notes) == len(unknown_models)
        assert all(f"={model} says which it is" in report.notes[0] for model in unknown_models)
        assert report.unknown == report.notes
        show(report, quiet=False)
        output = " ".join(capsys.readouterr().out.split())
        assert "passed over" not in output
        assert ("; the edition has no model " in output) is (code == 2)
        assert output.count("says which it is") == len(unknown_models)
        show(report, quiet=True)
        assert ("says which it is" in capsys.readouterr().err) is (code == 2)


def test_judge_refuses_a_wrong_name() -> None:
    reasons = {"dall-e-3": "say which model", "dall-e-9=x": "unknown model 'dall-e-9'"}
    for text, reason in reasons.items():
        with pytest.raises(ConformanceError, match=reason):
            read_names([text], None, load_edition())


def test_recorder_is_not_blamed_for_a_stream_without_events(tmp_path: Path) -> None:
    cassette = Path(__file__).parents[1] / "cassettes/prism/gpt-image-1.5/stream.yaml"
    judge_files([cassette], load_edition(), tmp_path / "run.jsonl")
    findings = {finding.clause: finding for finding in read_run(tmp_path / "run.jsonl").findings}
    for clause in ("stream.completed-image", "stream.format-as-asked"):
        assert findings[clause].message == "the answer has no events"
