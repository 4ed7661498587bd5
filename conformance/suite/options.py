"""The options of the suite as pytest takes them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cases.model import Depth
from conformance.runner.options import OPTIONS, Options, read_options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run; --record-mode is pytest-recording's own."""
    group = parser.getgroup("conformance", "image-API conformance")
    for name, option in OPTIONS.items():
        if name == "record_mode":
            continue
        arguments: dict[str, Any] = {"action": "store_true"}
        if option.metavar is not None:
            action = "append" if option.repeatable else "store"
            arguments = {"action": action, "metavar": option.metavar}
        if option.read is int:
            arguments["type"] = int
        if option.read is Depth:
            arguments["choices"] = tuple(Depth)
        # without a default: what is not written keeps that of its field
        group.addoption(option.in_pytest, default=None, help=option.help, **arguments)
    group.addoption(
        "--explore", action="store_true", help="Send generated requests to paid providers, too."
    )


def options_of(config: pytest.Config) -> Options:
    """Read the options of a run from those of pytest."""
    values = {name: config.getoption(option.in_pytest, None) for name, option in OPTIONS.items()}
    values["live"] = values["live"] or config.getoption("--disable-recording", False)
    # without a file that says where the project is, pytest takes any folder above it for its root
    project = config.rootpath if config.inipath else config.invocation_params.dir
    values["cassettes"] = values["cassettes"] or project / "cassettes"
    return read_options(values)
