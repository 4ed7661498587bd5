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
    error,
    exchange,
    model_list,
    red,
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


def found(clause: str, made: Exchange, context: Context) -> Finding:
    """Judge one clause with what the run knows."""
    chosen = select(clauses_of(EDITION), clause)
    (finding,) = judge(made, EDITION, chosen, context=context)
    return finding


def failing(status: int = 500) -> Exchange:
    """A documented request that comes to nothing."""
    return exchange(B64, status, error("cannot unmarshal"))


@pytest.mark.parametrize(
    ("made", "attempts", "message", "observed"),
    [
        (
            failing(),
            ALONE.attempts,
            "response_format: 'b64_json': HTTP 500 in 3 of 3 cases, 12 of 12 attempts, ",
            "response_format: 'b64_json': HTTP 500: cannot unmarshal",
        ),
        *(
            (
                exchange(B64, failure=Failure(kind, "no answer within 60 s")),
                "",
                "response_format: 'b64_json': no answer within 60 s every time, ",
                "response_format: 'b64_json': no answer within 60 s",
            )
            for kind in ("timeout", "disconnect")
        ),
        # the smallest request has no parameter to name
        (
            exchange(body("dall-e-2"), 500, error("boom")),
            ALONE.attempts,
            "HTTP 500 in 3 of 3 cases, 12 of 12 attempts, ",
            "HTTP 500: boom",
        ),
        (
            exchange(body("dall-e-2", n=2, user="u" * 80), 500, error("boom")),
            "",
            f"n: 2, user: '{'u' * 53}: HTTP 500 every time, ",
            f"n: 2, user: '{'u' * 53}: HTTP 500: boom",
        ),
    ],
    ids=["fails", "timeout", "disconnect", "smallest", "several-parameters"],
)
def test_value_that_comes_to_nothing_every_time_breaks_a_promise(
    made: Exchange, attempts: str, message: str, observed: str
) -> None:
    seen = found("parameters.valid-accepted", made, replace(ALONE, attempts=attempts))
    assert seen.verdict is Verdict.FAIL
    assert seen.message == f"{message}while other requests were accepted before and after"
    assert seen.observed == observed


NOT_ALONE = {
    "not-before": replace(ALONE, accepted_before=None),
    "not-after": replace(ALONE, accepted_after=None),
    "refused-after": replace(ALONE, accepted_after=REFUSED),
    "control-alone": Context(ACCEPTED),
}


@pytest.mark.parametrize("name", NOT_ALONE)
def test_outage_is_none_of_a_value_unless_its_control_lives(name: str) -> None:
    seen = found("parameters.valid-accepted", failing(), NOT_ALONE[name])
    assert (seen.verdict, seen.message) == (Verdict.UNAVAILABLE, "HTTP 500")
    assert seen.observed == "cannot unmarshal"


def test_value_that_fails_alone_leaves_every_other_clause_undecided() -> None:
    findings = judge(failing(), EDITION, clauses_of(EDITION), context=ALONE)
    broken = {each.clause for each in findings if each.verdict is Verdict.FAIL}
    assert broken == {"parameters.valid-accepted"}


def refusal(told: Any = None, status: int = 400) -> Exchange:
    """A wrong size that was refused with these words."""
    return exchange(WRONG, status, error("Try again.") if told is None else told)


def test_refusal_in_the_words_of_a_valid_request_is_about_something_else() -> None:
    valid = replace(
        outcome_of(exchange(body("dall-e-2", n=2), 400, error("Try again."))), case="n-2"
    )
    alike = Context(ACCEPTED, (valid,))
    seen = found("parameters.size-enum", refusal(), alike)
    assert seen.verdict is Verdict.NOT_TESTABLE
    words = "was refused in the same words: HTTP 400: Try again."
    assert seen.message == f"the valid request {valid.case} {words}"
    assert seen.control == valid.case
    for other in (replace(valid, status=422), replace(valid, said="No."), replace(valid, said="")):
        differs = Context(ACCEPTED, (other,))
        assert found("parameters.size-enum", refusal(), differs).verdict is Verdict.PASS
    silent = replace(valid, said="")
    quiet = Context(ACCEPTED, (silent,))
    assert found("parameters.size-enum", refusal(error("")), quiet).verdict is Verdict.PASS


