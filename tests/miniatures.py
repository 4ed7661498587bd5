"""Exchanges in miniature: a truthful one for any request, and room to plant one lie in it.

``exchange({"model": "dall-e-2", "prompt": "a kite"})`` is what a provider without fault
answers; every argument replaces one part of that. ``judged`` judges it by all clauses.
"""

from __future__ import annotations

import base64
import copy
import functools
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from conformance.cases.request import Request
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.models_lifecycle import applies
from conformance.clauses.registry import Clause
from conformance.clauses.subject import Context
from conformance.contract import Edition, load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import REDACTED_KEY, Download, Exchange, Failure, Response
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import BROKEN, Finding, Verdict
from conformance.lifecycle import Standing

BASE_URL = "https://provider.example/v1"
GENERATIONS = f"{BASE_URL}/images/generations"
MODELS_LIST = f"{BASE_URL}/models"
SENT_AT = 1_790_000_000.0  # seconds since the epoch
PROMPT = "A red kite over a harbour"

JSON_TYPE = ("content-type", "application/json")
REQUEST_ID = ("x-request-id", "req_miniature")
BEARER = ("authorization", f"Bearer {REDACTED_KEY}")
HTML = b"<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>"

ACCEPTED = Outcome("baseline", Result.ACCEPTED, "HTTP 200", 200)
REFUSED = Outcome("baseline", Result.REFUSED, "HTTP 400", 400)

Pairs = tuple[tuple[str, str], ...]
Fetched = bytes | Response | Failure


@dataclass(frozen=True, slots=True)
class Case:
    """An exchange, and what became of its control where that is not simply accepted."""

    exchange: Exchange
    control: Outcome | None = ACCEPTED
    standing: Standing | None = None


read_answer = functools.lru_cache(maxsize=2048)(Answer)
"""Decode the images of an exchange once, however many clauses and tests look at them."""


def body(model: str | None = "dall-e-2", **parameters: object) -> dict[str, Any]:
    """Return a request body for a model; None leaves the model out."""
    model_member = {} if model is None else {"model": model}
    return {**model_member, "prompt": PROMPT, **parameters}


@functools.lru_cache(maxsize=128)
def picture(
    kind: str = "png",
    size: tuple[int, int] = (256, 256),
    *,
    seed: int = 0,
    mode: str = "RGB",
    frames: int = 1,
) -> bytes:
    """Encode a small drawing; RGBA is transparent around it; more frames animate it."""
    images = [_draw(size, seed + 17 * frame, mode) for frame in range(frames)]
    buffer = io.BytesIO()
    options: dict[str, Any] = {"png": {"compress_level": 1}, "webp": {"lossless": True}}
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(buffer, kind, **options.get(kind, {}), **more)
    return buffer.getvalue()


def _draw(size: tuple[int, int], seed: int, mode: str) -> Image.Image:
    ground = (20, 60, 120, 0) if mode == "RGBA" else (20, 60, 120)
    image = Image.new(mode, size, ground)
    width, height = size
    colour = (200, (40 * seed) % 256, (90 * seed) % 256)
    corners = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    ImageDraw.Draw(image).ellipse(corners, fill=(*colour, 255) if mode == "RGBA" else colour)
    return image


