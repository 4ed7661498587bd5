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
from tests.miniatures import JSON_TYPE, body, error, exchange, judged

ASKED = {"prompt": "A red lantern", "user": "acme-4711"}
SENT = body("dall-e-2", **ASKED)
NO_KEY: Any = {"request_headers": (JSON_TYPE,)}


@pytest.fixture(autouse=True)
def forget_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source from outside is one of every edition that is loaded after it."""
    monkeypatch.setitem(OUTSIDE_SOURCES, "own:mine.json", None)


def own(folder: Path, **request: object) -> tuple[Clause, ...]:
    path = folder / "mine.json"
    path.write_text(json.dumps({"request": [{"id": "banner", "body": ASKED, **request}]}))
    return clauses_of_own(read_own_requests(path))


def binds(clause: Clause, made: Exchange) -> bool:
    return clause.binds(read_request(made, load_edition()))


def test_clause_says_what_the_file_says(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused", level="SHOULD", says="section 4")
    assert (clause.id, clause.level, clause.needs) == ("own.banner", Level.SHOULD, Needs.REFUSAL)
    assert clause.statement == "The request banner is refused: section 4"
    assert clause.how == "Passes when the request is refused, as the file expects."
    (cited,) = clause.citations
    assert (cited.source, cited.section) == ("own:mine.json", "request banner")
    source = CitedSource("own:mine.json", "Requests of mine.json", "", "", "")
    assert OUTSIDE_SOURCES["own:mine.json"] == source


def test_clause_of_an_accepted_request_takes_a_paid_answer(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="accepted")
    assert (clause.needs, clause.statement) == (
        Needs.ACCEPTANCE,
        "The request banner is accepted.",
    )
    assert [each.verdict for each in judged(exchange(SENT), clauses=[clause])] == ["pass"]


def test_request_that_may_be_answered_either_way_has_no_clause(tmp_path: Path) -> None:
    assert own(tmp_path, expect="open") == ()


@pytest.mark.parametrize(
    ("made", "bound"),
    [
        (exchange(SENT), True),
        (exchange(body("a-model-of-nobody", **ASKED)), True),
        (exchange({**SENT, "n": 1}), False),
        (exchange(SENT, **NO_KEY), False),
        (exchange(SENT, method="GET"), False),
        (exchange(request_raw=b"{"), False),
    ],
    ids=["same", "unknown model", "another body", "no key", "GET", "no JSON"],
)
def test_clause_binds_the_request_of_the_file_alone(
    made: Exchange, bound: bool, tmp_path: Path
) -> None:
    (clause,) = own(tmp_path, expect="refused")
    assert binds(clause, made) is bound


def test_clause_binds_only_the_models_that_the_file_names(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused", models=["dall-e-3", "a-model-*"])
    assert not binds(clause, exchange(SENT))
    assert binds(clause, exchange(body("dall-e-3", **ASKED)))
    assert binds(clause, exchange(body("a-model-of-nobody", **ASKED)))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (exchange(SENT, 400, error("Too long.", param="user")), "pass: "),
        (exchange(SENT), "fail: the request banner was accepted, expected 4xx, observed HTTP 200"),
        (exchange(SENT, 429, error("Slow down.")), "unavailable: HTTP 429"),
        (exchange(SENT, 500, error("Oh.")), "unavailable: HTTP 500"),
        (exchange(SENT, 302, {}), "not testable: it was not refused with a 4xx: HTTP 302"),
        (
            exchange(SENT, 400, error("Blocked.", code="moderation_blocked")),
            "not testable: it was refused for another reason: HTTP 400",
        ),
    ],
    ids=["refused", "painted", "429", "500", "302", "moderated"],
)
def test_expected_refusal(made: Exchange, said: str, tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused")
    (finding,) = judged(made, clauses=[clause])
    expected = f", expected {finding.expected}, observed {finding.observed}"
    told = f"{finding.verdict}: {finding.message}{expected if finding.expected else ''}"
    assert told.startswith(said)


def test_expected_refusal_in_the_middle_of_an_outage_says_what_came(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused")
    subject = Subject(exchange(SENT, 503, error("Overloaded.")), load_edition())
    with pytest.raises(UnavailableError, match=r"^HTTP 503: Overloaded\.$"):
        list(clause.judge(subject))


def test_clause_binds_a_dated_model_by_the_name_that_was_asked(tmp_path: Path) -> None:
    (clause,) = own(tmp_path, expect="refused", models=["gpt-image-1"])
    assert binds(clause, exchange(body("gpt-image-1", **ASKED)))
    assert not binds(clause, exchange(body("gpt-image-1-2025-04-23", **ASKED)))
