"""The chapter parameters: what is documented is accepted, what breaks a rule is refused."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from conformance.exchange.outcome import Outcome, Result
from conformance.findings import Verdict
from tests.miniatures import (
    BEARER,
    JSON_TYPE,
    REFUSED,
    answer,
    body,
    error,
    exchange,
    lie,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange

ABSENT = object()

BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "prompt-required": ("dall-e-2", {"prompt": ABSENT}),
    "prompt-type": ("dall-e-3", {"prompt": 1}),
    "prompt-maxlength": ("dall-e-2", {"prompt": "a" * 1001}),
    "model-type": ("dall-e-2", {"model": 1}),
    "size-type": ("qwen-image", {"size": 1024}),
    "size-enum": ("dall-e-3", {"size": "256x256"}),
    "size-pattern": ("gpt-image-2", {"size": "wide"}),
    "quality-type": ("gpt-image-1", {"quality": True}),
    "quality-enum": ("gpt-image-1", {"quality": "hd"}),
    "response_format-type": ("dall-e-2", {"response_format": []}),
    "response_format-enum": ("dall-e-3", {"response_format": "base64"}),
    "user-type": ("dall-e-2", {"user": 7}),
    "style-type": ("dall-e-3", {"style": 1}),
    "style-enum": ("dall-e-3", {"style": "gaudy"}),
    "background-type": ("gpt-image-1", {"background": 0}),
    "background-enum": ("gpt-image-1", {"background": "green"}),
    "output_format-type": ("gpt-image-1.5", {"output_format": 1}),
    "output_format-enum": ("gpt-image-1.5", {"output_format": "tiff"}),
    "output_compression-type": (
        "gpt-image-1",
        {"output_format": "jpeg", "output_compression": "half"},
    ),
    "output_compression-minimum": (
        "gpt-image-1",
        {"output_format": "jpeg", "output_compression": -1},
    ),
    "output_compression-maximum": (
        "gpt-image-1",
        {"output_format": "jpeg", "output_compression": 101},
    ),
    "moderation-type": ("gpt-image-1", {"moderation": 1}),
    "moderation-enum": ("gpt-image-1", {"moderation": "none"}),
    "stream-type": ("gpt-image-1-mini", {"stream": "yes"}),
    "partial_images-type": ("gpt-image-1-mini", {"partial_images": "two"}),
    "partial_images-minimum": ("gpt-image-1-mini", {"partial_images": -1}),
    "partial_images-maximum": ("gpt-image-1-mini", {"partial_images": 4}),
    "background-transparent-needs-alpha-format": (
        "gpt-image-1",
        {"background": "transparent", "output_format": "jpeg"},
    ),
}


def spoilt(name: str) -> tuple[str, dict[str, Any]]:
    """The model and the request body that break one rule."""
    model, changes = BROKEN[name]
    request = {**body(model), **changes}
    return model, {key: value for key, value in request.items() if value is not ABSENT}


def taken(name: str, status: int = 200, told: object = None) -> Exchange:
    """A request that breaks one rule, accepted with an image."""
    model, request = spoilt(name)
    return exchange(request, status, told or answer(body(model)), model=model)


def turned_down(name: str, status: int = 400) -> Exchange:
    """A request that breaks one rule, refused as documented."""
    parameter = name.partition("-")[0]
    return taken(name, status, error("It cannot be.", param=parameter, code="invalid_value"))


MALFORMED = b'{"model": "dall-e-2", "prompt": "a kite"'
ARRAY = b'[{"model": "dall-e-2", "prompt": "a kite"}]'
TEXT_PLAIN = (BEARER, ("content-type", "text/plain"))
UNKNOWN = body(conformance_unknown="lantern")
UNSUPPORTED = body("dall-e-3", background="opaque")
DISPUTED = body("gpt-image-1", output_compression=50)


def no(status: int = 400, **given: Any) -> Exchange:
    """A refusal of what is given, which blames no parameter."""
    return exchange(status=status, answer=error("It cannot be."), **given)


def get(status: int = 200) -> Exchange:
    """A GET of the endpoint."""
    told = error("Method not allowed") if status >= 400 else None
    return exchange(method="GET", status=status, answer=told)


TRUTHS: dict[str, Callable[[], Exchange]] = {
    "parameters.valid-accepted": exchange,
    "parameters.json-malformed": lambda: no(request_raw=MALFORMED, model="dall-e-2"),
    "parameters.body-object": lambda: no(request_raw=ARRAY, model="dall-e-2"),
    "parameters.content-type": lambda: no(415, request_headers=TEXT_PLAIN),
    "parameters.method": lambda: get(405),
    "parameters.unknown": lambda: exchange(UNKNOWN),
    "parameters.unsupported": lambda: exchange(UNSUPPORTED),
    "parameters.disputed-value": lambda: exchange(DISPUTED),
    **{f"parameters.{name}": partial(turned_down, name) for name in BROKEN},
}

LIES = {
    each.id: each
    for each in (
        lie(
            "valid-refused",
            lambda: no(body=body(size="512x512")),
            "parameters.valid-accepted",
        ),
        lie("valid-404", lambda: no(404), "parameters.valid-accepted"),
        lie("valid-redirected", lambda: exchange(status=301, raw=b""), "parameters.valid-accepted"),
        lie(
            "malformed-accepted",
            lambda: exchange(request_raw=MALFORMED),
            "parameters.json-malformed",
        ),
        lie("array-accepted", lambda: exchange(request_raw=ARRAY), "parameters.body-object"),
        lie(
            "text-plain-accepted",
            lambda: exchange(request_headers=TEXT_PLAIN),
            "parameters.content-type",
        ),
        lie("get-accepted", get, "parameters.method"),
        lie("unknown-no-name", lambda: no(body=UNKNOWN), "parameters.unknown"),
        lie("unsupported-no-name", lambda: no(body=UNSUPPORTED), "parameters.unsupported"),
        lie("disputed-no-name", lambda: no(body=DISPUTED), "parameters.disputed-value"),
        *(lie(f"{name}-accepted", partial(taken, name), f"parameters.{name}") for name in BROKEN),
        lie(
            "error-in-a-success",
            lambda: taken("size-enum", 200, error("Invalid size", param="size")),
            "errors.not-2xx",
        ),
        lie("redirected", lambda: taken("size-enum", 302), "errors.not-2xx"),
    )
}


@pytest.mark.parametrize("clause", TRUTHS)
def test_truth_passes(clause: str) -> None:
    assert verdicts(TRUTHS[clause]())[clause] is Verdict.PASS
    assert red(TRUTHS[clause]()) == frozenset()


@pytest.mark.parametrize("name", LIES)
def test_lie_turns_exactly_its_clauses_red(name: str) -> None:
    assert red(LIES[name].exchange(), LIES[name].control) == LIES[name].red


@pytest.mark.parametrize("name", BROKEN)
def test_refusal_of_everything_is_not_testable(name: str) -> None:
    assert verdicts(turned_down(name), REFUSED)[f"parameters.{name}"] is Verdict.NOT_TESTABLE
    assert verdicts(turned_down(name), None)[f"parameters.{name}"] is Verdict.NOT_TESTABLE


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rule_is_judged_by_its_own_clause_alone(name: str) -> None:
    bound = {each for each in verdicts(turned_down(name)) if each.startswith("parameters.")}
    assert bound == {f"parameters.{name}"}


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503], ids=str)
def test_outage_is_no_refusal(status: int) -> None:
    found = verdicts(turned_down("size-enum", status))
    assert found["parameters.size-enum"] is Verdict.UNAVAILABLE


@pytest.mark.parametrize("status", [400, 404, 413, 422], ids=str)
def test_any_4xx_is_a_refusal(status: int) -> None:
    assert verdicts(turned_down("size-enum", status))["parameters.size-enum"] is Verdict.PASS


@pytest.mark.parametrize("status", [401, 403], ids=str)
def test_what_is_about_the_account_refuses_no_mistake(status: int) -> None:
    found = verdicts(turned_down("size-enum", status))
    assert found["parameters.size-enum"] is Verdict.NOT_TESTABLE


@pytest.mark.parametrize(
    "told",
    [
        error("Your prompt was rejected", code="moderation_blocked"),
        error("Your prompt was rejected", code="content_policy_violation"),
    ],
    ids=["moderation_blocked", "content_policy_violation"],
)
def test_moderated_prompt_is_not_testable(told: dict[str, Any]) -> None:
    found = verdicts(exchange(status=400, answer=told))
    assert found["parameters.valid-accepted"] is Verdict.NOT_TESTABLE


def test_exhausted_quota_is_unavailable() -> None:
    told = error("Billing hard limit reached", code="billing_hard_limit_reached")
    found = verdicts(exchange(status=400, answer=told))
    assert found["parameters.valid-accepted"] is Verdict.UNAVAILABLE


def test_model_that_is_not_served_is_unavailable() -> None:
    told = error("The model 'dall-e-2' does not exist.", param="model", code="invalid_value")
    found = verdicts(exchange(status=400, answer=told))
    assert found["parameters.valid-accepted"] is Verdict.UNAVAILABLE


NOT_AVAILABLE = "For model dall-e-3, quality hd is not available"


@pytest.mark.parametrize(
    ("param", "verdict"),
    [
        ("quality", Verdict.FAIL),
        ("body.quality", Verdict.FAIL),
        ("model", Verdict.UNAVAILABLE),
        ("body.model", Verdict.UNAVAILABLE),
        ("deployment", Verdict.UNAVAILABLE),
        ("None", Verdict.UNAVAILABLE),
        ("", Verdict.UNAVAILABLE),
        (None, Verdict.UNAVAILABLE),
        (["quality"], Verdict.FAIL),
    ],
    ids=str,
)
@pytest.mark.parametrize("code", ["invalid_value", "model_not_found", None], ids=str)
def test_refusal_that_blames_another_parameter_is_not_about_the_model(
    param: object, verdict: Verdict, code: str | None
) -> None:
    told = error(NOT_AVAILABLE, param=param, code=code)
    found = verdicts(exchange(body("dall-e-3", quality="hd"), 400, told))
    assert found["parameters.valid-accepted"] is verdict


GONE = error("The model does not exist", param="model", code="model_not_found")


def test_model_that_painted_the_control_is_not_gone_but_blamed() -> None:
    _, request = spoilt("size-enum")
    for status in (400, 404):
        made = exchange(request, status, GONE)
        assert verdicts(made)["parameters.size-enum"] is Verdict.NOT_TESTABLE
        assert verdicts(made)["errors.param-names"] is Verdict.NOT_TESTABLE
        assert verdicts(made, REFUSED)["parameters.size-enum"] is Verdict.UNAVAILABLE
        assert verdicts(made, None)["parameters.size-enum"] is Verdict.UNAVAILABLE
    found = verdicts(exchange(request, 503, GONE))
    assert found["parameters.size-enum"] is Verdict.UNAVAILABLE


@pytest.mark.parametrize("request_body", [UNKNOWN, UNSUPPORTED, DISPUTED], ids=str)
def test_open_request_refused_as_if_the_model_was_gone_names_no_parameter(
    request_body: dict[str, Any],
) -> None:
    made = exchange(request_body, 404, GONE)
    assert {each.split(".")[0] for each in red(made)} == {"parameters"}
    assert red(made, REFUSED) == frozenset()


@pytest.mark.parametrize(
    ("request_body", "param", "message"),
    [
        (UNKNOWN, "conformance_unknown", "No."),
        (UNKNOWN, None, "Unknown parameter: 'conformance_unknown'."),
        (UNSUPPORTED, "background", "No."),
        (DISPUTED, None, "output_compression needs jpeg or webp"),
    ],
    ids=["unknown-by-param", "unknown-by-message", "unsupported-by-param", "disputed-by-message"],
)
def test_open_point_may_be_refused_by_name(
    request_body: dict[str, Any], param: str | None, message: str
) -> None:
    assert red(exchange(request_body, 400, error(message, param=param))) == frozenset()


def test_name_of_a_parameter_inside_another_word_names_nothing() -> None:
    told = error("Set conformance_unknown_too to something else.")
    assert red(exchange(UNKNOWN, 400, told)) == {"parameters.unknown"}


@pytest.mark.parametrize(
    "text",
    [json.dumps(error("")).encode(), b'{"error": null}', b""],
    ids=["empty-message", "null", "no-body"],
)
def test_refusal_for_no_stated_reason_names_nothing(text: bytes) -> None:
    for name, request in {"unknown": UNKNOWN, "unsupported": UNSUPPORTED}.items():
        made = exchange(request, 400, raw=text)
        assert verdicts(made)[f"parameters.{name}"] is Verdict.DEVIATES
        assert red(made, REFUSED) == frozenset()


def test_refusal_may_name_its_parameter_without_an_error_object() -> None:
    told = {"detail": [{"loc": ["body", "conformance_unknown"], "msg": "Extra inputs"}]}
    assert red(exchange(UNKNOWN, 422, told)) == frozenset()


def test_two_faults_at_once_prove_nothing_about_either() -> None:
    request = body("dall-e-3", size="256x256", style="gaudy")
    bound = {each for each in verdicts(exchange(request)) if each.startswith("parameters.")}
    assert bound == set()


def test_refusal_is_compared_with_its_own_control() -> None:
    control = Outcome("size-512x512", Result.UNAVAILABLE, "HTTP 503", 503)
    found = verdicts(turned_down("size-enum"), control)
    assert found["parameters.size-enum"] is Verdict.NOT_TESTABLE


def test_body_of_the_request_is_json_whatever_its_charset_parameter() -> None:
    headers = (BEARER, ("content-type", f"{JSON_TYPE[1]}; charset=utf-8"))
    assert "parameters.content-type" not in verdicts(exchange(request_headers=headers))


@pytest.mark.parametrize(
    ("clause", "request_body"),
    [("unknown", UNKNOWN), ("unsupported", UNSUPPORTED), ("disputed-value", DISPUTED)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_open_request_whose_control_is_refused_too_has_another_reason(
    clause: str, request_body: dict[str, Any]
) -> None:
    told = no(body=request_body)
    assert verdicts(told)[f"parameters.{clause}"] is Verdict.DEVIATES
    assert f"parameters.{clause}" not in verdicts(told, REFUSED)  # nothing was promised of it
