"""What a process has imported from which tests fork the commands of the suite; nothing drawn."""

from __future__ import annotations

import gc

import filelock
import jinja2
import pytest
import pytest_recording.plugin
import tenacity
import uvicorn
import xdist.plugin

import conformance.cli
import conformance.live.plan_report
import conformance.parsing.images
import conformance.reference.server
import conformance.reports
import conformance.runner.session
import conformance.suite.items
import conformance.suite.progress
import conformance.suite.xdist
from conformance.cases import all_cases
from conformance.clauses import clauses_of
from conformance.contract import load_edition

IMPORTED = (conformance.cli, filelock, jinja2, pytest, pytest_recording, tenacity, uvicorn, xdist)
EDITION = load_edition()
CLAUSES = clauses_of(EDITION)
CASES = all_cases(EDITION, list(EDITION.models))

gc.freeze()
