"""Observations: exchanges of which something is said beside the verdicts, or nothing."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from conformance.exchange.model import Exchange, Failure
from tests.manifests import image_with_manifest
from tests.miniatures import (
    JSON_TYPE,
    PROMPT,
    REQUEST_ID,
    SENT_AT,
    answer,
    body,
    error,
    exchange,
    image_url,
    items,
    model_list,
    picture,
    serve_image,
    to_base64,
    with_item_members,
)
from tests.streams import completed_event, stream

DALL_E = body("dall-e-2")
DALL_E_3 = body("dall-e-3")
FIVE = body("dall-e-2", n=5)
TWO = body("dall-e-2", n=2)
INLINE = body("dall-e-2", response_format="b64_json")
GPT_IMAGE = body("gpt-image-1")
URLS = {"created": 1, "data": [{"url": image_url()}]}
C2PA = image_with_manifest("png", "gpt-image", "2.0")
SAME = image_with_manifest("png", "dall-e", "2")
PRESIGNED = "https://images.provider.example/1.png?X-Amz-Date=20260921T141320Z&X-Amz-Expires=7200"
TWELVE = {f"m{at:02}": at for at in range(12)}


def flat() -> bytes:
    """A PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256), "red").save(buffer, "PNG")
    return buffer.getvalue()


def with_headers(*more: tuple[str, str], status: int = 200) -> Exchange:
    """A truthful answer with more headers, or an error with them."""
    content = None if status == 200 else error()
    return exchange(status=status, answer=content, headers=(JSON_TYPE, REQUEST_ID, *more))


def at(*urls: str) -> Exchange:
    """An answer whose images lie there."""
    return exchange(FIVE, answer=items(FIVE, *({"url": url} for url in urls)))


def inline(data: bytes) -> Exchange:
    """An answer that carries these bytes as base64."""
    return exchange(INLINE, answer=items(INLINE, {"b64_json": to_base64(data)}))


def with_cache_header(name: str, value: str) -> Exchange:
    """An answer whose image comes with a header about caches."""
    download = serve_image(picture())
    return exchange(fetched=type(download)(200, (*download.headers, (name, value)), download.body))


def with_members(**members: object) -> Exchange:
    """An answer to dall-e-2 with more at its top."""
    return exchange(DALL_E, answer={**answer(DALL_E), **members})


