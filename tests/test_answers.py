"""What an answer says: its events, its error in whatever shape, and so why it was turned down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.exchange.answer import MOST_IMAGES, Answer
from conformance.exchange.error_text import ErrorText, error_text, read_error
from conformance.exchange.model import Download, Failure
from conformance.exchange.outcome import Result, outcome_of
from tests.miniatures import (
    HTML,
    MODELS_LIST,
    answer,
    body,
    error,
    exchange,
    model_list,
    picture,
    serve_image,
    to_base64,
)
from tests.streams import completed_event, partial, stream

if TYPE_CHECKING:
    from conformance.exchange.model import Exchange


def read_text(answer_body: Any = None, status: int = 200, **more: Any) -> ErrorText:
    """Read what an answer with this body says of an error."""
    return error_text(Answer(exchange(status=status, answer=answer_body, **more)))


NO = ErrorText("No.")
SHAPES: dict[str, tuple[Any, ErrorText]] = {
    "documented": (error("No.", type="t", param="n", code="c"), ErrorText("No.", "c", "t", "n")),
    "error-text": ({"error": "No."}, NO),
    "error-beside-a-message": ({"error": "Bad Request", "message": "No."}, NO),
    "error-list": ({"error": [{"message": "No."}]}, NO),
    "flat": ({"code": "Arrearage", "message": "No."}, ErrorText("No.", "Arrearage")),
    "flat-null-code": ({"code": None, "message": "No."}, NO),
    "flat-msg": ({"code": 1008, "msg": "No."}, ErrorText("No.", "1008")),
    "capitals": ({"Error": {"Code": "C", "Message": "No."}}, ErrorText("No.", "C")),
    "detail-text": ({"detail": "No."}, NO),
    "detail-list": (
        {"detail": [{"loc": ["body", "n"], "msg": "No.", "type": "int"}]},
        ErrorText("No.", "", "int", "body.n"),
    ),
    "errors": ({"errors": [{"field": "n", "reason": "No."}]}, ErrorText("No.", param="n")),
    "errors-of-texts": ({"errors": ["No.", "Never."]}, NO),
    "issues": (
        {"issues": [{"code": "invalid", "path": ["n"], "message": "No."}], "name": "ZodError"},
        ErrorText("No.", "invalid", "", "n"),
    ),
    "nested": ({"error": {"error": {"message": {"detail": "No."}}}}, NO),
    "base-resp": ({"base_resp": {"status_code": 7, "status_msg": "No."}}, ErrorText("No.", "7")),
    "output": ({"output": {"code": "C", "message": "No."}}, ErrorText("No.", "C")),
    "problem": ({"type": "about:blank", "title": "No."}, ErrorText("No.", "", "about:blank")),
    "a-text": ("No.", NO),
    "a-list": ([{"message": "No."}], NO),
    "number": (7, ErrorText()),
    "no-words": ({"error": {"message": ["", 7], "code": True, "param": []}}, ErrorText()),
    "blanks": ({"error": {"message": " No \n such "}}, ErrorText("No such")),
}


@pytest.mark.parametrize(("answer_body", "text"), SHAPES.values(), ids=SHAPES)
def test_error_is_read_in_every_shape(answer_body: Any, text: ErrorText) -> None:
    assert read_text(answer_body, 400) == text


def test_error_that_nests_without_end_is_left() -> None:
    deep: Any = "No."
    for _ in range(7):
        deep = {"error": deep}
    assert read_error(deep) == ErrorText()


PAGES = {
    b"<html><head><title>Just a &lt;moment&gt;</title>": "Just a <moment>",
    b"<h1>Bad <b>gateway</b></h1>": "Bad gateway",
    b'<?xml version="1.0"?><Error><Message>Gone</Message></Error>': "Gone",
    b"<p>No such thing</p>": "No such thing",
    b"No.": "No.",
}


def test_page_is_told_by_its_title_and_plain_text_is_what_it_says() -> None:
    assert {raw: read_text(status=502, raw=raw).text for raw in PAGES} == PAGES
    assert read_text(status=400, raw=b"\0\1") == ErrorText()


def test_success_that_is_no_json_says_only_words_of_an_error() -> None:
    errors = ["invalid request: no", "Insufficient balance, please recharge.", "Invalid API key"]
    assert [read_text(raw=words.encode()).text for words in errors] == errors
    for raw in (b"welcome", b'{"data": [1'):
        assert read_text(raw=raw) == ErrorText()


def test_success_says_only_what_stands_in_its_error_members() -> None:
    success = answer(body())
    item = {"error": {"code": "C", "message": "No."}}
    for answer_body, text in (
        (None, ErrorText()),
        ({**success, "message": "Done."}, ErrorText()),
        ({**success, "error": "No."}, NO),
        ({**success, "data": [*success["data"], item]}, ErrorText("No.", "C")),
        ({"success": False, "message": "No."}, NO),
        ([], ErrorText()),
        ({"data": [{"finish_reason": "CONTENT_FILTERED"}]}, ErrorText("CONTENT_FILTERED")),
    ):
        assert read_text(answer_body) == text
    assert not read_text({"code": 0, "data": None}).said


EVENTS = {
    "by-name": ("error", '{"message": "No."}'),
    "by-type": ("message", '{"type": "image_generation.failed", "message": "No."}'),
    "by-member": ("x", '{"error": {"message": "No."}}'),
    "as-text": ("error", "No."),
}
WITH_IMAGE = json.dumps({"type": "other", "b64_json": to_base64(picture("png", (8, 8)))})


def test_error_event_of_a_stream_is_read() -> None:
    for name, event in EVENTS.items():
        assert error_text(Answer(stream(("other", WITH_IMAGE), event))).text == "No.", name
    assert error_text(Answer(stream(("x", "{}")))) == ErrorText()


def test_words_are_the_text_or_the_code_cut_and_safe() -> None:
    assert ErrorText("No.", "C").words == "No."
    assert ErrorText("", "C", "t").words == "C"
    assert len(ErrorText("x" * 900).words) == 240
    assert ErrorText("\x1b[31m").words == "\\x1b[31m"
    assert read_text(status=500, raw=HTML).words == "Bad gateway"


def test_events_beyond_the_last_image_that_is_read_are_left() -> None:
    long_stream = stream(("a", "{}"), *[("b", WITH_IMAGE)] * (MOST_IMAGES + 3))
    assert len(Answer(long_stream).events) == 1 + MOST_IMAGES
    assert len(Answer(stream(*[("a", "{}")] * 200)).events) == 200


def test_done_is_no_event_and_the_url_of_one_is_looked_up_in_its_exchange() -> None:
    url = "https://images.provider.example/1.png"
    download = Download(url, response=serve_image(picture()))
    sample = replace(stream(completed_event(url=url), (None, "[DONE]")), downloads=(download,))
    assert [(one.path, one.download) for one in Answer(sample).events] == [("event 1", download)]


def refusal(status: int, answer_body: Any) -> Exchange:
    """A request turned down with this body."""
    raw = answer_body if isinstance(answer_body, bytes) else json.dumps(answer_body).encode()
    return exchange(status=status, raw=raw)


QUOTA: dict[str, tuple[int, Any]] = {
    "402": (402, {}),
    "402-blames-n": (402, error("no", param="n")),
    "comet-flat": (403, {"code": None, "message": "user quota is not enough"}),
    "new-api-code": (403, error("x", code="insufficient_user_quota")),
    "new-api-pre": (403, error("x", code="pre_consume_token_quota_failed")),
    "openai-429": (429, error("x", code="insufficient_quota")),
    "openai-type": (429, error("x", type="insufficient_quota")),
    "openai-400": (400, error("x", code="billing_hard_limit_reached")),
    "openai-text": (429, {"detail": "You exceeded your current quota, check your plan."}),
    "alibaba": (400, {"code": "Arrearage", "message": "Access denied, good standing."}),
    "detail": (400, {"detail": "Insufficient balance"}),
    "errors": (403, {"errors": [{"message": "Your credits are used up"}]}),
    "error-text": (400, {"error": "Not enough credits"}),
    "in-a-200": (200, {"error": {"message": "Insufficient credits"}}),
    "in-a-500": (500, error("insufficient user quota")),
    "chinese": (403, {"message": "用户额度不足"}),
    "chinese-400": (400, {"error": {"message": "余额不足 请充值"}}),
    "spanish": (400, {"message": "Saldo insuficiente"}),
    "german": (403, {"message": "Guthaben aufgebraucht"}),
    "spanish-ended": (400, {"detail": "Has agotado tu saldo disponible."}),
    "portuguese": (400, {"detail": "Créditos esgotados."}),
    "italian": (403, error("Credito esaurito: ricarica il tuo account.")),
    "french": (403, error("Votre solde est épuisé")),
    "russian": (403, {"error": "закончились средства"}),
    "japanese": (400, error("利用可能なクレジットがありません。")),
    "korean": (400, error("크레딧이 모두 소진되었습니다.")),
    "unpaid": (403, error("Suspended due to unpaid invoices.")),
    "trial": (400, error("Trial expired.")),
    "wallet": (200, {"success": False, "error": "not enough tokens in your wallet"}),
    "allowance": (403, error("This token has no remaining allowance")),
    "code-blames-a-parameter": (403, error("x", param="quota", code="insufficient_user_quota")),
    "free-plan": (400, error("Monthly limit for this model on the Free plan. Upgrade your plan.")),
    "daily": (400, error("Daily image generation limit reached (50/50).")),
    "plan": (400, error("Limit of your plan reached.")),
    "free-allocation": (429, error("You have used up your daily free allocation.")),
    "budget": (400, error("Budget has been exceeded! Current cost: 1.2")),
    "tokens": (403, error("Not enough tokens.")),
}


@pytest.mark.parametrize(("status", "answer_body"), QUOTA.values(), ids=QUOTA)
def test_quota_is_known_in_every_shape(status: int, answer_body: Any) -> None:
    sample = refusal(status, answer_body)
    outcome = outcome_of(sample)
    assert (outcome.cause, outcome.result) == ("quota", Result.UNAVAILABLE)


CAUSES: dict[str, tuple[int, Any, str | None, Result]] = {
    "pace": (429, error("Quota exceeded: 5 requests per minute"), "rate-limit", Result.UNAVAILABLE),
    "pace-403": (403, error("Rate limit: quota exceeded"), "other", Result.REFUSED),
    "throttled-400": (400, {"code": "Throttling.RateQuota"}, "rate-limit", Result.UNAVAILABLE),
    "slow-down": (429, error("Slow down."), "rate-limit", Result.UNAVAILABLE),
    "outage": (500, error("no"), "outage", Result.UNAVAILABLE),
    "too-early": (425, error("no"), "outage", Result.UNAVAILABLE),
    "key": (401, error("no"), "key", Result.REFUSED),
    "key-403": (403, {"message": "This token may not"}, "key", Result.REFUSED),
    "key-400": (400, error("API key not valid."), "key", Result.REFUSED),
    "key-code-400": (400, error("no", type="authentication_error"), "key", Result.REFUSED),
    "key-in-a-200": (200, error("Your API key has been revoked"), "key", Result.UNCLEAR),
    "filtered-200": (
        *(200, {"data": [], "filtered_reason": "content_filter"}),
        *("moderation", Result.UNCLEAR),
    ),
    "moderated": (400, error("no", code="moderation_blocked"), "moderation", Result.REFUSED),
    "moderated-flat": (400, {"code": "DataInspectionFailed"}, "moderation", Result.REFUSED),
    "moderated-text": (400, {"detail": "Flagged by moderation."}, "moderation", Result.REFUSED),
    "moderated-prompt": (400, error("no", param="prompt", code="moderation_blocked"), "moderation",
                         Result.REFUSED),
    "moderated-n": (400, error("no", param="n", code="content_policy_violation"), "moderation",
                    Result.REFUSED),
    "key-named": (400, error("no", param="n", code="invalid_api_key"), "key", Result.REFUSED),
    "pace-named": (400, error("no", param="n", code="rate_limit_exceeded"), "rate-limit",
                   Result.UNAVAILABLE),
    "401-named": (401, error("no", param="n"), "key", Result.REFUSED),
    "policy-of-n": (400, error("It violates our policy", param="n"), None, Result.REFUSED),
    "long-prompt": (400, error("Not enough tokens left in the context"), None, Result.REFUSED),
    "context": (400, error("Maximum context length is 4,000 tokens"), None, Result.REFUSED),
    "region": (400, error("User location is not supported for the API use."), "access",
               Result.UNAVAILABLE),
    "region-in-a-200": (200, error("Not available in your country"), "access", Result.UNAVAILABLE),
    "region-code": (403, error("no", code="unsupported_country_region_territory"), "access",
                    Result.UNAVAILABLE),
    "verified": (400, error("Your organization must be verified to stream.", param="stream"),
                 "access", Result.UNAVAILABLE),
    "suspended": (400, error("Your account has been suspended"), "access", Result.UNAVAILABLE),
    "moderation-named": (400, error("Bad moderation", param="moderation"), None, Result.REFUSED),
    "forbidden": (403, error("no"), "other", Result.REFUSED),
    "proxy": (407, error("no"), "other", Result.UNAVAILABLE),
    "law": (451, error("no"), "other", Result.UNAVAILABLE),
    "page": (400, HTML, "other", Result.REFUSED),
    "page-405": (405, HTML, None, Result.REFUSED),
    "page-413": (413, HTML, None, Result.REFUSED),
    "gone": (404, {"code": "ModelNotFound"}, "not served", Result.NOT_SERVED),
    "gone-detail": (404, {"detail": "Model x not found"}, "not served", Result.NOT_SERVED),
    "gone-routed": (404, error("No endpoints found for x."), "not served", Result.NOT_SERVED),
    "gone-here": (403, error("x has no access to model y"), "not served", Result.NOT_SERVED),
    "gone-in-a-200": (200, error("no", code="model_not_found"), "not served", Result.NOT_SERVED),
    "gone-catalogue": (400, error("x is no known model", code="invalid_model"), "not served",
                       Result.NOT_SERVED),
    "gone-chinese": (400, error("模型 x 不存在"), "not served", Result.NOT_SERVED),
    "gone-blames-n": (404, error("Model x not found", param="n"), None, Result.REFUSED),
    "mistake": (400, error("n must be 1", param="n"), None, Result.REFUSED),
    "many-quotas": (400, error("n exceeds the quota of images"), None, Result.REFUSED),
    "insufficient-n": (400, error("insufficient_quota", param="n"), None, Result.REFUSED),
    "moved": (302, b"", None, Result.UNCLEAR),
}  # fmt: skip


@pytest.mark.parametrize(("status", "answer_body", "cause", "result"), CAUSES.values(), ids=CAUSES)
def test_cause_is_told_by_status_and_words(
    status: int, answer_body: Any, cause: str | None, result: Result
) -> None:
    outcome = outcome_of(refusal(status, answer_body))
    assert (outcome.cause, outcome.result) == (cause, result)


MODERATIONS = [
    "Prompt provided failed safety check due to the inclusion of prohibited content.",
    "This prompt contains words that violate the usage guidelines.",
    "Your prompt was flagged by our safety filters.",
    "prompt: banned words detected",
    "Request Moderated",
    "The request violates our Terms of Service.",
    "It contained material flagged by a content checker.",
    "您的提示词违反了使用政策",
    "不適切な内容が含まれています。",
    "부적절한 콘텐츠입니다.",
    "El contenido es inapropiado: viola nuestras políticas de uso.",
    "O pedido viola as diretrizes de uso.",
    "La richiesta viola le linee guida.",
    "Votre demande enfreint nos règles.",
    "Die Anfrage verstößt gegen unsere Nutzungsrichtlinien.",
    "Je verzoek is in strijd met ons beleid.",
    "Uygunsuz içerik.",
    "Запрос нарушает правила использования.",
]


@pytest.mark.parametrize("text", MODERATIONS)
def test_moderation_is_known_in_many_words_where_nothing_but_the_prompt_is_named(text: str) -> None:
    for param in (None, "prompt", "body.prompt"):
        assert outcome_of(refusal(400, error(text, param=param))).cause == "moderation", param


@pytest.mark.parametrize(
    "value",
    [
        {"quality": "safety"}, {"moderation": "banned"}, {"response_format": "b64_json"}, {"n": 0},
        {"n": True}, {"style": None},
    ],
    ids=str,
)  # fmt: skip
def test_message_that_quotes_a_value_is_never_moderation(value: dict[str, Any]) -> None:
    [(name, quote)] = [(name, json.dumps(content)) for name, content in value.items()]
    for words in MODERATIONS[:6]:
        for text in (f"{name}: {quote}: {words}", f"{words} ({name} was {quote.strip(chr(34))})"):
            sample = exchange({"model": "m", "prompt": "x", **value}, 400, error(text))
            assert outcome_of(sample).cause is None, text


def test_refusal_of_a_value_is_no_moderation_and_no_account_at_its_end() -> None:
    for message in (
        "moderation must be low or auto",
        "Invalid value: 'nsfw'. Supported values are low, auto.",
        "style violates the policy: it must be one of vivid, natural",
        "Unknown parameter: 'safety_filter'.",
        "size 1792x1024 is not within the limits of your plan. Upgrade your plan.",
    ):
        sample = exchange({"model": "m", "prompt": "x", "size": "1792x1024"}, 400, error(message))
        assert outcome_of(sample).cause is None, message


def test_provider_s_own_words_are_kept_beside_what_is_no_acceptance() -> None:
    assert outcome_of(refusal(400, {"detail": "No."})).said == "No."
    assert outcome_of(exchange()).said == ""
    assert outcome_of(refusal(200, {"error": "No."})).reason == "HTTP 200 without an image: No."


def test_silence_is_an_outage_and_a_refused_key_is_none() -> None:
    silent = exchange(failure=Failure("timeout", "no answer within 60 s"))
    assert (outcome_of(silent).cause, outcome_of(silent).status) == ("outage", None)
    assert outcome_of(replace(exchange(), failure=Failure("key-refused", "x"))).cause == "key"


NO_IMAGE: dict[str, Any] = {
    "empty": {"created": 1, "data": []},
    "null": {"created": 1, "data": None},
    "bare-item": {"created": 1, "data": [{}]},
    "null-url": {"created": 1, "data": [{"url": None}]},
    "empty-url": {"created": 1, "data": [{"url": ""}]},
    "text-as-base64": {"created": 1, "data": [{"b64_json": "aGVsbG8gd29ybGQ="}]},
    "words": {"created": 1, "data": [{"b64_json": "no image, sorry"}]},
    "elsewhere": {"created": 1, "images": [to_base64(b"\x89PNG\r\n\x1a\n")]},
    "task": {"task_id": "1", "status": "queued"},
    "no-success": {"success": False},
    "no-object": [],
}


@pytest.mark.parametrize("answer_body", NO_IMAGE.values(), ids=NO_IMAGE)
def test_success_without_an_image_accepts_nothing(answer_body: Any) -> None:
    outcome = outcome_of(exchange(answer=answer_body))
    assert (outcome.result, outcome.accepted, outcome.answered) == (Result.UNCLEAR, False, True)
    assert outcome.reason == "HTTP 200 without an image"


def test_bare_picture_and_a_page_accept_nothing_and_a_damaged_image_is_one_that_came() -> None:
    for raw in (b"\x89PNG\r\n\x1a\n", HTML, b""):
        assert not outcome_of(exchange(raw=raw)).accepted
    payload = to_base64(b"\x89PNG\r\n\x1a\n" + bytes(40))
    for text in (payload, f"{payload}!", f"{payload}\n", f"data:image/png;base64,{payload}"):
        assert outcome_of(exchange(answer={"data": [{"b64_json": text}]})).accepted, text


def test_payload_that_a_recorder_took_out_is_one_that_came() -> None:
    recording = exchange(answer={"data": [{"b64_json": "[omitted]"}]})
    assert not outcome_of(recording).accepted
    assert outcome_of(replace(recording, altered=frozenset({"payloads"}))).accepted


def test_stream_is_accepted_when_it_completed_with_an_image() -> None:
    assert outcome_of(stream(partial(0), completed_event())).accepted
    assert not outcome_of(stream(partial(0))).accepted
    assert not outcome_of(stream(completed_event(without="b64_json"))).accepted


def test_model_list_is_accepted_when_it_is_one() -> None:
    assert outcome_of(model_list("dall-e-3")).accepted
    assert outcome_of(model_list()).listed == frozenset()
    unlike = exchange(answer={"models": []}, method="GET", url=MODELS_LIST)
    assert not outcome_of(unlike).accepted
    assert outcome_of(unlike).answered
