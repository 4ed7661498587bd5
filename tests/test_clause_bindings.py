"""Which requests clauses bind: painted mistakes, models and editions that lack something."""

from __future__ import annotations

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
    documents,
    family,
    left_open,
)
from conformance.clauses.judge import judge
from conformance.clauses.registry import possible_in
from conformance.contract import Edition, load_edition
from conformance.exchange.sent_request import read_request
from tests.miniatures import ACCEPTED, body, exchange

DEFAULT = load_edition()
OPENAI = load_edition("openai-2026-11")
WRONG = -7


def binds_painted(edition: Edition, clause: str, asked: dict[str, Any]) -> bool:
    """Return whether a clause binds a request for which an image came."""
    (chosen,) = select(clauses_of(edition), clause)
    sent = read_request(exchange(asked, answer={}), edition)
    return chosen.binds(replace(sent, painted=True))


STREAM = body("gpt-image-1", stream=True, partial_images=2)
SVG = body("gpt-image-2.6-sunburst", output_format="svg", svg={"model": "gpt-5.5"})
IDENTIFIED = body("gpt-image-2.6-sunburst", safety_identifier="user-4711")
HANGS_ON = [
    (DEFAULT, "stream.partial-count", STREAM, "partial_images"),
    (DEFAULT, "stream.partial-count", STREAM, "n"),
    (DEFAULT, "stream.partial-index", STREAM, "partial_images"),
    (DEFAULT, "stream.partial-index", STREAM, "n"),
    (DEFAULT, "stream.format-as-asked", STREAM, "output_format"),
    (DEFAULT, "image.transparent-pixels", body("gpt-image-1", background="transparent"),
     "output_format"),
    (DEFAULT, "image.opaque-when-asked", body("gpt-image-1", background="opaque"), "output_format"),
    (OPENAI, "extras.svg-usage", SVG, "svg"),
    (OPENAI, "extras.svg-usage", SVG, "output_format"),
    (OPENAI, "extras.safety-identifier", IDENTIFIED, "safety_identifier"),
    (OPENAI, "stream.safety-identifier", {**IDENTIFIED, "stream": True}, "safety_identifier"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edition", "clause", "asked", "parameter"),
    HANGS_ON,
    ids=[f"{clause}-{name}" for _, clause, _, name in HANGS_ON],
)
def test_painted_mistake_promises_nothing_that_hangs_on_its_value(
    edition: Edition, clause: str, asked: dict[str, Any], parameter: str
) -> None:
    assert binds_painted(edition, clause, {**asked, "user": WRONG})
    assert not binds_painted(edition, clause, {**asked, parameter: WRONG})


@pytest.mark.parametrize("clause", ["count.one-by-default", "defaults.partial-images"])
def test_default_is_promised_of_a_painted_mistake(clause: str) -> None:
    asked = body("gpt-image-1", stream=clause.startswith("defaults"), user=WRONG)
    assert binds_painted(DEFAULT, clause, asked)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_method_promises_nothing_even_if_painted(method: str) -> None:
    (clause,) = select(clauses_of(DEFAULT), "envelope.created-present")
    sent = read_request(exchange(body("dall-e-2", user=WRONG), method=method), DEFAULT)
    bound = clause.binds(replace(sent, painted=True))
    assert bound is (method == "POST")


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
    known = {each.id: each for each in clauses_of(edition)}
    sent = read_request(exchange(body("a-model-of-nobody", **more), answer={}), edition)
    assert clause not in known or not known[clause].binds(replace(sent, painted=True))


def test_stream_of_a_model_that_nobody_documents_is_what_its_answer_shows() -> None:
    asked = body("a-model-of-nobody", stream=True)
    events = exchange(asked, raw=b"data: {}\n\n", headers=(("content-type", "text/event-stream"),))
    of_body = {"envelope.created-present"}
    assert of_body <= {finding.clause for finding in judge(exchange(asked), DEFAULT, CLAUSES)}
    assert not of_body & {finding.clause for finding in judge(events, DEFAULT, CLAUSES)}


def test_body_for_a_stream_of_a_documented_model_is_judged_as_a_stream() -> None:
    found = {finding.clause for finding in judge(exchange(STREAM), DEFAULT, CLAUSES)}
    assert "envelope.created-present" not in found
    assert "stream.content-type" in found


CLAUSES = clauses_of(DEFAULT)


def test_binding_is_possible_where_the_edition_has_what_it_speaks_of() -> None:
    sora, dall_e, style, svg = (
        family("sora"),
        family("dall-e"),
        documents("style"),
        documents("svg"),
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


def test_members_of_an_error_are_promised_where_the_edition_documents_them() -> None:
    names = {edition: {each.id for each in clauses_of(load_edition(edition))} for edition in
             ("cometapi-2026-03-12", "alibaba-2026-10")}  # fmt: skip
    assert "errors.documented-members" in names["alibaba-2026-10"]
    assert "errors.documented-members" not in names["cometapi-2026-03-12"]


def test_param_is_looked_for_in_the_refusal_of_a_documented_mistake() -> None:
    (clause,) = select(CLAUSES, "errors.param-names")
    assert clause.binds(read_request(exchange(body("dall-e-2", n=-1)), DEFAULT))
    assert not clause.binds(read_request(exchange(body("dall-e-2")), DEFAULT))
    assert not judge(exchange(body("dall-e-2")), DEFAULT, [clause], control=ACCEPTED)
