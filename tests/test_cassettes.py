"""Cassettes: what is played is what was recorded; what cannot be played says why."""

from __future__ import annotations

import base64
import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from conformance.cases.model import Case
from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import (
    CassetteDamagedError,
    CassetteLibrary,
    CassetteMissingError,
    CassetteStaleError,
)
from conformance.exchange.client import Client, Target
from conformance.exchange.model import REDACTED_KEY, Exchange, Provenance
from conformance.exchange.source import Live, Record, RecordMode, Replay
from conformance.exchange.transport.transport import AddressPolicy, Limits, Transport

EDITION = "an-edition"


def case(id_: str = "baseline", **body: object) -> Case:
    whole = {"model": "dall-e-3", "prompt": "A kite over a field.", **body}
    return Case(id=id_, model="dall-e-3", body=whole)


@pytest.fixture
def library(tmp_path: Path) -> CassetteLibrary:
    return CassetteLibrary(tmp_path, "reference", EDITION, "a tool")


@pytest.fixture
def recorded(library: CassetteLibrary, reference_client: Client) -> Exchange:
    exchange = reference_client.exchange(case(response_format="b64_json"))
    library.record(exchange, case(response_format="b64_json"), reference_client.target.base_url)
    return exchange


def replay_of(library: CassetteLibrary) -> Replay:
    nowhere = "http://127.0.0.1:1/v1"
    transport = Transport(Limits(), AddressPolicy.for_provider(nowhere))
    target = Target("reference", nowhere, REDACTED_KEY, {"dall-e-3": "dall-e-3"})
    return Replay(Client(target, transport, Provenance.CASSETTE), library)


def test_replay_gives_the_recorded_bytes(library: CassetteLibrary, recorded: Exchange) -> None:
    played = replay_of(library).exchange(case(response_format="b64_json"))
    assert played.response is not None
    assert recorded.response is not None
    assert played.response.body == recorded.response.body
    assert played.provenance is Provenance.CASSETTE
    assert played.sent_at == pytest.approx(recorded.sent_at, abs=0.001)


def test_replay_asks_where_the_recording_was_made(
    library: CassetteLibrary, reference_client: Client, recorded: Exchange
) -> None:
    played = replay_of(library).exchange(case(response_format="b64_json"))
    assert played.request.url == recorded.request.url
    assert played.request.url.startswith(reference_client.target.base_url)


def test_replay_gives_the_recorded_download(
    library: CassetteLibrary, reference_client: Client
) -> None:
    asked = case(response_format="url")
    live = reference_client.exchange(asked)
    library.record(live, asked, reference_client.target.base_url)
    played = replay_of(library).exchange(asked)
    assert [each.response.body for each in played.downloads if each.response] == [
        each.response.body for each in live.downloads if each.response
    ]
    assert len(played.downloads) == 1


def test_replay_names_its_cassette_and_who_answered(
    library: CassetteLibrary, recorded: Exchange, reference_client: Client
) -> None:
    replayed = replay_of(library).exchange(case(response_format="b64_json"))
    folder = library.directory.parent.name
    assert replayed.cassette == f"{folder}/{library.provider}/{case().path}.yaml"
    assert replayed.target == reference_client.target.base_url
    assert recorded.cassette is None


