"""What is easily got wrong in a clause: limits, cuts, and the branches that few answers reach.

Each test stands for a change of a clause that nothing else noticed; see docs/mutation.md.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from conformance.clauses import clauses_of, select
from conformance.clauses.bindings import flaw
from conformance.clauses.derivation import _derive, _raised_by, _statement, _types
from conformance.clauses.errors import _at_fault
from conformance.clauses.judge import judge
from conformance.clauses.registry import REGISTRY
from conformance.clauses.subject import NotTestableError, Subject
from conformance.contract import ClauseLevel, Level, load_edition
from conformance.contract.records import Citation, Rule, Violation
from conformance.errors import UnknownNameError
from conformance.exchange.model import REDACTED_KEY
from conformance.exchange.sent import read_request
from conformance.findings import Verdict
from tests.miniatures import (
    ACCEPTED,
    HTML,
    JSON_TYPE,
    REQUEST_ID,
    SENT_AT,
    answer,
    body,
    changed,
    error,
    exchange,
    red,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.exchange.model import Exchange
    from conformance.exchange.outcome import Outcome
    from conformance.findings import Finding

EDITION = load_edition()
GPT = body("gpt-image-1")
LONG = "x" * 400
WRONG_SIZE = body("dall-e-2", size="wide")


def finding(clause: str, made: Exchange, control: Outcome | None = ACCEPTED) -> Finding:
    """Judge an exchange by one clause."""
    (found,) = judge(made, EDITION, select(clauses_of(EDITION), clause), control)
    return found


def refused(told: object = None, status: int = 400, **given: Any) -> Exchange:
    """A wrong size, refused with these words."""
    return exchange(WRONG_SIZE, status, error() if told is None else told, **given)


def with_members(**members: object) -> Exchange:
    """A truthful answer with members at its top."""
    return exchange(GPT, answer={**answer(GPT), **members})


def counted(**members: object) -> Exchange:
    """A truthful answer with other members in its usage."""
    return with_members(usage={**answer(GPT)["usage"], **members})


MANY = {f"m{at:02}": at for at in range(12)}
TEN = "m00, m01, m02, m03, m04, m05, m06, m07, m08, m09"
BIG = 10**60

OBSERVED: dict[str, tuple[str, Callable[[], Exchange], str]] = {
    "created-cut": (
        "envelope.created-integer",
        lambda: with_members(created=LONG),
        f"a string: {LONG}"[:80],
    ),
    "error-in-a-success-cut": ("envelope.no-error", lambda: with_members(error=LONG), "x" * 200),
    "names-cut": ("envelope.data-present", lambda: exchange(GPT, answer=MANY), TEN),
    "error-names-cut": ("errors.error-object", lambda: refused(MANY), TEN),
    "error-without-names": ("errors.error-object", lambda: refused({}), "no member at all"),
    "error-text-cut": (
        "errors.error-object",
        lambda: refused({"error": LONG}),
        f"'{LONG}"[:80],
    ),
    "blank-message-cut": (
        "errors.message-not-empty",
        lambda: refused(error(" " * 90)),
        repr(" " * 40),
    ),
    "message-shown-cut": (
        "errors.message-string",
        lambda: refused(error([LONG])),
        f"['{LONG}"[:80],
    ),
    "param-cut": ("errors.param-names", lambda: refused(error(param=LONG)), "x" * 80),
    "html-cut": (
        "envelope.not-html",
        lambda: exchange(raw=b"<html>" + b"\xc3\xa9" * 60),
        ("<html>" + "é" * 27),
    ),
    "json-start-of-bad-utf8": (
        "errors.json",
        lambda: refused(raw=b"\xff no"),
        "� no",
    ),
    "total-cut": ("extras.usage-total", lambda: counted(total_tokens=BIG), str(BIG)[:40]),
    "negative-cut": (
        "extras.usage-not-negative",
        lambda: counted(total_tokens=-BIG),
        str(-BIG)[:40],
    ),
    "details-cut": (
        "extras.usage-input-details",
        lambda: counted(input_tokens_details={"text_tokens": BIG, "image_tokens": BIG}),
        f"{BIG} + {BIG}"[:80],
    ),
}


@pytest.mark.parametrize("name", OBSERVED)
def test_what_is_observed_is_cut_to_its_length(name: str) -> None:
    clause, made, observed = OBSERVED[name]
    found = finding(clause, made())
    assert found.verdict in (Verdict.FAIL, Verdict.DEVIATES)
    assert found.observed == observed


def test_what_is_expected_of_a_sum_is_cut_to_40_digits() -> None:
    details = {"text_tokens": 1, "image_tokens": 0}
    made = counted(input_tokens=BIG, input_tokens_details=details)
    assert finding("extras.usage-input-details", made).expected == str(BIG)[:40]


def test_n_in_a_message_is_cut_to_60_characters() -> None:
    made = exchange(body("dall-e-2", n="9" * 90), answer=answer(body("dall-e-2")))
    said = finding("count.non-numeric-refused", made).message
    assert said == f"n = '{'9' * 90}"[:60] + " was accepted"


SEEN_BY: dict[str, tuple[Callable[[], Exchange], bool]] = {
    "403-with-a-challenge": (
        lambda: exchange(status=403, raw=b"no", headers=(("WWW-Authenticate", "Bearer"),)),
        True,
    ),
    "403-without-a-challenge": (lambda: exchange(status=403, raw=b"no", headers=()), False),
    "403-about-a-token": (lambda: exchange(status=403, answer=error("the token is bad")), True),
    "403-about-a-region": (lambda: exchange(status=403, answer=error("the region is bad")), False),
    "403-by-code": (lambda: exchange(status=403, answer=error("no", code="invalid_token")), True),
    "403-with-a-challenge-and-another-error": (
        lambda: exchange(
            status=403, answer=error("no"), headers=(JSON_TYPE, ("www-authenticate", "Bearer"))
        ),
        False,
    ),
    "403-long-before-the-word": (
        lambda: exchange(status=403, answer=error("x" * 495 + " token")),
        False,
    ),
    "403-just-before-the-word": (
        lambda: exchange(status=403, answer=error("x" * 494 + " token")),
        True,
    ),
}


@pytest.mark.parametrize("name", SEEN_BY)
def test_403_is_about_the_key_when_it_says_so(name: str) -> None:
    made, about_key = SEEN_BY[name]
    assert ("authentication.valid-key-accepted" in red(made())) is about_key


def test_key_is_seen_as_base64_without_its_padding() -> None:
    text = base64.b64encode(REDACTED_KEY.encode()).rstrip(b"=")
    told = json.dumps(answer(GPT)).encode()[:-1] + b', "x": "' + text + b'"}'
    assert red(exchange(GPT, raw=told)) == {"authentication.key-not-echoed"}


def flawed(*violations: tuple[str | None, str], request: dict[str, Any] | None = None) -> Any:
    """Give the request as read, as if it broke these rules."""
    sent = read_request(exchange(request or body("gpt-image-1", size="wide")), EDITION)
    assert sent.asked is not None
    broken = tuple(Violation(name, keyword, "it is wrong", None) for name, keyword in violations)
    return replace(sent, asked=replace(sent.asked, violations=broken))


@pytest.mark.parametrize(
    ("violations", "keyword"),
    [
        ([("size", "enum"), ("size", "type")], "type"),
        ([("size", "across"), ("size", "enum")], "enum"),
        ([("size", "across"), ("size", "type"), ("size", "enum")], "type"),
        ([("size", "enum")], "enum"),
        ([(None, "across")], "across"),
        ([("size", "enum"), ("n", "type")], None),
        ([], None),
    ],
)
def test_flaw_is_the_gravest_of_one_parameter(
    violations: list[tuple[str | None, str]], keyword: str | None
) -> None:
    assert flaw(flawed(*violations)) == keyword


def test_flaw_of_another_parameter_or_beside_a_fault_is_none() -> None:
    sent = flawed(("size", "enum"))
    assert flaw(sent, "n") is None
    assert flaw(sent, "size") == "enum"
    assert flaw(replace(sent, faults=frozenset({"method"})), "size") is None
    assert flaw(replace(sent, model=None), "size") == "enum"


def test_flaw_of_a_request_whose_key_is_wrong_is_none() -> None:
    sent = read_request(exchange(WRONG_SIZE, request_headers=(JSON_TYPE,)), EDITION)
    assert flaw(sent) is None


def rule(parameter: str | None, keyword: str, value: Any) -> Rule:
    """Give a rule of a schema."""
    return Rule(parameter, keyword, value, Level.MUST, ())


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"if": {"required": ["style"], "properties": {"user": {}}}}, {"size", "style", "user"}),
        ({"if": {"properties": {"user": {}}}}, {"size", "user"}),
        ({"if": {"required": ["style"]}}, {"size", "style"}),
        ({}, {"size"}),
        (["256x256"], {"size"}),
    ],
)
def test_rule_across_parameters_is_at_fault_by_any_that_takes_part(
    value: Any, names: set[str]
) -> None:
    sent = flawed(("size", "some-rule"))
    (broken,) = sent.asked.violations
    of_rule = replace(broken, rule=rule("size", "some-rule", value))
    asked = replace(sent.asked, violations=(of_rule, replace(broken, parameter=None)))
    assert _at_fault(replace(sent, asked=asked)) == names


def test_param_is_split_at_what_is_no_letter_of_a_name() -> None:
    for param, verdict in (("Xsize", Verdict.DEVIATES), ("body[size]", Verdict.PASS)):
        found = verdicts(refused(error(param=param)))
        assert found["errors.param-names"] is verdict


@pytest.mark.parametrize(
    ("value", "parameter"),
    [
        ({"if": {"required": ["style"], "properties": {"size": {}}}}, "style"),
        ({"if": {"properties": {"size": {}}}}, "size"),
        ({"if": {"required": ["style"]}}, "style"),
        ({"if": {}}, "quality"),
        ({}, "quality"),
    ],
)
def test_rule_across_parameters_is_raised_by_the_first_in_its_condition(
    value: dict[str, Any], parameter: str
) -> None:
    assert _raised_by(rule("quality", "some-rule", value)) == parameter


def test_statement_of_a_rule_that_has_no_words_of_its_own() -> None:
    model = EDITION.models["gpt-image-1"]
    said = "A request whose `size` breaks a documented rule is refused."
    assert _statement(model, rule("size", "multipleOf", 16), across=False) == said


def test_types_are_told_with_their_article() -> None:
    model = EDITION.models["gpt-image-1"]
    stated = {"type": ["object", "array", "integer", "string", "null"]}
    schema = replace(model.schema, parameters={"size": stated})
    wide = replace(model, schema=schema)
    assert _types(wide, rule("size", "type", None)) == (
        "an object or an array or an integer or a string"
    )
    assert _types(wide, rule("nothing", "type", None)) == ""
    assert (
        _types(
            replace(model, schema=replace(schema, parameters={"size": {}})),
            rule("size", "type", None),
        )
        == ""
    )


def test_clause_of_several_models_is_as_weak_as_the_weakest() -> None:
    model = EDITION.models["gpt-image-1"]
    rules = [(model, replace(rule("size", "enum", []), level=each)) for each in Level]
    assert _derive("parameters.size-enum", rules).level is list(Level)[-1]
    assert _derive("parameters.size-enum", rules[::-1]).level is list(Level)[-1]


def test_level_of_an_edition_brings_its_own_sections() -> None:
    cited = Citation("rfc9110", "15.5.1", Level.SHOULD)
    edition = replace(EDITION, levels={"errors.json": ClauseLevel(Level.SHOULD, (cited,))})
    (clause,) = select(clauses_of(edition), "errors.json")
    assert [(each.source, each.section) for each in clause.citations] == [("rfc9110", "15.5.1")]


def test_clauses_of_a_chapter_stand_together_and_those_of_an_unknown_one_last() -> None:
    edition = replace(EDITION, withdrawn={"errors.json": "a mistake"})
    REGISTRY["zoo.x"] = replace(REGISTRY["count.as-asked"], id="zoo.x")
    try:
        found = [each.chapter for each in clauses_of(edition)]
    finally:
        del REGISTRY["zoo.x"]
    assert len([1 for first, second in pairwise(found) if first != second]) == 13
    assert found[-1] == "zoo"
    assert found.index("parameters") < found.index("stream")


def test_unknown_clause_of_an_edition_is_told_with_where_it_stands() -> None:
    edition = replace(EDITION, withdrawn={"errors.jsom": "a mistake"})
    with pytest.raises(UnknownNameError, match=rf"clause 'errors\.jsom'.*edition {EDITION.id}"):
        clauses_of(edition)
    with pytest.raises(UnknownNameError, match=r"clause 'errors\.jsom'"):
        select(clauses_of(EDITION), "errors.jsom")


@pytest.mark.parametrize(
    ("offset", "elapsed", "near"),
    [(-1800, 1.0, True), (-1801, 1.0, False), (1801, 1.0, True), (1802, 1.0, False)],
)
def test_created_is_near_within_half_an_hour_of_the_exchange(
    offset: int, elapsed: float, near: bool
) -> None:
    told = {**answer(GPT), "created": int(SENT_AT) + offset}
    made = replace(exchange(GPT, answer=told), elapsed=elapsed)
    assert ("envelope.created-near-request" not in red(made)) is near


def test_created_is_compared_with_when_a_slow_answer_was_complete() -> None:
    told = {**answer(GPT), "created": int(SENT_AT) + 1800 + 200}
    for elapsed, near in ((240.0, True), (None, False)):
        made = replace(exchange(GPT, answer=told), elapsed=elapsed)
        assert ("envelope.created-near-request" not in red(made)) is near
    late = replace(exchange(GPT, answer={**told, "created": int(SENT_AT) + 1801}), elapsed=None)
    assert "envelope.created-near-request" in red(late)


def test_year_3000_counts_no_seconds() -> None:
    assert red(with_members(created=32_503_680_000)) == {"envelope.created-seconds"}
    assert red(with_members(created=32_503_679_999)) == {"envelope.created-near-request"}


def test_text_json_is_said_to_be_json_when_it_cannot_be_read() -> None:
    made = exchange(raw=b"{", headers=(("content-type", "text/json"), REQUEST_ID))
    assert verdicts(made)["envelope.json-syntax"] is Verdict.FAIL


def test_html_is_looked_for_at_the_start_alone() -> None:
    assert finding("errors.json", refused(raw=HTML)).message == "the error is an HTML page"
    assert "envelope.not-html" not in red(with_members(x="<html>"))


def test_server_error_without_a_control_is_not_testable() -> None:
    found = finding("errors.not-5xx", refused(status=500), None)
    assert found.message == "there is no control: the same request without its one fault"
    assert found.verdict is Verdict.NOT_TESTABLE


def test_outage_on_a_wrong_request_is_no_missing_model() -> None:
    gone = error("No available channel", code="model_not_found")
    assert verdicts(refused(gone, 503))["errors.not-5xx"] is Verdict.UNAVAILABLE


def test_whole_numbers_of_tokens_may_be_written_with_a_point() -> None:
    usage = json.dumps(answer(GPT)).replace("209", "209.0").encode()
    assert verdicts(exchange(GPT, raw=usage))["extras.usage-total"] is Verdict.PASS
    off = json.dumps(answer(GPT)).replace("209", "210.0").encode()
    assert "extras.usage-total" in red(exchange(GPT, raw=off))


def test_details_that_are_no_object_are_judged_apart() -> None:
    found = finding("extras.usage-input-details", counted(input_tokens_details=7))
    assert found.message == "input_tokens_details is no object"


def test_negative_tokens_are_told_with_their_path() -> None:
    details = {"text_tokens": -1, "image_tokens": 14}
    found = finding("extras.usage-not-negative", counted(input_tokens_details=details))
    assert found.message == "usage.input_tokens_details.text_tokens is negative"
    for name in ("other", "cost_details"):
        made = counted(**{name: {"x": 1}, "more_details": -1})
        assert verdicts(made)["extras.usage-not-negative"] is Verdict.PASS


NAMED = body("gpt-image-1", response_format="b64_json")


@pytest.mark.parametrize(
    ("status", "told", "message"),
    [
        (400, error("no", code="moderation_blocked"), "refused for another reason: HTTP 400"),
        (401, error("no"), "refused for another reason: HTTP 401"),
        (403, error("no"), "refused for another reason: HTTP 403"),
    ],
)
def test_refusal_of_response_format_for_another_reason(
    status: int, told: dict[str, Any], message: str
) -> None:
    made = exchange(NAMED, status, told)
    found = clauses_of(EDITION)
    (clause,) = select(found, "format.gpt-image-response-format")
    with pytest.raises(NotTestableError, match=rf"^{message}"):
        list(clause.judge(Subject(made, EDITION, ACCEPTED)))


def test_404_to_response_format_has_another_reason_unless_the_control_was_served() -> None:
    made = exchange(NAMED, 404, error("no"))
    assert red(made) == {"format.gpt-image-response-format"}
    assert red(made, None) == frozenset()


def test_payload_members_of_other_types_are_not_counted_as_missing() -> None:
    made = exchange(answer=changed(body("dall-e-2"), url=7, b64_json=[]))
    found = finding("format.url-by-default", made)
    assert found.message == "url and b64_json are not strings"


def test_absent_revised_prompt_is_neither_null_nor_empty() -> None:
    found = verdicts(exchange(body("dall-e-2")))
    assert found["format.revised-prompt-not-null"] is Verdict.PASS
    assert found["format.revised-prompt-not-empty"] is Verdict.PASS


@pytest.mark.parametrize(("before", "page"), [(1019, True), (1020, False)])
def test_html_is_looked_for_in_the_first_kibibyte(before: int, page: bool) -> None:
    made = exchange(raw=b" " * before + b"<html></html>")
    assert ("envelope.not-html" in red(made)) is page
