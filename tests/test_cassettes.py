"""Cassettes: what is played is what was recorded; what cannot be played says why."""

from __future__ import annotations

import base64
import json
import re
import socket
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import yaml
from PIL import Image

from conformance.cases.model import Case
from conformance.contract import DEFAULT_EDITION
from conformance.errors import ConformanceError
from conformance.exchange.cassettes.cassette import (
    CassetteDamagedError,
    CassetteLibrary,
    CassetteMissingError,
    CassetteStaleError,
)
from conformance.exchange.model import REDACTED_KEY, Attempt, Exchange, Provenance
from conformance.exchange.source import Client, Live, Record, RecordMode, Replay, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.providers import load_provider
from conformance.providers.asked import cassette_options

EDITION = "an-edition"


def case(id_: str = "baseline", **body: object) -> Case:
    request_body = {"model": "dall-e-3", "prompt": "A kite over a field.", **body}
    return Case(id=id_, model="dall-e-3", body=request_body)


@pytest.fixture
def library(tmp_path: Path) -> CassetteLibrary:
    return CassetteLibrary(tmp_path, "reference", EDITION, "a tool")


@pytest.fixture
def recording(library: CassetteLibrary, reference_client: Client) -> Exchange:
    exchange = reference_client.exchange(case(response_format="b64_json"))
    library.record(exchange, case(response_format="b64_json"), reference_client.target.base_url)
    return exchange


def replay_of(library: CassetteLibrary) -> Replay:
    nowhere = "http://127.0.0.1:1/v1"
    transport = Transport(Limits(), AddressPolicy.for_provider(nowhere))
    target = Target("reference", nowhere, REDACTED_KEY, {"dall-e-3": "dall-e-3"})
    return Replay(Client(target, transport, Provenance.CASSETTE), library)


@pytest.mark.parametrize("response_format", ["b64_json", "url"])
def test_replay_gives_what_was_recorded_and_sends_nothing(
    library: CassetteLibrary,
    reference_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    response_format: str,
) -> None:
    request = case(response_format=response_format)
    live = reference_client.exchange(request)
    library.record(live, request, reference_client.target.base_url)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    replay = replay_of(library).exchange(request)
    assert replay.response is not None
    assert live.response is not None
    assert replay.response.body == live.response.body
    bodies = [[one.response and one.response.body for one in e.downloads] for e in (replay, live)]
    assert bodies[0] == bodies[1]
    assert len(bodies[0]) == (response_format == "url")
    assert (replay.provenance, live.cassette) == (Provenance.CASSETTE, None)
    assert replay.sent_at == pytest.approx(live.sent_at, abs=0.001)
    assert (replay.request.url, replay.target) == (
        live.request.url,
        reference_client.target.base_url,
    )
    folder = library.directory.parent.name
    assert replay.cassette == f"{folder}/{library.provider}/{case().path}.yaml"


def test_replay_knows_what_was_sent_again(
    library: CassetteLibrary, reference_client: Client
) -> None:
    retries = (Attempt(503, "HTTP 503", "overloaded"), Attempt(None, "no answer came"))
    live = replace(reference_client.exchange(case()), attempts=3, retried=retries)
    path = library.record(live, case(), reference_client.target.base_url)
    yaml.safe_load(path.read_text())  # nothing in it is Python's own
    assert replay_of(library).exchange(case()).retried == retries


def refuse(*_: object) -> None:
    raise AssertionError("replay opened a connection")


@pytest.mark.parametrize("value", [2, 1.0, "1", True], ids=repr)
def test_replay_never_answers_another_body(
    library: CassetteLibrary, reference_client: Client, value: object
) -> None:
    live = reference_client.exchange(case(n=1))
    library.record(live, case(n=1), reference_client.target.base_url)
    with pytest.raises(CassetteStaleError, match="another request"):
        replay_of(library).exchange(case(n=value))


def test_payloads_are_image_files_stored_once(
    library: CassetteLibrary, recording: Exchange
) -> None:
    copy = replace(recording, case="again")
    library.record(copy, case("again", response_format="b64_json"), "http://127.0.0.1/v1")
    files = list(library.payloads.directory.iterdir())
    assert len(files) == 1
    assert Image.open(files[0]).size == (1024, 1024)
    assert b"iVBOR" not in library.path(case()).read_bytes()


def test_payload_in_unusual_base64_is_kept_to_the_letter(library: CassetteLibrary) -> None:
    unusual = base64.b64encode(bytes(range(256)) * 3).rstrip(b"=")[:-1] + b"x"
    for text in (unusual, b"data:image/png;base64," + base64.b64encode(b"x" * 900)):
        body = json.dumps({"data": [{"b64_json": text.decode()}]}).encode()
        rest = library.payloads.take_out(body)
        assert library.payloads.put_back(rest) == body


def test_missing_cassette_says_how_to_record_it(library: CassetteLibrary) -> None:
    with pytest.raises(CassetteMissingError) as excinfo:
        replay_of(library).exchange(case())
    assert "reference/dall-e-3/baseline has no cassette" in str(excinfo.value)
    assert "--provider reference --models dall-e-3 --cases baseline" in str(excinfo.value)


