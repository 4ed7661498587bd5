"""Models: the list, the model under test, and a model that nobody has."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from conformance.cases.model import UNKNOWN_MODEL
from conformance.cases.request import Request
from conformance.exchange.model import Exchange
from conformance.exchange.outcome import Outcome, Result
from conformance.lifecycle import ENDLESS, Lifecycle, Standing
from tests.manifests import image_with_manifest
from tests.miniatures import (
    ACCEPTED,
    MODELS_LIST,
    REFUSED,
    Case,
    body,
    error,
    exchange,
    model_list,
    with_item_members,
)

UNKNOWN = body(UNKNOWN_MODEL)
LISTED = Outcome("models-list", Result.ACCEPTED, "HTTP 200", 200, frozenset({"dall-e-2"}))
UNLISTED = replace(LISTED, listed=frozenset({"gpt-image-1"}))
RENAMED = replace(LISTED, listed=frozenset({"openai/dall-e-2"}))
NINE = replace(LISTED, listed=frozenset(f"m{at}" for at in range(9)))
GONE = error("The model 'dall-e-2' does not exist.", code="model_not_found")
NO = error("It cannot be.")


def list_answer(status: int, raw: bytes) -> Exchange:
    """Another answer to the request for the model list."""
    return exchange(status=status, raw=raw, method="GET", url=MODELS_LIST, model="dall-e-3")


def not_found(status: int = 404, content: dict[str, Any] = GONE) -> Exchange:
    """A request for dall-e-2, answered as a model that is not there."""
    return exchange(body("dall-e-2"), status, content)


DAY = date(2026, 9, 21)
"""The day on which the exchanges were made."""


def until(day: date, judged_on: date = DAY) -> Standing:
    """A model that ends on a day."""
    return Standing(Lifecycle(until=day, source="the page", retrieved="2026-09-01"), judged_on)


ENDED, SOON = until(date(2026, 5, 12)), until(DAY + timedelta(days=3))
LAST_DAY, ENDED_MEANWHILE = until(DAY), until(DAY, DAY - timedelta(days=1))
TODAY = Standing(ENDLESS, DAY)
ENDING = replace(LISTED, shutdowns=frozenset({("dall-e-2", "2026-09-24")}))
OVERDUE = replace(LISTED, shutdowns=frozenset({("dall-e-2", "2026-09-20")}))
LAST = replace(LISTED, shutdowns=frozenset({("dall-e-2", "2026-09-21")}))


def image_by(model: str | None = None, **parts: Any) -> Exchange:
    """An image for dall-e-2, and in the answer what other model it says that painted it."""
    truth = exchange(**parts)
    if model is None or truth.response is None:
        return truth
    answer = {**json.loads(truth.response.body), "model": model}
    return replace(truth, response=replace(truth.response, body=json.dumps(answer).encode()))


def with_header(name: str, value: str) -> Exchange:
    """An image for dall-e-2, with one more header."""
    truth = exchange()
    assert truth.response is not None
    headers = (*truth.response.headers, (name, value))
    return replace(truth, response=replace(truth.response, headers=headers))


def with_credentials(generator: str) -> Exchange:
    """An image for dall-e-2 with content credentials that name what made it."""
    data = base64.b64encode(image_with_manifest("png", generator, "")).decode()
    request_body = body("dall-e-2", response_format="b64_json")
    return exchange(
        body("dall-e-2"), raw=json.dumps(with_item_members(request_body, b64_json=data)).encode()
    )


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
    "models.retired-refused": not_found(),
    "models.no-silent-substitution": not_found(),
    "models.retired-not-listed": not_found(),
}
CONTROLS = {
    "models.listed": LISTED,
    "models.retired-refused": UNLISTED,
    "models.no-silent-substitution": UNLISTED,
    "models.retired-not-listed": UNLISTED,
    "models.shutdown-date-kept": ENDING,
}
STANDINGS = {
    "models.retired-refused": ENDED,
    "models.no-silent-substitution": ENDED,
    "models.retired-not-listed": ENDED,
    "models.shutdown-date-kept": TODAY,
    "models.served-until-end": SOON,
}

CASES: dict[str, Exchange | Case] = {
    **{f"unknown-{form}": unknown for form, unknown in FORMS.items()},
    "unknown-404-with-refused-control": Case(FORMS["404"], REFUSED),
    "list-moved": list_answer(301, b""),
    "list-201": list_answer(201, LIST.response.body if LIST.response else b""),
    "list-204": list_answer(204, b""),
    "list-null": list_answer(200, b"null"),
    "list-cut-off": list_answer(200, b"nul"),
    "list-bad-utf8": list_answer(200, b"\xff no"),
    "list-behind-a-refused-key": list_answer(401, json.dumps(error("Incorrect API key")).encode()),
    "list-asked-without-a-key": replace(LIST, request=Request("GET", MODELS_LIST, (), b"")),
    "not-listed": Case(exchange(), UNLISTED),
    "nothing-listed": Case(exchange(), replace(LISTED, listed=frozenset())),
    "nine-others-listed": Case(exchange(), NINE),
    "no-control": Case(exchange(), None),
    "served-as": Case(replace(exchange(), served_as="openai/dall-e-2"), RENAMED),
    "served-as-and-not-listed": Case(replace(exchange(), served_as="openai/dall-e-2"), LISTED),
    "missing-as": Case(replace(not_found(), served_as="openai/dall-e-2"), RENAMED),
    "missing": Case(not_found(), LISTED),
    "missing-503": Case(
        not_found(503, error("No available channel", code="model_not_found")), LISTED
    ),
    "missing-and-not-listed": Case(not_found(), UNLISTED),
    "missing-without-a-list": not_found(),
    "missing-without-control": Case(not_found(), None),
    **{f"missing-{status}": Case(not_found(status, NO), LISTED) for status in (400, 408, 429, 500)},
    "missing-403": Case(not_found(403), LISTED),
    "second-request": Case(exchange(body(n=2)), LISTED),
    "retired-and-painted": Case(image_by(), UNLISTED, ENDED),
    "retired-and-painted-by-itself": Case(image_by("openai/dall-e-2-2022-11-03"), LISTED, ENDED),
    "retired-and-painted-by-another": Case(image_by("gpt-image-2"), UNLISTED, ENDED),
    "retired-and-another-in-a-header": Case(
        with_header("OpenAI-Model", "gpt-image-2"), LISTED, ENDED
    ),
    "retired-and-painted-by-one-of-a-long-name": Case(image_by("x" * 150), UNLISTED, ENDED),
    "retired-and-a-long-name-in-a-header": Case(with_header("x-model", "x" * 150), LISTED, ENDED),
    "retired-and-itself-in-a-header": Case(with_header("x-model", "dall-e-2"), LISTED, ENDED),
    "retired-and-another-in-credentials": Case(with_credentials("gpt-image 2.0"), UNLISTED, ENDED),
    "retired-and-itself-in-credentials": Case(with_credentials("DALL-E 2"), UNLISTED, ENDED),
    "retired-and-listed": Case(not_found(), LISTED, ENDED),
    "retired-without-a-list": Case(not_found(), ACCEPTED, ENDED),
    "retired-without-control": Case(not_found(), None, ENDED),
    "retired-403": Case(not_found(403, error("No access to the model dall-e-2.")), UNLISTED, ENDED),
    "retired-410": Case(not_found(410, error("Gone.")), UNLISTED, ENDED),
    "retired-503": Case(not_found(503, error("No channel", code="model_not_found")), LISTED, ENDED),
    "retired-200": Case(not_found(200), UNLISTED, ENDED),
    "retired-302": Case(exchange(status=302, raw=b""), UNLISTED, ENDED),
    "retired-blames-the-prompt": Case(
        not_found(400, error("No.", param="prompt")), UNLISTED, ENDED
    ),
    **{
        f"retired-{status}": Case(not_found(status, NO), UNLISTED, ENDED)
        for status in (400, 401, 429)
    },
    "last-day-and-painted": Case(image_by(), LISTED, LAST_DAY),
    "last-day-and-refused": Case(not_found(), UNLISTED, LAST_DAY),
    "ended-meanwhile": Case(not_found(), LISTED, ENDED_MEANWHILE),
    "ended-meanwhile-and-painted": Case(image_by(), LISTED, ENDED_MEANWHILE),
    "soon-and-refused": Case(not_found(), UNLISTED, SOON),
    "soon-and-refused-and-listed": Case(not_found(), LISTED, SOON),
    "soon-and-403": Case(not_found(403), UNLISTED, SOON),
    "soon-and-429": Case(not_found(429, NO), UNLISTED, SOON),
    "soon-and-400": Case(not_found(400, NO), UNLISTED, SOON),
    "overdue-and-painted": Case(image_by(), OVERDUE, TODAY),
    "overdue-and-painted-and-retired": Case(image_by("gpt-image-2"), OVERDUE, ENDED),
    "overdue-and-refused": Case(not_found(), OVERDUE, TODAY),
    "overdue-and-429": Case(not_found(429, NO), OVERDUE, TODAY),
    "last-day-of-the-list": Case(image_by(), LAST, TODAY),
}
