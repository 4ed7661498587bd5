"""The suite as a wheel in somebody else's repository, which has all the same names of its own."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wheel import installed, repository

pytest_plugins = ["tests.wheel"]
ONE = ["--provider=reference", "--live", "--models=dall-e-2"]
ONE += ["--cases=baseline", "--clauses=envelope.o*"]
ID = re.compile(r"^\S+::reference::dall-e-2/baseline::envelope\.object(?= |$)", re.MULTILINE)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return repository(tmp_path)


def pytest_in(folder: Path, site: Path, *words: str, safely: bool = True) -> str:
    """Run pytest as its console script does, or with the current folder before all others."""
    start = [sys.executable, *(["-P"] if safely else []), "-m", "pytest", *words]
    done = subprocess.run(start, cwd=folder, env=installed(site), capture_output=True, text=True)
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_pytest_of_another_repository_is_as_if_we_were_not_there(theirs: Path, site: Path) -> None:
    said = pytest_in(theirs, site, "--live", "--record-mode=none", "tests")
    assert "image-conformance-" in said  # the plugin is there
    assert "1 passed" in said


def test_suite_judges_in_another_repository_and_its_ids_can_be_pasted_back(
    theirs: Path, site: Path
) -> None:
    said = pytest_in(theirs, site, "--pyargs", "conformance", *ONE, "-v")
    assert "nothing is broken, in the part that was judged" in said
    (named,) = ID.findall(said)
    assert "1 test collected" in pytest_in(theirs, site, named, *ONE, "--collect-only", "-q")


def test_folder_that_hides_the_suite_is_a_sentence(theirs: Path, site: Path) -> None:
    said = pytest_in(theirs, site, "--pyargs", "conformance", *ONE, safely=False)
    assert f"{theirs / 'conformance'} stands before the suite, which has the same name" in said


def test_options_that_two_want_are_a_sentence(theirs: Path, site: Path) -> None:
    said = pytest_in(theirs, site, "--pyargs", "conformance", "tests", *ONE, "--collect-only")
    assert "the suite and a conftest.py have options of the same name" in said


def test_copy_that_an_editable_installation_makes_finds_its_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Path(__file__).parent.parent
    (tmp_path / "conformance").mkdir()  # with the schemas, and without the package
    copy = tmp_path / "image_conformance_pytest.py"
    shutil.copy(checkout / copy.name, copy)
    monkeypatch.syspath_prepend(checkout)
    assert runpy.run_path(str(copy))["HOME"] == checkout / "conformance"
