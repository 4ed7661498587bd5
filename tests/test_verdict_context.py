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
from conformance.exchange.model import UNKNOWN_MODEL, Failure, Provenance
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


def test_value_that_fails_every_time_breaks_a_promise() -> None:
    seen = found("parameters.valid-accepted", failing(), ALONE)
    assert seen.verdict is Verdict.FAIL
    assert seen.message == (
        "response_format: 'b64_json': HTTP 500 in 3 of 3 cases, 12 of 12 attempts, "
        "while other requests were accepted before and after"
    )
    assert seen.observed == "response_format: 'b64_json': HTTP 500: cannot unmarshal"


@pytest.mark.parametrize("kind", ["timeout", "disconnect"])
def test_value_that_hangs_every_time_breaks_a_promise(kind: str) -> None:
    silent = exchange(B64, failure=Failure(kind, "no answer within 60 s"))
    seen = found("parameters.valid-accepted", silent, replace(ALONE, attempts=""))
    assert seen.verdict is Verdict.FAIL
    assert "no answer within 60 s every time, while other requests" in seen.message
    assert seen.observed == "response_format: 'b64_json': no answer within 60 s"


def test_smallest_request_that_fails_alone_names_no_parameter() -> None:
    made = exchange(body("dall-e-2"), 500, error("boom"))
    assert found("parameters.valid-accepted", made, ALONE).observed == "HTTP 500: boom"


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


@pytest.mark.parametrize("status", [402, 429, 503], ids=str)
def test_limits_of_an_account_are_no_fault_of_a_value(status: int) -> None:
    gone = error("No available channel", code="model_not_found")
    made = exchange(B64, status, gone if status == 503 else error("Slow down."))
    assert found("parameters.valid-accepted", made, ALONE).verdict is Verdict.UNAVAILABLE


def test_value_that_fails_alone_leaves_every_other_clause_undecided() -> None:
    findings = judge(failing(), EDITION, clauses_of(EDITION), context=ALONE)
    broken = {each.clause for each in findings if each.verdict is Verdict.FAIL}
    assert broken == {"parameters.valid-accepted"}


def refusal(told: Any = None, status: int = 400) -> Exchange:
    """A wrong size that was refused with these words."""
    return exchange(WRONG, status, error("Try again.") if told is None else told)


def test_refusal_in_the_words_of_a_valid_request_is_about_something_else() -> None:
    valid = outcome_of(exchange(body("dall-e-2", n=2), 400, error("Try again.")))
    alike = Context(ACCEPTED, (valid,))
    seen = found("parameters.size-enum", refusal(), alike)
    assert seen.verdict is Verdict.NOT_TESTABLE
    words = "was refused in the same words: HTTP 400: Try again."
    assert seen.message == f"the valid request {valid.case} {words}"
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
    (seen,) = judge(unknown, EDITION, chosen, context=Context(ACCEPTED))
    assert seen.verdict is Verdict.DEVIATES


