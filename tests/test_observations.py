"""Observations: what is said of an exchange beside the verdicts, word for word, and when not."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from conformance.clauses.observations import _OBSERVERS, observe
from conformance.contract import load_edition
from conformance.exchange.answer import Answer
from conformance.exchange.model import Failure
from tests.miniatures import (
    GENERATIONS,
    JSON_TYPE,
    REQUEST_ID,
    SENT_AT,
    answer,
    body,
    changed,
    encoded,
    error,
    exchange,
    image_url,
    items,
    model_list,
    picture,
    served,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

EDITION = load_edition()
DALL_E = body("dall-e-2")
ACCOUNT = "openai-organization, openai-project, set-cookie"
EMPTY = body("dall-e-2", prompt="")
INLINE = body("dall-e-2", response_format="b64_json")
DALL_E_3 = body("dall-e-3")
C2PA = picture() + b"jumb c2pa"
PRESIGNED = "https://images.provider.example/1.png?X-Amz-Date=20260921T141320Z&X-Amz-Expires=7200"


def flat() -> bytes:
    """A PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (256, 256), "red").save(buffer, "PNG")
    return buffer.getvalue()


def with_headers(*more: tuple[str, str], status: int = 200) -> Exchange:
    """A truthful answer with more headers, or an error with them."""
    told = None if status == 200 else error()
    return exchange(status=status, answer=told, headers=(JSON_TYPE, REQUEST_ID, *more))


def with_url(url: str, request_url: str = GENERATIONS) -> Exchange:
    """An answer whose one image lies there."""
    return exchange(DALL_E, answer=changed(DALL_E, url=url), url=request_url)


def inline(data: bytes) -> Exchange:
    """An answer that carries these bytes as base64."""
    return exchange(INLINE, answer=items(INLINE, {"b64_json": encoded(data)}))


def cached(*headers: tuple[str, str]) -> Exchange:
    """An answer whose image comes with headers about caches."""
    found = served(picture())
    return exchange(fetched=replace(found, headers=(*found.headers, *headers)))


def with_members(**members: object) -> Exchange:
    """An answer to dall-e-2 with more at its top."""
    return exchange(DALL_E, answer={**answer(DALL_E), **members})


def of_size(model: str, width: int, height: int, **asked: object) -> Exchange:
    """An answer with an image of a size that was not asked for."""
    data = picture("png", (width, height))
    request = body(model, **asked)
    if model.startswith("gpt-image"):
        return exchange(request, answer={**answer(request), "data": [{"b64_json": encoded(data)}]})
    return exchange(request, fetched=data)


