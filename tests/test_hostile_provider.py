"""A provider that means harm: each attack gives findings, costs little, and hurts nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.findings import Finding, Verdict
from conformance.parsing import read_json
from fuzz.answers import texts
from tests.attacks import ATTACKS
from tests.attacks.arena import Fought, fight
from tests.attacks.leaks import leak
from tests.attacks.model import BASE64_CASE, KEY
from tests.attacks.provider import HostileProvider
from tests.runners import commands

LONGEST = 20.0  # seconds, on a machine that does other things as well
MOST_MEMORY = 96 << 20  # bytes; bombs want gigabytes
PYTHON_TALK = re.compile(r"Traceback|File \"|line \d+, in |0x[0-9a-f]{8}|object at|Error\(")


@pytest.fixture(scope="module")
def provider() -> Iterator[HostileProvider]:
    with HostileProvider() as running:
        yield running


@pytest.fixture
def fought(
    request: pytest.FixtureRequest,
    provider: HostileProvider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Fought:
    return fight(ATTACKS[request.param], provider, tmp_path, monkeypatch)


@pytest.mark.parametrize("fought", ATTACKS, indirect=True)
def test_attack_comes_to_findings_and_hurts_nothing(
    fought: Fought,
    request: pytest.FixtureRequest,
    provider: HostileProvider,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    attack = ATTACKS[request.node.callspec.params["fought"]]
    check_findings(fought.findings, attack.verdict, attack.clause)
    if attack.case != BASE64_CASE:
        check_run_goes_on(fought.after)
    check_replay(fought)
    assert fought.seconds < LONGEST
    assert fought.seen.grown < MOST_MEMORY
    check_nothing_outside(fought, provider, tmp_path)
    check_no_key(fought, provider)
    check_nothing_steers(fought)
    told = capfd.readouterr()
    said = "".join(f"wrote reports/{name}\n" for name in fought.documents)
    assert told.out.replace(said, "") == ""
    assert told.err == ""


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


def check_nothing_outside(fought: Fought, provider: HostileProvider, folder: Path) -> None:
    """Only the run's folders were written to, and only the provider was connected to."""
    inside = (str(folder / "reports"), str(folder / "cassettes"))
    assert [path for path in fought.seen.written if not path.startswith(inside)] == []
    assert {path.suffix for path in fought.files if "cassettes" in path.parts} <= KINDS
    assert set(fought.seen.connected) <= {("127.0.0.1", provider.port)}
    assert {each for each in fought.reached if not each.startswith("20.20.")} == set()
    assert fought.seen.programs == []


UNSEEN = set("\u034f\u115f\u3164\ufe0f\u2800")
KINDS = {".yaml", ".png", ".jpg", ".gif", ".webp", ".bmp", ".avif", ".bin", ".svg"}


def check_no_key(fought: Fought, provider: HostileProvider) -> None:
    """The key is in no file and on no screen, and the image host never got it."""
    for path in fought.files:
        assert leak(str(path).encode(), KEY) is None
        assert leak(path.read_bytes(), KEY) is None, path
    assert leak(fought.screen.encode(), KEY) is None
    for request in provider.requests:
        head = request.partition(b"\r\n\r\n")[0].split(b"\r\n", 1)[1].lower()
        if request.startswith(b"GET") and b"/v1/models " not in request.splitlines()[0]:
            assert b"authorization" not in head
            assert b"cookie" not in head
            assert KEY.lower().encode() not in head


def check_nothing_steers(fought: Fought) -> None:
    """No report has a character that steers or hides, and all can be read by machines."""
    shown = {"screen": fought.screen, **fought.documents}
    for name, told in shown.items():
        text = told.replace("\r\n", "\n") if name.endswith(".csv") else told  # RFC 4180
        assert {each for each in set(text) if not each.isprintable()} <= {"\n"}, name
        assert not UNSEEN & set(text), name
        assert not commands(text), name
    ElementTree.fromstring(fought.documents["junit.xml"])
    for path in fought.files:
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
