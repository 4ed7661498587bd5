"""An image host that is out for a moment is asked again: four times at the most."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.model import Case
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import Attempt, Download, Failure, Provenance, Response
from conformance.exchange.source import Client, Replay, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from tests.miniatures import picture

URL = "https://images.example/kite.png"
IMAGE = Response(200, (("content-type", "image/png"),), picture("png", (256, 256)))
RESET = Failure("disconnect", "the connection was closed without an answer")
CASE = Case("baseline", "dall-e-3", body={"model": "dall-e-3", "prompt": "A kite."})


def out(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, headers, b"")


class Hosts:
    """A transport whose provider answers with a URL, and whose image host has these answers."""

    def __init__(self, *answers: Response | Failure, urls: Sequence[str] = (URL,)) -> None:
        self.limits = Limits()
        data = [{"url": url} for url in urls]
        self.body = json.dumps({"created": 1_790_000_000, "data": data}).encode()
        self.answers = list(answers)
        self.asked: list[str] = []

    def send(self, *_: object) -> Response:
        return Response(200, (("content-type", "application/json"),), self.body)

    def fetch(self, url: str) -> Response | Failure:
        self.asked.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def fetch_image(hosts: Any, goes_on: bool = True) -> tuple[Download, list[float]]:
    """Send a case, and return the download of its image and the waits before it."""
    naps: list[float] = []

    def rest(seconds: float) -> bool:
        naps.append(seconds)
        return goes_on

    target = Target("mine", "https://api.example/v1", "sk-images-again", {})
    exchange = Client(target, hosts, rest=rest).exchange(CASE)
    return exchange.downloads[0], naps


OUTAGES: dict[str, tuple[Response | Failure, Attempt]] = {
    **{
        str(status): (out(status), Attempt(status, f"HTTP {status}"))
        for status in (408, 429, 500, 503, 522)
    },
    "reset": (RESET, Attempt(None, RESET.message)),
    "no-connection": (Failure("connect", "no"), Attempt(None, "no")),
}


@pytest.mark.parametrize(("first", "trace"), OUTAGES.values(), ids=OUTAGES)
def test_images_again_after_an_outage_of_their_host(
    first: Response | Failure, trace: Attempt
) -> None:
    hosts = Hosts(first, first, IMAGE)
    download, naps = fetch_image(hosts)
    assert download == Download(URL, IMAGE, retried=(trace, trace))
    assert hosts.asked == [URL] * 3
    assert len(naps) == 2


@pytest.mark.parametrize(("always", "trace"), OUTAGES.values(), ids=OUTAGES)
def test_images_again_four_times_at_the_most(always: Response | Failure, trace: Attempt) -> None:
    hosts = Hosts(always)
    download, naps = fetch_image(hosts)
    assert (len(hosts.asked), download.retried) == (4, (trace,) * 3)
    assert [0.5 <= naps[0] < 0.8, 1 <= naps[1] < 1.3, 2 <= naps[2] < 2.3] == [True] * 3


def test_images_again_for_no_other_once_one_was_asked_for_in_vain() -> None:
    urls = [f"{URL}?{number}" for number in range(16)]
    hosts = Hosts(RESET, urls=urls)
    _, naps = fetch_image(hosts)
    assert hosts.asked == [urls[0]] * 4 + urls[1:]
    assert len(naps) == 3


FINAL: dict[str, Response | Failure] = {
    "image": IMAGE,
    "403": out(403),
    "404": out(404),
    "600": out(600),
    "blocked": Failure("blocked-address", "private"),
    "redirects": Failure("redirect-loop", "too many"),
    "timeout": Failure("timeout", "late"),
}


@pytest.mark.parametrize("answer", FINAL.values(), ids=FINAL)
def test_images_again_never_after_what_another_try_would_not_change(
    answer: Response | Failure,
) -> None:
    hosts = Hosts(answer)
    assert fetch_image(hosts)[1] == []
    assert hosts.asked == [URL]


def test_images_again_wait_as_long_as_their_host_asks() -> None:
    (nap,) = fetch_image(Hosts(out(429, ("Retry-After", "7")), IMAGE))[1]
    assert 7 <= nap <= 7.25
    assert fetch_image(Hosts(out(429, ("Retry-After", "121")), IMAGE))[1] == []


def test_images_again_not_beyond_the_time_of_an_answer() -> None:
    hosts = Hosts(out(503, ("Retry-After", "60")), IMAGE)
    hosts.limits = replace(hosts.limits, images_seconds=30)
    assert fetch_image(hosts)[0].response == out(503, ("Retry-After", "60"))


def test_images_again_not_once_the_run_was_stopped() -> None:
    hosts = Hosts(out(503), IMAGE)
    download, _ = fetch_image(hosts, goes_on=False)
    assert (download.retried, hosts.asked) == ((), [URL])


def test_images_again_keep_no_key_of_a_failure() -> None:
    hosts = Hosts(Failure("dns", "'sk-images-again.example' has no address"), IMAGE)
    (attempt,) = fetch_image(hosts)[0].retried
    assert attempt.reason == "'sk-conformance-redacted.example' has no address"


def test_images_again_leave_a_trace_in_a_cassette(tmp_path: Path) -> None:
    target = Target("mine", "https://api.example/v1", "sk-images-again", {})
    hosts: Any = Hosts(RESET, IMAGE)
    exchange = Client(target, hosts, rest=lambda _: True).exchange(CASE)
    library = CassetteLibrary(tmp_path, "mine", "an-edition", "a tool")
    library.record(exchange, CASE, target.base_url)
    with Transport(Limits(), AddressPolicy.for_provider(target.base_url)) as transport:
        player = Client(target, transport, Provenance.CASSETTE)
        replayed_exchange = Replay(player, library).exchange(CASE)
    assert replayed_exchange.downloads == exchange.downloads
    assert replayed_exchange.downloads[0].retried == (Attempt(None, RESET.message),)
