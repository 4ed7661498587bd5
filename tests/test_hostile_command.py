"""The command itself against a provider that means harm, as its user runs it."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.findings import Verdict
from conformance.plugin import PROMISES
from conformance.results.run_file import read_run
from tests import processes
from tests.attacks.arena import PROVIDER
from tests.attacks.leaks import leak
from tests.attacks.model import KEY
from tests.attacks.provider import HostileProvider
from tests.extent import sample
from tests.runners import commands

LIMITS = ("--limit", "seconds=5", "--limit", "body=1MiB", "--limit", "pixels=2M")
MEMORY = 3 << 30  # bytes of address space; a bomb of 60,000 by 60,000 pixels wants more
ATTACKS = ["png-of-60000-pixels-a-side", "key-in-message", "title-and-clipboard", "bomb-of-gzip"]


@pytest.fixture(scope="module")
def provider() -> Iterator[HostileProvider]:
    with HostileProvider() as running:
        yield running


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    limits = {resource.RLIMIT_AS: MEMORY}
    shown = {"COLUMNS": "100", "TERM": "xterm-256color"}
    return processes.command(folder, *words, limits=limits, streams=None, HOSTILE_KEY=KEY, **shown)


def written(folder: Path, provider: HostileProvider, attack: str) -> None:
    provider.forget()
    text = PROVIDER.format(host="127.0.0.1", port=provider.port, attack=attack)
    (folder / "hostile.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("attack", sample(ATTACKS, 2))
def test_command_survives_and_replays(
    provider: HostileProvider, tmp_path: Path, attack: str
) -> None:
    written(tmp_path, provider, attack)
    case = "b64_json-1024x1024" if attack.startswith("png") else "url-1024x1024"
    words = ["run", "-p", "./hostile.toml", "--models", "dall-e-3", "--cases", case, *LIMITS]
    sent = command(tmp_path, *words, "--record-mode", "rewrite", "-o", "reports/run.jsonl")
    told = command(tmp_path, "report", "reports/run.jsonl", "-o", "a.md", "-o", "a.xml")
    assert (sent.returncode, told.returncode) == (2 if attack == "bomb-of-gzip" else 1, 0)
    if attack != "bomb-of-gzip":
        assert command(tmp_path, *words, "--replay", "-o", "reports/again.jsonl").returncode == 1
    check(tmp_path, sent, told)


def test_command_goes_on_past_an_attack_with_two_workers(
    provider: HostileProvider, tmp_path: Path
) -> None:
    written(tmp_path, provider, "error-of-wrong-types")
    words = ["run", "-p", "./hostile.toml", "--models", "dall-e-3", "--cases", "*1024x1024"]
    done = command(tmp_path, *words, "--live", *LIMITS, "-o", "reports/run.jsonl")
    run = read_run(tmp_path / "reports" / "run.jsonl")
    assert run.complete
    assert len(run.exchanges) == 2
    check(tmp_path, done)


@pytest.mark.parametrize(
    "attack", sample(["commands-after-a-wrap", "commands-anywhere-in-a-line"], 2)
)
def test_pytest_prints_no_command_of_a_runner(
    provider: HostileProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    monkeypatch.setenv("HOSTILE_KEY", KEY)
    monkeypatch.setenv("CI", "true")  # pytest cuts nothing then
    monkeypatch.setenv("COLUMNS", "40")
    written(tmp_path, provider, attack)
    words = ["--provider", "./hostile.toml", "--live", "--models", "dall-e-3", "-rA", "-vv"]
    done = processes.run_pytest(
        tmp_path, str(PROMISES), *words, "--cases", "*1024x1024", "-p", "no:xdist"
    )
    assert "u003a" in done.stdout or "u0023" in done.stdout
    assert commands(done.stdout + done.stderr) == []


@pytest.mark.parametrize("name", ["::error::x.har", "##[error]x.har", "x\n::error::y.har"])
def test_name_of_a_recording_is_no_command_of_a_runner(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{", encoding="utf-8")
    done = command(tmp_path, "judge", str(tmp_path), "-o", "run.jsonl")
    assert "u003a" in done.stderr or "u0023" in done.stderr
    assert not commands(done.stdout + done.stderr)


def test_limit_binds_what_is_replayed(provider: HostileProvider, tmp_path: Path) -> None:
    written(tmp_path, provider, "script-in-revised-prompt")
    words = ["run", "-p", "./hostile.toml", "--models", "dall-e-3", "-q"]
    words += ["--cases", "b64_json-1024x1024", "-o", "run.jsonl"]
    assert command(tmp_path, *words, "--record-mode", "rewrite").returncode == 0
    for limit, said in (("body=2KiB", "limit of 2,048 bytes"), ("pixels=1000", "1000 allowed")):
        assert command(tmp_path, *words, "--replay", "--limit", limit).returncode != 0
        findings = read_run(tmp_path / "run.jsonl").findings
        assert any(said in f"{each.message}{each.observed}" for each in findings)
        assert not any(
            each.verdict is Verdict.FAIL and each.clause == "image.complete" for each in findings
        )


def check(folder: Path, *done: subprocess.CompletedProcess[str]) -> None:
    """Nothing steers, nothing leaks, nothing is a traceback, and reports can be read."""
    for each in done:
        text = each.stdout + each.stderr
        assert "Traceback" not in text
        assert {letter for letter in text if not letter.isprintable()} <= {"\n"}
        assert commands(text) == []
        assert leak(text.encode(), KEY) is None
    files = [path for path in folder.rglob("*") if path.is_file()]
    tops = {path.relative_to(folder).parts[0] for path in files}
    assert tops <= {"hostile.toml", "reports", "cassettes", "a.md", "a.xml"}
    for path in files:
        assert leak(path.read_bytes(), KEY) is None, path
    if (folder / "a.xml").exists():
        ElementTree.parse(folder / "a.xml")
