"""The options of the suite as pytest takes them, and what they choose."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from conformance.cases.model import Depth
from conformance.errors import ConformanceError
from conformance.exchange.source import RecordMode
from conformance.exchange.transport.limit_options import LIMIT_HELP, read_limits
from conformance.live.budget import read_budget
from conformance.runner.session import MOST_AT_ONCE, Options

_AS_THEY_ARE = (
    "edition", "clauses", "models", "cases", "base_url", "budget", "max_requests", "partial",
    "strength", "confirm", "resend", "concurrency",
)  # fmt: skip
"""The options of pytest that have the names and the values of ours."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite; recording has pytest-recording's own."""
    group = parser.getgroup("conformance", "image-API conformance")
    group.addoption("--provider", action="append", default=[], help="name, or path of a TOML file")
    group.addoption("--live", action="store_true", help="send real requests; use no cassettes")
    group.addoption("--edition", default=None, help="edition of the contract, or its folder")
    group.addoption("--clauses", default="*", metavar="GLOB", help="judge only these clauses")
    group.addoption("--requests", metavar="FILE", help="requests of your own, in TOML or JSON")
    group.addoption(
        "--plugin", action="append", default=[], metavar="MODULE", help="clauses of your own"
    )
    group.addoption("--models", default="*", metavar="GLOB", help="judge only these models")
    group.addoption("--cases", default="*", metavar="GLOB", help="send only these cases")
    group.addoption("--base-url", default=None, help="another address of the one provider")
    group.addoption("--cassettes", default=None, metavar="DIR", help="where cassettes are")
    group.addoption(
        "--explore", action="store_true", help="send generated requests to paid providers, too"
    )
    group.addoption("--limit", action="append", default=[], metavar="NAME=VALUE", help=LIMIT_HELP)
    group.addoption("--run-file", default=None, metavar="FILE", help="write the run file here")
    group.addoption("--budget", type=_budget, metavar="USD", help="spend no more; or unlimited")
    group.addoption("--max-requests", type=int, metavar="N", help="send no more requests")
    group.addoption(
        "--partial", action="store_true", help="start a plan over budget, and stop at the budget"
    )
    group.addoption(
        "--strength", type=int, choices=(1, 2, 3), help="send combined parameters as well"
    )
    group.addoption(
        "--depth",
        choices=tuple(Depth),
        default=None,
        help="how much is asked: standard, or thorough; thorough where nothing is billed",
    )
    group.addoption("--resume", default=None, metavar="RUN", help="resume the run of this run file")
    group.addoption(
        "--resend",
        action="store_true",
        help="with --resume, send again what may be billed and whose answer was lost",
    )
    group.addoption(
        "--concurrency", type=_concurrency, metavar="N", help="requests at once with --live (8)"
    )
    group.addoption(
        "--baseline",
        default=None,
        metavar="RUN",
        help="the last good run file, or a folder of them",
    )
    group.addoption(
        "--confirm", type=int, default=3, metavar="N", help="repeat what is worse than --baseline"
    )


def _project(config: pytest.Config) -> Path:
    """Return the folder of the project; without a file that says so, pytest takes any above it."""
    return config.rootpath if config.inipath else config.invocation_params.dir


def options_of(config: pytest.Config) -> Options:
    """Read the suite's options from pytest's."""
    mode, depth = config.getoption("--record-mode", default=None), config.getoption("--depth")
    return Options(
        providers=tuple(config.getoption("--provider")),
        plugins=tuple(config.getoption("--plugin")),
        live=config.getoption("--live") or config.getoption("--disable-recording", False),
        record_mode=RecordMode(mode) if mode else None,
        limits=read_limits(config.getoption("--limit")),
        cassettes=Path(config.getoption("--cassettes") or _project(config) / "cassettes"),
        depth=Depth(depth) if depth else None,
        **{name: config.getoption(name) for name in _AS_THEY_ARE},
        requests=_path(config, "--requests"),
        resume=_path(config, "--resume"),
        baseline=_path(config, "--baseline"),
        output=_path(config, "--run-file"),
    )


def _path(config: pytest.Config, option: str) -> Path | None:
    text = config.getoption(option)
    return Path(text) if text else None


def _budget(text: str) -> float:
    try:
        return read_budget(text)
    except ConformanceError as error:
        raise ArgumentTypeError(str(error)) from None


def _concurrency(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_AT_ONCE:
        raise ArgumentTypeError(f"{text!r} is no number of requests at once, 1 to {MOST_AT_ONCE}")
    return int(text)
