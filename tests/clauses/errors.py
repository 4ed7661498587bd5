"""Errors: the body and the status of a refusal, at their limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.cases.model import UNKNOWN_MODEL
from conformance.exchange.model import Exchange
from tests.miniatures import (
    BEARER,
    HTML,
    JSON_TYPE,
    REFUSED,
    REQUEST_ID,
    Case,
    answer,
    body,
    error,
    exchange,
)

WRONG = body("dall-e-2", size="9x9")
ACROSS = body("gpt-image-1", background="transparent", output_format="jpeg")
TEXT_PLAIN = (BEARER, ("content-type", "text/plain"))
MALFORMED = b'{"model": "dall-e-2", "prompt": '
TRUE = error("Invalid size", param="size", code="invalid_value")
NOT_FOUND = error("No available channel for model", code="model_not_found", param="model")
QUOTA = error("no", code="insufficient_quota")
LONG = "x" * 400


def refusal(content: object = None, status: int = 400, request: object = None) -> Exchange:
    """A refused request; the truth is a documented error that names the parameter."""
    request_body = request if isinstance(request, dict) else WRONG
    return exchange(request_body, status, TRUE if content is None else content)


def member(name: str, value: object) -> Exchange:
    """A refusal with another value of one member of its error."""
    return refusal({"error": {**TRUE["error"], name: value}})


def raw(data: bytes, content_type: str = JSON_TYPE[1]) -> Exchange:
    """A refusal of these bytes."""
    return exchange(WRONG, 400, raw=data, headers=(("content-type", content_type), REQUEST_ID))


def transport(status: int, content: object = None, **parts: Any) -> Exchange:
    """A refusal of a request whose fault is not in a parameter."""
    return exchange(status=status, answer=content or error("It cannot be."), **parts)


CONTROLLED = {
    "status-422": refusal(status=422),
    "param-other": member("param", "quality"),
    "get-404": transport(404, method="GET"),
    "text-plain-422": transport(422, request_headers=TEXT_PLAIN),
    "status-500": refusal(status=500),
}
"""Refusals that say nothing where the control is refused too."""

TRUTH = refusal()
TRUTHS: dict[str, Exchange] = {
    "errors.method-explained": transport(405, {"detail": "Method Not Allowed"}, method="GET"),
    "errors.status-405": transport(405, method="GET"),
    "errors.status-415": transport(415, request_headers=TEXT_PLAIN),
}
CASES: dict[str, Exchange | Case] = {
    **CONTROLLED,
    **{f"{name}-with-refused-control": Case(case, REFUSED) for name, case in CONTROLLED.items()},
    "status-500-without-control": Case(refusal(status=500), None),
    **{f"status-{status}": refusal(status=status) for status in (429, 502, 503, 504, 520, 524)},
    "status-502-nameless": refusal(error("upstream busy"), 502),
    "status-502-names-without-value": refusal(error("the size queue is full"), 502),
    "status-502-quotes-value": refusal(error("size 9x9 is none"), 502),
    "status-429-quotes-value": refusal(error("size 9x9 is none"), 429),
    "status-502-prompt-missing": refusal(
        error("no", param="body.prompt"), 502, {"model": "dall-e-2"}
    ),
    "html-as-json": raw(HTML),
    "empty-body": raw(b""),
    "bad-utf8": raw(b"\xff no"),
    "latin-1": raw('{"error": {"message": "é"}}'.encode("latin-1")),
    "lone-surrogate": raw(b'{"error": {"message": "\\ud83d"}}'),
    "array": raw(b'["no"]'),
    "declared-html": exchange(
        WRONG, 400, TRUE, headers=(("content-type", "text/html"), REQUEST_ID)
    ),
    "undeclared": exchange(WRONG, 400, TRUE, headers=(REQUEST_ID,)),
    "empty-object": refusal({}),
    "many-members": refusal({f"m{at:02}": at for at in range(12)}),
    "error-long": refusal({"error": LONG}),
    "message-array-long": member("message", [LONG]),
    "message-blank": member("message", " " * 90),
    "type-null": member("type", None),
    **{f"param-{name}": member("param", name) for name in (None, "", "size", "Xsize", LONG)},
    **{f"param-{name}": member("param", name) for name in ("body.size", "body/size", "body[size]")},
    **{
        f"across-{name}": refusal(error("No", param=name), request=ACROSS)
        for name in ("quality", "background", "output_format")
    },
    "comet-first-revision": refusal(
        {"error": {"code": "", "message": "no (request id: 1)", "type": "comet_api_error"}}
    ),
    "comet-second-revision": refusal(
        {"error": {"message": "no", "type": "comet_api_error", "param": "", "code": "x"}}
    ),
    "images-beside": refusal({**TRUE, "data": answer(body())["data"]}),
    "accepted": exchange(WRONG, answer=answer(body())),
    "malformed-422": transport(422, request_raw=MALFORMED),
    "413": refusal(TRUE, 413),
    "prompt-too-long-413": refusal(TRUE, 413, body("dall-e-2", prompt="a" * 1001)),
    "no-key-401": exchange(status=401, answer={"detail": "no"}, request_headers=(JSON_TYPE,)),
    "empty-200": refusal({"created": 1, "data": []}, 200),
    "task-202": refusal({"task_id": "1"}, 202),
    "moved": refusal(TRUE, 301),
    "moved-far": exchange(WRONG, 301, raw=b"", headers=(("location", f"/{LONG}"),)),
    "many-choices": exchange(WRONG, 300, raw=HTML),
    **{f"quota-as-{status}": refusal(QUOTA, status) for status in (200, 500)},
    "message-scrubbed": replace(member("message", None), altered=frozenset({"error.message"})),
    "get-silent": exchange(method="GET", status=405, raw=b""),
    "unknown-model-503": refusal(NOT_FOUND, 503, body(UNKNOWN_MODEL)),
    "wrong-size-503-no-channel": refusal(NOT_FOUND, 503),
    "model-blamed-nameless": exchange(
        {"user": "somebody"}, 404, error("no such model", code="model_not_found"), model="dall-e-2"
    ),
}
