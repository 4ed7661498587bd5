"""Nothing is written through a symbolic link that stands where something is to be written."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.source import Client, Record, RecordMode
from conformance.live.ledger import Ledger
from conformance.output.files import LinkError, write_text
from conformance.results.run_file import RunWriter
from conformance.runner.output_path import OutputFile, check_output
from tests import runs
from tests.attacks.folders import LINKS, OUTPUTS
from tests.processes import command
from tests.runs import write_run
from tests.test_cassettes import case


@pytest.fixture
def treasure(tmp_path: Path) -> Path:
    """A file of the user's that no report may replace."""
    path = tmp_path / "home" / "treasure"
    path.parent.mkdir()
    path.write_text("mine")
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder of somebody else's making, with a run file."""
    path = tmp_path / "work"
    path.mkdir()
    write_run(runs.run(), path / "run.jsonl")
    later = {"id": "20260103T030405Z-00000000", "started": "2026-01-03T03:04:05+00:00"}
    write_run(runs.run(head=runs.header(**later)), path / "new.jsonl")
    return path


def link(at: Path, to: Path) -> Path:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)
    return at


def link_of(library: CassetteLibrary, place: str, treasure: Path) -> None:
    """Let a part of the cassettes of a provider lead elsewhere."""
    path = library.path(case())
    ways = {"case": path, "model": path.parent, "provider": library.directory}
    at = ways.get(place, library.payloads.directory)
    link(at, treasure if place == "case" else treasure.parent)


@pytest.mark.parametrize("words", OUTPUTS.values(), ids=OUTPUTS)
def test_output_that_is_a_link_is_refused_in_one_sentence(
    work: Path, treasure: Path, words: str
) -> None:
    name = words.split()[-1]
    link(work / name, treasure)
    process = command(work, *words.split())
    assert process.returncode == 2
    assert (
        f"error: {name}: is a symbolic link to {treasure}, and nothing is written" in process.stderr
    )
    assert process.stderr.count("\n") <= 2
    assert treasure.read_text() == "mine"


def test_link_in_the_folder_of_a_report_is_refused(work: Path, treasure: Path) -> None:
    for folder, name, to in (("a", "index.html", treasure), ("b", "badges", treasure.parent)):
        link(work / folder / name, to)
        process = command(work, "report", "run.jsonl", "-q", "-o", folder)
        assert (process.returncode, "is a symbolic link" in process.stderr) == (2, True)
        assert [path.name for path in treasure.parent.iterdir()] == ["treasure"]
        assert treasure.read_text() == "mine"


def test_link_that_leads_nowhere_makes_no_file(tmp_path: Path) -> None:
    link(tmp_path / "a.md", tmp_path / "new")
    with pytest.raises(LinkError):
        write_text(tmp_path / "a.md", "a report")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("place", LINKS)
def test_cassette_is_not_recorded_through_a_link_and_nothing_is_sent_for_one(
    tmp_path: Path, treasure: Path, reference_client: Client, place: str
) -> None:
    library = CassetteLibrary(tmp_path / "cassettes", "reference", "an-edition", "a tool")
    base64_case = case(response_format="b64_json")
    exchange = reference_client.exchange(base64_case)
    link_of(library, place, treasure)
    with pytest.raises(LinkError, match="is a symbolic link"):
        library.record(exchange, base64_case, reference_client.target.base_url)
    client = Mock()
    with pytest.raises(LinkError):
        Record(client, Mock(library=library), RecordMode.REWRITE, Mock()).exchange(base64_case)
    client.assert_not_called()
    assert list(treasure.parent.iterdir()) == [treasure]
    assert treasure.read_text() == "mine"


def test_folder_of_cassettes_that_was_named_may_be_a_link(
    tmp_path: Path, treasure: Path, reference_client: Client
) -> None:
    library = CassetteLibrary(link(tmp_path / "c", treasure.parent), "reference", "e", "a tool")
    path = library.record(reference_client.exchange(case()), case(), "http://127.0.0.1/v1")
    assert path.is_file()


def test_run_file_and_its_ledger_are_not_written_through_a_link(
    tmp_path: Path, treasure: Path
) -> None:
    run = link(tmp_path / "run.jsonl", treasure)
    with pytest.raises(LinkError):
        RunWriter(run, runs.run().header)
    with pytest.raises(LinkError):
        check_output(run)
    with pytest.raises(LinkError):
        OutputFile(run).take()
    with pytest.raises(LinkError, match=r"run\.jsonl\.ledger: is a symbolic link"):
        Ledger(link(tmp_path / "run.jsonl.ledger", treasure))
    assert treasure.read_text() == "mine"


def test_lock_of_a_run_file_is_not_made_through_a_link(work: Path, treasure: Path) -> None:
    link(work / ".a.jsonl.lock", treasure)
    process = command(work, *OUTPUTS["run"].split())
    assert (process.returncode, process.stderr.count("\n")) == (2, 1)
    assert treasure.read_text() == "mine"


def test_link_of_the_system_to_what_is_open_is_followed() -> None:
    read, write = os.pipe()
    with open(read) as file:
        write_text(Path(f"/dev/fd/{write}"), "a report")
        os.close(write)
        assert file.read() == "a report"
