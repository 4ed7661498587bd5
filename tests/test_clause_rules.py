"""What clauses make of the rules of schemas: which is broken, by whom, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.clauses.bindings import at_fault, flaw
from conformance.clauses.derivation import _deciding_parameter, _derive, _statement
from conformance.contract import Level, load_edition
from conformance.contract.records import SchemaRule, Violation
from conformance.exchange.sent_request import read_request
from tests.miniatures import JSON_TYPE, body, exchange

EDITION = load_edition()
WRONG_SIZE = body("dall-e-2", size="wide")


def flawed(*violations: tuple[str | None, str], request: dict[str, Any] | None = None) -> Any:
    """Give the request as read, as if it broke these rules."""
    sent = read_request(exchange(request or body("gpt-image-1", size="wide")), EDITION)
    assert sent.reading is not None
    broken = tuple(Violation(name, keyword, "it is wrong", None) for name, keyword in violations)
    return replace(sent, reading=replace(sent.reading, violations=broken))


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


def rule(parameter: str | None, keyword: str, value: Any) -> SchemaRule:
    """Give a rule of a schema."""
    return SchemaRule(parameter, keyword, value, Level.MUST, ())


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
def test_rule_across_parameters_isat_fault_by_any_that_takes_part(
    value: Any, names: set[str]
) -> None:
    sent = flawed(("size", "some-rule"))
    (broken,) = sent.reading.violations
    of_rule = replace(broken, rule=rule("size", "some-rule", value))
    asked = replace(sent.reading, violations=(of_rule, replace(broken, parameter=None)))
    assert at_fault(replace(sent, reading=asked)) == names


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
    assert _deciding_parameter(rule("quality", "some-rule", value)) == parameter


def test_statement_of_a_rule_that_has_no_words_of_its_own() -> None:
    model = EDITION.models["gpt-image-1"]
    said = "A request whose `size` breaks a documented rule is refused."
    assert _statement(model, rule("size", "multipleOf", 16), across=False) == said


def test_types_are_told_with_their_article() -> None:
    model = EDITION.models["gpt-image-1"]
    for stated, said in (
        ({"type": ["object", "array", "integer", "string", "null"]},
         "an object or an array or an integer or a string"),
        ({"type": "integer"}, "an integer"),
        ({}, ""),
    ):  # fmt: skip
        typed = replace(model, schema=replace(model.schema, parameters={"size": stated}))
        statement = _statement(typed, rule("size", "type", None), across=False)
        assert statement == f"A request whose `size` is not {said} is refused."


def test_clause_of_several_models_is_as_weak_as_the_weakest() -> None:
    model = EDITION.models["gpt-image-1"]
    rules = [(model, replace(rule("size", "enum", []), level=each)) for each in Level]
    assert _derive("parameters.size-enum", rules).level is list(Level)[-1]
    assert _derive("parameters.size-enum", rules[::-1]).level is list(Level)[-1]
