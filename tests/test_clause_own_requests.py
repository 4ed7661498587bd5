"""What is judged of the requests that a user brings along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.own_requests import read_own_requests
from conformance.clauses.own_requests import clauses_of_own
from conformance.clauses.registry import Clause, Needs
from conformance.clauses.subject import Subject, UnavailableError
from conformance.contract import OUTSIDE_SOURCES, CitedSource, Level, load_edition
from conformance.exchange.model import Exchange
from conformance.exchange.sent_request import read_request
from tests.miniatures import JSON_TYPE, body, error, exchange, judge_exchange, model_list

MEMBERS = {"prompt": "A red lantern", "user": "acme-4711"}
REQUEST = body("dall-e-2", **MEMBERS)


@pytest.fixture(autouse=True)
def forget_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source from outside is one of every edition that is loaded after it."""
    monkeypatch.setitem(OUTSIDE_SOURCES, "own:mine.json", None)


def own(folder: Path, **request: object) -> tuple[Clause, ...]:
    path = folder / "mine.json"
    path.write_text(json.dumps({"request": [{"id": "banner", "body": MEMBERS, **request}]}))
    return clauses_of_own(read_own_requests(path))


def binds(clause: Clause, sample: Exchange) -> bool:
    return clause.binds(read_request(sample, load_edition()))


def test_clause_says_what_the_file_says(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused", level="SHOULD", says="section 4")
    assert (clause.id, clause.level, clause.needs) == ("own.banner", Level.SHOULD, Needs.REFUSAL)
    assert clause.statement == "The request banner is refused: section 4"
    assert clause.how == "Passes when the request is refused, as the file expects."
    (citation,) = clause.citations
    assert (citation.source, citation.section) == ("own:mine.json", "request banner")
    source = CitedSource("own:mine.json", "Requests of mine.json", "", "", "")
    assert OUTSIDE_SOURCES["own:mine.json"] == source
    assert own(tmp_path, expect="open") == (), "it may be answered either way"


def test_clause_of_an_accepted_request_takes_a_paid_answer(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="accepted")
    assert clause.needs is Needs.ACCEPTANCE
    assert clause.statement == "The request banner is accepted."
    assert [finding.verdict for finding in judge_exchange(exchange(REQUEST), clauses=[clause])] == [
        "pass"
    ]


UNLIKE = [
    exchange({**REQUEST, "n": 1}),
    exchange(REQUEST, request_headers=(JSON_TYPE,)),
    exchange(REQUEST, method="GET"),
    exchange(request_raw=b"{"),
    model_list("dall-e-2"),
]


def test_clause_binds_the_request_of_the_file_and_the_models_that_it_names(tmp_path: Path) -> None:
    names = ("dall-e-2", "dall-e-3", "nobody")
    small, large, nobody = (exchange(body(name, **MEMBERS)) for name in names)
    (clause,) = own(tmp_path, expect="refused")
    assert binds(clause, small)
    assert binds(clause, nobody)
    assert not any(binds(clause, sample) for sample in UNLIKE)
    (clause,) = own(tmp_path, expect="refused", models=["dall-e-3", "no*"])
    assert [binds(clause, sample) for sample in (small, large, nobody)] == [False, True, True]
    (clause,) = own(tmp_path, expect="refused", models=["gpt-image-1"])
    assert binds(clause, exchange(body("gpt-image-1", **MEMBERS)))
    snapshot = exchange(body("gpt-image-1-2025-04-23", **MEMBERS))
    assert not binds(clause, snapshot), "it is not the name that was asked"


ANSWERS: dict[str, tuple[int, Any, str]] = {
    "refused": (400, error("Too long.", param="user"), "pass: "),
    "painted": (200, None,
                "fail: the request banner was accepted, expected 4xx, observed HTTP 200"),
    "429": (429, error("Slow down."), "unavailable: HTTP 429"),
    "500": (500, error("Oh."), "unavailable: HTTP 500"),
    "302": (302, {}, "not testable: it was not refused with a 4xx: HTTP 302"),
    "moderated": (400, error("Blocked.", code="moderation_blocked"),
                  "not testable: it was refused for another reason: HTTP 400"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_expected_refusal(name: str, tmp_path: Path) -> None:
    status, content, start = ANSWERS[name]
    (clause,) = own(tmp_path, expect="refused")
    (finding,) = judge_exchange(exchange(REQUEST, status, content), clauses=[clause])
    values = f", expected {finding.expected}, observed {finding.observed}"
    assert (f"{finding.verdict}: {finding.message}{values if finding.expected else ''}").startswith(
        start
    )


def test_expected_refusal_in_the_middle_of_an_outage_says_what_came(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused")
    subject = Subject(exchange(REQUEST, 503, error("Overloaded.")), load_edition())
    with pytest.raises(UnavailableError, match=r"^HTTP 503: Overloaded\.$"):
        list(clause.judge(subject))
