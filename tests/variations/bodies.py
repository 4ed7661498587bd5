"""Variations of a success: its members, how they are written, its headers, and its time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.defects.planting import (
    in_body,
    in_finished,
    in_items,
    in_model_list,
    in_text,
    in_usage,
)
from tests.variations.registry import legal, legal_rows, members, no_members, reverse

if TYPE_CHECKING:
    from starlette.responses import Response

    from conformance.exchange.model import Exchange
    from conformance.reference.answers import Job

Body = dict[str, Any]
MORE: Body = {
    "id": "img_1",
    "n": None,
    "flag": True,
    "list": [1, 2.5, {}],
    "deep": {"a": {"b": []}},
}
ECHOES = ("background", "output_format", "quality", "size")


def _earlier(seconds: int) -> Callable[[Body, Job], None]:
    def change(body: Body, _job: Job) -> None:
        body["created"] -= seconds

    return change


legal_rows(in_body, {
    "body.unknown-members":
        ("The body has members of every JSON type that no source documents.", members(**MORE)),
    "body.error-null": ("A success has the member `error`, and it is null.", members(error=None)),
    "body.no-echo": (
        "What was asked for is not echoed, as until June 2025.",
        no_members(*ECHOES),
        *("extras.background-*", "extras.output-format-*", "extras.quality-*", "extras.size-*"),
    ),
    "body.minimal":
        ("The body has `created` and `data` alone.", no_members("usage", *ECHOES), "extras.*"),
    "usage.absent":
        ("There is no `usage`, which no source requires.", no_members("usage"), "extras.usage-*"),
    "created.a-minute-before": ("The provider's clock is a minute slow.", _earlier(60)),
    "created.a-minute-after": ("The provider's clock is a minute fast.", _earlier(-60)),
})  # fmt: skip


@legal(in_body, "body.kind-and-model")
def kind_and_model(body: Body, job: Job) -> None:
    """The body says `object`, `id` and `model`, as some gateways do."""
    body |= {"object": "list", "id": "gen-1", "model": job.model}


@legal(in_body, "usage.null", "extras.usage-*")
def usage_null(body: Body, _job: Job) -> None:
    """`usage` is null where a model has none."""
    if "usage" in body:
        body["usage"] = None


@legal(in_body, "data.items-turned")
def items_turned(body: Body, _job: Job) -> None:
    """The images come in another order."""
    body["data"].reverse()


def _after(seconds: float) -> Callable[[Exchange], Exchange]:
    return lambda exchange: replace(exchange, elapsed=seconds)


TIMES = {
    "time.200-ms": ("An answer comes after 200 ms, made in the second before.", 0.2, 1),
    "time.120-s": ("An answer comes after 120 s, and `created` is when it was done.", 120.0, -120),
}
for _name, (_varied, _seconds, _before) in TIMES.items():
    legal(in_body, _name, later=_after(_seconds), varied=_varied)(_earlier(_before))

PROMPT = "revised_prompt"
legal_rows(in_items, {
    "item.unknown-members": (
        "Every item has members that no source documents, nested ones too.",
        members(index=0, generation_id="g-1", content_filter_results={"hate": {"on": False}}),
    ),
    "item.members-turned": ("The members of an item come in the opposite order.", reverse),
    "revised-prompt.absent": ("No item has a `revised_prompt`.", no_members(PROMPT)),
    "revised-prompt.present": (
        "Every model revises its prompt and says so.",
        members(revised_prompt="A small red boat, in the style of a woodcut"),
    ),
    "revised-prompt.unicode": (
        "A revised prompt has quotes, line feeds, Arabic, Chinese and what is beyond the BMP.",
        members(revised_prompt='קשת\n"帆船" — قارب أحمر 🚤\u2028\\ \u0000 e\u0301'),
    ),
    "revised-prompt.long": (
        "A revised prompt is far longer than any prompt may be.",
        members(revised_prompt="a boat and " * 4_000),
    ),
    "revised-prompt.html": (
        "A revised prompt speaks of HTML and of errors; it is text all the same.",
        members(revised_prompt='<!DOCTYPE html><html>{"error": "data:image/png;base64,AA=="}'),
    ),
})  # fmt: skip


@legal(in_items, "item.mime-type")
def item_mime_type(item: Body, job: Job) -> None:
    """Every item says of what type its image is."""
    item["mime_type"] = f"image/{job.output_format}"


@legal(in_usage, "usage.unknown-members")
def usage_members(usage: Body) -> None:
    """`usage` has more counts, and its details have too."""
    usage |= {"cached_tokens": 0, "cost_in_usd_ticks": 17}
    usage["input_tokens_details"] |= {"cached_tokens": 0}


@legal(in_usage, "usage.output-details")
def usage_output_details(usage: Body) -> None:
    """`usage` tells text and image tokens of the output apart, as first seen in May 2026."""
    output = usage["output_tokens"]
    usage["output_tokens_details"] = {"text_tokens": 5, "image_tokens": output - 5, "audio": 0}


@legal(in_usage, "usage.text-output")
def usage_text_output(usage: Body) -> None:
    """The model reasoned in text: its output tokens are more than those of the image."""
    image = usage["output_tokens"]
    usage["output_tokens"] = image + 669
    usage["total_tokens"] += 669
    usage["output_tokens_details"] = {"text_tokens": 669, "image_tokens": image}


@legal(in_usage, "usage.without-output-details", "extras.usage-output-details")
def usage_without_output_details(usage: Body) -> None:
    """`usage` has no details of its output, as before May 2026."""
    usage.pop("output_tokens_details", None)
    usage["input_tokens_details"]["later"] = 0


def _anew(**options: Any) -> Callable[[bytes], bytes]:
    """Write JSON with other options."""
    return lambda text: json.dumps(json.loads(text), **options).encode()


def _escape(signs: str) -> Callable[[bytes], bytes]:
    """Write signs as escapes."""

    def change(text: bytes) -> bytes:
        for sign in signs:
            text = text.replace(sign.encode(), f"\\u{ord(sign):04x}".encode())
        return text

    return change


legal_rows(in_text, {
    "body.unknown-members-first": (
        "Undocumented members stand before the documented ones.",
        lambda text: json.dumps(MORE | json.loads(text)).encode(),
    ),
    "json.members-turned": (
        "The members of the body come in the opposite order.",
        lambda text: json.dumps(dict(reversed(json.loads(text).items()))).encode(),
    ),
    "json.members-sorted":
        ("The members of every object come in alphabetical order.", _anew(sort_keys=True)),
    "json.indented": ("The body is indented, with a line for every member.", _anew(indent=2)),
    "json.tabs-and-crlf": (
        "The body is indented by tabs and its lines end in CR LF.",
        lambda text: _anew(indent="\t")(text).replace(b"\n", b"\r\n"),
    ),
    "json.blank-around": (
        "White space stands before and after the body, as a proxy that keeps alive sends it.",
        lambda text: b" \r\n\t\n" * 30 + text + b"\n\n",
    ),
    "json.slashes-escaped": (
        "Every slash is escaped, in URLs and in base64, as PHP does.",
        lambda text: text.replace(b"/", b"\\/"),
    ),
    "json.escaped-for-html":
        ("`&`, `<` and `>` are written as escapes, as Go does unless told otherwise.",
         _escape("&<>")),
    "json.unicode-escaped": (
        "Harmless characters are escaped: `&` in a URL, `+` in base64, one of a member's name.",
        lambda text: _escape("&=+")(text).replace(b'"data"', b'"\\u0064ata"'),
    ),
})  # fmt: skip


@legal(in_finished, "header.charset")
def charset(response: Response) -> None:
    """The content type names its character set."""
    kind = response.headers["content-type"].split(";")[0]
    response.headers["content-type"] = f"{kind}; charset=utf-8"


@legal(in_finished, "header.content-type-written-oddly")
def odd_type(response: Response) -> None:
    """The content type is in capitals, with a quoted parameter and blanks around it."""
    kind = response.headers["content-type"].split(";")[0]
    response.headers["content-type"] = f'{kind.upper()} ; Charset="UTF-8"'


@legal(in_finished, "header.unknown")
def unknown_headers(response: Response) -> None:
    """There are headers of proxies, of security and of rate limits, one of them twice."""
    response.headers["retry-after"] = "2"
    response.headers["x-ratelimit-remaining-images"] = "0"
    response.headers["strict-transport-security"] = "max-age=31536000"
    for ray in ("1-FRA", "2-FRA"):
        response.headers.append("cf-ray", ray)
    response.headers["set-cookie"] = "__cf_bm=1; path=/; HttpOnly"


@legal(in_finished, "header.none-but-type")
def bare_headers(response: Response) -> None:
    """There is no header but the content type: no request id, no version, no time."""
    for name in ("x-request-id", "openai-processing-ms", "openai-version"):
        del response.headers[name]


@legal(in_model_list, "models.more-members")
def model_members(listing: Body) -> None:
    """The model list says more of every model, and of itself."""
    listing |= {"has_more": False, "first_id": None}
    for model in listing["data"]:
        model |= {"permission": [], "root": model["id"], "parent": None}


@legal(in_model_list, "models.other-models")
def other_models(listing: Body) -> None:
    """The model list has hundreds of other models, and ours stand last, in another order."""
    chats = [{**listing["data"][0], "id": f"chat-{number}"} for number in range(300)]
    listing["data"] = [*chats, *reversed(listing["data"])]
