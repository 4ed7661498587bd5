"""The chapter defaults: what is left out behaves as documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.findings import Verdict
from tests.miniatures import SENT_AT, answer, body, error, exchange, items, lie, red, verdicts
from tests.streams import REQUEST, completed, partial, stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

NO_MODEL = body(None)
NOW = int(SENT_AT)
NO_PARTIALS = {key: value for key, value in REQUEST.items() if key != "partial_images"}


def answered(status: int = 200, told: object = None, raw: bytes | None = None) -> Exchange:
    """A request without a model, answered like one for dall-e-3."""
    return exchange(NO_MODEL, status, told or answer(body("dall-e-3")), raw=raw)


TRUTHS: dict[str, Callable[[], Exchange]] = {
    "defaults.model": answered,
    "defaults.partial-images": lambda: stream(completed(), request=NO_PARTIALS),
}
LIES = {
    each.id: each
    for each in (
        lie(
            "no-image",
            lambda: answered(told=items(NO_MODEL, {"url": ""})),
            "format.any-model-either",
        ),
        lie("no-data", lambda: answered(told={"created": NOW}), "envelope.data-present"),
        lie("no-json", lambda: answered(raw=b"welcome"), "envelope.json-syntax"),
        lie("moved", lambda: answered(301, raw=b""), "defaults.model"),
        lie(
            "partials-unasked",
            lambda: stream(partial(0), completed(), request=NO_PARTIALS),
            "defaults.partial-images",
        ),
        lie(
            "partials-for-null",
            lambda: stream(partial(0), completed(), request={**REQUEST, "partial_images": None}),
            "defaults.partial-images",
        ),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    assert verdicts(TRUTHS[clause]())[clause] is Verdict.PASS
    assert red(TRUTHS[clause]()) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    assert red(LIES[name].exchange(), LIES[name].control) == LIES[name].red


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, error("model name is required")),
        (404, error("No such model", code="model_not_found")),
        (422, error("model is missing", param="model")),
    ],
    ids=["cometapi", "not-found", "422"],
)
def test_request_without_a_model_may_be_refused(status: int, told: dict[str, Any]) -> None:
    found = verdicts(answered(status, told))
    assert found["defaults.model"] is Verdict.PASS
    assert red(answered(status, told)) == frozenset()


@pytest.mark.parametrize("model", ["dall-e-2", "dall-e-3", "gpt-image-1"])
def test_request_without_a_model_may_get_any_of_the_defaults(model: str) -> None:
    assert red(answered(told=answer(body(model)))) == frozenset()


@pytest.mark.parametrize("status", [429, 500, 503, 524], ids=str)
def test_outage_says_nothing_about_a_missing_model(status: int) -> None:
    assert verdicts(answered(status))["defaults.model"] is Verdict.UNAVAILABLE


def test_missing_model_of_a_gateway_without_channel_is_unavailable() -> None:
    told = error("No available channel for model dall-e", code="model_not_found")
    assert verdicts(answered(503, told))["defaults.model"] is Verdict.UNAVAILABLE
