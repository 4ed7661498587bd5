"""Requests of every kind, to ask of each clause which of them it binds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.cases.model import UNKNOWN_KEY, UNKNOWN_MODEL
from conformance.contract import load_edition
from conformance.exchange.sent_request import read_request
from tests.miniatures import BEARER, GENERATIONS, JSON_TYPE, MODELS_LIST, body, exchange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.exchange.model import Exchange
    from conformance.exchange.sent_request import SentRequest

MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-2", "qwen-image")
PARAMETERS: Mapping[str, dict[str, Any]] = {
    "plain": {},
    "b64_json": {"response_format": "b64_json"},
    "url": {"response_format": "url"},
    "response_format-wrong": {"response_format": "base64"},
    "n-1": {"n": 1},
    "n-2": {"n": 2},
    "n-0": {"n": 0},
    "n-negative": {"n": -1},
    "n-fraction": {"n": 1.5},
    "n-text": {"n": "2"},
    "n-11": {"n": 11},
    "square": {"size": "1024x1024"},
    "256x256": {"size": "256x256"},
    "wide": {"size": "1536x1024"},
    "1280x720": {"size": "1280x720"},
    "size-auto": {"size": "auto"},
    "size-wrong": {"size": "wide"},
    "stream": {"stream": True},
    "stream-false": {"stream": False},
    "stream-partial": {"stream": True, "partial_images": 2},
    "stream-partial-0": {"stream": True, "partial_images": 0},
    "stream-n-2": {"stream": True, "n": 2},
    "stream-webp": {"stream": True, "output_format": "webp", "size": "1536x1024"},
    "stream-transparent": {"stream": True, "background": "transparent", "quality": "low"},
    "stream-opaque": {"stream": True, "background": "opaque", "output_format": "jpeg"},
    "stream-wrong": {"stream": True, "size": "wide"},
    "stream-open": {"stream": True, "conformance_unknown": "lantern"},
    "stream-b64": {"stream": True, "response_format": "b64_json"},
    "partial-alone": {"partial_images": 2},
    "transparent": {"background": "transparent"},
    "transparent-jpeg": {"background": "transparent", "output_format": "jpeg"},
    "opaque": {"background": "opaque"},
    "background-auto": {"background": "auto"},
    "png": {"output_format": "png"},
    "webp": {"output_format": "webp"},
    "jpeg-50": {"output_format": "jpeg", "output_compression": 50},
    "output_format-wrong": {"output_format": "tiff"},
    "png-50": {"output_compression": 50},
    "webp-0": {"output_format": "webp", "output_compression": 0},
    "compression-101": {"output_format": "jpeg", "output_compression": 101},
    "quality-low": {"quality": "low"},
    "quality-auto": {"quality": "auto"},
    "quality-hd": {"quality": "hd"},
    "style-vivid": {"style": "vivid"},
    "moderation-low": {"moderation": "low"},
    "user": {"user": "somebody"},
    "unknown": {"conformance_unknown": "lantern"},
    "unknown-n-2": {"conformance_unknown": "lantern", "n": 2},
    "unknown-size": {"conformance_unknown": "lantern", "size": "1024x1024"},
    "no-prompt": {"prompt": None},
    "empty-prompt": {"prompt": ""},
    "long-prompt": {"prompt": "a" * 40_000},
    "two-faults": {"n": 0, "size": 1},
}
HEADERS: Mapping[str, Any] = {
    "no-key": (JSON_TYPE,),
    "basic": (("authorization", "Basic c2s6"), JSON_TYPE),
    "unknown-key": (("authorization", f"Bearer {UNKNOWN_KEY}"), JSON_TYPE),
    "empty-key": (("authorization", "Bearer "), JSON_TYPE),
    "text-plain": (BEARER, ("content-type", "text/plain")),
    "no-type": (BEARER,),
}


OTHERS: Mapping[str, dict[str, Any]] = {
    "the list": {"method": "GET", "url": MODELS_LIST},
    "a POST of the list": {"method": "POST", "url": MODELS_LIST},
    "a GET of the endpoint": {"method": "GET", "url": GENERATIONS},
    "another endpoint": {"url": "https://provider.example/v1/audio"},
    "no model": {"body": body(None)},
    "no model but a stream": {"body": body(None, stream=True)},
    "a model that is a number": {"body": {**body(), "model": 7}},
    "half an object": {"request_raw": b"{"},
    "an array": {"request_raw": b"[]"},
    "a number": {"request_raw": b"7"},
    "nothing": {"request_raw": b""},
}
MORE: Mapping[str, dict[str, Any]] = {
    "as documented": {},
    "of no size": {"size": "wide"},
    "of a stream": {"stream": True},
    "of nobody": {"model": UNKNOWN_MODEL},
}
ANSWER = {"created": 1, "data": []}


def exchanges() -> Iterator[tuple[str, Exchange]]:
    """Yield every request with what kind it is, and an answer that is of no matter."""
    for model in (*MODELS, UNKNOWN_MODEL):
        for changes in PARAMETERS.values():
            yield f"of {model}", exchange({**body(model), **changes}, answer=ANSWER)
    for name, parts in OTHERS.items():
        yield name, exchange(answer=ANSWER, **parts)
    for name, headers in HEADERS.items():
        yield from _with_headers(name, headers)


def _with_headers(name: str, headers: Any) -> Iterator[tuple[str, Exchange]]:
    for kind, more in MORE.items():
        request = {**body("gpt-image-1"), **more}
        yield f"{name} {kind}", exchange(request, answer=ANSWER, request_headers=headers)
    for kind, parts in OTHERS.items():
        yield f"{name} {kind}", exchange(answer=ANSWER, request_headers=headers, **parts)


@cache
def all_sent() -> list[tuple[str, SentRequest]]:
    """Read every request by the edition, and every mistake once more as one that was painted."""
    edition = load_edition()
    return list(with_painted((name, read_request(sample, edition)) for name, sample in exchanges()))


def with_painted(requests: Iterable[tuple[str, SentRequest]]) -> Iterator[tuple[str, SentRequest]]:
    """Yield requests, and behind each mistake the same one answered with an image."""
    for name, request in requests:
        yield name, request
        if request.expectation == "refused":
            yield f"{name} (painted)", replace(request, painted=True)


def count_bound(binds: Any, requests: Iterable[tuple[str, SentRequest]]) -> str:
    """Return how many requests of each kind a clause binds."""
    kinds = Counter(name for name, request in requests if binds(request))
    return ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items())