ELSEWHERE: dict[str, tuple[int, Any]] = {
    "key": (401, error("no")),
    "forbidden": (403, error("no")),
    "moderated": (400, error("no", code="moderation_blocked")),
    "not-served": (404, error("no such model", code="model_not_found")),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_refusal_for_another_reason_decides_nothing_of_a_mistake(name: str) -> None:
    status, told = ELSEWHERE[name]
    seen = found("parameters.size-enum", refusal(told, status), Context(ACCEPTED))
    assert seen.verdict is Verdict.NOT_TESTABLE
    assert seen.message.startswith((f"{ANOTHER_REASON}: HTTP ", f"{OF_WHO_ASKS}: HTTP "))


def test_web_page_decides_nothing_of_a_mistake_but_by_its_status() -> None:
    page = exchange(WRONG, 400, raw=HTML)
    assert found("parameters.size-enum", page, Context(ACCEPTED)).verdict is Verdict.NOT_TESTABLE
    for status in (405, 413):
        made = exchange(WRONG, status, raw=HTML)
        assert found("parameters.size-enum", made, Context(ACCEPTED)).verdict is Verdict.PASS


def test_missing_model_is_a_fair_answer_to_what_cannot_be_read_or_to_a_made_up_one() -> None:
    gone = error("Invalid model name passed in model=None")
    unread = exchange(status=400, answer=gone, request_raw=b"{")
    assert found("parameters.json-malformed", unread, Context(ACCEPTED)).verdict is Verdict.PASS
    unknown = exchange(body(UNKNOWN_MODEL), 404, gone)
    assert found("models.unknown-refused", unknown, Context(ACCEPTED)).verdict is Verdict.PASS
    size = refusal(error("The model does not exist for this size"), 404)
    assert found("parameters.size-enum", size, Context(ACCEPTED)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ("No access to model x for this api key", Verdict.PASS),
        ("This api key is good for another model", Verdict.PASS),
        ("Bad token for this api key", Verdict.NOT_TESTABLE),
    ],
)
def test_403_refuses_a_made_up_model_where_it_names_the_model(told: str, verdict: Verdict) -> None:
    made = exchange(body(UNKNOWN_MODEL), 403, error(told))
    assert found("models.unknown-refused", made, Context(ACCEPTED)).verdict is verdict
    size = found("parameters.size-enum", refusal(error(told), 403), Context(ACCEPTED))
    assert size.verdict is Verdict.NOT_TESTABLE


def test_missing_model_that_is_named_refuses_no_body_that_cannot_be_read() -> None:
    gone = error("The model dall-e-2 does not exist")
    made = exchange(status=400, answer=gone, request_raw=b"{", model="dall-e-2")
    seen = found("parameters.json-malformed", made, Context(ACCEPTED))
    assert seen.verdict is Verdict.NOT_TESTABLE


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
    seen = judge(made, EDITION, clauses_of(EDITION), context=Context(ACCEPTED))
    mistakes = {"parameters.size-enum", "parameters.prompt-type", "count.zero-refused"}
    judged = {(each.verdict, each.message) for each in seen if each.clause in mistakes}
    open_too = "it may have been refused for what the contract leaves open: HTTP 400: No."
    no_model = open_too.replace("No.", "model is required")
    why = {Verdict.PASS: [""], Verdict.NOT_TESTABLE: [open_too, no_model]}[verdict]
    assert [(verdict, message) for message in why if (verdict, message) in judged] == [*judged]


def test_model_that_no_document_knows_is_not_open_once_it_painted() -> None:
    made = exchange({"model": "somebody-s-model"}, 400, error("No."))
    assert found("parameters.prompt-required", made, Context(ACCEPTED)).verdict is Verdict.PASS
    assert found("errors.status-400", made, Context(ACCEPTED)).verdict is Verdict.PASS
    assert found("errors.status-400", made, Context()).verdict is Verdict.NOT_TESTABLE


OPEN = {**body("dall-e-2"), "lantern": 1}
FAR = "x" * 1993


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({"answer": error("The model does not exist for lantern")}, True),
        ({"raw": b"\xff no lantern"}, True),
        ({"raw": f"{FAR[:-1]} lantern".encode()}, True),
        ({"raw": f"{FAR} lantern".encode()}, False),
    ],
    ids=["no-model-for-it", "no-utf-8", "within-what-is-read", "beyond-what-is-read"],
)
def test_open_request_is_refused_by_its_name_in_any_words(told: Any, names: bool) -> None:
    seen = found("parameters.unknown", exchange(OPEN, 404, **told), Context(ACCEPTED))
    assert (seen.verdict is Verdict.PASS) == names


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


def test_get_that_is_answered_is_told_by_its_own_clause() -> None:
    made = exchange(method="GET", answer={"object": "list", "data": []})
    assert red(made) == {"parameters.method"}


