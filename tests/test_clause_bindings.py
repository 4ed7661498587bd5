"""Which requests clauses bind: painted mistakes, faults, and editions that lack something."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.clauses import clauses_of, select
from conformance.clauses.bindings import (
    accepted,
    all_of,
    answered_with,
    any_of,
    asks,
    broken_keyword,
    broken_parameters,
    documents,
    family,
    left_open,
)
from conformance.clauses.derivation import _deciding_parameter, _derive, _statement
from conformance.clauses.judge import judge
from conformance.clauses.registry import possible_in
from conformance.contract import Edition, Level, load_edition
from conformance.contract.records import SchemaRule, Violation
from conformance.exchange.sent_request import SentRequest, read_request
from tests.miniatures import ACCEPTED, JSON_TYPE, answer, body, exchange

DEFAULT = load_edition()
OPENAI = load_edition("openai-2026-11")
FAULT = -7
STREAM = body("gpt-image-1", stream=True, partial_images=2)
TRANSPARENT = body("gpt-image-1", background="transparent")
SVG = body("gpt-image-2.6-sunburst", output_format="svg", svg={"model": "gpt-5.5"})
IDENTIFIED = body("gpt-image-2.6-sunburst", safety_identifier="user-4711")


def binds_painted(edition: Edition, clause: str, request: dict[str, Any], **parts: Any) -> bool:
    """Return whether a clause binds a request for which an image came."""
    (entry,) = select(clauses_of(edition), clause)
    sent = read_request(exchange(request, answer={}, **parts), edition)
    return entry.binds(replace(sent, painted=True))


@pytest.mark.parametrize(
    ("edition", "clause", "content", "parameters"),
    [
        (DEFAULT, "stream.partial-count", STREAM, ["partial_images", "n"]),
        (DEFAULT, "stream.partial-index", STREAM, ["partial_images", "n"]),
        (DEFAULT, "stream.format-as-asked", STREAM, ["output_format"]),
        (DEFAULT, "image.transparent-pixels", TRANSPARENT, ["output_format"]),
        (DEFAULT, "image.opaque-when-asked", {**TRANSPARENT, "background": "opaque"},
         ["output_format"]),
        (DEFAULT, "format.gpt-image-b64", body("gpt-image-1"), ["response_format"]),
        (DEFAULT, "extras.background-documented", TRANSPARENT, ["quality"]),
        (DEFAULT, "count.one-by-default", body("gpt-image-1"), ["stream"]),
        (DEFAULT, "defaults.partial-images", body("gpt-image-1", stream=True), []),
        (OPENAI, "extras.svg-usage", SVG, ["svg", "output_format"]),
        (OPENAI, "extras.safety-identifier", IDENTIFIED, ["safety_identifier"]),
        (OPENAI, "stream.safety-identifier", {**IDENTIFIED, "stream": True}, ["safety_identifier"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_painted_mistake_promises_what_does_not_hang_on_its_value(
    edition: Edition, clause: str, content: dict[str, Any], parameters: list[str]
) -> None:
    assert binds_painted(edition, clause, {**content, "user": FAULT})
    for parameter in parameters:
        assert not binds_painted(edition, clause, {**content, parameter: FAULT})


@pytest.mark.parametrize("clause", ["envelope.created-present", "format.url-when-asked"])
def test_other_method_promises_nothing_even_if_painted(clause: str) -> None:
    request = body("dall-e-2", user=FAULT, response_format="url")
    raw = json.dumps(request).encode()
    assert binds_painted(DEFAULT, clause, request)
    assert not binds_painted(DEFAULT, clause, request, method="GET", request_raw=raw)


def test_what_cannot_be_decided_of_a_painted_mistake_is_left_out() -> None:
    one = exchange(body("dall-e-2", user=FAULT), answer=answer(body("dall-e-2")), downloads={})
    findings = judge(one, DEFAULT, clauses_of(DEFAULT), ACCEPTED)
    assert {"url.https", "image.complete"} & {finding.clause for finding in findings} == {
        "url.https"
    }


@pytest.mark.parametrize(
    ("edition", "clause", "more"),
    [
        (DEFAULT, "extras.output-format-as-asked", {"output_format": "png"}),
        (DEFAULT, "format.gpt-image-response-format", {"response_format": "url"}),
        (DEFAULT, "format.qwen-image-either", {}),
        (OPENAI, "extras.safety-identifier", {"safety_identifier": "me"}),
        (OPENAI, "extras.svg-usage", {"output_format": "svg", "svg": {"model": "gpt-5.5"}}),
        (OPENAI, "image.svg-well-formed", {"output_format": "svg"}),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_a_document_says_of_a_family_does_not_bind_a_model_that_it_does_not_know(
    edition: Edition, clause: str, more: dict[str, Any]
) -> None:
    names = {clause.id for clause in clauses_of(edition)}
    assert clause not in names or not binds_painted(edition, clause, body("nobody", **more))


def test_stream_is_what_was_asked_of_a_documented_model_and_what_came_of_another() -> None:
    events: Any = {"raw": b"data: {}\n\n", "headers": (("content-type", "text/event-stream"),)}
    stranger = body("a-model-of-nobody", stream=True)
    for sample, names in (
        (exchange(STREAM), {"stream.content-type"}),
        (exchange(stranger), {"envelope.created-present"}),
        (exchange(stranger, **events), set()),
    ):
        clauses = {finding.clause for finding in judge(sample, DEFAULT, clauses_of(DEFAULT))}
        assert clauses & {"stream.content-type", "envelope.created-present"} == names


def test_binding_is_possible_where_the_edition_has_what_it_speaks_of() -> None:
    sora, dall_e, style, svg = (
        *(family("sora"), family("dall-e")),
        *(documents("style"), documents("svg")),
    )
    possible = [
        *(accepted, asks("svg"), dall_e, style, family("gpt-image", "sora"), answered_with("url")),
        *(left_open("gpt-image-response-format", "nothing"), any_of(sora, style)),
        all_of(dall_e, style),
    ]
    impossible = [
        *(sora, svg, left_open("nothing"), answered_with("hologram")),
        *(any_of(sora, svg), all_of(dall_e, svg)),
    ]
    assert all(possible_in(binding, DEFAULT) for binding in possible)
    assert not any(possible_in(binding, DEFAULT) for binding in impossible)


def test_param_is_looked_for_in_the_refusal_of_a_documented_mistake() -> None:
    (clause,) = select(clauses_of(DEFAULT), "errors.param-names")
    assert clause.binds(read_request(exchange(body("dall-e-2", n=-1)), DEFAULT))
    assert not clause.binds(read_request(exchange(body("dall-e-2")), DEFAULT))
    assert not judge(exchange(body("dall-e-2")), DEFAULT, [clause], control=ACCEPTED)


GPT_IMAGE = DEFAULT.models["gpt-image-1"]


def mistake(*violations: tuple[str | None, str], value: Any = None) -> SentRequest:
    """Return a request as read, as if it broke these rules, of which each has this value."""
    sent = read_request(exchange(body("gpt-image-1", size="wide")), DEFAULT)
    assert sent.reading is not None
    rows = (
        Violation(name, keyword, "it is wrong", rule("size", keyword, value) if value else None)
        for name, keyword in violations
    )
    return replace(sent, reading=replace(sent.reading, violations=tuple(rows)))


def rule(parameter: str | None, keyword: str, value: Any) -> SchemaRule:
    return SchemaRule(parameter, keyword, value, Level.MUST, ())


def test_flaw_is_the_gravest_of_one_parameter_and_of_a_request_without_another_fault() -> None:
    size = [("size", keyword) for keyword in ("across", "enum", "type")]
    assert broken_keyword(mistake(*size)) == broken_keyword(mistake(*size[::-1])) == "type"
    assert broken_keyword(mistake(*size[:2])) == broken_keyword(mistake(size[1])) == "enum"
    assert broken_keyword(mistake((None, "across"))) == "across"
    assert broken_keyword(mistake(size[1], ("n", "type"))) is None
    assert broken_keyword(mistake()) is None
    sent = mistake(size[1])
    assert (broken_keyword(sent, "n"), broken_keyword(sent, "size")) == (None, "enum")
    assert broken_keyword(replace(sent, faults=frozenset({"method"})), "size") is None
    assert broken_keyword(replace(sent, model=None), "size") == "enum"
    keyless = exchange(body("dall-e-2", size="wide"), request_headers=(JSON_TYPE,))
    assert broken_keyword(read_request(keyless, DEFAULT)) is None


ACROSS: list[tuple[Any, set[str], str]] = [
    ({"if": {"required": ["style"], "properties": {"user": {}}}}, {"style", "user"}, "style"),
    ({"if": {"properties": {"user": {}}}}, {"user"}, "user"),
    ({"if": {"required": ["style"]}}, {"style"}, "style"),
    ({"if": {}}, set(), "quality"),
    ({}, set(), "quality"),
]


@pytest.mark.parametrize(
    ("value", "names", "first"), ACROSS, ids=["both", "properties", "required", "empty", "no-if"]
)
def test_rule_across_parameters_is_raised_by_the_first_in_its_condition_and_the_fault_of_any(
    value: Any, names: set[str], first: str
) -> None:
    assert _deciding_parameter(rule("quality", "some-rule", value)) == first
    sent = mistake(("size", "some-rule"), (None, "some-rule"), value=value)
    assert broken_parameters(sent) == {"size", *names}
    assert broken_parameters(mistake(("size", "enum"), value=["256x256"])) == {"size"}


def test_statement_of_a_rule_that_has_no_words_of_its_own() -> None:
    sentence = "A request whose `size` breaks a documented rule is refused."
    assert _statement(GPT_IMAGE, rule("size", "multipleOf", 16), across=False) == sentence
    alternatives = "an object or an array or an integer or a string"
    for schema_part, words in (
        ({"type": ["object", "array", "integer", "string", "null"]}, alternatives),
        ({"type": "integer"}, "an integer"),
        ({}, ""),
    ):
        schema = replace(GPT_IMAGE.schema, parameters={"size": schema_part})
        statement = _statement(replace(GPT_IMAGE, schema=schema), rule("size", "type", None), False)
        assert statement == f"A request whose `size` is not {words} is refused."


def test_clause_of_several_models_is_as_weak_as_the_weakest() -> None:
    rules = [(GPT_IMAGE, replace(rule("size", "enum", []), level=level)) for level in Level]
    for order in (rules, rules[::-1]):
        assert _derive("parameters.size-enum", order).level is list(Level)[-1]
