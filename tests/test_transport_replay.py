"""The transport while vcrpy records or replays, and where the network is blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import vcr
from vcr.errors import CannotOverwriteExistingCassetteException

from tests.sending import answered, failed

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.exchange.transport.transport import Transport
    from tests.hostile import HostileServer

pytest_plugins = ["tests.sending"]

CASSETTE = """
version: 1
interactions:
- request: {method: GET, uri: "http://images.invalid/a.png", body: "", headers: {}}
  response:
    status: {code: 302, message: Found}
    headers: {Location: ["http://10.0.0.1/b.png"]}
    body: {string: ""}
- request: {method: GET, uri: "http://10.0.0.1/b.png", body: "", headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [image/png]}
    body: {string: "picture"}
- request: {method: POST, uri: "https://api.invalid/v1", body: "{}", headers: {}}
  response:
    status: {code: 400, message: Bad Request}
    headers: {X-Twice: [a, b]}
    body: {string: "refused"}
"""


@pytest.fixture
def cassette(tmp_path: Path) -> str:
    file = tmp_path / "cassette.yaml"
    file.write_text(CASSETTE)
    return str(file)


@pytest.mark.block_network
def test_replay_needs_no_name_and_no_address(cassette: str, transport: Transport) -> None:
    with vcr.use_cassette(cassette, record_mode="none", match_on=["method", "uri", "body"]):
        fetched = transport.fetch("http://images.invalid/a.png")
        sent = answered(transport.send("POST", "https://api.invalid/v1", (), b"{}"))
    assert answered(fetched).body == b"picture"
    assert (sent.status, sent.body) == (400, b"refused")
    assert sent.headers == (("x-twice", "a"), ("x-twice", "b"))


def test_replay_of_unrecorded_request_raises(cassette: str, transport: Transport) -> None:
    with (
        vcr.use_cassette(cassette, record_mode="none"),
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        transport.send("GET", "http://other.invalid/")


@pytest.mark.parametrize("path", ["endless-body", "tiny-chunks", "many-headers"])
def test_recording_is_bounded_too(
    server: HostileServer, transport: Transport, tmp_path: Path, path: str
) -> None:
    with vcr.use_cassette(str(tmp_path / "new.yaml"), record_mode="once"):
        failure = failed(transport.send("GET", server.url(f"/{path}")))
    assert failure.kind == "too-large"


@pytest.mark.block_network
def test_blocked_network_is_no_failure_of_the_provider(
    server: HostileServer, transport: Transport
) -> None:
    with pytest.raises(RuntimeError, match="Network is disabled"):
        transport.send("GET", server.url("/letters"))
