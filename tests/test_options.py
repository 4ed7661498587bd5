"""Options of a run: the command and pytest read the same words alike; what limits are and bind."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cli import app
from conformance.errors import ConformanceError, UnknownNameError
from conformance.exchange.answer import Answer
from conformance.exchange.transport.limits import LIMIT_OPTIONS, LimitError, Limits, read_limits
from conformance.findings import Verdict
from conformance.runner.options import OPTIONS, Options
from conformance.runner.session import Session
from conformance.suite import command
from conformance.suite.options import options_of
from tests.live import judge_all
from tests.miniatures import body, exchange, items, picture, to_base64

VALUES = {
    "provider": "a", "edition": "e", "clauses": "c.*", "plugin": "m", "requests": "r.toml",
    "models": "m*", "cases": "n-*", "strength": 2, "depth": "thorough", "cassettes": "tapes",
    "base-url": "http://127.0.0.1:9/v1", "limit": "body=2MiB", "concurrency": 3, "budget": "2.50",
    "max-requests": 9, "resume": "a.jsonl", "baseline": "nights", "confirm": 2,
}  # fmt: skip
FLAGS = ["--live", "--partial", "--resend"]
WORDS = [*FLAGS, "--provider=b.toml", *(f"--{name}={value}" for name, value in VALUES.items())]


def by_command(monkeypatch: pytest.MonkeyPatch, *words: str) -> Options:
    calls: list[Options] = []
    monkeypatch.setattr(command, "run_promises", lambda options, *_: calls.append(options))
    result = CliRunner().invoke(app, ["run", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    (options,) = calls
    return options


def by_pytest(pytester: pytest.Pytester, *words: str) -> Options:
    return options_of(pytester.parseconfig("-p", "conformance.plugin", *words))


def test_command_and_pytest_read_the_same_words_alike(
    monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    options = by_command(monkeypatch, *WORDS, "--output", "run.jsonl")
    assert options == by_pytest(pytester, *WORDS, "--run-file", "run.jsonl")
    names = [name for name in OPTIONS if getattr(options, name) == getattr(Options(), name)]
    assert names == ["record_mode"], "every other one was chosen"
    assert (options.limits.body_bytes, options.budget) == (2 << 20, 2.5)


def test_what_is_not_written_has_its_default(
    monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    words = ["--provider", "a", "--record-mode", "once", "--cassettes", "tapes"]
    options = by_command(monkeypatch, *words)
    assert options == by_pytest(pytester, *words, "--run-file", "")
    assert options.mode == "record"


def test_help_names_every_limit_with_its_default_on_any_terminal() -> None:
    assert all(option.help.isascii() for option in OPTIONS.values())
    limits = re.findall(r"[a-z-]+=[0-9]+[A-Za-z]*", OPTIONS["limits"].help)
    assert {word.partition("=")[0] for word in limits} == LIMIT_OPTIONS.keys()
    assert read_limits(limits) == Limits()


BAD_VALUES = ["concurrency=0", "concurrency=101", "strength=4", "max-requests=-1", "confirm=-1"]


@pytest.mark.parametrize("words", [*BAD_VALUES, "budget=much", "limit=bodies=1"])
def test_value_that_an_option_does_not_take_is_refused_by_both(
    pytester: pytest.Pytester, words: str
) -> None:
    name = words.partition("=")[0]
    result = CliRunner().invoke(app, ["run", f"--{words}"])
    assert result.exit_code != 0
    assert name in result.output + str(result.exception)
    with pytest.raises(ConformanceError, match=name):
        by_pytest(pytester, f"--{words}")


SECURITY = Path(__file__).parent.parent / "docs" / "security.md"
READINGS = [
    ("body=16MiB", "body_bytes", 16 << 20),
    ("body=1_000_000", "body_bytes", 1_000_000),
    ("body=1.5 GB", "body_bytes", 1_500_000_000),
    ("header=8KiB", "header_bytes", 8192),
    ("pixels=16M", "pixels", 16_000_000),
    ("seconds=0.5", "total_seconds", 0.5),
    ("seconds=2min", "total_seconds", 120.0),
    ("redirects=0", "redirects", 0),
    ("images-pixels=1G", "images_pixels", 1_000_000_000),
]
WRONG_LIMITS = {
    "body": "has no value; write it as NAME=VALUE",
    "body=lots": "is no number of bytes; write it as 16777216, 16MiB or 16MB",
    "body=-1": "is no number of bytes",
    "body=1e999": "is no number of bytes",
    "body=١٢٣٤": "is no number of bytes",
    "body=12": "is not between 1,024 and 4,294,967,296 bytes",
    "seconds=0": "is not between 0.01 and 86,400 seconds",
    "seconds=nan": "is no number of seconds",
    "pixels=16MiB": "is no number of pixels",
    "redirects=1000": "is not between 0 and 50 redirects",
    "redirects=1.5": "is no whole number of redirects",
    "bodies=1": "did you mean 'body'?",
    "\x1b[2J=1": "unknown limit '\\x1b[2J'",
}


@pytest.mark.parametrize(("text", "field", "value"), READINGS, ids=[row[0] for row in READINGS])
def test_limit_is_read(text: str, field: str, value: float) -> None:
    limits = read_limits([text])
    assert getattr(limits, field) == value
    assert sum(getattr(limits, member.name) != member.default for member in fields(Limits)) == 1


@pytest.mark.parametrize("text", WRONG_LIMITS)
def test_wrong_limit_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(
        (LimitError, UnknownNameError), match=re.escape(WRONG_LIMITS[text])
    ) as excinfo:
        read_limits([text])
    assert isinstance(excinfo.value, ConformanceError)
    assert str(excinfo.value).isprintable()


def test_limits_of_pixels_bind_each_image_and_all_together() -> None:
    request = body("dall-e-2", n=3, response_format="b64_json", size="256x256")
    pictures = [{"b64_json": to_base64(picture("png", (64, 64), seed=n))} for n in (1, 2, 2, 3)]
    several = exchange(request, answer=items(request, *pictures))
    assert all(payload.image and payload.image.complete for payload in Answer(several).payloads)
    small = [payload.image for payload in Answer(several, 64 * 63).payloads]
    assert all(
        payload and "64x64 pixels, more than the 4032 allowed" in str(payload.fault)
        for payload in small
    )
    images = [payload.image for payload in Answer(several, 4096, 8000).payloads]
    assert [payload.complete for payload in images if payload] == [True, True, True, False]
    assert "images before it have 8,000 pixels together" in str(images[-1] and images[-1].fault)


def test_every_limit_has_an_option_and_the_document_its_default() -> None:
    assert {option.field for option in LIMIT_OPTIONS.values()} == {
        field.name for field in fields(Limits)
    }
    text = SECURITY.read_text(encoding="utf-8")
    for name, option in LIMIT_OPTIONS.items():
        [row] = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        value = row.split("|")[2].strip()
        limit = getattr(read_limits([f"{name}={value}"]), option.field)
        assert limit == getattr(Limits(), option.field), row


@pytest.mark.parametrize(
    ("model", "case", "limit", "message"),
    [
        ("dall-e-3", "b64_json-1024x1024", "body=2KiB", "limit of 2,048 bytes"),
        ("dall-e-3", "b64_json-1024x1024", "pixels=1000", "1000 allowed"),
        ("gpt-image-1", "stream", "pixels=1000", "1000 allowed"),
    ],
)
def test_limit_binds_what_is_replayed(model: str, case: str, limit: str, message: str) -> None:
    selection: dict[str, Any] = {"models": model, "cases": case}
    options = Options(providers=("reference",), limits=read_limits([limit]), **selection)
    with closing(Session(options)) as session:
        (result,) = judge_all(session).values()
    findings = result.findings.values()
    assert any(message in f"{finding.message}{finding.observed}" for finding in findings)
    wholeness = {"image.complete", "stream.completed-image"}
    complete = [finding.verdict for finding in findings if finding.clause in wholeness]
    assert Verdict.FAIL not in complete  # the limit is ours, and not the image's fault
