"""The chapter models: the list, the model under test, and a model that nobody has."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases import all_cases
from conformance.cases.model import UNKNOWN_MODEL
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.exchange.model import Request
from conformance.exchange.outcome import Outcome, Result
from conformance.exchange.source import Live
from conformance.findings import Verdict
from conformance.proof.in_process import BASE_URL, bench_client
from conformance.providers import Provider
from conformance.reference.defects import lying_steps
from conformance.runner.engine import Engine
from tests.miniatures import (
    ACCEPTED,
    HTML,
    MODELS_LIST,
    REFUSED,
    answer,
    body,
    error,
    exchange,
    lie,
    model_list,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

UNKNOWN = body(UNKNOWN_MODEL)
LISTED = Outcome("models-list", Result.ACCEPTED, "HTTP 200", 200, frozenset({"dall-e-2"}))
UNLISTED = replace(LISTED, listed=frozenset({"gpt-image-1"}))


def listing(*names: str, model: str = "dall-e-3", **members: object) -> Exchange:
    """The model list, asked on behalf of a model."""
    return replace(model_list(*names, **members), model=model)


def answered(status: int, raw: bytes) -> Exchange:
    """Another answer to the request for the model list."""
    return exchange(status=status, raw=raw, method="GET", url=MODELS_LIST, model="dall-e-3")


def missing(status: int = 404, told: dict[str, Any] | None = None) -> Exchange:
    """A request for dall-e-2, answered as a model that is not there."""
    gone = error("The model 'dall-e-2' does not exist.", code="model_not_found")
    return exchange(body("dall-e-2"), status, told or gone)


def unknown(status: int, told: dict[str, Any]) -> Exchange:
    """A request for a made-up model."""
    return exchange(UNKNOWN, status, told)


FORMS = {
    "404": (404, error("Not found")),
    "404-code": (404, error("No such model", code="model_not_found")),
    "400-openai": (400, error("The model does not exist.", param="model", code="invalid_value")),
    "400-param": (400, error("No.", param="model")),
    "400-litellm": (400, error("Invalid model name passed in model=x", param=None, code="400")),
}

TRUTHS: dict[str, Callable[[], Exchange]] = {
    "models.list-answered": lambda: listing("dall-e-3"),
    "models.list-schema": lambda: listing("dall-e-3"),
    "models.listed": exchange,
    "models.unknown-refused": lambda: unknown(*FORMS["404-code"]),
    "models.unknown-not-found": lambda: unknown(*FORMS["400-openai"]),
    "models.served": exchange,
}

ITEM = {"id": "dall-e-3", "object": "model", "created": 1, "owned_by": "miniature"}

LIES = {
    each.id: each
    for each in (
        lie("no-list", lambda: answered(404, b'{"error": {}}'), "models.list-answered"),
        lie("list-moved", lambda: answered(301, b""), "models.list-answered"),
        lie("list-html", lambda: answered(200, HTML), "models.list-schema"),
        lie("list-array", lambda: answered(200, b"[]"), "models.list-schema"),
        lie(
            "list-no-owner",
            lambda: listing(data=[{**ITEM, "owned_by": None}]),
            "models.list-schema",
        ),
        lie("not-listed", exchange, "models.listed", control=UNLISTED),
        lie(
            "nothing-listed",
            exchange,
            "models.listed",
            control=replace(LISTED, listed=frozenset()),
        ),
        lie(
            "made-up-model-painted",
            lambda: exchange(UNKNOWN, answer=answer(body())),
            "models.unknown-refused",
        ),
        lie(
            "made-up-model-vaguely-refused",
            lambda: unknown(400, error("It cannot be.")),
            "models.unknown-not-found",
        ),
        lie("listed-not-served", missing, "models.served", control=LISTED),
        lie(
            "listed-not-served-503",
            lambda: missing(503, error("No available channel", code="model_not_found")),
            "models.served",
            control=LISTED,
        ),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    control = LISTED if clause == "models.listed" else ACCEPTED
    assert verdicts(TRUTHS[clause](), control)[clause] is Verdict.PASS
    assert red(TRUTHS[clause](), control) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    assert red(LIES[name].exchange(), LIES[name].control) == LIES[name].red


@pytest.mark.parametrize("form", FORMS)
def test_made_up_model_is_not_found_in_every_known_form(form: str) -> None:
    assert red(unknown(*FORMS[form])) == frozenset()


def test_listed_model_that_this_account_may_not_use_is_unavailable() -> None:
    found = verdicts(missing(403), LISTED)
    assert found["models.served"] is Verdict.UNAVAILABLE


@pytest.mark.parametrize("control", [UNLISTED, ACCEPTED, None], ids=["unlisted", "no-list", "none"])
def test_model_that_is_not_listed_either_is_unavailable(control: Outcome | None) -> None:
    found = verdicts(missing(), control)
    assert found["models.served"] is Verdict.UNAVAILABLE
    assert set(found.values()) - {Verdict.NOT_TESTABLE} == {Verdict.UNAVAILABLE, Verdict.PASS}
    assert red(missing(), control) == frozenset()


def test_model_that_is_not_served_is_one_finding() -> None:
    assert red(missing(), LISTED) == {"models.served"}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, Verdict.NOT_TESTABLE),
        (408, Verdict.UNAVAILABLE),
        (429, Verdict.UNAVAILABLE),
        (500, Verdict.UNAVAILABLE),
    ],
    ids=str,
)
def test_other_troubles_do_not_say_whether_it_is_served(status: int, verdict: Verdict) -> None:
    assert verdicts(missing(status, error("It cannot be.")), LISTED)["models.served"] is verdict


def test_only_the_smallest_request_is_asked_whether_the_model_is_served() -> None:
    assert "models.served" not in verdicts(exchange(body(n=2)))


def test_listed_means_the_name_that_the_provider_uses() -> None:
    own = replace(exchange(), served_as="openai/dall-e-2")
    known = replace(LISTED, listed=frozenset({"openai/dall-e-2"}))
    assert verdicts(own, known)["models.listed"] is Verdict.PASS
    assert red(own, LISTED) == {"models.listed"}


def test_served_name_is_looked_for_in_the_list() -> None:
    renamed = replace(missing(), served_as="openai/dall-e-2")
    known = replace(LISTED, listed=frozenset({"openai/dall-e-2"}))
    assert red(renamed, known) == {"models.served"}


def test_made_up_model_proves_nothing_without_a_control() -> None:
    found = verdicts(unknown(*FORMS["404"]), REFUSED)
    assert found["models.unknown-refused"] is Verdict.NOT_TESTABLE


def test_list_without_a_key_is_not_judged() -> None:
    anonymous = listing("dall-e-3")
    request = Request("GET", MODELS_LIST, (), b"")
    assert not any(
        each.startswith("models.") for each in verdicts(replace(anonymous, request=request))
    )


def test_model_list_behind_a_refused_key_is_about_the_key() -> None:
    found = verdicts(answered(401, json.dumps(error("Incorrect API key provided")).encode()))
    assert found["authentication.valid-key-accepted"] is Verdict.FAIL
    assert found["models.list-answered"] is Verdict.NOT_TESTABLE


def test_run_says_of_a_blamed_model_what_its_control_shows() -> None:
    edition, models, loop = load_edition(), ["dall-e-3"], asyncio.new_event_loop()
    client = bench_client(edition, lying_steps(edition, ["errors.model-blamed"]), models, loop)
    provider = Provider("blaming", "Blaming", BASE_URL, {"dall-e-3": "dall-e-3"})
    cases, source = all_cases(edition, models), Live(lambda: client)
    engine = Engine(provider, edition, clauses_of(edition), cases, source, date(2026, 9, 21))
    became = {each.id: engine.judged(each).outcome.result for each in cases}
    loop.close()
    assert became["size-outside-enum"] is became["n-0"] is Result.REFUSED
    assert became["model-unknown"] is Result.NOT_SERVED
