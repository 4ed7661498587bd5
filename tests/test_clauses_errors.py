"""The chapter errors: the body and the status of a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases.model import UNKNOWN_MODEL
from conformance.findings import BROKEN, Verdict
from tests.miniatures import (
    ACCEPTED,
    BEARER,
    HTML,
    JSON_TYPE,
    REFUSED,
    REQUEST_ID,
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

WRONG = body("dall-e-2", size="9x9")
ACROSS = body("gpt-image-1", background="transparent", output_format="jpeg")
UNKNOWN = body(UNKNOWN_MODEL)
TEXT_PLAIN = (BEARER, ("content-type", "text/plain"))
MALFORMED = b'{"model": "dall-e-2", "prompt": '
TRUE = error("Invalid size", param="size", code="invalid_value")


def refusal(told: object = None, status: int = 400, request: object = None) -> Exchange:
    """A refused request; the truth is a documented error that names the parameter."""
    asked = request if isinstance(request, dict) else WRONG
    return exchange(asked, status, TRUE if told is None else told)


def member(name: str, value: object) -> Exchange:
    """A refusal with another value of one member of its error."""
    return refusal({"error": {**TRUE["error"], name: value}})


def lacking(name: str) -> Exchange:
    """A refusal without one member of its error."""
    return refusal({"error": {key: each for key, each in TRUE["error"].items() if key != name}})


def raw(data: bytes, content_type: str = JSON_TYPE[1]) -> Exchange:
    """A refusal of these bytes."""
    headers = (("content-type", content_type), REQUEST_ID)
    return exchange(WRONG, 400, raw=data, headers=headers)


def transport(status: int, told: object = None, **given: Any) -> Exchange:
    """A refusal of a request whose fault is not in a parameter."""
    return exchange(status=status, answer=told or error("It cannot be."), **given)


NOT_FOUND = error("No available channel for model", code="model_not_found", param="model")

TRUTHS: dict[str, Callable[[], Exchange]] = {
    **{
        f"errors.{name}": refusal
        for name in (
            "json",
            "content-type",
            "object",
            "error-object",
            "message-string",
            "message-not-null",
            "message-not-empty",
            "type-string",
            "param-present",
            "param-type",
            "param-names",
            "code-present",
            "code-type",
            "no-data",
            "status-400",
            "not-5xx",
            "not-2xx",
        )
    },
    "errors.method-explained": lambda: transport(
        405, {"detail": "Method Not Allowed"}, method="GET"
    ),
    "errors.status-405": lambda: transport(405, method="GET"),
    "errors.status-415": lambda: transport(415, request_headers=TEXT_PLAIN),
}

LIES = {
    each.id: each
    for each in (
        lie("html", lambda: raw(HTML, "text/html"), "errors.json"),
        lie("html-as-json", lambda: raw(HTML), "errors.json"),
        lie("plain-text", lambda: raw(b"Bad request", "text/plain"), "errors.json"),
        lie("empty-body", lambda: raw(b""), "errors.json"),
        lie("cut-off", lambda: raw(b'{"error": {"message": "no'), "errors.json"),
        lie(
            "declared-html",
            lambda: exchange(WRONG, 400, TRUE, headers=(("content-type", "text/html"), REQUEST_ID)),
            "errors.content-type",
        ),
        lie("array", lambda: raw(b'["no"]'), "errors.object"),
        lie("null-body", lambda: raw(b"null"), "errors.object"),
        lie("flat", lambda: refusal({"code": None, "message": "no"}), "errors.error-object"),
        lie("detail", lambda: refusal({"detail": [{"msg": "no"}]}), "errors.error-object"),
        lie("error-text", lambda: refusal({"error": "no"}), "errors.error-object"),
        lie("error-null", lambda: refusal({"error": None}), "errors.error-object"),
        lie("no-message", lambda: lacking("message"), "errors.message-string"),
        lie("message-array", lambda: member("message", ["no"]), "errors.message-string"),
        lie("message-null", lambda: member("message", None), "errors.message-not-null"),
        lie("message-empty", lambda: member("message", ""), "errors.message-not-empty"),
        lie("message-blank", lambda: member("message", " \n"), "errors.message-not-empty"),
        lie("no-type", lambda: lacking("type"), "errors.type-string"),
        lie("type-null", lambda: member("type", None), "errors.type-string"),
        lie("no-param", lambda: lacking("param"), "errors.param-present"),
        lie("param-number", lambda: member("param", 3), "errors.param-type"),
        lie("param-other", lambda: member("param", "quality"), "errors.param-names"),
        lie(
            "param-other-across",
            lambda: refusal(error("No", param="quality"), request=ACROSS),
            "errors.param-names",
        ),
        lie("no-code", lambda: lacking("code"), "errors.code-present"),
        lie("code-number", lambda: member("code", 400), "errors.code-type"),
        lie(
            "images-beside",
            lambda: refusal({**TRUE, "data": answer(body())["data"]}),
            "errors.no-data",
        ),
        lie("status-422", lambda: refusal(status=422), "errors.status-400"),
        lie(
            "malformed-422",
            lambda: transport(422, request_raw=MALFORMED),
            "errors.status-400",
        ),
        lie("get-404", lambda: transport(404, method="GET"), "errors.status-405"),
        lie(
            "text-plain-422",
            lambda: transport(422, request_headers=TEXT_PLAIN),
            "errors.status-415",
        ),
        lie("status-500", lambda: refusal(status=500), "errors.not-5xx"),
        lie("status-501", lambda: refusal(status=501), "errors.not-5xx"),
        lie("empty-200", lambda: refusal({"created": 1, "data": []}, 200), "errors.not-2xx"),
        lie("error-in-a-200", lambda: refusal(TRUE, 200), "errors.not-2xx"),
        lie("task-202", lambda: refusal({"task_id": "1"}, 202), "errors.not-2xx"),
        lie(
            "get-silent",
            lambda: exchange(method="GET", status=405, raw=b""),
            "errors.method-explained",
        ),
        lie(
            "unknown-model-503",
            lambda: refusal(NOT_FOUND, 503, UNKNOWN),
            "errors.not-5xx",
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


@pytest.mark.parametrize("status", [429, 502, 503, 504, 520, 524], ids=str)
def test_outage_is_no_answer_to_a_mistake(status: int) -> None:
    assert verdicts(refusal(status=status))["errors.not-5xx"] is Verdict.UNAVAILABLE


@pytest.mark.parametrize("control", [REFUSED, None], ids=["refused", "none"])
def test_500_without_an_accepted_control_is_not_testable(control: Any) -> None:
    assert verdicts(refusal(status=500), control)["errors.not-5xx"] is Verdict.NOT_TESTABLE


@pytest.mark.parametrize(
    "param",
    [None, "", "size", "body.size", "body/size"],
    ids=["null", "empty", "name", "a.b", "a/b"],
)
def test_param_names_the_fault_or_nothing(param: str | None) -> None:
    assert red(member("param", param)) == frozenset()


@pytest.mark.parametrize("param", ["background", "output_format"])
def test_param_names_either_side_of_a_rule_across_parameters(param: str) -> None:
    assert red(refusal(error("No", param=param), request=ACROSS)) == frozenset()


@pytest.mark.parametrize(
    "told",
    [
        {"error": {"code": "", "message": "no (request id: 1)", "type": "comet_api_error"}},
        {"error": {"message": "no", "type": "comet_api_error", "param": "", "code": "x"}},
    ],
    ids=["first-revision", "second-revision"],
)
def test_documented_comet_errors_break_no_must(told: dict[str, Any]) -> None:
    found = verdicts(refusal(told))
    assert Verdict.FAIL not in found.values()


def test_accepted_mistake_has_no_error_to_judge() -> None:
    found = verdicts(exchange(WRONG, answer=answer(body())), ACCEPTED)
    assert found["errors.message-string"] is Verdict.NOT_TESTABLE
    assert found["errors.not-5xx"] is Verdict.PASS


def test_body_too_large_may_be_413() -> None:
    long = body("dall-e-2", prompt="a" * 1001)
    told = error("Too long", param="prompt")
    assert red(refusal(told, 413, long)) == frozenset()


def test_error_of_an_authentication_is_judged_too() -> None:
    made = exchange(status=401, answer={"detail": "no"}, request_headers=(JSON_TYPE,))
    assert "errors.error-object" in red(made)


@pytest.mark.parametrize(
    ("clause", "told"),
    [
        ("errors.status-400", lambda: refusal(status=422)),
        ("errors.param-names", lambda: member("param", "quality")),
        ("errors.status-405", lambda: transport(404, method="GET")),
        ("errors.status-415", lambda: transport(422, request_headers=TEXT_PLAIN)),
        ("errors.not-5xx", lambda: refusal(status=500)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusal_whose_control_is_refused_too_has_another_reason(
    clause: str, told: Callable[[], Exchange]
) -> None:
    assert verdicts(told())[clause] in BROKEN
    assert verdicts(told(), REFUSED)[clause] is Verdict.NOT_TESTABLE
