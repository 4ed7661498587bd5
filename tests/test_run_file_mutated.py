"""A run file of somebody else: each of its members made into something else is read, or named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conformance.results.run_file import RunFileError, read_run
from tests.extent import sample
from tests.mutating import VALUES, Way, lines, members, use_run_file, write_mutated

FOREIGN = lines(2)
MEMBERS = [way for way in members(FOREIGN) if len(way) > 1]
LINES = [f"{json.dumps(line)}\n" for line in FOREIGN]
NAMES = frozenset({"id", "provider", "model", "case", "clause", "type"})
"""Members by which reports bring records together."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nights") / "good.jsonl"
    path.write_text("\n".join(map(json.dumps, lines(1))) + "\n")
    return path


def is_read(path: Path) -> bool:
    """Return whether a run file is read; else it is one sentence that names the file and why."""
    message = ""
    try:
        read_run(path)
    except RunFileError as error:
        message = str(error)
    why = r"(:[1-9]: is no |: is damaged: its end counts \d+ findings)"
    assert not message or re.match(re.escape(str(path)) + why, message)
    assert len(message) < 500
    return not message


def accepted_members(path: Path, value: str) -> list[Way]:
    """Return the members that may be a value, by themselves."""
    ways = []
    for way in MEMBERS:
        at = int(way[0])
        line = write_mutated([FOREIGN[at]], [(0, *way[1:])], VALUES[value])
        path.write_text("".join([*LINES[:at], line, *LINES[at + 1 :]]))
        if is_read(path):
            ways.append(way)
    return ways


def test_unchanged_file_has_every_member_and_is_used_everywhere(file: Path) -> None:
    path = file.with_name("bad.jsonl")
    path.write_text(write_mutated(FOREIGN, [], ""))
    assert use_run_file(file, path) == []
    assert len(MEMBERS) > 150


@pytest.mark.parametrize("value", sample(VALUES, 4))
def test_member_of_another_kind_is_read_or_told_and_no_traceback(file: Path, value: str) -> None:
    path = file.with_name("bad.jsonl")
    ways = accepted_members(path, value)
    assert len(ways) < len(MEMBERS)
    for subset in (ways, [way for way in ways if way[-1] not in NAMES]):
        path.write_text(write_mutated(FOREIGN, subset, VALUES[value]))
        use_run_file(file, path)


def test_line_without_end_is_told_and_not_held(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.results.run_file.MOST_LINE", 2000)
    path = file.with_name("bad.jsonl")
    path.write_text(json.dumps(lines(1)[1])[:1999] + " " * 5000)
    with pytest.raises(RunFileError, match="no header"):
        read_run(path)