SAID: dict[str, tuple[Callable[[], Exchange], str, list[str]]] = {
    "flat": (lambda: exchange(fetched=flat()), "flat-image", ["data[0] is one flat colour"]),
    "flat-inline": (lambda: inline(flat()), "flat-image", ["data[0] is one flat colour"]),
    "not-flat": (exchange, "flat-image", []),
    "trailing": (
        lambda: exchange(fetched=picture() + b"more"),
        "bytes-after-image",
        ["data[0]: the image has 4 bytes of something else after its end"],
    ),
    "cut-off": (lambda: exchange(fetched=picture()[:-20]), "bytes-after-image", []),
    "nothing-trailing": (exchange, "bytes-after-image", []),
    "c2pa": (
        lambda: exchange(fetched=C2PA),
        "content-credentials",
        ["data[0] carries content credentials (C2PA)"],
    ),
    "c2pa-inline": (
        lambda: inline(C2PA),
        "content-credentials",
        ["data[0] carries content credentials (C2PA)"],
    ),
    "box-without-label": (
        lambda: exchange(fetched=picture() + b"jumb"),
        "content-credentials",
        [],
    ),
    "label-without-box": (
        lambda: exchange(fetched=picture() + b"c2pa"),
        "content-credentials",
        [],
    ),
    "lifetime": (exchange, "url-lifetime", ["data[0].url says in se that it lives 60 minutes"]),
    "lifetime-presigned": (
        lambda: with_url(PRESIGNED),
        "url-lifetime",
        ["data[0].url says in x-amz-expires that it lives 120 minutes"],
    ),
    "lifetime-unsaid": (
        lambda: with_url("https://images.provider.example/1.png"),
        "url-lifetime",
        ["data[0].url does not say how long it lives"],
    ),
    "lifetime-from-an-unknown-time": (
        lambda: exchange(sent_at=0.0),
        "url-lifetime",
        ["data[0].url does not say how long it lives"],
    ),
    "lifetime-of-base64": (lambda: inline(picture()), "url-lifetime", []),
    "max-age": (
        lambda: cached(("cache-control", "public, max-age=3600")),
        "url-cacheable",
        ["the image host lets an image be kept: 3600 seconds (Cache-Control)"],
    ),
    "expires": (
        lambda: cached(("Expires", "Mon, 21 Sep 2026 15:13:20 GMT")),
        "url-cacheable",
        ["the image host lets an image be kept: until 2026-09-21T15:13:20+00:00 (Expires)"],
    ),
    "no-cache-headers": (exchange, "url-cacheable", []),
    "no-download": (lambda: exchange(fetched=Failure("dns", "no")), "url-cacheable", []),
    "third-party": (
        lambda: with_url("https://filesystem.site/cdn/1.webp"),
        "third-party-host",
        ["images lie on another site than the provider's: filesystem.site"],
    ),
    "third-party-of-base64": (lambda: inline(picture()), "third-party-host", []),
    "same-site": (exchange, "third-party-host", []),
    "same-site-other-subdomain": (
        lambda: with_url("https://a.b.provider.example/1.png"),
        "third-party-host",
        [],
    ),
    "loopback": (lambda: with_url("http://127.0.0.1/1.png"), "third-party-host", []),
    "no-host": (lambda: with_url("data:image/png;base64,AA"), "third-party-host", []),
    "item-members": (
        lambda: exchange(DALL_E, answer=changed(DALL_E, seed=1, generation_id="gen_1")),
        "undocumented-item-members",
        ["items have members that no source documents: generation_id, seed"],
    ),
    "many-item-members": (
        lambda: exchange(DALL_E, answer=changed(DALL_E, **{f"m{at:02}": 1 for at in range(12)})),
        "undocumented-item-members",
        [
            (
                "items have members that no source documents: "
                "m00, m01, m02, m03, m04, m05, m06, m07, m08, m09"
            )
        ],
    ),
    "no-item-members": (exchange, "undocumented-item-members", []),
    "members": (
        lambda: with_members(metadata={}, cost=1),
        "undocumented-members",
        ["the body has members that no source documents: cost, metadata"],
    ),
    "many-members": (
        lambda: with_members(**{f"m{at:02}": 1 for at in range(12)}),
        "undocumented-members",
        [
            (
                "the body has members that no source documents: "
                "m00, m01, m02, m03, m04, m05, m06, m07, m08, m09"
            )
        ],
    ),
    "error-is-no-member": (lambda: with_members(error=None), "undocumented-members", []),
    "revised-prompt": (lambda: exchange(DALL_E_3), "no-revised-prompt", []),
    "no-revised-prompt": (
        lambda: exchange(DALL_E_3, answer=items(DALL_E_3, {"url": image_url()})),
        "no-revised-prompt",
        ["data[0] has no revised_prompt, which dall-e-3 is known to give"],
    ),
    "no-revised-prompt-of-dall-e-2": (exchange, "no-revised-prompt", []),
    "null-error": (
        lambda: with_members(error=None),
        "null-error",
        ["a success has the member error, as null"],
    ),
    "real-error": (lambda: with_members(error={}), "null-error", []),
    "no-error": (exchange, "null-error", []),
    "no-request-id": (
        lambda: exchange(headers=(JSON_TYPE,)),
        "no-request-id",
        ["the answer has no request id in its headers"],
    ),
    "request-id": (exchange, "no-request-id", []),
    "trace-id": (lambda: exchange(headers=(("X-Trace-Id", "1"),)), "no-request-id", []),
    "cf-ray": (lambda: exchange(headers=(("CF-RAY", "1"),)), "no-request-id", []),
    "requestid": (lambda: exchange(headers=(("x-oneapi-requestid", "1"),)), "no-request-id", []),
    "no-challenge": (
        lambda: with_headers(status=401),
        "no-challenge",
        ["a 401 has no WWW-Authenticate header, which RFC 9110 asks for"],
    ),
    "challenge": (
        lambda: with_headers(("WWW-Authenticate", "Bearer"), status=401),
        "no-challenge",
        [],
    ),
    "no-challenge-of-a-403": (lambda: with_headers(status=403), "no-challenge", []),
    "retry-after": (
        lambda: with_headers(("Retry-After", "30")),
        "retry-after-success",
        ["a success says Retry-After: 30"],
    ),
    "retry-after-429": (
        lambda: with_headers(("Retry-After", "30"), status=429),
        "retry-after-success",
        [],
    ),
    "no-retry-after": (exchange, "retry-after-success", []),
    "account": (
        lambda: with_headers(
            ("OpenAI-Project", "p"), ("openai-organization", "o"), ("Set-Cookie", "a=b")
        ),
        "account-headers",
        [f"headers tell of the account or open a session: {ACCOUNT}"],
    ),
    "no-account": (exchange, "account-headers", []),
    "software": (
        lambda: with_headers(("Server", "uvicorn"), ("X-Powered-By", "PHP"), ("Via", "1.1 a")),
        "software-headers",
        [
            "the header server says: uvicorn",
            "the header x-powered-by says: PHP",
            "the header via says: 1.1 a",
        ],
    ),
    "no-software": (exchange, "software-headers", []),
    "empty": (lambda: exchange(EMPTY), "empty-prompt", ["an empty prompt is accepted"]),
    "not-empty": (exchange, "empty-prompt", []),
    "qwen-size": (
        lambda: of_size("qwen-image", 1664, 928),
        "open-size",
        ["data[0] is 1664x928 when no size was asked: one of the sizes a source lists"],
    ),
    "qwen-other-size": (
        lambda: of_size("qwen-image", 512, 512),
        "open-size",
        ["data[0] is 512x512 when no size was asked: none of the sizes a source lists"],
    ),
    "qwen-size-asked": (
        lambda: of_size("qwen-image", 1664, 928, size="1664x928"),
        "open-size",
        [],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_observation_is_said_word_for_word_or_not_at_all(name: str) -> None:
    made, observer, said = SAID[name]
    found = observe(made(), EDITION)
    assert [each.message for each in found if each.id == observer] == said


@pytest.mark.parametrize("observer", sorted({observer for _, observer, _ in SAID.values()}))
def test_nothing_is_observed_of_the_images_of_a_refusal_or_a_list(observer: str) -> None:
    of_any_answer = {"no-request-id", "no-challenge", "account-headers", "software-headers"}
    for made in (exchange(status=400, answer=error()), model_list("dall-e-2")):
        assert observer in of_any_answer or observer not in {e.id for e in observe(made, EDITION)}


def test_nothing_is_observed_of_images_beside_a_refusal() -> None:
    told = {**error(), **items(DALL_E_3, {"url": "https://filesystem.site/1.png", "seed": 1})}
    made = exchange(DALL_E_3, 400, told, fetched=C2PA)
    assert {each.id for each in observe(made, EDITION)} <= {"url-cacheable", "no-request-id"}


def test_every_observer_has_a_case() -> None:
    assert set(_OBSERVERS) == {observer for _, observer, said in SAID.values() if said}


def test_observation_says_of_what_it_is() -> None:
    (found,) = (each for each in observe(exchange(), EDITION) if each.id == "url-lifetime")
    assert (found.provider, found.model, found.case) == ("miniature", "dall-e-2", "miniature")


def test_observation_is_made_once_and_at_most_three_times() -> None:
    request = body("dall-e-2", n=5)
    urls = [{"url": f"https://images.provider.example/{at}.png"} for at in range(5)]
    found = observe(exchange(request, answer=items(request, *urls)), EDITION)
    assert [each.message for each in found if each.id == "url-lifetime"] == [
        f"data[{at}].url does not say how long it lives" for at in range(3)
    ]
    others = [{"url": f"https://a.elsewhere.example/{at}"} for at in range(2)]
    again = observe(exchange(request, answer=items(request, *others)), EDITION)
    assert sum(each.id == "third-party-host" for each in again) == 1


def test_observation_looks_at_every_item() -> None:
    request = body("dall-e-2", n=2)
    told = items(request, {"b64_json": encoded(picture())}, {"url": image_url(), "seed": 1})
    found = {each.id: each.message for each in observe(exchange(request, answer=told), EDITION)}
    assert "seed" in found["undocumented-item-members"]
    assert found["url-lifetime"].startswith("data[1].url")


def test_nothing_is_observed_where_no_answer_came() -> None:
    assert observe(exchange(failure=Failure("timeout", "none")), EDITION) == []


def test_observation_reads_the_answer_that_it_is_given() -> None:
    given = Answer(exchange(fetched=flat()))
    assert "flat-image" in {each.id for each in observe(exchange(), EDITION, given)}


def test_terminal_escapes_of_a_header_are_made_visible() -> None:
    found = observe(with_headers(("server", "a\x1b[31mb")), EDITION)
    (said,) = (each.message for each in found if each.id == "software-headers")
    assert "\x1b" not in said
    assert said.startswith("the header server says: a")


def test_lifetime_counts_from_when_the_request_was_sent() -> None:
    found = observe(exchange(sent_at=SENT_AT + 1800), EDITION)
    assert "data[0].url says in se that it lives 30 minutes" in [each.message for each in found]
