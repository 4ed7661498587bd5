"""Options of a run: the command and pytest read the same words alike."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.errors import ConformanceError
from conformance.exchange.transport.limits import LIMIT_OPTIONS, Limits, read_limits
from conformance.runner.options import OPTIONS, Options
from conformance.suite import command
from conformance.suite.options import options_of

VALUES = {
    "provider": "a", "edition": "e", "clauses": "c.*", "plugin": "m", "requests": "r.toml",
    "models": "m*", "cases": "n-*", "strength": 2, "depth": "thorough", "cassettes": "tapes",
    "base-url": "http://127.0.0.1:9/v1", "limit": "body=2MiB", "concurrency": 3, "budget": "2.50",
    "max-requests": 9, "resume": "a.jsonl", "baseline": "nights", "confirm": 2,
}  # fmt: skip
FLAGS = ["--live", "--partial", "--resend"]
WORDS = [*FLAGS, "--provider=b.toml", *(f"--{name}={value}" for name, value in VALUES.items())]


def by_command(monkeypatch: pytest.MonkeyPatch, *words: str) -> Options:
    taken: list[Options] = []
    monkeypatch.setattr(command, "run_promises", lambda options, *_: taken.append(options))
    done = CliRunner().invoke(app, ["run", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    (options,) = taken
    return options


def by_pytest(pytester: pytest.Pytester, *words: str) -> Options:
    return options_of(pytester.parseconfig("-p", "conformance.plugin", *words))


def test_command_and_pytest_read_the_same_words_alike(
    monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    options = by_command(monkeypatch, *WORDS, "--output", "run.jsonl")
    assert options == by_pytest(pytester, *WORDS, "--run-file", "run.jsonl")
    left = [name for name in OPTIONS if getattr(options, name) == getattr(Options(), name)]
    assert left == ["record_mode"], "every other one was chosen"
    assert (options.limits.body_bytes, options.budget) == (2 << 20, 2.5)


def test_what_is_not_written_has_its_default(
    monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    recorded = ["--provider", "a", "--record-mode", "once", "--cassettes", "tapes"]
    options = by_command(monkeypatch, *recorded)
    assert options == by_pytest(pytester, *recorded, "--run-file", "")
    assert options.mode == "record"


def test_help_names_every_limit_with_its_default() -> None:
    written = re.findall(r"[a-z-]+=[0-9]+[A-Za-z]*", OPTIONS["limits"].help)
    assert {word.partition("=")[0] for word in written} == LIMIT_OPTIONS.keys()
    assert read_limits(written) == Limits()


def test_help_can_be_shown_on_any_terminal() -> None:
    assert all(option.help.isascii() for option in OPTIONS.values())


@pytest.mark.parametrize(
    "words",
    [
        "--concurrency 0",
        "--concurrency 101",
        "--strength 4",
        "--max-requests -1",
        "--confirm -1",
        "--budget much",
        "--limit bodies=1",
    ],
)
def test_value_that_an_option_does_not_take_is_refused_by_both(
    pytester: pytest.Pytester, words: str
) -> None:
    name, value = words.split()
    done = CliRunner().invoke(app, ["run", name, value])
    assert done.exit_code != 0
    assert name.strip("-") in done.output + str(done.exception)
    with pytest.raises(ConformanceError, match=name.strip("-")):
        by_pytest(pytester, f"{name}={value}")
