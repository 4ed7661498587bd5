"""No false alarm: every legal variation of the truth passes wherever the truth does."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from conformance.contract import DEFAULT_EDITION, edition_ids, load_edition
from conformance.exchange.model import Provenance, Response
from conformance.exchange.source import Client, Target
from conformance.exchange.transport.addresses import AddressPolicy
from conformance.exchange.transport.limits import Limits
from conformance.exchange.transport.transport import Transport
from conformance.findings import Verdict
from conformance.proof.extra_cases import NOW
from conformance.reference.app import create_app
from conformance.reference.server import DEFAULT_KEY
from conformance.reference.steps import TRUTHFUL
from tests.extent import sample
from tests.legality import CASES, Table, alarms, differs, few_cases, silenced_clauses
from tests.variations import REGISTRY, Variation
from tests.variations.wire import WIRES, Wire, plain
from tests.wires import HTTP2Server, WireServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.request import Headers
    from conformance.exchange.model import Failure
    from tests.legality import JudgedExchange
    from tests.variations.wire import Writer


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(load_edition())


def test_no_false_alarm_truth_passes_nearly_every_clause_and_is_varied_much(table: Table) -> None:
    variations: list[Variation | Wire] = [*REGISTRY.values(), *WIRES.values()]
    assert len(variations) >= 130
    assert len({variation.id for variation in variations}) == len(variations)
    assert len({variation.varied for variation in variations}) == len(variations)
    assert alarms(table.truth) == []
    clauses = set().union(*(row.with_verdict(Verdict.PASS) for row in table.truth.values()))
    assert len(clauses) >= 120


@pytest.mark.parametrize("name", sample(REGISTRY, 12))
def test_no_false_alarm(table: Table, name: str) -> None:
    variation = REGISTRY[name]
    answers = table.answers_of(variation.plant(TRUTHFUL), variation.later)
    assert differs(table.truth, answers), "the variation varies nothing"
    assert alarms(answers) == []
    clauses = silenced_clauses(table.truth, answers)
    assert {
        clause for clause in clauses if not any(fnmatchcase(clause, t) for t in variation.takes)
    } == set()
    unused = [t for t in variation.takes if not any(fnmatchcase(clause, t) for clause in clauses)]
    assert unused == [], "a clause that is said to be silenced still speaks"


@pytest.mark.parametrize("name", [name for name in edition_ids() if name != DEFAULT_EDITION])
def test_no_false_alarm_under_another_edition(name: str) -> None:
    edition = load_edition(name)
    table = Table(edition, few_cases(edition))
    assert alarms(table.truth) == []
    illegal = {"file.other-type"} if edition.image_types("url") else set()
    for variation in (REGISTRY[name] for name in sample(sorted(REGISTRY.keys() - illegal), 40)):
        answers = table.answers_of(variation.plant(TRUTHFUL), variation.later)
        assert alarms(answers) == [], variation.varied


PATHS = (
    "dall-e-2/models-list", "dall-e-2/baseline", "dall-e-2/b64_json-256x256",
    "dall-e-2/size-outside-enum", "dall-e-2/authentication-missing", "dall-e-2/model-unknown",
    "gpt-image-1/models-list", "gpt-image-1/output_format-webp", "gpt-image-1/partial_images-2",
    "qwen-image/models-list", "qwen-image/baseline",
)  # fmt: skip
"""The requests that are really sent over HTTP."""


OverHTTP = tuple["Mapping[str, JudgedExchange]", dict[str, bytes]]


def truth(table: Table) -> Any:
    """Return the truth as an application, to be really served."""
    return create_app(table.edition, key=DEFAULT_KEY, clock=lambda: NOW, models=list(CASES))


def judge_served(table: Table, base_url: str, transport: Transport) -> Mapping[str, JudgedExchange]:
    target = Target("reference", base_url, DEFAULT_KEY, {name: name for name in CASES})
    client = Client(target, transport, Provenance.REFERENCE, lambda: NOW)
    return table.judge(client.exchange, {name: table.cases[name] for name in PATHS})


def over_http(table: Table, write: Writer) -> OverHTTP:
    """Send requests to the truth on loopback; return what was judged and what was written."""
    with (
        WireServer(truth(table), write) as server,
        Transport(Limits(), AddressPolicy.for_provider(server.base_url)) as transport,
    ):
        return judge_served(table, server.base_url, transport), server.written


@pytest.fixture(scope="module")
def truth_over_http(table: Table) -> OverHTTP:
    return over_http(table, plain)


def test_no_false_alarm_truth_over_http_is_the_truth(
    table: Table, truth_over_http: OverHTTP
) -> None:
    answers, contents = truth_over_http
    assert alarms(answers) == []
    assert silenced_clauses(table.truth, answers) == set()
    assert any(path.startswith("/files/") for path in contents)


@pytest.mark.parametrize("name", sample(WIRES, 4))
def test_no_false_alarm_over_http(table: Table, truth_over_http: OverHTTP, name: str) -> None:
    true, same = truth_over_http
    answers, contents = over_http(table, WIRES[name].write)
    assert any(contents[path] != same[path] for path in same), "it is written as ever"
    assert alarms(answers) == []
    assert silenced_clauses(true, answers) == set()


class OverHTTP2(Transport):
    """Sends over HTTP/2 as httpx does it; whether it did is in `versions`."""

    def __init__(self) -> None:
        super().__init__()
        self._client = httpx.Client(http1=False, http2=True, timeout=30)
        self.versions: set[str] = set()

    def close(self) -> None:
        """Close the connections of both."""
        self._client.close()
        super().close()

    def send(
        self, method: str, url: str, headers: Headers = (), body: bytes = b""
    ) -> Response | Failure:
        """Send one request."""
        answer = self._client.request(method, url, headers=list(headers), content=body)
        self.versions.add(answer.http_version)
        fields = tuple(answer.headers.multi_items())
        return Response(answer.status_code, fields, answer.content)

    def fetch(self, url: str) -> Response | Failure:
        """Get an image."""
        return self.send("GET", url)


def test_no_false_alarm_over_http_2(table: Table, truth_over_http: OverHTTP) -> None:
    with HTTP2Server(truth(table)) as server, OverHTTP2() as transport:
        answers = judge_served(table, server.base_url, transport)
    assert transport.versions == {"HTTP/2"}
    assert alarms(answers) == []
    assert silenced_clauses(truth_over_http[0], answers) == set()
