"""Variations of a success: its members, how they are written, its headers, and its time."""

from __future__ import annotations

import json
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
from tests.variations.registry import legal

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


@legal("body.unknown-members")
@in_body
def unknown_members(body: Body, _job: Job) -> None:
    """The body has members of every JSON type that no source documents."""
    body |= MORE


@legal("body.unknown-members-first")
@in_text
def unknown_members_first(text: bytes) -> bytes:
    """Undocumented members stand before the documented ones."""
    return json.dumps(MORE | json.loads(text)).encode()


@legal("body.kind-and-model")
@in_body
def kind_and_model(body: Body, job: Job) -> None:
    """The body says `object`, `id` and `model`, as some gateways do."""
    body |= {"object": "list", "id": "gen-1", "model": job.model}


@legal("item.unknown-members")
@in_items
def item_members(item: Body, _job: Job) -> None:
    """Every item has members that no source documents, nested ones too."""
    item |= {"index": 0, "generation_id": "g-1", "content_filter_results": {"hate": {"on": False}}}


@legal("item.mime-type")
@in_items
def item_mime_type(item: Body, job: Job) -> None:
    """Every item says of what type its image is."""
    item["mime_type"] = f"image/{job.output_format}"


@legal("item.members-turned")
@in_items
def item_turned(item: Body, _job: Job) -> None:
    """The members of an item come in the opposite order."""
    turned = dict(reversed(item.items()))
    item.clear()
    item.update(turned)
    item["z"] = 1


@legal("usage.unknown-members")
@in_usage
def usage_members(usage: Body) -> None:
    """`usage` has more counts, and its details have too."""
    usage |= {"cached_tokens": 0, "cost_in_usd_ticks": 17}
    usage["input_tokens_details"] |= {"cached_tokens": 0}


@legal("usage.output-details")
@in_usage
def usage_output_details(usage: Body) -> None:
    """`usage` tells text and image tokens of the output apart, as first seen in May 2026."""
    made = usage["output_tokens"]
    usage["output_tokens_details"] = {"text_tokens": 5, "image_tokens": made - 5, "audio": 0}


@legal("usage.text-output")
@in_usage
def usage_text_output(usage: Body) -> None:
    """The model reasoned in text: its output tokens are more than those of the image."""
    image = usage["output_tokens"]
    usage["output_tokens"] = image + 669
    usage["total_tokens"] += 669
    usage["output_tokens_details"] = {"text_tokens": 669, "image_tokens": image}


@legal("usage.without-output-details", "extras.usage-output-details")
@in_usage
def usage_without_output_details(usage: Body) -> None:
    """`usage` has no details of its output, as before May 2026."""
    usage.pop("output_tokens_details", None)
    usage["input_tokens_details"]["later"] = 0


@legal("usage.absent", "extras.usage-*")
@in_body
def usage_absent(body: Body, _job: Job) -> None:
    """There is no `usage`, which no source requires."""
    body.pop("usage", None)


@legal("usage.null", "extras.usage-*")
@in_body
def usage_null(body: Body, _job: Job) -> None:
    """`usage` is null where a model has none."""
    if "usage" in body:
        body["usage"] = None


@legal("body.no-echo", "extras.background-*", "extras.output-format-*", "extras.quality-*",
       "extras.size-*")  # fmt: skip
@in_body
def no_echo(body: Body, _job: Job) -> None:
    """`background`, `output_format`, `quality` and `size` are left out, as until June 2025."""
    for name in ("background", "output_format", "quality", "size"):
        body.pop(name, None)


@legal("body.error-null")
@in_body
def error_null(body: Body, _job: Job) -> None:
    """A success has the member `error`, and it is null."""
    body["error"] = None


@legal("body.minimal", "extras.*")
@in_body
def minimal(body: Body, _job: Job) -> None:
    """The body has `created` and `data` and nothing else."""
    for name in set(body) - {"created", "data"}:
        del body[name]


@legal("created.a-minute-before")
@in_body
def created_before(body: Body, _job: Job) -> None:
    """The provider's clock is a minute slow."""
    body["created"] -= 60


@legal("created.a-minute-after")
@in_body
def created_after(body: Body, _job: Job) -> None:
    """The provider's clock is a minute fast."""
    body["created"] += 60


def _lasted(seconds: float) -> Any:
    def later(exchange: Exchange) -> Exchange:
        return replace(exchange, elapsed=seconds)

    return later


@legal("time.200-ms", later=_lasted(0.2))
@in_body
def fast(body: Body, _job: Job) -> None:
    """An answer comes after 200 ms, and `created` is the second before."""
    body["created"] -= 1


@legal("time.120-s", later=_lasted(120.0))
@in_body
def slow(body: Body, _job: Job) -> None:
    """An answer comes after 120 s, and `created` is when it was done."""
    body["created"] += 120


@legal("json.members-turned")
@in_text
def turned(text: bytes) -> bytes:
    """The members of the body come in the opposite order."""
    return json.dumps(dict(reversed(json.loads(text).items()))).encode()


