"""A transport with small limits, the hostile server that it sends to, and what came of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.exchange.model import Failure, Response
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from tests.hostile import HostileServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = Limits(
    total_seconds=10,
    connect_seconds=5,
    header_bytes=8 * 1024,
    body_bytes=256 * 1024,
    redirects=3,
)
SHORT = replace(SMALL, total_seconds=0.4, connect_seconds=0.3)
KEY = "sk-transport-test-0123456789"
HERE = AddressPolicy.for_provider("http://127.0.0.1:1/v1")
PYTHON_TALK = re.compile(r"Error|Exception|Traceback|0x[0-9a-f]|[<>]|b'|h11|httpx|httpcore")


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    with HostileServer() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[Transport]:
    with Transport(SMALL, HERE) as shared:
        yield shared


@pytest.fixture
def hurried() -> Iterator[Transport]:
    with Transport(SHORT, HERE) as shared:
        yield shared


def limited(kind: str) -> Transport:
    """Hurry only where time is meant to run out, so that a busy machine spoils no other test."""
    return Transport(SHORT if kind == "timeout" else SMALL, HERE)


def failed(result: Response | Failure) -> Failure:
    assert isinstance(result, Failure)
    assert not PYTHON_TALK.search(result.message)
    return result


def answered(result: Response | Failure) -> Response:
    assert isinstance(result, Response), result
    return result