def test_key_that_is_complained_about_with_200_lets_nobody_in() -> None:
    from tests.miniatures import JSON_TYPE

    made = exchange(answer=error("No key"), request_headers=(JSON_TYPE,))
    assert red(made) == {"errors.not-2xx"}
    assert verdicts(made)["authentication.missing-key-refused"] is Verdict.NOT_TESTABLE


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
    seen = found("envelope.data-present", made, Context(ACCEPTED))
    assert seen.observed == "images, created"
    said = exchange(answer={"created": 1_790_000_000, "message": "Busy."})
    assert found("envelope.data-present", said, Context(ACCEPTED)).observed == (
        "created, message: Busy."
    )


def test_item_that_is_an_error_is_told_with_its_words() -> None:
    item = {"error": {"message": "It failed."}}
    made = exchange(body("qwen-image"), answer={"created": 1_790_000_000, "data": [item]})
    seen = found("format.qwen-image-either", made, Context(ACCEPTED))
    assert seen.observed == "url absent, b64_json absent; it is an error: It failed."


def test_open_request_refused_as_mistakes_are_is_told_once() -> None:
    mistake = Outcome("n-0", Result.UNCLEAR, "HTTP 200 without an image", 200)
    made = exchange(body("dall-e-2", seed=7), answer={"created": 1, "data": []})
    judged = judge(made, EDITION, clauses_of(EDITION), context=Context(ACCEPTED))
    assert "envelope.data-not-empty" in {e.clause for e in judged if e.verdict is Verdict.FAIL}
    judged = judge(
        made, EDITION, clauses_of(EDITION), context=Context(ACCEPTED, mistake_alike=mistake)
    )
    assert {e.verdict for e in judged} == {Verdict.NOT_TESTABLE, Verdict.PASS}
    blocked = [each for each in judged if each.verdict is Verdict.NOT_TESTABLE]
    assert {each.control for each in blocked} == {"n-0"}
    assert "envelope.data-not-empty" in {each.clause for each in blocked}


@pytest.mark.parametrize("name", ["size-enum", "n-minimum"])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "User quota is not enough"),
        (402, "Payment required"),
        (401, "Incorrect API key"),
        (400, "Your account is in arrears"),
        (403, "The model is no longer available"),
    ],
)
def test_status_of_a_refusal_for_another_reason_is_not_judged(
    name: str, status: int, said: str
) -> None:
    wrong = WRONG if name == "size-enum" else body("dall-e-2", n=0)
    found = verdicts(exchange(wrong, status, error(said)), ACCEPTED)
    assert found["errors.status-400"] in (Verdict.NOT_TESTABLE, Verdict.UNAVAILABLE)
    found = verdicts(exchange(wrong, 422, error("Wrong.")), ACCEPTED)
    assert found["errors.status-400"] is Verdict.DEVIATES


def test_mistake_answered_500_for_a_quota_is_no_fault_of_the_server() -> None:
    found = verdicts(exchange(WRONG, 500, error("user quota is not enough")), ACCEPTED)
    assert found["errors.not-5xx"] is Verdict.UNAVAILABLE


def test_mistake_answered_502_is_a_fault_where_the_run_shows_no_outage() -> None:
    made = exchange(WRONG, 502, error("Bad gateway"))
    alike = outcome_of(exchange(B64, 502, error("Bad gateway")))
    assert found("errors.not-5xx", made, Context(ACCEPTED)).verdict is Verdict.UNAVAILABLE
    proven = Context(ACCEPTED, crash_alike=alike)
    assert found("errors.not-5xx", made, proven).verdict is Verdict.FAIL
    assert found("errors.not-5xx", made, replace(proven, control=REFUSED)).verdict is (
        Verdict.NOT_TESTABLE
    )


def test_mistake_answered_500_while_valid_requests_come_to_nothing_too_is_undecided() -> None:
    down = Context(ACCEPTED, down=outcome_of(failing()))
    made = exchange(WRONG, 500, error("engine is dead"))
    seen = found("errors.not-5xx", made, down)
    assert seen.verdict is Verdict.UNAVAILABLE
    assert seen.message.endswith("came to nothing too: HTTP 500: engine is dead")
    named = exchange(WRONG, 500, error("no", param="size"))
    assert found("errors.not-5xx", named, down).verdict is Verdict.FAIL


