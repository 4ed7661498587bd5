"""The suite as a wheel in somebody else's repository, which has all the same names of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    "conformance/__init__.py": "NAME = 'theirs'\n",
    "conftest.py": """
def pytest_addoption(parser):
    parser.addoption("--live", action="store_true")
    parser.addoption("--models", default="theirs")
""",
    "tests/test_theirs.py": """
import conformance, pytest

@pytest.mark.vcr
def test_everything_is_theirs(request):
    assert conformance.NAME == request.config.getoption("--models") == "theirs"
    assert request.config.getoption("--live")
""",
    "acme.toml": """
title = "Acme"
base_url = "http://127.0.0.1:9/v1"
default_key = "none"
free = true
[models]
dall-e-2 = "dall-e-2"
""",
}
ONE = ("--provider=./acme.toml", "--live", "--cases=baseline", "--clauses=envelope.o*")
ID = re.compile(r"^\S+::acme::dall-e-2/baseline::envelope\.object(?= |$)", re.MULTILINE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built wheel, unpacked as an installer does."""
    build = pytest.importorskip("hatchling.build", reason="hatchling is not installed")
    site, before = tmp_path_factory.mktemp("site"), Path.cwd()
    os.chdir(ROOT)
    try:
        wheel = build.build_wheel(str(site))
    finally:
        os.chdir(before)
    zipfile.ZipFile(site / wheel).extractall(site)
    return site


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Their repository."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def pytest_in(folder: Path, site: Path, *words: str, safely: bool = True) -> str:
    """Run pytest as its console script does, or with the current folder before all others."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    environment.pop("PYTHONSAFEPATH", None)
    start = [sys.executable, *(["-P"] if safely else []), "-m", "pytest", *words]
    done = subprocess.run(start, cwd=folder, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def test_pytest_of_another_repository_is_as_if_we_were_not_there(theirs: Path, site: Path) -> None:
    said = pytest_in(theirs, site, "--live", "--record-mode=none", "tests")
    assert "image-conformance-" in said  # the plugin is there
    assert "1 passed" in said


def test_suite_judges_in_another_repository_and_its_ids_can_be_pasted_back(
    theirs: Path, site: Path
) -> None:
    (named,) = ID.findall(pytest_in(theirs, site, "--pyargs", "conformance", *ONE, "-v"))
    assert "1 test collected" in pytest_in(theirs, site, named, *ONE, "--collect-only", "-q")


def test_folder_that_hides_the_suite_is_a_sentence(theirs: Path, site: Path) -> None:
    said = pytest_in(theirs, site, "--pyargs", "conformance", *ONE, safely=False)
    assert f"{theirs / 'conformance'} stands before the suite, which has the same name" in said


def test_options_that_two_want_are_a_sentence(theirs: Path, site: Path) -> None:
    said = pytest_in(theirs, site, "--pyargs", "conformance", "tests", *ONE)
    assert "the suite and a conftest.py have options of the same name" in said