def test_replay_sends_nothing(
    library: CassetteLibrary, recorded: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("replay opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert replay_of(library).exchange(case(response_format="b64_json")).response is not None


@pytest.mark.parametrize("value", [2, 1.0, "1", True], ids=repr)
def test_replay_never_answers_another_body(
    library: CassetteLibrary, reference_client: Client, value: object
) -> None:
    live = reference_client.exchange(case(n=1))
    library.record(live, case(n=1), reference_client.target.base_url)
    with pytest.raises(CassetteStaleError, match="another request"):
        replay_of(library).exchange(case(n=value))


def test_payloads_are_image_files_stored_once(library: CassetteLibrary, recorded: Exchange) -> None:
    again = replace(recorded, case="again")
    library.record(again, case("again", response_format="b64_json"), "http://127.0.0.1/v1")
    files = list(library.payloads.directory.iterdir())
    assert len(files) == 1
    assert Image.open(files[0]).size == (1024, 1024)
    assert b"iVBOR" not in library.path(case()).read_bytes()


def test_payload_in_unusual_base64_is_kept_to_the_letter(library: CassetteLibrary) -> None:
    unusual = base64.b64encode(bytes(range(256)) * 3).rstrip(b"=")[:-1] + b"x"
    for text in (unusual, b"data:image/png;base64," + base64.b64encode(b"x" * 900)):
        body = json.dumps({"data": [{"b64_json": text.decode()}]}).encode()
        taken = library.payloads.take_out(body)
        assert library.payloads.put_back(taken, whole=False) == body


def test_missing_cassette_says_how_to_record_it(library: CassetteLibrary) -> None:
    with pytest.raises(CassetteMissingError) as raised:
        replay_of(library).exchange(case())
    assert "reference/dall-e-3/baseline has no cassette" in str(raised.value)
    assert "--provider reference --models dall-e-3 --cases baseline" in str(raised.value)


@pytest.mark.parametrize(
    "damage",
    ["interactions: [", "", "- a\n- list\n", "interactions: 3\nversion: 1\n", "\0\0", "{}"],
    ids=["cut", "empty", "list", "wrong-type", "binary", "no-interactions"],
)
def test_damaged_cassette_is_named(
    library: CassetteLibrary, recorded: Exchange, damage: str
) -> None:
    path = library.path(case())
    path.write_text(damage)
    with pytest.raises(ConformanceError) as raised:
        replay_of(library).exchange(case(response_format="b64_json"))
    assert "baseline" in str(raised.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_cassette_is_an_error(
    library: CassetteLibrary, recorded: Exchange, share: float
) -> None:
    path = library.path(case())
    whole = path.read_text()
    path.write_text(whole[: int(len(whole) * share)])
    with pytest.raises(ConformanceError):
        replay_of(library).exchange(case(response_format="b64_json"))


@pytest.mark.parametrize("name", ["edition", "schema"])
def test_cassette_of_another_edition_or_schema_says_so(
    library: CassetteLibrary, recorded: Exchange, name: str
) -> None:
    path = library.path(case())
    current = {"edition": f"edition: {EDITION}", "schema": "schema: 1"}[name]
    path.write_text(path.read_text().replace(current, f"{name}: '9'"))
    with pytest.raises(CassetteStaleError, match=f"its {name} is '9'"):
        replay_of(library).exchange(case(response_format="b64_json"))


def test_changed_payload_is_an_error(library: CassetteLibrary, recorded: Exchange) -> None:
    next(library.payloads.directory.iterdir()).write_bytes(b"another picture")
    with pytest.raises(CassetteDamagedError, match="not the image that was recorded"):
        replay_of(library).exchange(case(response_format="b64_json"))


@pytest.mark.parametrize(
    ("mode", "sent"),
    [
        (RecordMode.ONCE, 1),
        (RecordMode.NEW_EPISODES, 1),
        (RecordMode.ALL, 2),
        (RecordMode.REWRITE, 2),
    ],
)
def test_record_mode_decides_what_is_sent_again(
    library: CassetteLibrary, reference_client: Client, mode: RecordMode, sent: int
) -> None:
    count = []

    def client() -> Client:
        count.append(1)
        return reference_client

    source = Record(client, replay_of(library), mode)
    first, second = source.exchange(case()), source.exchange(case())
    assert len(count) == sent
    assert first.response is not None
    assert second.response is not None


def test_live_writes_no_cassette(library: CassetteLibrary, reference_client: Client) -> None:
    assert Live(lambda: reference_client).exchange(case()).response is not None
    assert library.files() == set()
