"""Parameters: refusals that count and refusals that do not, of valid, open and wrong requests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.exchange.model import Exchange, Provenance
from conformance.exchange.outcome import Outcome, Result
from tests.miniatures import (
    BEARER,
    JSON_TYPE,
    REFUSED,
    Case,
    answer,
    body,
    error,
    exchange,
)

COMPRESSION: dict[str, Any] = {"output_format": "jpeg", "output_compression": -1}
BROKEN: dict[str, dict[str, Any]] = {
    "prompt-required": {"model": "dall-e-2"},
    "prompt-type": body("dall-e-3", prompt=1),
    "prompt-maxlength": body("dall-e-2", prompt="a" * 1001),
    "model-type": {**body(), "model": 1},
    "size-type": body("qwen-image", size=1024),
    "size-enum": body("dall-e-3", size="256x256"),
    "size-pattern": body("gpt-image-2", size="wide"),
    "quality-type": body("gpt-image-1", quality=True),
    "quality-enum": body("gpt-image-1", quality="hd"),
    "response_format-type": body("dall-e-2", response_format=[]),
    "response_format-enum": body("dall-e-3", response_format="base64"),
    "user-type": body("dall-e-2", user=7),
    "style-type": body("dall-e-3", style=1),
    "style-enum": body("dall-e-3", style="gaudy"),
    "background-type": body("gpt-image-1", background=0),
    "background-enum": body("gpt-image-1", background="green"),
    "output_format-type": body("gpt-image-1.5", output_format=1),
    "output_format-enum": body("gpt-image-1.5", output_format="tiff"),
    "output_compression-type": body("gpt-image-1", **{**COMPRESSION, "output_compression": "half"}),
    "output_compression-minimum": body("gpt-image-1", **COMPRESSION),
    "output_compression-maximum": body("gpt-image-1", **{**COMPRESSION, "output_compression": 101}),
    "moderation-type": body("gpt-image-1", moderation=1),
    "moderation-enum": body("gpt-image-1", moderation="none"),
    "stream-type": body("gpt-image-1-mini", stream="yes"),
    "partial_images-type": body("gpt-image-1-mini", partial_images="two"),
    "partial_images-minimum": body("gpt-image-1-mini", partial_images=-1),
    "partial_images-maximum": body("gpt-image-1-mini", partial_images=4),
    "background-transparent-needs-alpha-format": body(
        "gpt-image-1", background="transparent", output_format="jpeg"
    ),
}
"""A request that breaks one rule, by the clause of the rule."""

MALFORMED = b'{"model": "dall-e-2", "prompt": "a kite"'
ARRAY = b'[{"model": "dall-e-2", "prompt": "a kite"}]'
TEXT_PLAIN = (BEARER, ("content-type", "text/plain"))
UNKNOWN = body(conformance_unknown="lantern")
OPEN = {
    "unknown": UNKNOWN,
    "unsupported": body("dall-e-3", background="opaque"),
    "disputed": body("gpt-image-1", output_compression=50),
}
DISPUTED = body("gpt-image-1", background="transparent", user="somebody")
ODD_MESSAGES: tuple[object, ...] = (7, [], {}, "")
GONE = error("The model does not exist", param="model", code="model_not_found")
HD = body("dall-e-3", quality="hd")
ELSEWHERE = Outcome("size-512x512", Result.UNAVAILABLE, "HTTP 503", 503)
NAMED_AT = 2000 - len("None ") - len("conformance_unknown")


def turned_down(name: str, status: int = 400) -> Exchange:
    """A request that breaks one rule, refused as documented."""
    request, model = BROKEN[name], str(BROKEN[name]["model"])
    content = error("It cannot be.", param=name.partition("-")[0], code="invalid_value")
    return exchange(request, status, content, model="dall-e-2" if model == "1" else model)


def no(status: int = 400, **parts: Any) -> Exchange:
    """A refusal of what is given, which blames no parameter."""
    return exchange(status=status, answer=error("It cannot be."), **parts)


def wrong(status: int, content: object) -> Exchange:
    """Another answer to a size that is not documented."""
    return exchange(BROKEN["size-enum"], status, content)


def unknown(message: str, status: int = 400, **members: object) -> Exchange:
    """A refusal of an unknown parameter in these words."""
    return exchange(UNKNOWN, status, error(message, **members))


def not_available(param: object, code: str | None = None) -> Exchange:
    """A refusal of a documented quality that blames this parameter."""
    said = error("For model dall-e-3, quality hd is not available", param=param, code=code)
    return exchange(HD, 400, said)


TRUTH = exchange()
TRUTHS: dict[str, Exchange] = {
    "parameters.json-malformed": no(request_raw=MALFORMED, model="dall-e-2"),
    "parameters.body-object": no(request_raw=ARRAY, model="dall-e-2"),
    "parameters.content-type": no(415, request_headers=TEXT_PLAIN),
    "parameters.method": exchange(method="GET", status=405, answer=error("Method not allowed")),
    "parameters.unknown": exchange(UNKNOWN),
    "parameters.unsupported": exchange(OPEN["unsupported"]),
    "parameters.disputed-value": exchange(OPEN["disputed"]),
    **{f"parameters.{name}": turned_down(name) for name in BROKEN},
}
CASES: dict[str, Exchange | Case] = {
    "valid-404": no(404),
    "valid-redirected": exchange(status=301, raw=b""),
    "valid-moderated": exchange(status=400, answer=error("no", code="moderation_blocked")),
    "valid-against-policy": exchange(
        status=400, answer=error("no", code="content_policy_violation")
    ),
    "valid-without-quota": exchange(
        status=400, answer=error("Billing hard limit", code="billing_hard_limit_reached")
    ),
    "valid-gone": exchange(status=400, answer=GONE),
    "valid-403-to-the-smallest": no(403),
    "valid-403-to-another": no(403, body=body(n=2)),
    **{
        f"valid-{status}-of-a-recording": replace(no(status), provenance=Provenance.FOREIGN)
        for status in (401, 403, 409)
    },
    **{
        f"valid-refused-with-message-{said!r}": exchange(status=400, answer=error(said))
        for said in ODD_MESSAGES
    },
    **{
        f"valid-refused-for-{param}-{code}": not_available(param, code)
        for param in ("quality", "body.quality", "model", "deployment", "None", "", None)
        for code in ("invalid_value", None)
    },
    "valid-refused-for-a-list": not_available(["quality"]),
    "get-accepted": exchange(method="GET"),
    "charset": exchange(
        request_headers=(BEARER, ("content-type", f"{JSON_TYPE[1]}; charset=utf-8"))
    ),
    **{f"size-{status}": wrong(status, GONE) for status in (400, 404, 503)},
    **{
        f"size-400-{name}": Case(wrong(400, GONE), control)
        for name, control in (("refused-control", REFUSED), ("no-control", None))
    },
    **{
        f"size-refused-{status}": turned_down("size-enum", status)
        for status in (401, 403, 404, 408, 413, 422, 425, 429, 500, 503)
    },
    "size-refused-with-another-control": Case(turned_down("size-enum"), ELSEWHERE),
    "size-error-in-a-success": wrong(200, error("Invalid size", param="size")),
    "size-redirected": wrong(302, answer(body())),
    "two-faults": exchange(body("dall-e-3", size="256x256", style="gaudy")),
    **{f"{name}-no-name": no(body=request) for name, request in OPEN.items()},
    **{f"{name}-gone": exchange(request, 404, GONE) for name, request in OPEN.items()},
    **{
        f"{name}-with-refused-control": Case(no(body=request), REFUSED)
        for name, request in OPEN.items()
    },
    "unknown-by-param": unknown("No.", param="conformance_unknown"),
    "unknown-by-message": unknown("Unknown parameter: 'conformance_unknown'."),
    "unknown-by-location": exchange(
        UNKNOWN, 422, {"detail": [{"loc": ["body", "conformance_unknown"], "msg": "Extra inputs"}]}
    ),
    "unknown-inside-a-word": unknown("Set conformance_unknown_too to something else."),
    "unknown-within-2000-characters": unknown("." * NAMED_AT + "conformance_unknown"),
    "unknown-after-2000-characters": unknown("." * (NAMED_AT + 1) + "conformance_unknown"),
    "unknown-401": unknown("not you", 401),
    "unknown-403": unknown("not you", 403),
    "unknown-302": exchange(UNKNOWN, 302, raw=b""),
    "unknown-error-null": exchange(UNKNOWN, 400, raw=b'{"error": null}'),
    "unknown-silent": exchange(UNKNOWN, 400, raw=json.dumps(error("")).encode()),
    "unknown-no-body": exchange(UNKNOWN, 400, raw=b""),
    "two-unknown-refused": exchange(body(first_unknown=1, second_unknown=2), 400, error("no")),
    "two-unknown-second-named": exchange(
        body(first_unknown=1, second_unknown=2), 400, error("no second_unknown")
    ),
    "unsupported-by-param": exchange(OPEN["unsupported"], 400, error("No.", param="background")),
    **{
        f"disputed-blames-{name}": exchange(DISPUTED, 400, error(f"{name} is wrong"))
        for name in ("user", "quality", "prompt", "background")
    },
}