CASES: dict[str, Exchange] = {
    "true": exchange(),
    "sent-later": exchange(sent_at=SENT_AT + 1800),
    "sent-at-an-unknown-time": exchange(sent_at=0.0),
    "refusal": exchange(status=400, answer=error()),
    "refusal-beside-an-image": exchange(
        DALL_E_3, 400, {**error(), **items(DALL_E_3, {"url": image_url()})}, fetched=C2PA
    ),
    "model-list": model_list("dall-e-2"),
    "no-answer": exchange(failure=Failure("timeout", "none")),
    "flat": exchange(fetched=flat()),
    "flat-inline": inline(flat()),
    "trailing-bytes": exchange(fetched=picture() + b"more"),
    "cut-off": exchange(fetched=picture()[:-20]),
    "c2pa": exchange(fetched=C2PA),
    "c2pa-inline": inline(C2PA),
    "c2pa-of-the-model": exchange(fetched=SAME),
    "c2pa-of-a-model-of-another-name": replace(
        exchange(body("openai/dall-e-2"), model="dall-e-2", fetched=C2PA),
        served_as="openai/dall-e-2",
    ),
    "c2pa-words-without-a-chunk": exchange(fetched=picture() + b"jumb c2pa"),
    "presigned": at(PRESIGNED),
    "five-urls": at(*(f"https://images.provider.example/{index}.png" for index in range(5))),
    "five-urls-elsewhere": at(*(f"https://a.elsewhere.example/{index}" for index in range(5))),
    "filesystem.site": at("https://filesystem.site/cdn/1.webp"),
    "other-subdomain": at("https://a.b.provider.example/1.png"),
    "loopback": at("http://127.0.0.1/1.png"),
    "no-host": at("data:image/png;base64,AA"),
    "base64-and-url": exchange(
        TWO, answer=items(TWO, {"b64_json": to_base64(picture())}, {"url": image_url(), "seed": 1})
    ),
    "max-age": with_cache_header("cache-control", "public, max-age=3600"),
    "expires": with_cache_header("Expires", "Mon, 21 Sep 2026 15:13:20 GMT"),
    "download-failed": exchange(fetched=Failure("dns", "no")),
    "item-members": exchange(
        DALL_E, answer=with_item_members(DALL_E, seed=1, generation_id="gen_1")
    ),
    "many-item-members": exchange(DALL_E, answer=with_item_members(DALL_E, **TWELVE)),
    "members": with_members(metadata={}, cost=1),
    "many-members": with_members(**TWELVE),
    "many-null-members": with_members(**dict.fromkeys(TWELVE)),
    "error-null": with_members(error=None),
    "error-empty": with_members(error={}),
    "members-null": with_members(size=None, output_format=None),
    "revised-prompt": exchange(DALL_E_3),
    "no-revised-prompt": exchange(DALL_E_3, answer=items(DALL_E_3, {"url": image_url()})),
    "two-echoes": with_members(quality="high", size="256x256"),
    "one-echo": with_members(quality="high", size=None),
    "own-echoes": exchange(body("gpt-image-1")),
    "gpt-image-with-urls": exchange(GPT_IMAGE, answer=URLS),
    "gpt-image-with-urls-and-usage": exchange(GPT_IMAGE, answer={**URLS, "usage": {}}),
    "gpt-image-with-urls-and-usage-null": exchange(GPT_IMAGE, answer={**URLS, "usage": None}),
    "gpt-image-with-urls-and-an-echo": exchange(GPT_IMAGE, answer={**URLS, "quality": "high"}),
    "gpt-image-with-base64-alone": exchange(
        GPT_IMAGE, answer={"created": 1, "data": answer(GPT_IMAGE)["data"]}
    ),
    **{
        f"dall-e-2-with-revised-prompt-{name}": exchange(
            DALL_E, answer=with_item_members(DALL_E, revised_prompt=prompt)
        )
        for name, prompt in {"other": "A kite", "same": PROMPT, "empty": "", "null": None}.items()
    },
    "dall-e-2-with-one-revised-prompt": exchange(
        TWO,
        answer=items(TWO, {"url": image_url(), "revised_prompt": "A kite"}, {"url": image_url(1)}),
    ),
    "no-request-id": exchange(headers=(JSON_TYPE,)),
    **{
        f"header-{name}": exchange(headers=(JSON_TYPE, (name, "1")))
        for name in ("X-Trace-Id", "CF-RAY", "x-oneapi-requestid")
    },
    "401": with_headers(status=401),
    "401-with-a-challenge": with_headers(("WWW-Authenticate", "Bearer"), status=401),
    "403": with_headers(status=403),
    "retry-after": with_headers(("Retry-After", "30")),
    "error-beside-a-streamed-image": stream(
        completed_event(), ("error", '{"error": {"message": "late"}}')
    ),
    "retry-after-429": with_headers(("Retry-After", "30"), status=429),
    "account": with_headers(
        ("OpenAI-Project", "p"), ("openai-organization", "o"), ("Set-Cookie", "a=b")
    ),
    "software": with_headers(("Server", "uvicorn"), ("X-Powered-By", "PHP"), ("Via", "1.1 a")),
    "terminal-escapes": with_headers(("server", "a\x1b[31mb")),
    "empty-prompt": exchange(body("dall-e-2", prompt="")),
    "empty-prompt-refused": exchange(body("dall-e-2", prompt=""), 400, error("no")),
    "empty-prompt-and-a-wrong-size": exchange(body("dall-e-2", prompt="", size="wide")),
    **{
        f"qwen-{width}x{height}": exchange(
            body("qwen-image"), fetched=picture(size=(width, height))
        )
        for width, height in ((1664, 928), (512, 512))
    },
    "model-of-nobody": exchange(body("a-model-of-nobody")),
    "qwen-as-asked": exchange(body("qwen-image", size="1664x928")),
}