@legal("json.members-sorted")
@in_text
def sorted_members(text: bytes) -> bytes:
    """The members of every object come in alphabetical order, with blanks after the colons."""
    return json.dumps(json.loads(text), sort_keys=True).encode()


@legal("json.indented")
@in_text
def indented(text: bytes) -> bytes:
    """The body is indented, with a line for every member."""
    return json.dumps(json.loads(text), indent=2).encode()


@legal("json.tabs-and-crlf")
@in_text
def tabs(text: bytes) -> bytes:
    """The body is indented by tabs and its lines end in CR LF."""
    return json.dumps(json.loads(text), indent="\t").replace("\n", "\r\n").encode()


@legal("json.blank-around")
@in_text
def blank_around(text: bytes) -> bytes:
    """White space stands before and after the body, as a proxy that keeps alive sends it."""
    return b" \r\n\t\n" * 30 + text + b"\n\n"


@legal("json.slashes-escaped")
@in_text
def slashes(text: bytes) -> bytes:
    """Every slash is escaped, in URLs and in base64, as PHP does."""
    return text.replace(b"/", b"\\/")


@legal("json.escaped-for-html")
@in_text
def escaped_for_html(text: bytes) -> bytes:
    """`&`, `<` and `>` are written as escapes, as Go does unless told otherwise."""
    for sign, number in ((b"&", b"26"), (b"<", b"3c"), (b">", b"3e")):
        text = text.replace(sign, b"\\u00" + number)
    return text


@legal("json.unicode-escaped")
@in_text
def escaped(text: bytes) -> bytes:
    """Harmless characters are written as escapes: `&` in a URL, `+` in base64."""
    text = text.replace(b"&", b"\\u0026").replace(b"=", b"\\u003d").replace(b"+", b"\\u002B")
    return text.replace(b'"data"', b'"\\u0064ata"')


@legal("revised-prompt.absent")
@in_items
def no_revised_prompt(item: Body, _job: Job) -> None:
    """No item has a `revised_prompt`."""
    item.pop("revised_prompt", None)


@legal("revised-prompt.present")
@in_items
def revised_prompt(item: Body, _job: Job) -> None:
    """Every model revises its prompt and says so."""
    item["revised_prompt"] = "A small red boat, in the style of a woodcut"


@legal("revised-prompt.unicode")
@in_items
def revised_unicode(item: Body, _job: Job) -> None:
    """A revised prompt has quotes, line feeds, Arabic, Chinese and characters beyond the BMP."""
    item["revised_prompt"] = 'קשת\n"帆船" — قارب أحمر 🚤\u2028\\ \u0000 e\u0301'


@legal("revised-prompt.long")
@in_items
def revised_long(item: Body, _job: Job) -> None:
    """A revised prompt is far longer than any prompt may be."""
    item["revised_prompt"] = "a boat and " * 4_000


@legal("revised-prompt.html")
@in_items
def revised_html(item: Body, _job: Job) -> None:
    """A revised prompt speaks of HTML and of errors; it is text all the same."""
    item["revised_prompt"] = '<!DOCTYPE html><html>{"error": "data:image/png;base64,AA=="}'


@legal("data.items-turned")
@in_body
def items_turned(body: Body, _job: Job) -> None:
    """The images come in another order."""
    body["data"].reverse()


@legal("header.charset")
@in_finished
def charset(response: Response) -> None:
    """The content type names its character set."""
    kind = response.headers["content-type"].split(";")[0]
    response.headers["content-type"] = f"{kind}; charset=utf-8"


@legal("header.content-type-written-oddly")
@in_finished
def odd_type(response: Response) -> None:
    """The content type is in capitals, with a quoted parameter and blanks around it."""
    kind = response.headers["content-type"].split(";")[0]
    response.headers["content-type"] = f'{kind.upper()} ; Charset="UTF-8"'


@legal("header.unknown")
@in_finished
def unknown_headers(response: Response) -> None:
    """There are headers of proxies, of security and of rate limits, one of them twice."""
    response.headers["retry-after"] = "2"
    response.headers["x-ratelimit-remaining-images"] = "0"
    response.headers["strict-transport-security"] = "max-age=31536000"
    for ray in ("1-FRA", "2-FRA"):
        response.headers.append("cf-ray", ray)
    response.headers["set-cookie"] = "__cf_bm=1; path=/; HttpOnly"


@legal("header.none-but-type")
@in_finished
def bare_headers(response: Response) -> None:
    """There is no header but the content type: no request id, no version, no time."""
    for name in ("x-request-id", "openai-processing-ms", "openai-version"):
        del response.headers[name]


@legal("models.more-members")
@in_model_list
def model_members(listing: Body) -> None:
    """The model list says more of every model, and of itself."""
    listing |= {"has_more": False, "first_id": None}
    for each in listing["data"]:
        each |= {"permission": [], "root": each["id"], "parent": None}


@legal("models.other-models")
@in_model_list
def other_models(listing: Body) -> None:
    """The model list has hundreds of other models, and ours stand last, in another order."""
    others = [{**listing["data"][0], "id": f"chat-{number}"} for number in range(300)]
    listing["data"] = [*others, *reversed(listing["data"])]
