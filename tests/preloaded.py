"""What a process has imported from which tests fork the commands of the suite; nothing drawn."""

from __future__ import annotations

import gc
import pdb
from functools import cache
from importlib import import_module

import anyio._backends._asyncio
import anyio.pytest_plugin
import anyio.streams.tls
import filelock
import ijson
import jinja2
import PIL.Image
import PIL.ImageChops
import pytest
import pytest_recording.plugin
import tenacity
import typer._click.decorators
import typer.main
import uvicorn.lifespan.off
import uvicorn.loops.asyncio
import uvicorn.loops.auto
import uvicorn.protocols.http.auto
import xdist.looponfail
import xdist.newhooks
import xdist.plugin
from _pytest.config import default_plugins

import conformance.cli
import conformance.clients.impact
import conformance.documentation.listing
import conformance.live.plan_report
import conformance.parsing.images
import conformance.providers.ad_hoc
import conformance.recordings.judging
import conformance.recordings.render
import conformance.reference.server
import conformance.reports.comparison.render
import conformance.reports.drift.drift
import conformance.reports.drift.render
import conformance.reports.history.timeline
import conformance.runner.pool
import conformance.runner.preflight
import conformance.runner.session
import conformance.runner.shortlist
import conformance.suite.command
import conformance.suite.items
import conformance.suite.options
import conformance.suite.recorder
import conformance.suite.signals
import conformance.suite.xdist
from conformance.reports import render
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs

IMPORTED = (
    conformance.cli, anyio, filelock, ijson, jinja2, pdb, PIL, pytest,
    pytest_recording, tenacity, typer, uvicorn, xdist,
)  # fmt: skip

for name in default_plugins:
    import_module(f"_pytest.{name}")
PIL.Image.init()  # imports all its formats
typer.main.get_command = cache(typer.main.get_command)  # longer than most commands take
typer.main.get_command(conformance.cli.app)
Session(Options(providers=("reference",))).header()  # which clauses judge each case
for form in ("html", "md"):
    render([runs.run()], form)  # compiles its templates
gc.freeze()
gc.set_threshold(100_000, 50, 50)  # as in conftest.py
