"""Count: as many images as asked, and no number that the model does not take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.exchange.model import Exchange, Provenance
from tests.miniatures import REFUSED, Case, answer, body, error, exchange, items
from tests.streams import REQUEST, completed_event, stream

TWO = body(n=2)
OPEN = body(conformance_unknown="lantern")
STREAMED_TWO = {**REQUEST, "n": 2}
TWO_ITEMS = answer(TWO)["data"]


def acceptance(n: object, model: str = "dall-e-2") -> Exchange:
    """A request for ``n`` images, accepted whatever it is."""
    return exchange(body(model, n=n), answer=answer(body(model)))


def refusal(n: object) -> Exchange:
    """A request for ``n`` images, refused as it must be."""
    return exchange(body(n=n), 400, error("n is wrong", param="n", code="invalid_value"))


def recorded_refusal(content: object) -> Exchange:
    """A request for no image, refused in a recording that somebody else made."""
    return replace(exchange(body(n=0), 400, content), provenance=Provenance.FOREIGN)


REFUSALS: dict[str, dict[str, Any]] = {
    "names-it": error("no", param="n"),
    "names-another": error("no", param="size"),
    "names-none": error("no"),
    "names-a-path": error("no", param=["body", "n"]),
    "names-it-in-a-text": {"error": "n must be 1"},
    "text-alone": {"error": "no"},
}
"""Refusals of 0 images in a recording, which has no control."""

TRUTH = exchange()
TRUTHS: dict[str, Exchange] = {
    "count.as-asked": exchange(TWO),
    "count.zero-refused": refusal(0),
    "count.negative-refused": refusal(-1),
    "count.fractional-refused": refusal(1.5),
    "count.non-numeric-refused": refusal("2"),
    "count.above-maximum-refused": refusal(11),
}
CASES: dict[str, Exchange | Case] = {
    "two-for-one": exchange(body(n=1), answer=items(TWO, *TWO_ITEMS)),
    "two-for-null": exchange(body(n=None), answer=items(TWO, *TWO_ITEMS)),
    "two-beside-an-open-point": exchange(OPEN, answer={**answer(OPEN), "data": TWO_ITEMS}),
    "two-streamed-for-none-asked": stream(completed_event(), completed_event()),
    "two-streamed-for-two": stream(completed_event(), completed_event(), request=STREAMED_TWO),
    "two-streamed-for-two-and-an-error": stream(
        *(completed_event(), completed_event(), ("error", '{"error": {"message": "late"}}')),
        request=STREAMED_TWO,
    ),
    "one-streamed-for-two": stream(completed_event(), request=STREAMED_TWO),
    "one-streamed-and-an-error-for-two": stream(
        completed_event(), ("error", '{"error": {"message": "late"}}'), request=STREAMED_TWO
    ),
    "one-streamed-for-two-and-cut-off": stream(
        completed_event(), request=STREAMED_TWO, tail=b"event: x\ndata: {"
    ),
    "none-for-two": exchange(TWO, answer=answer(TWO, data=[])),
    "refused": exchange(TWO, 400, error("no")),
    "open-refused": exchange(OPEN, 400, error("no")),
    "open-redirected": exchange({**OPEN, "n": 2}, 302, error("no")),
    "no-data": exchange(answer={}),
    "no-object-in-data": exchange(answer={"data": [1]}),
    "n-minus-1.5": acceptance(-1.5),
    "n-true": acceptance(True),
    "n-long": acceptance("9" * 90),
    "n-0-answered-500": exchange(body(n=0), 500, error("boom")),
    "n-0-without-control": Case(refusal(0), None),
    "n-0-with-refused-control": Case(refusal(0), REFUSED),
    **{
        f"n-0-recorded-and-{name}": Case(recorded_refusal(content), None)
        for name, content in REFUSALS.items()
    },
    "dall-e-3-n-2": acceptance(2, "dall-e-3"),
}
