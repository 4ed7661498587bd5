"""Models: the list, the model under test, and a model that nobody has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.cases.model import UNKNOWN_MODEL
from conformance.exchange.model import Exchange, Request
from conformance.exchange.outcome import Outcome, Result
from tests.miniatures import MODELS_LIST, REFUSED, Case, body, error, exchange, model_list

UNKNOWN = body(UNKNOWN_MODEL)
LISTED = Outcome("models-list", Result.ACCEPTED, "HTTP 200", 200, frozenset({"dall-e-2"}))
UNLISTED = replace(LISTED, listed=frozenset({"gpt-image-1"}))
RENAMED = replace(LISTED, listed=frozenset({"openai/dall-e-2"}))
NINE = replace(LISTED, listed=frozenset(f"m{at}" for at in range(9)))
GONE = error("The model 'dall-e-2' does not exist.", code="model_not_found")
NO = error("It cannot be.")


def answered(status: int, raw: bytes) -> Exchange:
    """Another answer to the request for the model list."""
    return exchange(status=status, raw=raw, method="GET", url=MODELS_LIST, model="dall-e-3")


def missing(status: int = 404, told: dict[str, Any] = GONE) -> Exchange:
    """A request for dall-e-2, answered as a model that is not there."""
    return exchange(body("dall-e-2"), status, told)


LIST = replace(model_list("dall-e-3"), model="dall-e-3")
FORMS = {
    "404": exchange(UNKNOWN, 404, error("Not found")),
    "404-code": exchange(UNKNOWN, 404, error("No such model", code="model_not_found")),
    "400-openai": exchange(
        UNKNOWN, 400, error("The model does not exist.", param="model", code="invalid_value")
    ),
    "400-param": exchange(UNKNOWN, 400, error("No.", param="model")),
    "400-litellm": exchange(
        UNKNOWN, 400, error("Invalid model name passed in model=x", param=None, code="400")
    ),
    "400-vague": exchange(UNKNOWN, 400, NO),
    "403": exchange(UNKNOWN, 403, error("Your key may not use this model.")),
    "403-of-the-key": exchange(UNKNOWN, 403, error("The token is bad.")),
    "503-no-channel": exchange(UNKNOWN, 503, error("No available channel", code="model_not_found")),
    "moved": exchange(UNKNOWN, 302, raw=b""),
}
"""Answers to a request for a model that is made up."""

TRUTH = exchange()
TRUTHS: dict[str, Exchange] = {
    "models.list-answered": LIST,
    "models.list-schema": LIST,
    "models.unknown-refused": FORMS["404-code"],
    "models.unknown-not-found": FORMS["400-openai"],
}
CONTROLS = {"models.listed": LISTED}

CASES: dict[str, Exchange | Case] = {
    **{f"unknown-{form}": made for form, made in FORMS.items()},
    "unknown-404-with-refused-control": Case(FORMS["404"], REFUSED),
    "list-moved": answered(301, b""),
    "list-null": answered(200, b"null"),
    "list-cut-off": answered(200, b"nul"),
    "list-bad-utf8": answered(200, b"\xff no"),
    "list-behind-a-refused-key": answered(401, json.dumps(error("Incorrect API key")).encode()),
    "list-asked-without-a-key": replace(LIST, request=Request("GET", MODELS_LIST, (), b"")),
    "not-listed": Case(exchange(), UNLISTED),
    "nothing-listed": Case(exchange(), replace(LISTED, listed=frozenset())),
    "nine-others-listed": Case(exchange(), NINE),
    "no-control": Case(exchange(), None),
    "served-as": Case(replace(exchange(), served_as="openai/dall-e-2"), RENAMED),
    "served-as-and-not-listed": Case(replace(exchange(), served_as="openai/dall-e-2"), LISTED),
    "missing-as": Case(replace(missing(), served_as="openai/dall-e-2"), RENAMED),
    "missing": Case(missing(), LISTED),
    "missing-503": Case(
        missing(503, error("No available channel", code="model_not_found")), LISTED
    ),
    "missing-and-not-listed": Case(missing(), UNLISTED),
    "missing-without-a-list": missing(),
    "missing-without-control": Case(missing(), None),
    **{f"missing-{status}": Case(missing(status, NO), LISTED) for status in (400, 408, 429, 500)},
    "missing-403": Case(missing(403), LISTED),
    "second-request": Case(exchange(body(n=2)), LISTED),
}