def to_base64(data: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(data).decode("ascii")


def image_url(index: int = 0, kind: str = "png") -> str:
    """Return the URL at which a miniature's image lies."""
    return f"https://images.provider.example/files/{index}.{kind}?se=2026-09-21T15%3A13%3A20Z"


def requested_picture(request: Mapping[str, Any], index: int = 0) -> bytes:
    """Return the picture that was asked for."""
    transparent = request.get("background") == "transparent"
    size = _pixels(request)
    kind = _kind(request)
    return picture(kind, size, seed=index, mode="RGBA" if transparent else "RGB")


def _kind(request: Mapping[str, Any]) -> str:
    return str(request.get("output_format") or "png")


def _pixels(request: Mapping[str, Any]) -> tuple[int, int]:
    size = request.get("size")
    if not isinstance(size, str) or "x" not in size:
        model = request.get("model")
        return {"qwen-image": (1664, 928), "dall-e-2": (256, 256)}.get(str(model), (1024, 1024))
    width, height = size.split("x")
    return int(width), int(height)


def answer(request: Mapping[str, Any], **members: object) -> dict[str, Any]:
    """Return the body of a truthful answer; members replace or join those at its top."""
    count_asked = request.get("n")
    count = count_asked if isinstance(count_asked, int) and 0 < count_asked <= 10 else 1
    gpt_image = _is_gpt_image(request)
    base64_asked = gpt_image or request.get("response_format") == "b64_json"
    data = [
        {"b64_json": to_base64(requested_picture(request, index))}
        if base64_asked
        else {"url": image_url(index, _kind(request))}
        for index in range(count)
    ]
    if request.get("model") == "dall-e-3":
        data = [{"revised_prompt": PROMPT, **item} for item in data]
    echoed = _echo(request) if gpt_image else {}
    return {"created": int(SENT_AT) + 2, "data": data, **echoed, **members}


def _is_gpt_image(request: Mapping[str, Any]) -> bool:
    return str(request.get("model")).startswith(("gpt-image", "chatgpt-image"))


def _echo(request: Mapping[str, Any]) -> dict[str, Any]:
    width, height = _pixels(request)
    quality = request.get("quality")
    return {
        "background": "transparent" if request.get("background") == "transparent" else "opaque",
        "output_format": _kind(request),
        "quality": quality if quality in ("low", "medium", "high") else "high",
        "size": f"{width}x{height}",
        "usage": {
            "input_tokens": 13,
            "input_tokens_details": {"text_tokens": 13, "image_tokens": 0},
            "output_tokens": 196,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": 196},
            "total_tokens": 209,
        },
    }


def items(request: Mapping[str, Any], *data: object, **members: object) -> dict[str, Any]:
    """Return a truthful answer but for its items."""
    return answer(request, data=list(data), **members)


def with_item_members(request: Mapping[str, Any], **members: object) -> dict[str, Any]:
    """Return a truthful answer with members put into every item."""
    content = copy.deepcopy(answer(request))
    for item in content["data"]:
        item.update(members)
    return content


def error(
    message: object = "It cannot be done.",
    *,
    type: object = "invalid_request_error",  # noqa: A002 - the API's own name
    param: object = None,
    code: object = None,
    **members: object,
) -> dict[str, Any]:
    """Return an error body with all four documented members; more join them."""
    fault = {"message": message, "type": type, "param": param, "code": code, **members}
    return {"error": fault}


def exchange(
    body: Mapping[str, Any] | None = None,
    status: int = 200,
    answer: object = None,
    *,
    raw: bytes | None = None,
    headers: Pairs = (JSON_TYPE, REQUEST_ID),
    downloads: Mapping[str, Fetched] | None = None,
    fetched: Fetched | None = None,
    model: str | None = None,
    case: str = "miniature",
    method: str = "POST",
    url: str = GENERATIONS,
    request_headers: Pairs = (BEARER, JSON_TYPE),
    request_raw: bytes | None = None,
    sent_at: float = SENT_AT,
    failure: Failure | None = None,
    altered: frozenset[str] = frozenset(),
) -> Exchange:
    """Build an exchange: truthful, but for what is given.

    ``answer`` is the JSON body and ``raw`` the bytes in its place; ``request_raw`` replaces
    the request's body likewise. ``fetched`` is what every image URL gives instead of the
    picture; ``downloads`` gives URLs one by one. With ``failure`` no answer came.
    """
    request: Mapping[str, Any] = _body() if body is None else body
    content = answer if answer is not None else _answer(request)
    data = raw if raw is not None else json.dumps(content).encode()
    request_bytes = request_raw if request_raw is not None else _bytes_of(request, method)
    return Exchange(
        provider="miniature",
        model=model or str(request.get("model", "dall-e-3")),
        case=case,
        request=Request(method, url, request_headers, request_bytes),
        response=None if failure else Response(status, headers, data),
        failure=failure,
        downloads=_downloads(request, content, fetched)
        if downloads is None
        else _fetched(downloads),
        sent_at=sent_at,
        elapsed=1.5,
        altered=altered,
    )


_body = body
_answer = answer


def _bytes_of(request: Mapping[str, Any], method: str) -> bytes:
    return json.dumps(request).encode() if method == "POST" else b""


def _downloads(
    request: Mapping[str, Any], content: object, fetched: Fetched | None
) -> tuple[Download, ...]:
    data = content.get("data") if isinstance(content, dict) else None
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    urls = [item["url"] for item in items if isinstance(item.get("url"), str) and item["url"]]
    files = (
        requested_picture(request, at) if fetched is None else fetched for at in range(len(urls))
    )
    return _fetched(dict(zip(urls, files, strict=True)))


def _fetched(downloads: Mapping[str, Fetched]) -> tuple[Download, ...]:
    return tuple(_download(url, fetched) for url, fetched in downloads.items())


def _download(url: str, fetched: Fetched) -> Download:
    if isinstance(fetched, Failure):
        return Download(url, failure=fetched)
    return Download(url, response=serve_image(fetched) if isinstance(fetched, bytes) else fetched)


def serve_image(data: bytes, content_type: str | None = None, status: int = 200) -> Response:
    """Return the response in which an image host serves some bytes."""
    kinds = {b"\x89P": "image/png", b"\xff\xd8": "image/jpeg", b"RI": "image/webp"}
    kind = content_type or kinds.get(data[:2], "application/octet-stream")
    return Response(status, (("content-type", kind),), data)


def model_list(*names: str, **members: object) -> Exchange:
    """Build a truthful ``GET /models`` that lists models by name; members join its body."""
    models = [
        {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "miniature"}
        for name in names
    ]
    content = {"object": "list", "data": models, **members}
    return exchange(answer=content, method="GET", url=MODELS_LIST, case="models-list")


def judge_exchange(
    sample: Exchange,
    control: Outcome | None = ACCEPTED,
    clauses: Iterable[Clause] | None = None,
    standing: Standing | None = None,
) -> list[Finding]:
    """Judge an exchange by every clause of the default edition that binds it, or by those given."""
    return judged_case(Case(sample, control, standing), load_edition(), clauses)


def judged_case(
    case: Case, edition: Edition, clauses: Iterable[Clause] | None = None
) -> list[Finding]:
    """Judge a case by every clause of an edition that binds it, or by those given.

    Of a model that has ended by its standing it is only asked whether it has.
    """
    standing = case.standing
    retired = standing is not None and standing.retired
    own = clauses_of(edition) if clauses is None else clauses
    own = [clause for clause in own if standing is None or applies(clause, retired)]
    context = Context(case.control, standing=standing)
    return judge(case.exchange, edition, own, answer=read_answer(case.exchange), context=context)


def verdicts(exchange: Exchange, control: Outcome | None = ACCEPTED) -> dict[str, Verdict]:
    """Return the verdict of every clause that binds an exchange."""
    return {finding.clause: finding.verdict for finding in judge_exchange(exchange, control)}


def broken_clauses(exchange: Exchange, control: Outcome | None = ACCEPTED) -> frozenset[str]:
    """Return the clauses that an exchange breaks, and those that broke on it themselves."""
    bad = BROKEN | {Verdict.HARNESS_ERROR}
    return frozenset(
        name for name, verdict in verdicts(exchange, control).items() if verdict in bad
    )
