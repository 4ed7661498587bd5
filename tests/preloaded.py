"""What a process has imported from which tests fork the commands of the suite; nothing drawn."""

from __future__ import annotations

import gc

import _pytest.faulthandler
import _pytest.junitxml
import _pytest.threadexception
import _pytest.unraisableexception
import anyio._backends._asyncio
import anyio.streams.tls
import filelock
import jinja2
import PIL.Image
import PIL.ImageChops
import pytest
import pytest_recording.plugin
import tenacity
import uvicorn.lifespan.off
import uvicorn.loops.asyncio
import uvicorn.protocols.http.h11_impl
import xdist.plugin

import conformance.cli
import conformance.live.plan_report
import conformance.parsing.images
import conformance.reference.server
import conformance.reports
import conformance.runner.pool
import conformance.runner.preflight
import conformance.runner.session
import conformance.suite.command
import conformance.suite.items
import conformance.suite.options
import conformance.suite.recorder
import conformance.suite.signals
import conformance.suite.xdist
from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.reports import render
from conformance.runner.options import Options
from conformance.runner.session import Session
from conformance.runner.whole_plan import plan_of
from tests import runs

IMPORTED = (
    conformance.cli, _pytest, anyio, filelock, jinja2, PIL, pytest,
    pytest_recording, tenacity, uvicorn, xdist,
)  # fmt: skip
EDITION = load_edition()
CLAUSES = clauses_of(EDITION)
CASES = all_cases(EDITION, list(EDITION.models))

PIL.Image.init()  # imports all its formats
plan_of(Session(Options(providers=("reference",))))  # which clauses judge each case
for form in ("html", "md"):
    render([runs.run()], form)  # compiles its templates
gc.freeze()
