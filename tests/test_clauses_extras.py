"""The chapter extras: what a GPT image model says of its image and of tokens is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.findings import Verdict
from tests.miniatures import (
    answer,
    body,
    encoded,
    error,
    exchange,
    lie,
    picture,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

PLAIN = body("gpt-image-1")
EXACT = body(
    "gpt-image-1", size="1024x1536", quality="low", background="opaque", output_format="webp"
)
OPEN = body("gpt-image-1", background="transparent")  # disputed for this model
USAGE: dict[str, Any] = answer(PLAIN)["usage"]


def echo(request: dict[str, Any] = PLAIN, **members: object) -> Exchange:
    """A truthful answer but for what it says of itself."""
    return exchange(request, answer=answer(request, **members))


def painted(data: bytes, **members: object) -> Exchange:
    """An answer with other bytes, to a request that leaves the image to the provider."""
    return echo(PLAIN, data=[{"b64_json": encoded(data)}], **members)


def usage(**members: object) -> Exchange:
    """A truthful answer but for members of its usage; ``...`` leaves one out."""
    told = {**USAGE, **members}
    return echo(usage={key: value for key, value in told.items() if value is not ...})


def detailed(text: object, image: object = 0) -> dict[str, object]:
    """Details of a count."""
    return {"text_tokens": text, "image_tokens": image}


TRUTHS: dict[str, Callable[[], Exchange]] = {
    **{
        f"extras.{name}": lambda: exchange(PLAIN)
        for name in (
            "background-documented",
            "background-true",
            "output-format-documented",
            "quality-documented",
            "size-documented",
            "size-true",
            "usage-members",
            "usage-integers",
            "usage-not-negative",
            "usage-total",
            "usage-input-details",
            "usage-output-details",
        )
    },
    **{
        f"extras.{name}-as-asked": lambda: exchange(EXACT)
        for name in ("background", "output-format", "quality", "size")
    },
}

LIES = {
    each.id: each
    for each in (
        lie("background-auto", lambda: echo(background="auto"), "extras.background-documented"),
        lie("background-object", lambda: echo(background={}), "extras.background-documented"),
        lie(
            "background-other",
            lambda: echo(EXACT, background="transparent"),
            "extras.background-as-asked",
        ),
        lie(
            "background-other-where-open",
            lambda: echo(OPEN, background="opaque"),
            "extras.background-as-asked",
        ),
        lie(
            "background-not-opaque",
            lambda: painted(picture("png", (1024, 1024), mode="RGBA"), background="opaque"),
            "extras.background-true",
        ),
        lie(
            "background-not-transparent",
            lambda: echo(background="transparent"),
            "extras.background-true",
        ),
        lie("format-tiff", lambda: echo(output_format="tiff"), "extras.output-format-documented"),
        lie(
            "format-other",
            lambda: echo(EXACT, output_format="png"),
            "extras.output-format-as-asked",
        ),
        lie(
            "format-not-the-default",
            lambda: echo(output_format="jpeg"),
            "extras.output-format-as-asked",
        ),
        lie("quality-auto", lambda: echo(quality="auto"), "extras.quality-documented"),
        lie("quality-hd", lambda: echo(EXACT, quality="hd"), "extras.quality-documented"),
        lie("quality-other", lambda: echo(EXACT, quality="high"), "extras.quality-as-asked"),
        lie("size-auto", lambda: echo(size="auto"), "extras.size-documented"),
        lie("size-words", lambda: echo(EXACT, size="large"), "extras.size-documented"),
        lie("size-other", lambda: echo(EXACT, size="1024x1024"), "extras.size-as-asked"),
        lie("size-of-another-image", lambda: echo(size="1024x1536"), "extras.size-true"),
        lie("usage-text", lambda: echo(usage="free"), "extras.usage-members"),
        lie("no-input", lambda: usage(input_tokens=...), "extras.usage-members"),
        lie("no-details", lambda: usage(input_tokens_details=...), "extras.usage-members"),
        lie(
            "half-details",
            lambda: usage(input_tokens_details={"text_tokens": 13}),
            "extras.usage-members",
        ),
        lie(
            "fraction",
            lambda: usage(output_tokens=195.5, total_tokens=208.5),
            "extras.usage-integers",
        ),
        lie("digits", lambda: usage(total_tokens="209"), "extras.usage-integers"),
        lie(
            "negative",
            lambda: usage(input_tokens=-13, input_tokens_details=detailed(-13), total_tokens=183),
            "extras.usage-not-negative",
        ),
        lie("wrong-total", lambda: usage(total_tokens=210), "extras.usage-total"),
        lie(
            "wrong-input",
            lambda: usage(input_tokens_details=detailed(12)),
            "extras.usage-input-details",
        ),
        lie(
            "wrong-output",
            lambda: usage(output_tokens_details=detailed(1, 196)),
            "extras.usage-output-details",
        ),
        lie(
            "dall-e-total",
            lambda: echo(body("dall-e-2"), usage={**USAGE, "total_tokens": 1}),
            "extras.usage-total",
        ),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    assert verdicts(TRUTHS[clause]())[clause] is Verdict.PASS
    assert red(TRUTHS[clause]()) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    assert red(LIES[name].exchange(), LIES[name].control) == LIES[name].red


EXTRAS = ("background", "output_format", "quality", "size", "usage")


@pytest.mark.parametrize("request_body", [PLAIN, EXACT, OPEN], ids=["plain", "exact", "open"])
@pytest.mark.parametrize("state", ["absent", "null"])
def test_extras_may_be_left_out(request_body: dict[str, Any], state: str) -> None:
    told = answer(request_body)
    told = {key: None if key in EXTRAS else value for key, value in told.items()}
    if state == "absent":
        told = {key: value for key, value in told.items() if key not in EXTRAS}
    assert red(exchange(request_body, answer=told)) == frozenset()


def test_output_details_may_be_left_out() -> None:
    assert red(usage(output_tokens_details=...)) == frozenset()


def test_wrong_bytes_behind_a_true_echo_are_the_image_s_fault_alone() -> None:
    wrong = painted(picture("webp", (1024, 1024)))
    assert {each.partition(".")[0] for each in red(wrong)} == {"image"}


def test_refusal_of_an_open_point_says_nothing_of_extras() -> None:
    refused = exchange(OPEN, 400, error("Not supported", param="background"))
    assert red(refused) == frozenset()
    assert "extras.background-as-asked" not in verdicts(refused)


@pytest.mark.parametrize("name", ["background", "output_format", "quality", "size", "usage"])
def test_absent_extra_is_neither_green_nor_red(name: str) -> None:
    told = answer(PLAIN)
    del told[name]
    word = name.replace("_", "-")
    assert red(exchange(PLAIN, answer=told)) == frozenset()
    judged = verdicts(exchange(PLAIN, answer=told))
    assert not [each for each in judged if each.startswith(f"extras.{word}-")]


def test_extras_of_a_scrubbed_image_are_not_compared_with_it() -> None:
    scrubbed = exchange(PLAIN, altered=frozenset({"payloads"}))
    assert verdicts(scrubbed)["extras.size-true"] is Verdict.NOT_TESTABLE
    assert verdicts(scrubbed)["extras.size-documented"] is Verdict.PASS
