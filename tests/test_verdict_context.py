"""What a run knows of other requests decides what a refusal or an outage is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from conformance.cases.model import UNKNOWN_MODEL as MADE_UP
from conformance.clauses import clauses_of, select
from conformance.clauses.judge import judge
from conformance.clauses.subject import Context
from conformance.contract import load_edition
from conformance.exchange.model import Failure, Provenance
from conformance.exchange.outcome import Outcome, Result, outcome_of
from conformance.findings import ANOTHER_REASON, OF_WHO_ASKS, Finding, Verdict
from conformance.lifecycle import ENDLESS, Standing
from tests.miniatures import (
    ACCEPTED,
    HTML,
    REFUSED,
    answer,
    body,
    broken_clauses,
    error,
    exchange,
    model_list,
    verdicts,
)

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange

EDITION = load_edition()
SURE = Context(ACCEPTED)
ALONE = Context(ACCEPTED, (), ACCEPTED, ACCEPTED, "3 of 3 cases, 12 of 12 attempts")
B64 = body("dall-e-2", response_format="b64_json")
WRONG = body("dall-e-2", size="9x9")
NO_MODEL = {"model": None, "size": None, "prompt": 7}


def judge_by(clause: str, exchange: Exchange, context: Context) -> Finding:
    """Judge one clause with what the run knows."""
    (finding,) = judge(exchange, EDITION, select(clauses_of(EDITION), clause), context=context)
    return finding


def judge_all(exchange: Exchange, context: Context) -> list[Finding]:
    return judge(exchange, EDITION, clauses_of(EDITION), context=context)


def crash(request: dict[str, Any] = B64, message: str = "cannot unmarshal") -> Exchange:
    """Return a documented request that comes to nothing."""
    return exchange(request, 500, error(message))


SILENT = Failure("timeout", "no answer within 60 s")
SEVERAL = body("dall-e-2", n=2, user="u" * 80)
B64_NAMED, USER_NAMED = 'response_format: "b64_json": ', f'n: 2, user: "{"u" * 39}: '
IN_ALL = "HTTP 500 in 3 of 3 cases, 12 of 12 attempts"
FAILING: dict[str, tuple[Exchange, str, str, str]] = {
    "fails": (
        crash(), ALONE.attempts, f"{B64_NAMED}{IN_ALL}",
        f"{B64_NAMED}HTTP 500: cannot unmarshal"),
    **{
        kind: (
            exchange(B64, failure=Failure(kind, SILENT.message)), "",
            f"{B64_NAMED}no answer within 60 s every time", f"{B64_NAMED}no answer within 60 s")
        for kind in ("timeout", "disconnect")
    },
    "asks-to-wait": (
        exchange(B64, 500, error("boom"), headers=(("retry-after", "5"),)), ALONE.attempts,
        f"{B64_NAMED}{IN_ALL}",
        f"{B64_NAMED}HTTP 500; the provider asks to wait 5 seconds: boom"),
    # the smallest request has no parameter to name
    "smallest": (crash(body("dall-e-2"), "boom"), ALONE.attempts, IN_ALL, "HTTP 500: boom"),
    "several-parameters": (
        crash(SEVERAL, "boom"), "", f"{USER_NAMED}HTTP 500 every time",
        f"{USER_NAMED}HTTP 500: boom"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILING)
def test_value_that_comes_to_nothing_every_time_breaks_a_promise(name: str) -> None:
    exchange, attempts, message, observed = FAILING[name]
    finding = judge_by("parameters.valid-accepted", exchange, replace(ALONE, attempts=attempts))
    assert (finding.verdict, finding.expected) == (Verdict.FAIL, "2xx")
    assert finding.message == f"{message}, while other requests were accepted before and after"
    assert finding.observed == observed
    clauses = {one.clause for one in judge_all(exchange, ALONE) if one.verdict is Verdict.FAIL}
    assert clauses == {"parameters.valid-accepted"}  # every other clause is undecided


NOT_ALONE = {
    "not-before": replace(ALONE, accepted_before=None),
    "not-after": replace(ALONE, accepted_after=None),
    "refused-after": replace(ALONE, accepted_after=REFUSED),
    "control-alone": Context(ACCEPTED),
    "by-chance": Context(ACCEPTED, crash_doubt="two of nine came to nothing"),
}


@pytest.mark.parametrize("name", NOT_ALONE)
def test_outage_is_none_of_a_value_unless_its_control_lives(name: str) -> None:
    finding = judge_by("parameters.valid-accepted", crash(), NOT_ALONE[name])
    doubt = "; two of nine came to nothing" if name == "by-chance" else ""
    assert (finding.verdict, finding.message) == (Verdict.UNAVAILABLE, f"HTTP 500{doubt}")
    assert finding.observed == "cannot unmarshal"


def size_refusal(document: Any, status: int = 400) -> Exchange:
    """Return a wrong size that was refused with this document."""
    return exchange(WRONG, status, document)


def test_refusal_in_the_words_of_a_valid_request_is_about_something_else() -> None:
    outcome = outcome_of(exchange(body("dall-e-2", n=2), 400, error("Try again.")))
    valid = replace(outcome, case="n-2")
    finding = judge_by("parameters.size-enum", size_refusal(error("Try again.")), context(valid))
    assert finding.verdict is Verdict.NOT_TESTABLE
    words = "was refused in the same words: HTTP 400: Try again."
    assert finding.message == f"the valid request {valid.case} {words}"
    assert finding.control == valid.case
    for outcome, message in (
        (replace(valid, status=422), "Try again."),
        (replace(valid, said="No."), "Try again."),
        (replace(valid, said=""), "Try again."),
        (replace(valid, said=""), ""),
    ):
        finding = judge_by("parameters.size-enum", size_refusal(error(message)), context(outcome))
        assert finding.verdict is Verdict.PASS


def context(*refusals: Outcome) -> Context:
    return Context(ACCEPTED, refusals)


def test_open_request_refused_in_the_words_of_a_valid_one_names_nothing() -> None:
    unknown = exchange({**body("dall-e-2"), "lantern": 1}, 400, error("Try again."))
    valid = Outcome("n-2", Result.REFUSED, "HTTP 400", 400, said="Try again.")
    clauses = select(clauses_of(EDITION), "parameters.unknown")
    assert judge(unknown, EDITION, clauses, context=context(valid)) == []
    assert judge_by("parameters.unknown", unknown, SURE).verdict is Verdict.DEVIATES


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, None), (403, None), (400, "moderation_blocked"), (404, "model_not_found")],
    ids=["key", "forbidden", "moderated", "not-served"],
)
def test_refusal_for_another_reason_decides_nothing_of_a_mistake(
    status: int, code: str | None
) -> None:
    finding = judge_by("parameters.size-enum", size_refusal(error("no", code=code), status), SURE)
    assert finding.verdict is Verdict.NOT_TESTABLE
    assert finding.message.startswith((f"{ANOTHER_REASON}: HTTP ", f"{OF_WHO_ASKS}: HTTP "))


DISPUTED = {"n": 0, "size": "1024x1024", "model": "qwen-image"}
LEFT_OPEN = "it may have been refused for what the contract leaves open: HTTP 400: {}"


@pytest.mark.parametrize(
    ("changes", "document", "why"),
    [
        ({"lantern": 1}, error("No."), LEFT_OPEN.format("No.")),
        ({"lantern": 1}, error("size is wrong"), ""),
        ({"style": "vivid"}, error("No."), LEFT_OPEN.format("No.")),
        (DISPUTED, error("No."), LEFT_OPEN.format("No.")),
        (NO_MODEL, error("model is required"), LEFT_OPEN.format("model is required")),
        (NO_MODEL, error("prompt is no text", param="prompt"), ""),
    ],
    ids=["unknown", "unknown-named", "unsupported", "disputed", "no-model", "no-model-named"],
)
def test_refusal_that_may_be_for_what_is_open_is_not_testable(
    changes: dict[str, Any], document: Any, why: str
) -> None:
    request = {name: value for name, value in {**WRONG, **changes}.items() if value is not None}
    open_refusal = exchange(request, 400, document, model="dall-e-2")
    mistakes = {"parameters.size-enum", "parameters.prompt-type", "count.zero-refused"}
    findings = [finding for finding in judge_all(open_refusal, SURE) if finding.clause in mistakes]
    verdict = Verdict.NOT_TESTABLE if why else Verdict.PASS
    assert {(finding.verdict, finding.message) for finding in findings} == {(verdict, why)}


NO_KEY = (("content-type", "application/json"),)
AS_TEXT = (("authorization", "Bearer [API key]"), ("content-type", "text/plain"))
GONE = error("no such model", code="model_not_found")
NO_CHANNEL = error("No available channel", code="model_not_found")
UNREAD: dict[str, Any] = {"status": 400, "request_raw": b"{"}
SMALL = {"model": "dall-e-3", "prompt": "a cat"}
NOBODYS = exchange({"model": "somebody-s-model"}, 400, error("No."))
ELSEWHERE = replace(outcome_of(model_list("openai/dall-e-3")), case="models-list")
LISTED = replace(ELSEWHERE, listed=frozenset({"dall-e-3"}))
OPEN = {**body("dall-e-2"), "lantern": 1}
FAR = "x" * 1993
CRASHED = Context(ACCEPTED, crash_alike=outcome_of(exchange(B64, 502, error("Bad gateway"))))


def refusal(request: dict[str, Any], status: int, message: str, **more: Any) -> Exchange:
    """Return a request that was refused with this message."""
    return exchange(request, status, error(message), **more)


def shutdown(day: str) -> Context:
    """Return what is known of a model that the list says to end on a day."""
    outcome = replace(LISTED, shutdowns=frozenset({("dall-e-3", day)}))
    return Context(outcome, standing=Standing(ENDLESS, date(2026, 9, 21)))


PASS, FAIL, DEVIATES = Verdict.PASS, Verdict.FAIL, Verdict.DEVIATES
NOT_TESTABLE, UNAVAILABLE = Verdict.NOT_TESTABLE, Verdict.UNAVAILABLE
VERDICTS: dict[str, dict[str, tuple[Exchange, Context, Verdict]]] = {
    "parameters.valid-accepted": {
        "limit-402": (refusal(B64, 402, "Slow down."), ALONE, UNAVAILABLE),
        "limit-429": (refusal(B64, 429, "Slow down."), ALONE, UNAVAILABLE),
        "limit-503": (exchange(B64, 503, NO_CHANNEL), ALONE, UNAVAILABLE),
        **{
            f"not-listed-{name}": (exchange(SMALL, 400, document), Context(ELSEWHERE), verdict)
            for name, document, verdict in (
                ("and-named", error("It is not in our catalogue", param="model"), UNAVAILABLE),
                ("and-unnamed", error("Bad request"), UNAVAILABLE),
                ("but-for-another-param", error("no", param="response_format"), FAIL),
                ("but-for-another-word", error("Only response_format=b64_json"), FAIL),
            )
        },
        "listed": (refusal(SMALL, 400, "Bad request"), Context(LISTED), FAIL),
    },
    "parameters.size-enum": {
        "page-400": (exchange(WRONG, 400, raw=HTML), SURE, NOT_TESTABLE),
        "page-405": (exchange(WRONG, 405, raw=HTML), SURE, PASS),
        "page-413": (exchange(WRONG, 413, raw=HTML), SURE, PASS),
        "missing-model-for-this-size": (
            refusal(WRONG, 404, "The model does not exist for this size"), SURE, PASS),
        **{
            f"403-{message}": (refusal(WRONG, 403, message), SURE, NOT_TESTABLE)
            for message in ("No access to model x for this api key", "Bad token for this api key")
        },
    },
    "parameters.json-malformed": {
        "missing-model-that-was-not-read": (
            exchange(answer=error("Invalid model name: model=None"), **UNREAD), SURE, PASS),
        "missing-model-that-was-read": (
            exchange(answer=error("The model dall-e-2 does not exist"), model="dall-e-2", **UNREAD),
            SURE, NOT_TESTABLE),
    },
    "parameters.prompt-required": {"of-an-unknown-model": (NOBODYS, SURE, PASS)},
    "parameters.unknown": {
        "named-as-a-missing-model": (
            refusal(OPEN, 404, "The model does not exist for lantern"), SURE, PASS),
        "unsupported-one-named": (
            refusal({**OPEN, "background": "opaque"}, 400, "No background."), SURE, DEVIATES),
        "named-in-no-utf-8": (exchange(OPEN, 404, raw=b"\xff no lantern"), SURE, PASS),
        "named-within-what-is-read": (
            exchange(OPEN, 404, raw=f"{FAR[:-1]} lantern".encode()), SURE, PASS),
        "named-beyond-what-is-read": (
            exchange(OPEN, 404, raw=f"{FAR} lantern".encode()), SURE, DEVIATES),
    },
    "models.unknown-refused": {
        "missing": (
            refusal(body(MADE_UP), 404, "Invalid model name passed in model=None"), SURE, PASS),
        "403-a": (refusal(body(MADE_UP), 403, "No access to model x for this api key"), SURE, PASS),
        "403-b": (
            refusal(body(MADE_UP), 403, "This api key is good for another model"), SURE, PASS),
        "403-c": (refusal(body(MADE_UP), 403, "Bad token for this api key"), SURE, NOT_TESTABLE),
        "success": (exchange(body(MADE_UP), 200, GONE), SURE, NOT_TESTABLE),
    },
    "models.served": {
        "ended-yesterday": (exchange(SMALL, 404, GONE), shutdown("2026-09-20"), UNAVAILABLE),
        "ends-today": (exchange(SMALL, 404, GONE), shutdown("2026-09-21"), UNAVAILABLE),
        "ends-tomorrow": (exchange(SMALL, 404, GONE), shutdown("2026-09-22"), FAIL),
    },
    "errors.status-400": {
        "of-an-unknown-model": (NOBODYS, SURE, PASS),
        "of-an-unknown-model-without-control": (NOBODYS, Context(), NOT_TESTABLE),
        **{
            f"{name}-{status}-{message}": (refusal(request, status, message), SURE, verdict)
            for name, request in (("size", WRONG), ("n", body("dall-e-2", n=0)))
            for status, message, verdict in (
                (403, "User quota is not enough", UNAVAILABLE),
                (402, "Payment required", UNAVAILABLE),
                (401, "Incorrect API key", NOT_TESTABLE),
                (400, "Your account is in arrears", UNAVAILABLE),
                (403, "The model is no longer available", NOT_TESTABLE),
                (422, "Wrong.", DEVIATES),
            )
        },
    },
    "errors.status-415": {
        "missing-model-that-was-read": (
            refusal(body("dall-e-2"), 404, "The model dall-e-2 has been retired.",
               request_headers=AS_TEXT), SURE, NOT_TESTABLE),
        "missing-model-that-was-not-read": (
            refusal(body("dall-e-2"), 404, "Unknown model.", request_headers=AS_TEXT), SURE,
            DEVIATES),
    },
    "errors.not-2xx": {"missing-model": (exchange(body(MADE_UP), 200, GONE), SURE, FAIL)},
    "errors.no-data": {"missing-model": (exchange(body(MADE_UP), 200, GONE), SURE, NOT_TESTABLE)},
    "errors.not-5xx": {
        "quota": (refusal(WRONG, 500, "user quota is not enough"), SURE, UNAVAILABLE),
        "502": (refusal(WRONG, 502, "Bad gateway"), SURE, UNAVAILABLE),
        "502-that-quotes-the-value": (refusal(WRONG, 502, "size 9x9 is wrong"), SURE, FAIL),
        "502-as-another-got": (refusal(WRONG, 502, "Bad gateway"), CRASHED, FAIL),
        "502-with-a-refused-control": (
            refusal(WRONG, 502, "Bad gateway"), replace(CRASHED, control=REFUSED), NOT_TESTABLE),
    },
    "authentication.missing-key-refused": {
        f"{status}-{message}": (
            refusal(body("dall-e-2"), status, message, request_headers=NO_KEY), SURE, verdict)
        for status, message, verdict in (
            (200, "No key", NOT_TESTABLE),
            (404, "The model is no longer available.", NOT_TESTABLE),
            (403, "User quota is not enough.", UNAVAILABLE),
            (400, "Blocked by our content policy.", NOT_TESTABLE),
            (403, "Forbidden.", FAIL),
            (404, "No such page.", FAIL),
        )
    },
}  # fmt: skip
"""By clause: what came, what the run knows beside it, and the verdict."""


@pytest.mark.parametrize(
    ("clause", "name"), [(clause, name) for clause, rows in VERDICTS.items() for name in rows]
)
def test_verdict_is_by_what_came_and_what_the_run_knows(clause: str, name: str) -> None:
    exchange, context, verdict = VERDICTS[clause][name]
    assert judge_by(clause, exchange, context).verdict is verdict


OPEN_ONES = {
    "parameters.unknown": OPEN,
    "parameters.unsupported": body("dall-e-3", background="opaque"),
    "parameters.disputed-value": body("qwen-image", size="1024x1024"),
    "format.gpt-image-response-format": body("gpt-image-1", response_format="b64_json"),
    "defaults.model": body(None),
}


@pytest.mark.parametrize("clause", OPEN_ONES)
def test_open_request_that_fails_alone_is_neither_accepted_nor_refused(clause: str) -> None:
    exchange = crash(OPEN_ONES[clause])
    finding = judge_by(clause, exchange, ALONE)
    assert finding.verdict in (Verdict.FAIL, Verdict.DEVIATES)
    assert IN_ALL in finding.message
    assert (finding.expected, "cannot unmarshal" in finding.observed) == ("2xx or 4xx", True)
    findings = judge_all(exchange, ALONE)
    assert {one.clause for one in findings if one.verdict is not Verdict.PASS} == {clause}
    timeout = replace(exchange, response=None, failure=SILENT)
    assert judge_by(clause, timeout, ALONE).verdict is finding.verdict
    for context in (SURE, NOT_ALONE["not-after"]):  # an outage
        assert judge_by(clause, exchange, context).verdict is Verdict.UNAVAILABLE


@pytest.mark.parametrize("document", [{"created": 1, "data": []}, error("No.")])
def test_refusal_as_200_is_one_finding(document: dict[str, Any]) -> None:
    success = exchange(WRONG, answer=document)
    assert broken_clauses(success) == broken_clauses(success, None) == {"errors.not-2xx"}
    assert verdicts(success)["parameters.size-enum"] is Verdict.NOT_TESTABLE
    assert broken_clauses(success, REFUSED) == frozenset()


def test_picture_or_an_empty_account_is_no_refusal_as_200() -> None:
    assert "errors.not-2xx" not in broken_clauses(exchange(WRONG, answer=answer(body("dall-e-2"))))
    quota = exchange(WRONG, answer=error("Insufficient balance"))
    assert verdicts(quota)["errors.not-2xx"] is Verdict.UNAVAILABLE


def test_lie_about_a_key_or_a_method_is_told_by_its_own_clause() -> None:
    assert broken_clauses(exchange(answer=error("No key"), request_headers=NO_KEY)) == {
        "errors.not-2xx"
    }
    models = exchange(method="GET", answer={"object": "list", "data": []})
    assert broken_clauses(models) == {"parameters.method"}


EMPTY = {"created": 1_790_000_000, "data": []}
PNG = (("content-type", "image/png"),)
RUBBISH: dict[str, tuple[dict[str, Any], set[str]]] = {
    "error": ({"answer": error("No.")}, {"envelope.no-error"}),
    "error-beside-data": ({"answer": error("No.") | EMPTY}, {"envelope.no-error"}),
    "empty": ({"answer": EMPTY}, {"envelope.data-not-empty"}),
    "yesterday": (
        {"answer": EMPTY | {"created": "yesterday"}},
        {"envelope.created-integer", "envelope.data-not-empty"},
    ),
    "task": ({"status": 202, "answer": {"task_id": "1"}}, {"envelope.status-200"}),
    "no-success": ({"answer": {"success": False}}, {"envelope.data-present"}),
    "page": ({"raw": HTML}, {"envelope.not-html"}),
    "nothing": ({"raw": b""}, {"envelope.body-not-empty"}),
    "picture": ({"raw": b"\x89PNG\r\n\x1a\n", "headers": PNG}, {"envelope.content-type"}),
}
REQUESTS = {
    "documented": body("dall-e-2"),
    "unknown-parameter": {**body("dall-e-2"), "lantern": 1},
    "unsupported": body("dall-e-3", background="opaque"),
    "disputed-size": body("qwen-image", size="1024x1024"),
    "response-format": body("gpt-image-1", response_format="b64_json"),
    "newer-model": body("gpt-image-2", size="1280x720"),
    "unknown-model": body("somebody-s-model"),
    "unknown-model-stream": body("somebody-s-model", stream=True),
    "no-model": body(None),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_told_once_whatever_was_asked(name: str) -> None:
    reply, clauses = RUBBISH[name]
    for label, request in REQUESTS.items():
        rubbish = exchange(request, **reply)
        assert broken_clauses(rubbish) == clauses, label
        recording = replace(rubbish, provenance=Provenance.FOREIGN)
        assert broken_clauses(recording, None) == clauses, label
        assert verdicts(rubbish).get("parameters.valid-accepted") is not Verdict.PASS, label


IMAGES, BUSY = {"created": 1, "images": ["iVBORw0KGgo="]}, {"created": 1, "message": "Busy."}
FAILED = {"created": 1_790_000_000, "data": [{"error": {"message": "It failed."}}]}
OBSERVED = "url absent, b64_json absent; it is an error: It failed."


@pytest.mark.parametrize(
    ("clause", "exchange", "observed"),
    [
        ("envelope.data-present", exchange(answer=IMAGES), "images, created"),
        ("envelope.data-present", exchange(answer=BUSY), "created, message: Busy."),
        ("format.qwen-image-either", exchange(body("qwen-image"), answer=FAILED), OBSERVED),
    ],
    ids=["pictures-in-another-member", "words", "item-that-is-an-error"],
)
def test_what_came_in_place_of_a_picture_is_told(
    clause: str, exchange: Exchange, observed: str
) -> None:
    assert judge_by(clause, exchange, SURE).observed == observed


def test_open_request_refused_as_mistakes_are_is_told_once() -> None:
    mistake = Outcome("n-0", Result.UNCLEAR, "HTTP 200 without an image", 200)
    open_request = exchange(body("dall-e-2", seed=7), answer={"created": 1, "data": []})
    findings = judge_all(open_request, SURE)
    empty = "envelope.data-not-empty"
    assert empty in {one.clause for one in findings if one.verdict is Verdict.FAIL}
    findings = judge_all(open_request, replace(SURE, mistake_alike=mistake))
    assert {finding.verdict for finding in findings} == {Verdict.NOT_TESTABLE, Verdict.PASS}
    controls = {one.clause: one.control for one in findings if one.verdict is Verdict.NOT_TESTABLE}
    assert set(controls.values()) == {"n-0"}
    why = f"refused in the way of the mistake n-0: {mistake.reason}"
    assert why in {finding.message for finding in findings}
    assert empty in controls


def test_mistake_answered_500_while_valid_requests_come_to_nothing_too_is_undecided() -> None:
    context = replace(SURE, down=outcome_of(crash()))
    finding = judge_by("errors.not-5xx", size_refusal(error("engine is dead"), 500), context)
    assert finding.verdict is Verdict.UNAVAILABLE
    assert finding.message.endswith("came to nothing too: HTTP 500: engine is dead")
    named_refusal = size_refusal(error("no", param="size"), 500)
    assert judge_by("errors.not-5xx", named_refusal, context).verdict is Verdict.FAIL


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_mistake_answered_with_a_redirect_breaks_one_promise(status: int) -> None:
    assert broken_clauses(exchange(WRONG, status, raw=b""), ACCEPTED) == {"errors.not-2xx"}
    no_key = exchange(body("dall-e-2"), status, raw=b"", request_headers=NO_KEY)
    assert broken_clauses(no_key, ACCEPTED) == {"errors.not-2xx"}
