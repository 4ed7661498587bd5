"""The chapter format: one lie a clause, and the exchange without it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from conformance.findings import Verdict
from tests.miniatures import (
    REFUSED,
    answer,
    body,
    changed,
    encoded,
    error,
    exchange,
    image_url,
    items,
    lie,
    painted,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

DALL_E_2 = body("dall-e-2")
DALL_E_3 = body("dall-e-3")
URL = body("dall-e-3", response_format="url")
B64 = body("dall-e-3", response_format="b64_json")
GPT_IMAGE = body("gpt-image-1")
GPT_IMAGE_URL = body("gpt-image-1", response_format="url")
QWEN = body("qwen-image")


def told(request: dict[str, Any], **members: object) -> Exchange:
    """A truthful answer with members put into every item."""
    return exchange(request, answer=changed(request, **members))


def only(request: dict[str, Any], **item: object) -> Exchange:
    """An answer whose one item has these members and no others."""
    return exchange(request, answer=items(request, item))


def as_url(request: dict[str, Any], **more: object) -> Exchange:
    """An answer that carries a URL and no base64."""
    return only(request, url=image_url(), **more)


def as_b64(request: dict[str, Any], **more: object) -> Exchange:
    """An answer that carries base64 and no URL."""
    return only(request, b64_json=encoded(painted(request)), **more)


def unknown_parameter(param: str | None, message: str) -> Exchange:
    """A refusal of response_format, as worded."""
    refusal = error(message, param=param, code="unknown_parameter")
    return exchange(GPT_IMAGE_URL, 400, refusal)


STRANGE = body("somebody-s-model")
SILENT = {
    "empty-message": json.dumps(error("")).encode(),
    "null-message": json.dumps(error(None)).encode(),
    "number": json.dumps(error(7)).encode(),
    "flat": b'{"message": "It cannot be done."}',
    "no-body": b"",
}
"""Refusals for no stated reason."""

TRUTHS: dict[str, Callable[[], Exchange]] = {
    "format.url-when-asked": lambda: exchange(URL),
    "format.url-by-default": lambda: exchange(DALL_E_2),
    "format.b64-when-asked": lambda: exchange(B64),
    "format.gpt-image-b64": lambda: exchange(GPT_IMAGE),
    "format.gpt-image-response-format": lambda: exchange(GPT_IMAGE_URL),
    "format.qwen-image-either": lambda: exchange(QWEN),
    "format.any-model-either": lambda: exchange(STRANGE),
    "format.one-payload": lambda: exchange(DALL_E_3),
    "format.qwen-image-one-payload": lambda: as_b64(QWEN),
    "format.unused-member-not-null": lambda: exchange(B64),
    "format.unused-member-not-empty": lambda: exchange(URL),
    "format.revised-prompt-not-null": lambda: exchange(DALL_E_3),
    "format.revised-prompt-not-empty": lambda: exchange(DALL_E_2),
}

LIES = {
    each.id: each
    for each in (
        lie("b64-for-url", lambda: as_b64(URL), "format.url-when-asked"),
        lie("nothing-for-url", lambda: only(URL, note="?"), "format.url-when-asked"),
        lie("b64-by-default", lambda: as_b64(DALL_E_2), "format.url-by-default"),
        lie("null-url-by-default", lambda: told(DALL_E_2, url=None), "format.url-by-default"),
        lie("empty-url-by-default", lambda: told(DALL_E_2, url=""), "format.url-by-default"),
        lie("url-for-b64", lambda: as_url(B64), "format.b64-when-asked"),
        lie("url-and-empty-b64", lambda: as_url(B64, b64_json=""), "format.b64-when-asked"),
        lie("url-and-null-b64", lambda: as_url(B64, b64_json=None), "format.b64-when-asked"),
        lie("empty-item", lambda: only(B64), "format.b64-when-asked"),
        lie("gpt-image-url", lambda: as_url(GPT_IMAGE), "format.gpt-image-b64"),
        lie("gpt-image-nothing", lambda: only(GPT_IMAGE), "format.gpt-image-b64"),
        lie(
            "gpt-image-url-as-asked",
            lambda: as_url(GPT_IMAGE_URL),
            "format.gpt-image-response-format",
        ),
        lie(
            "gpt-image-refusal-without-name",
            lambda: unknown_parameter(None, "Something is wrong."),
            "format.gpt-image-response-format",
        ),
        *(
            lie(
                f"gpt-image-refusal-{name}",
                partial(exchange, GPT_IMAGE_URL, 400, raw=text),
                "format.gpt-image-response-format",
            )
            for name, text in SILENT.items()
        ),
        lie(
            "gpt-image-redirected",
            lambda: exchange(GPT_IMAGE_URL, 307, raw=b""),
            "format.gpt-image-response-format",
        ),
        lie("strange-nothing", lambda: only(STRANGE, url=""), "format.any-model-either"),
        lie("unnamed-nothing", lambda: only(body(None), url=None), "format.any-model-either"),
        lie("qwen-nothing", lambda: only(QWEN, url=None, b64_json=""), "format.qwen-image-either"),
        lie(
            "both-for-url",
            lambda: told(URL, b64_json=encoded(painted(URL))),
            "format.one-payload",
        ),
        lie("both-for-b64", lambda: told(B64, url=image_url()), "format.one-payload"),
        lie("gpt-image-both", lambda: told(GPT_IMAGE, url=image_url()), "format.one-payload"),
        lie(
            "qwen-both",
            lambda: told(QWEN, b64_json=encoded(painted(QWEN))),
            "format.qwen-image-one-payload",
        ),
        lie("null-b64", lambda: told(URL, b64_json=None), "format.unused-member-not-null"),
        lie("null-url", lambda: told(GPT_IMAGE, url=None), "format.unused-member-not-null"),
        lie("empty-b64", lambda: told(DALL_E_2, b64_json=""), "format.unused-member-not-empty"),
        lie("empty-url", lambda: told(B64, url=""), "format.unused-member-not-empty"),
        lie(
            "null-revised-prompt",
            lambda: told(DALL_E_3, revised_prompt=None),
            "format.revised-prompt-not-null",
        ),
        lie(
            "empty-revised-prompt",
            lambda: told(DALL_E_3, revised_prompt=""),
            "format.revised-prompt-not-empty",
        ),
        lie(
            "blank-revised-prompt",
            lambda: told(GPT_IMAGE, revised_prompt="  "),
            "format.revised-prompt-not-empty",
        ),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    made = TRUTHS[clause]()
    assert verdicts(made)[clause] is Verdict.PASS
    assert red(made) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    told = LIES[name]
    assert red(told.exchange(), told.control) == told.red


@pytest.mark.parametrize(
    ("param", "message"),
    [("response_format", "Unknown."), ("", "Unknown parameter: 'response_format'.")],
    ids=["param", "message"],
)
def test_gpt_image_may_refuse_response_format_by_name(param: str, message: str) -> None:
    found = verdicts(unknown_parameter(param, message))
    assert found["format.gpt-image-response-format"] is Verdict.PASS


@pytest.mark.parametrize(
    "told",
    [
        {"detail": [{"loc": ["body", "response_format"], "msg": "Extra inputs"}]},
        {"error": "Unknown parameter: 'response_format'."},
    ],
    ids=["fastapi", "text"],
)
def test_gpt_image_may_name_response_format_without_an_error_object(told: dict[str, Any]) -> None:
    found = verdicts(exchange(GPT_IMAGE_URL, 422, told))
    assert found["format.gpt-image-response-format"] is Verdict.PASS


@pytest.mark.parametrize("status", [302, 400], ids=str)
def test_response_format_is_not_judged_where_the_smallest_request_is_refused_too(
    status: int,
) -> None:
    made = exchange(GPT_IMAGE_URL, status, error("Something is wrong."))
    assert red(made) == {"format.gpt-image-response-format"}
    assert red(made, REFUSED) == frozenset()
    assert red(as_url(GPT_IMAGE_URL), REFUSED) == {"format.gpt-image-response-format"}


@pytest.mark.parametrize("asked", [None, "url", "b64_json"], ids=["absent", "url", "b64_json"])
@pytest.mark.parametrize("carry", [as_url, as_b64], ids=["url", "base64"])
def test_qwen_image_may_answer_either(carry: Callable[..., Exchange], asked: str | None) -> None:
    request = body("qwen-image", **({"response_format": asked} if asked else {}))
    assert red(carry(request)) == frozenset()


def test_null_response_format_means_url() -> None:
    request = body("dall-e-3", response_format=None)
    assert verdicts(exchange(request))["format.url-by-default"] is Verdict.PASS


def test_wrong_item_among_several_is_named() -> None:
    request = body("dall-e-2", n=2)
    first, _ = answer(request)["data"]
    made = exchange(request, answer=items(request, first, {"b64_json": encoded(b"?")}))
    assert "format.url-by-default" in red(made)