def test_open_request_refused_in_the_words_of_a_valid_one_names_nothing() -> None:
    unknown = exchange({**body("dall-e-2"), "lantern": 1}, 400, error("Try again."))
    valid = Outcome("n-2", Result.REFUSED, "HTTP 400", 400, said="Try again.")
    chosen = select(clauses_of(EDITION), "parameters.unknown")
    assert judge(unknown, EDITION, chosen, context=Context(ACCEPTED, (valid,))) == []
    (seen,) = judge(unknown, EDITION, chosen, context=SURE)
    assert seen.verdict is Verdict.DEVIATES


ABOUT_ELSE: dict[str, tuple[int, Any]] = {
    "key": (401, error("no")),
    "forbidden": (403, error("no")),
    "moderated": (400, error("no", code="moderation_blocked")),
    "not-served": (404, error("no such model", code="model_not_found")),
}


@pytest.mark.parametrize("name", ABOUT_ELSE)
def test_refusal_for_another_reason_decides_nothing_of_a_mistake(name: str) -> None:
    status, told = ABOUT_ELSE[name]
    seen = found("parameters.size-enum", refusal(told, status), SURE)
    assert seen.verdict is Verdict.NOT_TESTABLE
    assert seen.message.startswith((f"{ANOTHER_REASON}: HTTP ", f"{OF_WHO_ASKS}: HTTP "))


@pytest.mark.parametrize(
    ("changes", "told", "verdict"),
    [
        ({"lantern": 1}, error("No."), Verdict.NOT_TESTABLE),
        ({"lantern": 1}, error("size is wrong"), Verdict.PASS),
        ({"style": "vivid"}, error("No."), Verdict.NOT_TESTABLE),
        ({"n": 0, "size": "1024x1024", "model": "qwen-image"}, error("No."), Verdict.NOT_TESTABLE),
        (NO_MODEL, error("model is required"), Verdict.NOT_TESTABLE),
        (NO_MODEL, error("prompt is no text", param="prompt"), Verdict.PASS),
    ],
    ids=["unknown", "unknown-named", "unsupported", "disputed", "no-model", "no-model-named"],
)
def test_refusal_that_may_be_for_what_is_open_is_not_testable(
    changes: dict[str, Any], told: Any, verdict: Verdict
) -> None:
    request = {name: value for name, value in {**WRONG, **changes}.items() if value is not None}
    made = exchange(request, 400, told, model="dall-e-2")
    seen = judge(made, EDITION, clauses_of(EDITION), context=SURE)
    mistakes = {"parameters.size-enum", "parameters.prompt-type", "count.zero-refused"}
    judged = {(each.verdict, each.message) for each in seen if each.clause in mistakes}
    open_too = "it may have been refused for what the contract leaves open: HTTP 400: No."
    no_model = open_too.replace("No.", "model is required")
    why = {Verdict.PASS: [""], Verdict.NOT_TESTABLE: [open_too, no_model]}[verdict]
    assert [(verdict, message) for message in why if (verdict, message) in judged] == [*judged]


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


def no(request: dict[str, Any], status: int, said: str, **given: Any) -> Exchange:
    """A request that was refused in these words."""
    return exchange(request, status, error(said), **given)


def ending(day: str) -> Context:
    """What is known of a model that the list says to end on a day."""
    listed = replace(LISTED, shutdowns=frozenset({("dall-e-3", day)}))
    return Context(listed, standing=Standing(ENDLESS, date(2026, 9, 21)))