def test_smallest_request_to_a_model_that_is_not_listed_is_not_served() -> None:
    listed = replace(outcome_of(model_list("openai/dall-e-3")), case="models-list")
    small = {"model": "dall-e-3", "prompt": "a cat"}
    for said in (error("It is not in our catalogue", param="model"), error("Bad request")):
        judged = verdicts(exchange(small, 400, said), listed)
        assert judged["parameters.valid-accepted"] is Verdict.UNAVAILABLE
    for said in (error("no", param="response_format"), error("Only response_format=b64_json")):
        judged = verdicts(exchange(small, 400, said), listed)
        assert judged["parameters.valid-accepted"] is Verdict.FAIL
    known = replace(listed, listed=frozenset({"dall-e-3"}))
    judged = verdicts(exchange(small, 400, error("Bad request")), known)
    assert judged["parameters.valid-accepted"] is Verdict.FAIL


def test_success_that_says_that_a_model_is_not_there_is_no_error_to_judge() -> None:
    said = error("no such model", code="model_not_found")
    made = exchange(body(MADE_UP), 200, said)
    judged = verdicts(made, ACCEPTED)
    assert judged["errors.not-2xx"] is Verdict.FAIL
    assert judged["models.unknown-refused"] is Verdict.NOT_TESTABLE
    assert judged["errors.no-data"] is Verdict.NOT_TESTABLE


NO_KEY = (("content-type", "application/json"),)


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (404, "The model is no longer available.", Verdict.NOT_TESTABLE),
        (403, "User quota is not enough.", Verdict.UNAVAILABLE),
        (400, "Blocked by our content policy.", Verdict.NOT_TESTABLE),
        (403, "Forbidden.", Verdict.FAIL),
        (404, "No such page.", Verdict.FAIL),
    ],
    ids=["model-ended", "quota", "moderated", "forbidden", "hidden"],
)
def test_missing_key_is_judged_by_a_refusal_that_may_be_for_it(
    status: int, said: str, expected: Verdict
) -> None:
    made = exchange(body("dall-e-2"), status, error(said), request_headers=NO_KEY)
    assert verdicts(made, ACCEPTED)["authentication.missing-key-refused"] is expected


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_mistake_answered_with_a_redirect_breaks_one_promise(status: int) -> None:
    assert red(exchange(WRONG, status, raw=b""), ACCEPTED) == {"errors.not-2xx"}
    no_key = exchange(body("dall-e-2"), status, raw=b"", request_headers=NO_KEY)
    assert red(no_key, ACCEPTED) == {"errors.not-2xx"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The model dall-e-2 has been retired.", Verdict.NOT_TESTABLE),
        ("Unknown model.", Verdict.DEVIATES),
    ],
    ids=["body-was-read", "body-was-not-read"],
)
def test_missing_model_that_is_named_was_read_in_the_body(said: str, expected: Verdict) -> None:
    as_text = (("authorization", "Bearer [API key]"), ("content-type", "text/plain"))
    made = exchange(body("dall-e-2"), 404, error(said), request_headers=as_text)
    assert verdicts(made, ACCEPTED)["errors.status-415"] is expected


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ("2026-09-20", Verdict.UNAVAILABLE),
        ("2026-09-21", Verdict.UNAVAILABLE),
        ("2026-09-22", Verdict.FAIL),
    ],
)
def test_listed_model_need_not_be_served_from_the_day_of_its_end(
    ends: str, verdict: Verdict
) -> None:
    small = {"model": "dall-e-3", "prompt": "a cat"}
    ended = frozenset({("dall-e-3", ends)})
    listed = replace(outcome_of(model_list("dall-e-3")), shutdowns=ended)
    context = Context(listed, standing=Standing(ENDLESS, date(2026, 9, 21)))
    gone = exchange(small, 404, error("no such model", code="model_not_found"))
    assert found("models.served", gone, context).verdict is verdict