DAMAGES = {
    "empty": "",
    "list": "- a\n- list\n",
    "wrong-type": "interactions: 3\nversion: 1\n",
    "member-twice": "interactions: []\nmetadata: {schema: 2}\nmetadata: {schema: 1}\n",
    **{f"first-{share:.0%}": share for share in (0.1, 0.5, 0.9)},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_cassette_is_named(
    library: CassetteLibrary, recording: Exchange, damage: str | float
) -> None:
    path = library.path(case())
    text = path.read_text()
    path.write_text(damage if isinstance(damage, str) else text[: int(len(text) * damage)])
    with pytest.raises(ConformanceError, match="baseline"):
        replay_of(library).exchange(case(response_format="b64_json"))


FAILURE = "failures:\n    http://x/a.png: {kind: timeout, message: late}"
MISSPELT = {
    "failure": ("failures: {}", FAILURE.replace("late", "late, status: 3"), "`status`"),
    "address": ("failures: {}", FAILURE, "is of an address not asked for"),
    "metadata": ("elapsed:", "atempts: 2\n  elapsed:", "`atempts`"),
    "response": ("payloads:", "payload:", "`payload`"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISSPELT.values(), ids=MISSPELT)
def test_member_that_says_nothing_is_refused(
    library: CassetteLibrary, recording: Exchange, old: str, new: str, message: str
) -> None:
    path = library.path(case())
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConformanceError, match=message):
        replay_of(library).exchange(case(response_format="b64_json"))


@pytest.mark.parametrize("name", ["edition", "schema", "provider", "case"])
def test_cassette_of_something_else_says_so(
    library: CassetteLibrary, recording: Exchange, name: str
) -> None:
    path = library.path(case())
    path.write_text(re.sub(rf"(?m)^  {name}: .*$", f"  {name}: '9'", path.read_text()))
    with pytest.raises(CassetteStaleError, match=f"baseline.yaml: its {name} is '9'.*record it"):
        replay_of(library).exchange(case(response_format="b64_json"))


def test_changed_payload_is_an_error(library: CassetteLibrary, recording: Exchange) -> None:
    next(library.payloads.directory.iterdir()).write_bytes(b"another picture")
    with pytest.raises(CassetteDamagedError, match="not the image that was recorded"):
        replay_of(library).exchange(case(response_format="b64_json"))


@pytest.mark.parametrize(
    ("mode", "requests"),
    [
        (RecordMode.ONCE, 1),
        (RecordMode.NEW_EPISODES, 1),
        (RecordMode.ALL, 2),
        (RecordMode.REWRITE, 2),
    ],
)
def test_record_mode_decides_what_is_sent_again(
    library: CassetteLibrary, reference_client: Client, mode: RecordMode, requests: int
) -> None:
    count = []

    def client() -> Client:
        count.append(1)
        return reference_client

    source = Record(client, replay_of(library), mode, Mock())
    first, second = source.exchange(case()), source.exchange(case())
    assert len(count) == requests
    assert first.response is not None
    assert second.response is not None


def test_cassette_that_cannot_be_written_lets_nothing_more_be_sent_and_loses_no_answer(
    library: CassetteLibrary, reference_client: Client
) -> None:
    library.directory.parent.mkdir(parents=True, exist_ok=True)
    library.directory.write_text("in the way")
    halt = Mock()
    source = Record(lambda: reference_client, replay_of(library), RecordMode.REWRITE, halt)
    exchange = source.exchange(case())
    assert (exchange.cassette, exchange.response is not None) == (None, True)
    assert "cannot be written: Not a directory" in halt.call_args[0][0]


def test_live_writes_no_cassette(library: CassetteLibrary, reference_client: Client) -> None:
    assert Live(lambda: reference_client).exchange(case()).response is not None
    assert library.files() == set()


SPACED = "--provider 'my dir/acme.toml' --cassettes 'my tapes' --edition openai-2026-11"


@pytest.mark.parametrize(
    ("provider", "folder", "edition", "words"),
    [
        ("prism", "cassettes", DEFAULT_EDITION, "--provider prism"),
        ("acme.toml", "cassettes", DEFAULT_EDITION, "--provider ./acme.toml"),
        ("my dir/acme.toml", "my tapes", "openai-2026-11", SPACED),
    ],
    ids=["bundled", "file", "spaces"],
)
def test_command_that_records_names_the_provider_as_it_was_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    folder: str,
    edition: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if provider.endswith(".toml"):
        Path(provider).parent.mkdir(exist_ok=True)
        Path(provider).write_text(
            'title = "A"\nbase_url = "https://a.test/v1"\n[models]\n"dall-e-3" = "d"\n'
        )
    options = cassette_options(load_provider(provider), edition, Path(folder))
    library = CassetteLibrary(tmp_path, "acme", edition, "a tool", options)
    advice = library.how_to_record(Case("n-2", "dall-e-3"))
    assert advice == (
        f"record it with: image-conformance run {words} --models dall-e-3 --cases n-2 "
        f"--record-mode rewrite"
    )
