"""What was drawn and recorded replays for ever: as data, whatever the strategies say by then."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import conformance
from conformance.reference.server import ReferenceServer
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests.live import EDITION
from tests.processes import run_pytest

FOLDER = Path(conformance.__file__).with_name("suite")
KEY = "sk-drawn-for-tests-0123456789"
MINE = """
title = "A provider with one model"
base_url = "http://127.0.0.1:1/v1"
free = true
default_key = "sk-drawn-for-tests-0123456789"
[models]
"dall-e-2" = "dall-e-2"
"""
BROKEN_STRATEGIES = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        drawing = ("strategies", "search")
        if name.startswith(("hypothesis", *(f"conformance.generated.{x}" for x in drawing))):
            raise AssertionError(f"{name} was imported in replay")
sys.meta_path.insert(0, Nothing())
"""


def of_mine(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_pytest(folder, "-q", "--provider=./mine.toml", "--cassettes=cassettes", *words)


def record(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    words = ["--record-mode=rewrite", "--explore", f"--base-url={url}"]
    return of_mine(folder, *words, str(FOLDER / "test_generated.py"))


def replay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return of_mine(folder, str(FOLDER / "test_drawn.py"), *words)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with drawn requests and their cassettes."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "mine.toml").write_text(MINE)
    with ReferenceServer(EDITION, key=KEY) as server:
        done = record(folder, server.base_url)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return folder


@pytest.fixture
def copy(recorded: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    subprocess.run(["cp", "-r", f"{recorded}/.", str(tmp_path)], check=True)
    return tmp_path


def manifest(folder: Path) -> Path:
    return folder / "cassettes" / "mine" / "dall-e-2" / "drawn.json"


def test_every_property_is_recorded_with_its_examples(recorded: Path) -> None:
    examples = json.loads(manifest(recorded).read_text())["examples"]
    cassettes = [*manifest(recorded).parent.glob("drawn-*.yaml")]
    assert {example["property"] for example in examples} == {
        "valid-request-is-honoured",
        "invalid-request-is-refused",
        "n-above-the-limit-is-refused",
        "response-format-decides",
        "answer-depends-on-the-request",
        "unknown-parameter-is-treated-alike",
    }
    named = {name for example in examples for name in example["cassettes"]}
    assert named == {path.stem for path in cassettes}
    assert KEY not in "".join(path.read_text() for path in cassettes)


def edit_cassettes(folder: Path, old: str, new: str) -> None:
    for path in manifest(folder).parent.glob("drawn-*.yaml"):
        path.write_text(path.read_text().replace(old, new))


def test_replay_draws_and_sends_nothing_whatever_became_of_strategies_and_edition(
    copy: Path,
) -> None:
    edit_cassettes(copy, EDITION.id, "cometapi-2020-01-01")
    (copy / "nothing_drawn.py").write_text(BROKEN_STRATEGIES)
    done = replay(copy, "--block-network", "-p", "nothing_drawn", "-p", "no:hypothesispytest")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "6 passed" in done.stdout


def test_broken_property_shows_its_own_assertion(copy: Path) -> None:
    edit_cassettes(copy, '"created":', '"creatd":')
    done = replay(copy)
    assert done.returncode == 1
    assert "envelope.created-present" in done.stdout
    assert "smallest: {" in done.stdout
    assert "curl -sS" in done.stdout
    assert "cassette" not in done.stdout.split("short test summary")[0].lower()


DEVIATION = """
[[deviations]]
clause = "envelope.created-present"
cases = ["generated"]
reason = "planted"
since = "2026-01-01"
expires = "2099-01-01"
"""


def test_deviation_of_what_was_drawn_is_kept_true(copy: Path) -> None:
    mine = copy / "mine.toml"
    mine.write_text(mine.read_text() + DEVIATION)
    done = replay(copy)
    assert done.returncode == 1
    told = "mine.toml: deviation envelope.created-present on */generated no longer occurs"
    assert told in done.stdout
    edit_cassettes(copy, '"created":', '"creatd":')
    assert "test_deviation_still_occurs" not in replay(copy).stdout


def test_missing_cassette_and_damaged_manifest_are_a_sentence(copy: Path) -> None:
    next(iter(manifest(copy).parent.glob("drawn-*.yaml"))).unlink()
    done = replay(copy)
    assert done.returncode == 1
    assert "has no cassette" in done.stdout
    assert "--record-mode rewrite --explore" in done.stdout
    assert "Traceback" not in done.stdout
    manifest(copy).write_text('{"schema": 1, "examples": [{"check": "rm"}]}')
    done = replay(copy)
    assert done.returncode != 0
    assert "is no manifest of drawn requests" in done.stdout + done.stderr


def test_cassettes_of_drawn_requests_are_not_unused(copy: Path) -> None:
    session = Session(Options((str(copy / "mine.toml"),), cassettes=copy / "cassettes"))
    assert not [path for path in session.unused_cassettes() if "drawn-" in path]
    manifest(copy).with_name("drawn-0.yaml").write_text("x: 1\n")
    assert [path for path in session.unused_cassettes() if "drawn-0.yaml" in path]


@pytest.mark.long
def test_recording_again_leaves_no_old_cassette(copy: Path) -> None:
    with ReferenceServer(EDITION, key=KEY) as server:
        assert record(copy, server.base_url).returncode == 0
    examples = json.loads(manifest(copy).read_text())["examples"]
    named = {name for example in examples for name in example["cassettes"]}
    assert named == {path.stem for path in manifest(copy).parent.glob("drawn-*.yaml")}
