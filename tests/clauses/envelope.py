"""The envelope: limits of `created`, shapes of `data`, and what is JSON all the same."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.exchange.model import Exchange
from tests.miniatures import (
    HTML,
    JSON_TYPE,
    REQUEST_ID,
    SENT_AT,
    Case,
    answer,
    body,
    error,
    exchange,
    picture,
    with_item_members,
)

MODELS = ("dall-e-3", "gpt-image-1", "qwen-image")
TEXT = json.dumps(answer(body()))
B64 = body("dall-e-2", response_format="b64_json")
LONG = "x" * 400


def with_type(content_type: str | None, status: int = 200, data: bytes | None = None) -> Exchange:
    """A truthful answer under another content type or status, or of other bytes."""
    type_header = (("content-type", content_type),) if content_type else ()
    return exchange(status=status, raw=data, headers=(*type_header, REQUEST_ID))


def with_created(value: object, elapsed: float | None = 1.5) -> Exchange:
    """A truthful answer but for `created`, which came after so many seconds."""
    return replace(exchange(answer=answer(body(), created=value)), elapsed=elapsed)


TRUTH = exchange()
CASES: dict[str, Exchange | Case] = {
    **{model: exchange(body(model)) for model in MODELS},
    "status-204": with_type(None, 204, b""),
    "html": with_type("text/html", data=HTML),
    "html-before-1024-bytes": exchange(raw=b" " * 1019 + b"<html></html>"),
    "html-after-1024-bytes": exchange(raw=b" " * 1020 + b"<html></html>"),
    "html-long": exchange(raw=b"<html>" + b"\xc3\xa9" * 60),
    "html-in-a-text": exchange(answer=answer(body(), x="<html>")),
    "image": with_type("image/png", data=picture()),
    "event-stream": with_type("text/event-stream", data=b"data: {}\n\n"),
    "charset": with_type("application/json; charset=utf-8"),
    "content-type-in-capitals": with_type("Application/JSON"),
    "text-json-cut-off": with_type("text/json", data=b"{"),
    "text-plain-cut-off": with_type("text/plain", data=b"{"),
    "no-type-cut-off": with_type(None, data=b"{"),
    "not-utf-8-from-the-start": exchange(raw=b"\xff\xfe{}"),
    "array": exchange(answer=[answer(body())]),
    "million-digits": exchange(raw=(TEXT[:-1] + f', "x": {"9" * 1_000_000}}}').encode()),
    **{
        f"instead-of-data-{name}": exchange(answer=said)
        for name, said in {
            "a-task": {"id": "gen_1", "status": "queued"},
            "a-task-inside": {"data": {"task_id": "t1", "task_status": "PENDING"}},
            "null-and-words": {"code": 50505, "message": "Service overloaded", "data": None},
            "a-task-in-an-item": {"created": 1, "data": [{"task_id": "t1", "state": "queued"}]},
            "an-id-alone": {"id": "img_1", "data": [{}]},
        }.items()
    },
    "instead-of-data-202": exchange(status=202, answer={"id": "gen_1", "status": "queued"}),
    "created-null": with_created(None),
    "created-true": with_created(True),
    "created-zero-fraction": with_created(float(int(SENT_AT))),
    "created-fraction": with_created(SENT_AT + 0.5),
    "created-long": with_created(LONG),
    "created-thousand-digits": with_created(10**1000),
    "created-year-3000": with_created(32_503_680_000),
    "created-year-2999": with_created(32_503_679_999),
    "created-unknown-time": replace(with_created(0), sent_at=0.0),
    **{
        f"created-{off:+}-after-{elapsed}": with_created(int(SENT_AT) + off, elapsed)
        for off, elapsed in (
            *((-1800, 1.0), (-1801, 1.0), (1801, 1.0), (1802, 1.0)),
            *((2000, 240.0), (2000, None), (1800, None), (1801, None)),
        )
    },
    "flat-error": exchange(answer={"code": "x"}),
    "error-text-long": exchange(answer=answer(body(), error=LONG)),
    "error-null": exchange(answer=answer(body(), error=None)),
    "error-null-202": exchange(status=202, answer={"error": None}),
    "data-lost-among-many": exchange(answer={f"m{at:02}": at for at in range(12)}),
    "data-under-another-name": exchange(answer={"b": 1, "a": 2, "images": ["x"], "none": []}),
    "data-absent-with-words": exchange(answer={"detail": "no"}),
    "data-wrapped": exchange(answer={"code": 200, "data": answer(body())}),
    "data-text": exchange(answer=answer(body(), data="x")),
    "data-number": exchange(answer=answer(body(), data=7)),
    "data-true": exchange(answer=answer(body(), data=True)),
    "item-null": exchange(answer=answer(body(), data=[None])),
    "b64-null-that-was-asked-for": exchange(B64, answer=with_item_members(B64, b64_json=None)),
    "url-null-and-b64-a-list": exchange(answer=with_item_members(body(), url=None, b64_json=[])),
    "revised-prompt-an-object": exchange(answer=with_item_members(body(), revised_prompt={})),
    "extras-undocumented": exchange(
        body("gpt-image-1"), answer=answer(body("gpt-image-1"), size=1, usage=[], background={})
    ),
    "outage-html": with_type("text/html", 502, HTML),
    "error-as-success": exchange(answer=error(), headers=(JSON_TYPE, REQUEST_ID)),
}
