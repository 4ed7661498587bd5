"""A provider that means harm: each attack gives findings, costs little, and hurts nothing."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.findings import Finding, Verdict
from conformance.parsing import read_json
from conformance.plugin import PROMISES
from conformance.results.run_file import read_run
from fuzz.answers import texts
from tests import processes
from tests.attacks import ATTACKS
from tests.attacks.arena import PROVIDER, Fought, fight, report_runs
from tests.attacks.leaks import leak
from tests.attacks.model import BASE64_CASE, KEY
from tests.attacks.provider import HostileProvider
from tests.attacks.watching import Activity
from tests.extent import sample
from tests.runners import commands

LONGEST = 20.0  # seconds, on a machine that does other things as well
MOST_MEMORY = 96 << 20  # bytes; bombs want gigabytes
CHOSEN = sample(ATTACKS, 8)
BATCHES = [CHOSEN[at : at + 12] for at in range(0, len(CHOSEN), 12)]
"""Attacks whose runs are in the same reports."""

PYTHON_TALK = re.compile(r"Traceback|File \"|line \d+, in |0x[0-9a-f]{8}|object at|Error\(")


@pytest.fixture(scope="module")
def provider() -> Iterator[HostileProvider]:
    with HostileProvider() as server:
        yield server


@pytest.mark.parametrize("names", BATCHES, ids=lambda names: f"{names[0]}-and-next")
def test_attacks_come_to_findings_and_hurt_nothing(
    names: list[str],
    provider: HostileProvider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = []
    for attack in (ATTACKS[name] for name in names):
        with monkeypatch.context() as patch:
            bout = fight(attack, provider, tmp_path, patch)
        sys.stdout.write(f"{attack.name}\n")  # which attack it was, where a check fails
        check_findings(bout.findings, attack.verdict, attack.clause)
        if attack.case != BASE64_CASE:
            check_run_goes_on(bout.after)
        check_replay(bout)
        assert bout.seconds < LONGEST
        assert bout.seen.grown < MOST_MEMORY
        check_nothing_outside(bout.seen, provider, tmp_path)
        assert {address for address in bout.reached if not address.startswith("20.20.")} == set()
        check_no_key_was_sent(provider)
        runs.append(bout.run)
    reports = report_runs(runs)
    assert reports.seen.grown < MOST_MEMORY
    check_nothing_outside(reports.seen, provider, tmp_path)
    check_files(tmp_path)
    check_nothing_steers({"screen": reports.screen, **reports.documents})
    captured = capfd.readouterr()
    report_lines = "".join(f"wrote reports/{name}\n" for name in reports.documents)
    assert captured.out.replace(report_lines, "").split() == names
    assert captured.err == ""


def check_findings(findings: list[Finding], verdict: str, clause: str | None) -> None:
    """The attack has the verdict that it must come to, and none is our own fault."""
    by_clause = {finding.clause: finding for finding in findings}
    assert len(findings) > 8
    assert Verdict.HARNESS_ERROR not in {finding.verdict for finding in findings}
    verdicts = {by_clause[clause].verdict} if clause else {finding.verdict for finding in findings}
    assert Verdict(verdict) in verdicts, {finding.clause: finding.message for finding in findings}
    for finding in findings:
        assert finding.verdict is Verdict.PASS or finding.message
        assert not PYTHON_TALK.search(f"{finding.message} {finding.expected} {finding.observed}")


def check_run_goes_on(after: list[Finding]) -> None:
    """The next case is judged as if nothing had been."""
    verdicts = {finding.clause: finding.verdict for finding in after}
    assert set(verdicts.values()) == {Verdict.PASS}, verdicts


def check_replay(fought: Fought) -> None:
    """What was recorded is judged as it was when it came."""
    if fought.replayed is None:
        assert {finding.verdict for finding in fought.findings} == {Verdict.UNAVAILABLE}
        return
    live = {finding.clause: finding.verdict for finding in fought.findings}
    assert {finding.clause: finding.verdict for finding in fought.replayed} == live


def check_nothing_outside(watch: Activity, provider: HostileProvider, folder: Path) -> None:
    """Only the run's folders were written to, and only the provider was connected to."""
    inside = (str(folder / "reports"), str(folder / "cassettes"))
    assert [path for path in watch.written if not path.startswith(inside)] == []
    assert set(watch.connected) <= {("127.0.0.1", provider.port)}
    assert watch.programs == []


UNSEEN = set("\u034f\u115f\u3164\ufe0f\u2800")
KINDS = {".yaml", ".png", ".jpg", ".gif", ".webp", ".bmp", ".avif", ".bin", ".svg"}


def check_no_key_was_sent(provider: HostileProvider) -> None:
    """The image host never got the key."""
    for request in provider.requests:
        head = request.partition(b"\r\n\r\n")[0].split(b"\r\n", 1)[1].lower()
        if request.startswith(b"GET") and b"/v1/models " not in request.splitlines()[0]:
            assert b"authorization" not in head
            assert b"cookie" not in head
            assert KEY.lower().encode() not in head


def check_nothing_steers(documents: Mapping[str, str]) -> None:
    """Nothing that is shown has the key or a character that steers or hides; XML is whole."""
    for name, raw in documents.items():
        text = raw.replace("\r\n", "\n") if name.endswith(".csv") else raw  # RFC 4180
        assert {character for character in set(text) if not character.isprintable()} <= {"\n"}, name
        assert not UNSEEN & set(text), name
        assert not commands(text), name
        assert leak(text.encode(), KEY) is None, name
        if name.endswith(".xml"):
            ElementTree.fromstring(text)


