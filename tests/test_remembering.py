"""A drawn request that was answered is not paid for again, and nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from conformance.cases.model import Case
from conformance.cases.request import body_bytes, build_request
from conformance.clauses import clauses_of
from conformance.exchange.model import (
    REDACTED_KEY,
    Download,
    Exchange,
    Failure,
    Request,
    Response,
)
from conformance.generated import inputs as drawn
from conformance.generated.inputs import Between
from conformance.generated.properties import STATELESS, Explorer
from conformance.generated.response_cache import Memory
from conformance.generated.search import PROFILES, explore, explore_refusals, fewer
from conformance.providers import load_provider
from tests.live import error, images, paid_toml, watched
from tests.processes import run_pytest
from tests.test_generated import EDITION, GENERATED, QUICK, Sticky, exploring

LIVE = settings(PROFILES["live"], derandomize=True)
CLAUSES = [each for each in clauses_of(EDITION) if each.chapter in ("parameters", "count")]
GOOD = {"model": "dall-e-2", "prompt": "A"}


@dataclass
class Provider:
    """A provider that keeps the edition, but for what it is told to refuse; it counts."""

    refuses: Callable[[Mapping[str, Any]], bool] = lambda _: False
    asked: list[bytes] = field(default_factory=list)

    def exchange(self, case: Case) -> Exchange:
        body = json.loads(body_bytes(case))
        self.asked.append(body_bytes(case))
        sent = build_request(case, base_url="http://127.0.0.1/v1", key=REDACTED_KEY)
        good = EDITION.read(body).expectation != "refused" and not self.refuses(body)
        answer = b'{"error":{"message":"no"}}' if not good else b'{"created":1,"data":[{}]}'
        response = Response(200 if good else 400, JSON, answer)
        request = Request(sent.method, sent.url, sent.headers, sent.body)
        return Exchange("reference", case.model, case.id, request, response)


JSON = (("content-type", "application/json"),)


def exploring_for(provider: Provider, memory: Memory | None, model: str = "dall-e-2") -> Explorer:
    about = load_provider("reference")
    return Explorer(provider, about, EDITION, model, CLAUSES, memory=memory)


def explore_all(explorer: Explorer) -> None:
    """Try every property as `--explore` does, but the one that needs repetition."""
    edition, model = EDITION, explorer.documented
    explore(drawn.honoured(edition, model, drawn.FEW), explorer.honours, LIVE)
    explore_refusals(drawn.refused(edition, model), explorer.refuses, LIVE)
    explore_refusals(drawn.too_many(edition, model), explorer.refuses, fewer(LIVE))
    explore(drawn.formats(edition, model), explorer.formats, fewer(LIVE))
    explore(drawn.placed(edition, model), explorer.places, fewer(LIVE))


def many(body: Mapping[str, Any]) -> bool:
    return body.get("n") not in (None, 1)


def test_nothing_that_was_answered_is_sent_again() -> None:
    sent = list[list[bytes]]()
    for memory in (None, Memory()):
        provider = Provider()
        explore_all(exploring_for(provider, memory))
        sent.append(provider.asked)
    without, remembered = sent
    assert set(remembered) == set(without)
    assert len(remembered) == len(set(remembered)) <= 0.9 * len(without)


def test_paid_provider_is_not_asked_again_to_show_what_is_broken(tmp_path: Path) -> None:
    words = [str(GENERATED), "--live", "--explore", "--budget=9", "-k=is_honoured"]
    with watched(images(error(400))) as (url, eye):
        mine = [f"--provider={paid_toml(tmp_path, 'dall-e-2')}", f"--base-url={url}"]
        done = run_pytest(tmp_path, *words, *mine)
    assert "parameters.valid-accepted" in done.stdout, done.stderr
    assert eye.asked == [("POST", "/v1/images/generations")]


def test_what_is_shrunk_comes_out_the_same() -> None:
    shrunk = []
    for memory in (None, Memory()):
        provider = Provider(refuses=many)
        explorer = exploring_for(provider, memory)
        found = explore(drawn.honoured(EDITION, explorer.documented), explorer.honours, QUICK)
        shrunk.append([(each.broken.id, each.broken.request) for each in found])
    request = {"model": "dall-e-2", "prompt": "A bicycle", "n": 2}
    assert shrunk == [[("parameters.valid-accepted", request)]] * 2
    assert len(provider.asked) == len(set(provider.asked))


def test_what_leaks_is_found_again_and_again() -> None:
    with exploring("dall-e-2", resolve=Sticky()) as explorer:
        explorer.memory = Memory()
        leaking = Between(GOOD, {**GOOD, "size": "256x256"})
        for _ in range(2):
            assert [each.id for each in explorer.forgets(leaking)] == [STATELESS]


def test_repetition_is_really_sent_and_so_is_what_stands_between() -> None:
    provider, other = Provider(), {**GOOD, "prompt": "B"}
    explorer = exploring_for(provider, Memory())
    for _ in range(2):
        assert list(explorer.forgets(Between(GOOD, other))) == []
    assert [json.loads(each)["prompt"] for each in provider.asked] == ["A", "B", "A", "B", "A"]


def exchange(status: int | None, size: int = 10, images: int = 0) -> Exchange:
    response = Response(status, (), b"x" * size) if status else None
    failure = None if status else Failure("timeout", "no answer")
    made = Exchange("p", "m", "c", Request("POST", "http://x/v1", (), b""), response, failure)
    image = Response(200, (), b"x" * images)
    return replace(made, downloads=(Download("http://x/1.png", image),)) if images else made


def case(number: int, model: str = "m") -> Case:
    return Case("generated", model, body={"n": number})


@pytest.mark.parametrize(
    ("status", "known"),
    [(200, True), (400, True), (404, True), (429, False), (503, False), (None, False)],
)
def test_only_an_answer_is_remembered(status: int | None, known: bool) -> None:
    memory = Memory()
    memory.keep(case(1), exchange(status))
    assert (memory.recall(case(1)) is not None) is known
    assert memory.recall(case(1, model="other")) is None


def test_memory_is_bounded_and_lets_the_oldest_go() -> None:
    memory = Memory(most=100)
    for number in range(50):
        memory.keep(case(number), exchange(200, size=10, images=20))
        memory.recall(case(0))
        assert memory.held <= 100
    kept = [each for each in range(50) if memory.recall(case(each))]
    assert kept == [0, 48, 49]
    memory.keep(case(99), exchange(200, size=101))
    assert memory.recall(case(99)) is None


def test_requests_without_an_answer_end_a_property_whatever_is_remembered() -> None:
    explorer = exploring_for(Provider(), Memory())
    list(explorer.honours(GOOD))
    explorer.client = Nobody()
    for name in ("B", "C"):
        list(explorer.honours({**GOOD, "prompt": name}))
        assert list(explorer.honours(GOOD)) == []
    with pytest.raises(pytest.skip.Exception, match="no answer"):
        list(explorer.honours({**GOOD, "prompt": "D"}))


class Nobody:
    """A source that never answers."""

    def exchange(self, case: Case) -> Exchange:
        request = Request("POST", "http://x/v1/images/generations", (), body_bytes(case))
        return replace(exchange(None), request=request)
