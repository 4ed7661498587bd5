"""A built wheel of the suite, and somebody else's repository that has all the same names."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADDOPTS = "-p no:cacheprovider -p no:hypothesispytest"  # whose report header imports hypothesis
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
}


@pytest.fixture(scope="session")
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


def repository(folder: Path, **more: str) -> Path:
    """Return a folder with the files of their repository."""
    for name, text in (FILES | more).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def installed_wheel(site: Path) -> dict[str, str]:
    """Return an environment in which commands are those of the wheel."""
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTEST_ADDOPTS": ADDOPTS}
    environment.pop("PYTHONSAFEPATH", None)
    return environment