PASS, FAIL, DEVIATES = Verdict.PASS, Verdict.FAIL, Verdict.DEVIATES
NOT_TESTABLE, UNAVAILABLE = Verdict.NOT_TESTABLE, Verdict.UNAVAILABLE
JUDGED: dict[str, dict[str, tuple[Exchange, Context, Verdict]]] = {
    "parameters.valid-accepted": {
        "limit-402": (no(B64, 402, "Slow down."), ALONE, UNAVAILABLE),
        "limit-429": (no(B64, 429, "Slow down."), ALONE, UNAVAILABLE),
        "limit-503": (exchange(B64, 503, NO_CHANNEL), ALONE, UNAVAILABLE),
        **{
            f"not-listed-{name}": (exchange(SMALL, 400, told), Context(ELSEWHERE), verdict)
            for name, told, verdict in (
                ("and-named", error("It is not in our catalogue", param="model"), UNAVAILABLE),
                ("and-unnamed", error("Bad request"), UNAVAILABLE),
                ("but-for-another-param", error("no", param="response_format"), FAIL),
                ("but-for-another-word", error("Only response_format=b64_json"), FAIL),
            )
        },
        "listed": (no(SMALL, 400, "Bad request"), Context(LISTED), FAIL),
    },
    "parameters.size-enum": {
        "page-400": (exchange(WRONG, 400, raw=HTML), SURE, NOT_TESTABLE),
        "page-405": (exchange(WRONG, 405, raw=HTML), SURE, PASS),
        "page-413": (exchange(WRONG, 413, raw=HTML), SURE, PASS),
        "missing-model-for-this-size": (
            no(WRONG, 404, "The model does not exist for this size"), SURE, PASS),
        **{
            f"403-{said}": (no(WRONG, 403, said), SURE, NOT_TESTABLE)
            for said in ("No access to model x for this api key", "Bad token for this api key")
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
            no(OPEN, 404, "The model does not exist for lantern"), SURE, PASS),
        "named-in-no-utf-8": (exchange(OPEN, 404, raw=b"\xff no lantern"), SURE, PASS),
        "named-within-what-is-read": (
            exchange(OPEN, 404, raw=f"{FAR[:-1]} lantern".encode()), SURE, PASS),
        "named-beyond-what-is-read": (
            exchange(OPEN, 404, raw=f"{FAR} lantern".encode()), SURE, DEVIATES),
    },
    "models.unknown-refused": {
        "missing": (no(body(MADE_UP), 404, "Invalid model name passed in model=None"), SURE, PASS),
        "403-a": (no(body(MADE_UP), 403, "No access to model x for this api key"), SURE, PASS),
        "403-b": (no(body(MADE_UP), 403, "This api key is good for another model"), SURE, PASS),
        "403-c": (no(body(MADE_UP), 403, "Bad token for this api key"), SURE, NOT_TESTABLE),
        "success": (exchange(body(MADE_UP), 200, GONE), SURE, NOT_TESTABLE),
    },
    "models.served": {
        "ended-yesterday": (exchange(SMALL, 404, GONE), ending("2026-09-20"), UNAVAILABLE),
        "ends-today": (exchange(SMALL, 404, GONE), ending("2026-09-21"), UNAVAILABLE),
        "ends-tomorrow": (exchange(SMALL, 404, GONE), ending("2026-09-22"), FAIL),
    },
    "errors.status-400": {
        "of-an-unknown-model": (NOBODYS, SURE, PASS),
        "of-an-unknown-model-without-control": (NOBODYS, Context(), NOT_TESTABLE),
        **{
            f"{name}-{status}-{said}": (no(request, status, said), SURE, verdict)
            for name, request in (("size", WRONG), ("n", body("dall-e-2", n=0)))
            for status, said, verdict in (
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
            no(body("dall-e-2"), 404, "The model dall-e-2 has been retired.",
               request_headers=AS_TEXT), SURE, NOT_TESTABLE),
        "missing-model-that-was-not-read": (
            no(body("dall-e-2"), 404, "Unknown model.", request_headers=AS_TEXT), SURE, DEVIATES),
    },
    "errors.not-2xx": {"missing-model": (exchange(body(MADE_UP), 200, GONE), SURE, FAIL)},
    "errors.no-data": {"missing-model": (exchange(body(MADE_UP), 200, GONE), SURE, NOT_TESTABLE)},
    "errors.not-5xx": {
        "quota": (no(WRONG, 500, "user quota is not enough"), SURE, UNAVAILABLE),
        "502": (no(WRONG, 502, "Bad gateway"), SURE, UNAVAILABLE),
        "502-that-quotes-the-value": (no(WRONG, 502, "size 9x9 is wrong"), SURE, FAIL),
        "502-as-another-got": (no(WRONG, 502, "Bad gateway"), CRASHED, FAIL),
        "502-with-a-refused-control": (
            no(WRONG, 502, "Bad gateway"), replace(CRASHED, control=REFUSED), NOT_TESTABLE),
    },
    "authentication.missing-key-refused": {
        f"{status}-{said}": (
            no(body("dall-e-2"), status, said, request_headers=NO_KEY), SURE, verdict)
        for status, said, verdict in (
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
    ("clause", "name"), [(clause, name) for clause, rows in JUDGED.items() for name in rows]
)
def test_verdict_is_by_what_came_and_what_the_run_knows(clause: str, name: str) -> None:
    made, context, verdict = JUDGED[clause][name]
    assert found(clause, made, context).verdict is verdict


OPEN_ONES = {
    "parameters.unknown": OPEN,
    "parameters.unsupported": body("dall-e-3", background="opaque"),
    "parameters.disputed-value": body("qwen-image", size="1024x1024"),
    "format.gpt-image-response-format": body("gpt-image-1", response_format="b64_json"),
    "defaults.model": body(None),
}


@pytest.mark.parametrize("clause", OPEN_ONES)
def test_open_request_that_fails_alone_is_neither_accepted_nor_refused(clause: str) -> None:
    made = exchange(OPEN_ONES[clause], 500, error("cannot unmarshal"))
    seen = found(clause, made, ALONE)
    assert seen.verdict in (Verdict.FAIL, Verdict.DEVIATES)
    assert "HTTP 500 in 3 of 3 cases, 12 of 12 attempts" in seen.message
    assert (seen.expected, "cannot unmarshal" in seen.observed) == ("2xx or 4xx", True)
    every = judge(made, EDITION, clauses_of(EDITION), context=ALONE)
    assert {e.clause for e in every if e.verdict is not Verdict.PASS} == {clause}
    silent = replace(made, response=None, failure=Failure("timeout", "no answer within 60 s"))
    assert found(clause, silent, ALONE).verdict is seen.verdict


@pytest.mark.parametrize("clause", OPEN_ONES)
def test_open_request_in_an_outage_is_unavailable(clause: str) -> None:
    made = exchange(OPEN_ONES[clause], 500, error("cannot unmarshal"))
    for context in (Context(ACCEPTED), NOT_ALONE["not-after"]):
        assert found(clause, made, context).verdict is Verdict.UNAVAILABLE


def test_refusal_as_200_is_one_finding() -> None:
    for told in ({"created": 1, "data": []}, error("No.")):
        made = exchange(WRONG, answer=told)
        assert red(made) == {"errors.not-2xx"}
        assert verdicts(made)["parameters.size-enum"] is Verdict.NOT_TESTABLE
        assert red(made, None) == {"errors.not-2xx"}
        assert red(made, REFUSED) == frozenset()
    assert "errors.not-2xx" not in red(exchange(WRONG, answer=answer(body("dall-e-2"))))
    quota = exchange(WRONG, answer=error("Insufficient balance"))
    assert verdicts(quota)["errors.not-2xx"] is Verdict.UNAVAILABLE


def test_key_that_is_complained_about_with_200_lets_nobody_in() -> None:
    assert red(exchange(answer=error("No key"), request_headers=NO_KEY)) == {"errors.not-2xx"}


def test_get_that_is_answered_is_told_by_its_own_clause() -> None:
    made = exchange(method="GET", answer={"object": "list", "data": []})
    assert red(made) == {"parameters.method"}


RUBBISH: dict[str, tuple[dict[str, Any], set[str]]] = {
    "error": ({"answer": error("No.")}, {"envelope.no-error"}),
    "error-beside-data": (
        {"answer": {**error("No."), "created": 1, "data": []}},
        {"envelope.no-error"},
    ),
    "empty": ({"answer": {"created": 1_790_000_000, "data": []}}, {"envelope.data-not-empty"}),
    "yesterday": (
        {"answer": {"created": "yesterday", "data": []}},
        {"envelope.created-integer", "envelope.data-not-empty"},
    ),
    "task": ({"status": 202, "answer": {"task_id": "1"}}, {"envelope.status-200"}),
    "no-success": ({"answer": {"success": False}}, {"envelope.data-present"}),
    "page": ({"raw": HTML}, {"envelope.not-html"}),
    "nothing": ({"raw": b""}, {"envelope.body-not-empty"}),
    "picture": (
        {"raw": b"\x89PNG\r\n\x1a\n", "headers": (("content-type", "image/png"),)},
        {"envelope.content-type"},
    ),
}
ASKED = {
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
    given, broken = RUBBISH[name]
    for asked, request in ASKED.items():
        made = exchange(request, **given)
        assert red(made) == broken, asked
        foreign = replace(made, provenance=Provenance.FOREIGN)
        assert red(foreign, None) == broken, asked
        assert verdicts(made).get("parameters.valid-accepted") is not Verdict.PASS, asked


def test_pictures_in_another_member_are_told_by_its_name() -> None:
    made = exchange(answer={"created": 1_790_000_000, "images": ["iVBORw0KGgo="]})
    seen = found("envelope.data-present", made, SURE)
    assert seen.observed == "images, created"
    said = exchange(answer={"created": 1_790_000_000, "message": "Busy."})
    assert found("envelope.data-present", said, SURE).observed == ("created, message: Busy.")


def test_item_that_is_an_error_is_told_with_its_words() -> None:
    item = {"error": {"message": "It failed."}}
    made = exchange(body("qwen-image"), answer={"created": 1_790_000_000, "data": [item]})
    seen = found("format.qwen-image-either", made, SURE)
    assert seen.observed == "url absent, b64_json absent; it is an error: It failed."


def test_open_request_refused_as_mistakes_are_is_told_once() -> None:
    mistake = Outcome("n-0", Result.UNCLEAR, "HTTP 200 without an image", 200)
    made = exchange(body("dall-e-2", seed=7), answer={"created": 1, "data": []})
    judged = judge(made, EDITION, clauses_of(EDITION), context=SURE)
    assert "envelope.data-not-empty" in {e.clause for e in judged if e.verdict is Verdict.FAIL}
    judged = judge(
        made, EDITION, clauses_of(EDITION), context=Context(ACCEPTED, mistake_alike=mistake)
    )
    assert {e.verdict for e in judged} == {Verdict.NOT_TESTABLE, Verdict.PASS}
    blocked = [each for each in judged if each.verdict is Verdict.NOT_TESTABLE]
    assert {each.control for each in blocked} == {"n-0"}
    assert "envelope.data-not-empty" in {each.clause for each in blocked}


def test_mistake_answered_500_while_valid_requests_come_to_nothing_too_is_undecided() -> None:
    down = Context(ACCEPTED, down=outcome_of(failing()))
    made = exchange(WRONG, 500, error("engine is dead"))
    seen = found("errors.not-5xx", made, down)
    assert seen.verdict is Verdict.UNAVAILABLE
    assert seen.message.endswith("came to nothing too: HTTP 500: engine is dead")
    named = exchange(WRONG, 500, error("no", param="size"))
    assert found("errors.not-5xx", named, down).verdict is Verdict.FAIL


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_mistake_answered_with_a_redirect_breaks_one_promise(status: int) -> None:
    assert red(exchange(WRONG, status, raw=b""), ACCEPTED) == {"errors.not-2xx"}
    no_key = exchange(body("dall-e-2"), status, raw=b"", request_headers=NO_KEY)
    assert red(no_key, ACCEPTED) == {"errors.not-2xx"}


def test_outage_that_may_be_by_chance_says_why() -> None:
    doubtful = Context(ACCEPTED, crash_doubt="two of nine came to nothing")
    seen = found("parameters.valid-accepted", failing(), doubtful)
    assert (seen.verdict, seen.message) == (UNAVAILABLE, "HTTP 500; two of nine came to nothing")
