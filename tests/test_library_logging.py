"""The key is in no log, in no traceback with its variables, and in nothing that is printed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.contract import load_edition
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.transport import SILENCED, Transport
from conformance.providers import Provider
from conformance.reference.server import ReferenceServer
from tests.attacks.leaks import leak

KEY = "sk-Silence0Key1For2Tests3Only4aB5cD6eF7"
CASE = Case(id="silent", model="dall-e-3", body={"model": "dall-e-3", "prompt": "A kite."})


def client(base_url: str, transport: Transport) -> Client:
    return Client(Target("silent", base_url, KEY, {}), transport)


@pytest.fixture
def debug_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything is logged that can be, as by `--log-level=DEBUG` and by hand."""
    children = [f"{name}.{part}" for name in SILENCED for part in ("http11", "connection", "x")]
    caplog.set_level(logging.DEBUG)
    for name in children:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield caplog
    for name in children:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_transport_logs_nothing_at_any_level(debug_log: pytest.LogCaptureFixture) -> None:
    with ReferenceServer(load_edition(), key=KEY) as server, Transport() as transport:
        exchange = client(server.base_url, transport).exchange(CASE)
    assert exchange.response is not None
    assert exchange.response.status == 200
    assert leak(debug_log.text.encode(), KEY) is None
    assert {record.name.split(".")[0] for record in debug_log.records} & set(SILENCED) == set()


class Broken(Transport):
    """Fails with what libraries say: the very header that they would not send."""

    def send(self, *more: Any, **_: Any) -> Any:
        headers = more[2]
        try:
            raise ValueError(f"inner {dict(headers)}")
        except ValueError as inner:
            raise self.error(f"Illegal header value {dict(headers)['authorization']!r}") from inner

    error: type[BaseException] = RuntimeError


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, KeyError])
def test_traceback_with_variables_shows_no_key(kind: type[BaseException]) -> None:
    transport = Broken()
    transport.error = kind
    with pytest.raises(kind) as excinfo:
        client("https://api.example/v1", transport).exchange(CASE)
    text = str(excinfo.getrepr(showlocals=True, style="long", chain=True))
    own = "".join(line for line in text.splitlines(True) if "KEY" not in line)
    assert leak(own.encode(), KEY) is None
    assert "sk-conformance-redacted" in str(excinfo.value)


def test_no_object_shows_a_key() -> None:
    target = Target("silent", "https://api.example/v1", KEY, {})
    request = build_request(CASE, base_url="https://api.example/v1", key=KEY)
    provider = Provider("silent", "Silent", "http://127.0.0.1/v1", {}, default_key=KEY)
    assert leak(f"{target!r} {request!r} {provider!r}".encode(), KEY) is None
