"""What is written is there whole, or what was there before is as it was."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from conformance.commands.report import report
from conformance.contract import load_edition
from conformance.documentation.build import build_site
from conformance.errors import ConformanceError
from conformance.output.files import WritingError, write_text
from tests import runs
from tests.runs import write_run

FULL = OSError(errno.ENOSPC, "No space left on device")


def full_after_a_few_bytes(path: Path, data: bytes) -> int:
    """Stand for a disk that is full, as `Path.write_bytes`."""
    with path.open("wb") as file:
        file.write(data[:9])
    raise FULL


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_bytes", full_after_a_few_bytes)


@pytest.mark.usefixtures("full_disk")
def test_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the old page")
    with pytest.raises(WritingError, match=r"index\.html: cannot be written: No space left"):
        write_text(tmp_path / "index.html", "the new page")
    assert (tmp_path / "index.html").read_text() == "the old page"
    assert os.listdir(tmp_path) == ["index.html"]


@pytest.mark.usefixtures("full_disk")
def test_report_on_a_full_disk_leaves_the_report_before(tmp_path: Path) -> None:
    write_run(runs.run(runs.finding()), tmp_path / "run.jsonl")
    for name in ("page.html", "report.md", "out.xml", "out.json"):
        (tmp_path / name).write_text("the old report")
        with pytest.raises(ConformanceError, match="No space left"):
            report([tmp_path / "run.jsonl"], None, [tmp_path / name], quiet=True)
        assert (tmp_path / name).read_text() == "the old report"


@pytest.mark.usefixtures("full_disk")
def test_pages_on_a_full_disk_leave_the_page_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"failures": {}, "site_files": [("index.html", "the new page")]}
    for name, content in pages.items():  # to make them all takes ten seconds, and is not the point
        monkeypatch.setattr(f"conformance.documentation.build.{name}", Mock(return_value=content))
    (tmp_path / "index.html").write_text("the old page")
    with pytest.raises(ConformanceError, match="No space left"):
        build_site(load_edition(), tmp_path, "reference")
    assert (tmp_path / "index.html").read_text() == "the old page"


def test_interrupted_writing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text("old")
    monkeypatch.setattr(Path, "replace", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.md", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_mode_stays_and_that_of_a_new_file_is_as_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("old")
    (tmp_path / "a.md").chmod(0o640)
    write_text(tmp_path / "a.md", "new\r\n")
    assert (tmp_path / "a.md").read_bytes() == b"new\r\n"
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640
    write_text(tmp_path / "deep" / "a.md", "new")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "deep/a.md").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    texts: list[str] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read_text()), daemon=True)
    reader.start()
    write_text(pipe, "a report")
    reader.join(timeout=10)
    assert texts == ["a report"]
    assert pipe.is_fifo()