def check_files(folder: Path) -> None:
    """No file has the key, all can be read by machines, and cassettes hold texts and images."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files if "cassettes" in path.parts} <= KINDS
    for path in files:
        assert leak(str(path).encode(), KEY) is None
        assert leak(path.read_bytes(), KEY) is None, path
        if path.suffix == ".jsonl":
            for line in path.read_bytes().splitlines():
                assert all(map(str.isprintable, texts(read_json(line).value)))
        if path.suffix == ".yaml":
            text = path.read_bytes().decode("utf-8")
            assert "!!python" not in re.sub(r"\"[^\"]*\"|'[^']*'", "", text)


def test_there_are_enough_attacks_and_each_says_its_harm() -> None:
    assert len(ATTACKS) >= 60
    assert all(len(attack.harm) >= 20 for attack in ATTACKS.values())
    assert len({attack.harm for attack in ATTACKS.values()}) == len(ATTACKS)


# the command itself, as its user runs it

RUN = ["run", "-p", "./hostile.toml", "--models", "dall-e-3"]
RUN += ["--limit", "seconds=5", "--limit", "body=1MiB", "--limit", "pixels=2M"]
MEMORY = 3 << 30  # bytes of address space; a bomb of 60,000 by 60,000 pixels wants more
BY_COMMAND = ["png-of-60000-pixels-a-side", "key-in-message", "title-and-clipboard", "bomb-of-gzip"]


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"COLUMNS": "100", "TERM": "xterm-256color", "HOSTILE_KEY": KEY}
    return processes.command(
        folder, *words, limits={resource.RLIMIT_AS: MEMORY}, streams=None, **environment
    )


def write_provider(folder: Path, provider: HostileProvider, attack: str) -> None:
    provider.forget()
    text = PROVIDER.format(host="127.0.0.1", port=provider.port, attack=attack)
    (folder / "hostile.toml").write_text(text, encoding="utf-8")


def check_commands(folder: Path, *ended: subprocess.CompletedProcess[str]) -> None:
    """Nothing that a command said or wrote steers or leaks, and it wrote what it was asked to."""
    outputs = {str(process.args): process.stdout + process.stderr for process in ended}
    assert "Traceback" not in "".join(outputs.values())
    check_nothing_steers(outputs | {path.name: path.read_text() for path in folder.glob("a.*")})
    check_files(folder)
    tops = {path.name for path in folder.iterdir()}
    assert tops <= {"hostile.toml", "reports", "cassettes", "a.md", "a.xml"}


@pytest.mark.parametrize("attack", sample(BY_COMMAND, 4))
def test_command_survives_and_replays(
    provider: HostileProvider, tmp_path: Path, attack: str
) -> None:
    write_provider(tmp_path, provider, attack)
    words = [*RUN, "--cases", f"{'b64_json' if attack.startswith('png') else 'url'}-1024x1024"]
    sending = command(tmp_path, *words, "--record-mode", "rewrite", "-o", "reports/run.jsonl")
    report = command(tmp_path, "report", "reports/run.jsonl", "-o", "a.md", "-o", "a.xml")
    assert (sending.returncode, report.returncode) == (2 if attack == "bomb-of-gzip" else 1, 0)
    if attack != "bomb-of-gzip":
        assert command(tmp_path, *words, "--replay", "-o", "reports/again.jsonl").returncode == 1
    check_commands(tmp_path, sending, report)


def test_live_command_goes_on_past_an_attack(provider: HostileProvider, tmp_path: Path) -> None:
    write_provider(tmp_path, provider, "error-of-wrong-types")
    process = command(tmp_path, *RUN, "--cases", "*1024x1024", "--live", "-o", "reports/run.jsonl")
    run = read_run(tmp_path / "reports" / "run.jsonl")
    assert (run.complete, len(run.exchanges)) == (True, 2)
    check_commands(tmp_path, process)


@pytest.mark.parametrize(
    "attack", sample(["commands-after-a-wrap", "commands-anywhere-in-a-line"], 2)
)
def test_pytest_prints_no_command_of_a_runner(
    provider: HostileProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    environment = {"HOSTILE_KEY": KEY, "CI": "true", "COLUMNS": "40"}  # pytest cuts nothing in CI
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    write_provider(tmp_path, provider, attack)
    words = [str(PROMISES), "--provider", "./hostile.toml", "--live", "--models", "dall-e-3"]
    words += ["-rA", "-vv", "--cases", "*1024x1024", "-p", "no:xdist"]
    process = processes.run_pytest(tmp_path, *words)
    assert "u003a" in process.stdout or "u0023" in process.stdout
    assert commands(process.stdout + process.stderr) == []


def test_name_of_a_recording_is_no_command_of_a_runner(tmp_path: Path) -> None:
    names = ("::error::x.har", "##[error]x.har", "x\n::error::y.har")
    for name in names:
        (tmp_path / name).write_text("{", encoding="utf-8")
    process = command(tmp_path, "judge", str(tmp_path), "-o", "run.jsonl")
    assert process.stderr.count("u003a") + process.stderr.count("u0023") >= len(names)
    assert not commands(process.stdout + process.stderr)
