"""A provider that means harm: each attack gives findings, costs little, and hurts nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.findings import Finding, Verdict
from conformance.parsing import read_json
from fuzz.answers import texts
from tests.attacks import ATTACKS
from tests.attacks.arena import Fought, Reported, fight, reported
from tests.attacks.leaks import leak
from tests.attacks.model import BASE64_CASE, KEY
from tests.attacks.provider import HostileProvider
from tests.attacks.watching import Seen
from tests.extent import sample
from tests.runners import commands

LONGEST = 20.0  # seconds, on a machine that does other things as well
MOST_MEMORY = 96 << 20  # bytes; bombs want gigabytes
CHOSEN = sample(ATTACKS, 5)
BATCHES = [CHOSEN[at : at + 12] for at in range(0, len(CHOSEN), 12)]
"""Attacks whose runs are in the same reports."""

PYTHON_TALK = re.compile(r"Traceback|File \"|line \d+, in |0x[0-9a-f]{8}|object at|Error\(")


@pytest.fixture(scope="module")
def provider() -> Iterator[HostileProvider]:
    with HostileProvider() as running:
        yield running


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
            fought = fight(attack, provider, tmp_path, patch)
        sys.stdout.write(f"{attack.name}\n")  # which attack it was, where a check fails
        check_findings(fought.findings, attack.verdict, attack.clause)
        if attack.case != BASE64_CASE:
            check_run_goes_on(fought.after)
        check_replay(fought)
        assert fought.seconds < LONGEST
        assert fought.seen.grown < MOST_MEMORY
        check_nothing_outside(fought.seen, provider, tmp_path)
        assert {each for each in fought.reached if not each.startswith("20.20.")} == set()
        check_no_key_was_sent(provider)
        runs.append(fought.run)
    reports = reported(runs)
    assert reports.seen.grown < MOST_MEMORY
    check_nothing_outside(reports.seen, provider, tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files if "cassettes" in path.parts} <= KINDS
    check_no_key(files, reports)
    check_nothing_steers(files, reports)
    said = capfd.readouterr()
    written = "".join(f"wrote reports/{name}\n" for name in reports.documents)
    assert said.out.replace(written, "").split() == names
    assert said.err == ""


def check_findings(findings: list[Finding], verdict: str, clause: str | None) -> None:
    """The attack has the verdict that it must come to, and none is our own fault."""
    told = {each.clause: each for each in findings}
    assert len(findings) > 8
    assert Verdict.HARNESS_ERROR not in {each.verdict for each in findings}
    found = {told[clause].verdict} if clause else {each.verdict for each in findings}
    assert Verdict(verdict) in found, {each.clause: each.message for each in findings}
    for each in findings:
        assert each.verdict is Verdict.PASS or each.message
        assert not PYTHON_TALK.search(f"{each.message} {each.expected} {each.observed}")


def check_run_goes_on(after: list[Finding]) -> None:
    """The next case is judged as if nothing had been."""
    verdicts = {each.clause: each.verdict for each in after}
    assert set(verdicts.values()) == {Verdict.PASS}, verdicts


def check_replay(fought: Fought) -> None:
    """What was recorded is judged as it was when it came."""
    if fought.replayed is None:
        assert {each.verdict for each in fought.findings} == {Verdict.UNAVAILABLE}
        return
    live = {each.clause: each.verdict for each in fought.findings}
    assert {each.clause: each.verdict for each in fought.replayed} == live


def check_nothing_outside(seen: Seen, provider: HostileProvider, folder: Path) -> None:
    """Only the run's folders were written to, and only the provider was connected to."""
    inside = (str(folder / "reports"), str(folder / "cassettes"))
    assert [path for path in seen.written if not path.startswith(inside)] == []
    assert set(seen.connected) <= {("127.0.0.1", provider.port)}
    assert seen.programs == []


UNSEEN = set("\u034f\u115f\u3164\ufe0f\u2800")
KINDS = {".yaml", ".png", ".jpg", ".gif", ".webp", ".bmp", ".avif", ".bin", ".svg"}


def check_no_key(files: list[Path], reports: Reported) -> None:
    """The key is in no file and on no screen."""
    for path in files:
        assert leak(str(path).encode(), KEY) is None
        assert leak(path.read_bytes(), KEY) is None, path
    assert leak(reports.screen.encode(), KEY) is None


def check_no_key_was_sent(provider: HostileProvider) -> None:
    """The image host never got the key."""
    for request in provider.requests:
        head = request.partition(b"\r\n\r\n")[0].split(b"\r\n", 1)[1].lower()
        if request.startswith(b"GET") and b"/v1/models " not in request.splitlines()[0]:
            assert b"authorization" not in head
            assert b"cookie" not in head
            assert KEY.lower().encode() not in head


def check_nothing_steers(files: list[Path], reports: Reported) -> None:
    """No report has a character that steers or hides, and all can be read by machines."""
    shown = {"screen": reports.screen, **reports.documents}
    for name, told in shown.items():
        text = told.replace("\r\n", "\n") if name.endswith(".csv") else told  # RFC 4180
        assert {each for each in set(text) if not each.isprintable()} <= {"\n"}, name
        assert not UNSEEN & set(text), name
        assert not commands(text), name
    ElementTree.fromstring(reports.documents["junit.xml"])
    for path in files:
        if path.suffix == ".jsonl":
            for line in path.read_bytes().splitlines():
                assert all(map(str.isprintable, texts(read_json(line).value)))
        if path.suffix == ".yaml":
            text = path.read_bytes().decode("utf-8")
            assert "!!python" not in re.sub(r"\"[^\"]*\"|'[^']*'", "", text)


def test_there_are_enough_attacks_and_each_says_its_harm() -> None:
    assert len(ATTACKS) >= 60
    assert all(len(each.harm) >= 20 for each in ATTACKS.values())
    assert len({each.harm for each in ATTACKS.values()}) == len(ATTACKS)
