"""What an edition says of a request and knows of its models, whatever a body holds."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract import DEFAULT_EDITION, Level, load_edition
from conformance.contract.checker import MESSAGE_LIMIT, Checker
from conformance.errors import UnknownNameError
from tests.contract import D2, D3, G1, G2, G15, GPT, MINI, NAMED, QWEN, small_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.contract import Edition

DALL_E, ALL = (D2, D3), (*NAMED, G2)
ACCEPTED = [
    (NAMED, {}),
    ((D2, *GPT), {"n": 10, "user": "user-1"}),
    ((D3, QWEN), {"n": 1}),
    ((D2, D3, *GPT), {"n": None}),
    *[((D2,), {"size": size}) for size in ("256x256", "512x512", "1024x1024", None)],
    *[((D3,), {"size": size}) for size in ("1024x1024", "1792x1024", "1024x1792")],
    *[(GPT, {"size": size}) for size in ("auto", "1536x1024", "1024x1536")],
    ((QWEN,), {"size": "1664x928"}),
    *[(DALL_E, {"response_format": kind}) for kind in ("url", "b64_json", None)],
    *[((D3,), {"quality": quality}) for quality in ("standard", "hd", "auto")],
    *[(GPT, {"quality": quality}) for quality in ("low", "medium", "high", "auto")],
    *[((D3,), {"style": style}) for style in ("vivid", "natural", None)],
    ((MINI, G15), {"background": "transparent"}),
    ((G15,), {"background": "transparent", "output_format": "webp"}),
    ((G1,), {"background": "opaque", "output_format": "jpeg", "output_compression": 0}),
    ((G1,), {"output_format": "webp", "output_compression": 100, "moderation": "low"}),
    *[((G15,), {"stream": True, "partial_images": number}) for number in (0, 3)],
    ((G1,), {"stream": False, "partial_images": None}),
    *[((name,), {"prompt": "x" * most}) for name, most in ((D2, 1000), (D3, 4000), (G1, 32000))],
]
REFUSED = [
    *[(ALL, {"prompt": bad}, "prompt", "type") for bad in (None, ["a"])],
    *[((name,), {"prompt": "x" * most}, "prompt", "maxLength")
      for name, most in ((D2, 1001), (D3, 4001), *((gpt, 32001) for gpt in GPT))],
    *[(NAMED, {"n": bad}, "n", "minimum") for bad in (0, -1)],
    ((D2, *GPT), {"n": 11}, "n", "maximum"),
    ((D3, QWEN), {"n": 2}, "n", "maximum"),
    *[(NAMED, {"n": bad}, "n", "type") for bad in (1.5, "1", True, [1])],
    (("no-such-model",), {"n": "1"}, "n", "type"),
    ((D2,), {"size": "1792x1024"}, "size", "enum"),
    *[((D3,), {"size": bad}, "size", "enum") for bad in ("256x256", "1024x1024\n")],
    ((G1, MINI, G15), {"size": "256x256"}, "size", "enum"),
    *[((G2,), {"size": bad}, "size", "pattern")
      for bad in ("large", "1024*1024", "1024x1024\n", "0x16")],
    (ALL, {"size": 1024}, "size", "type"),
    ((D2, *GPT), {"quality": "hd"}, "quality", "enum"),
    ((D3,), {"quality": "high"}, "quality", "enum"),
    ((D3,), {"style": "loud"}, "style", "enum"),
    ((D2, D3, QWEN), {"response_format": "png"}, "response_format", "enum"),
    *[(GPT, {name: "bmp"}, name, "enum") for name in ("background", "output_format", "moderation")],
    *[(GPT, {"output_format": "jpeg", "output_compression": bad}, "output_compression", keyword)
      for bad, keyword in ((-1, "minimum"), (101, "maximum"), ("9", "type"))],
    (GPT, {"stream": "yes"}, "stream", "type"),
    (GPT, {"stream": True, "partial_images": 4}, "partial_images", "maximum"),
    (GPT, {"background": "transparent", "output_format": "jpeg"},
     "output_format", "transparent-needs-alpha-format"),
    ((D2, D3, *GPT), {"user": 7}, "user", "type"),
]  # fmt: skip
OPEN = [
    *[(("no-such-model",), more, "model-unknown") for more in ({}, {"quality": "hd"})],
    (ALL, {"prompt": ""}, "empty-prompt"),
    *[((D2,), {"quality": quality}, "dall-e-2-quality") for quality in ("standard", "auto", None)],
    (DALL_E, {"size": "auto"}, "dall-e-size-default"),
    *[(GPT, {"response_format": kind}, "gpt-image-response-format")
      for kind in ("url", "b64_json", "png", None)],
    ((G1, G2), {"background": "transparent"}, "transparent-background"),
    (GPT, {"output_compression": 50}, "output-compression-png"),
    ((G1,), {"output_format": None, "output_compression": 50}, "output-compression-png"),
    *[((G1,), {"partial_images": 1, **more}, "partial-images-without-stream")
      for more in ({}, {"stream": False})],
    ((G2,), {"size": "1280x720"}, "gpt-image-free-size"),
    *[((G2,), more, "gpt-image-newer-values")
      for more in ({"quality": "max"}, {"output_format": "svg"})],
    *[((QWEN,), {"size": size}, "qwen-size") for size in ("1024x1024", "1664*928", "auto")],
    ((QWEN,), {"prompt": "x" * 801}, "qwen-prompt-length"),
    *[((QWEN,), {"response_format": kind}, "qwen-payload") for kind in ("url", "b64_json", None)],
    *[((QWEN,), {name: None}, "qwen-null-values") for name in ("n", "size")],
    *[((QWEN,), {name: "x"}, "undocumented-for-model") for name in ("user", "quality")],
]  # fmt: skip
OF_GPT = {
    "background": "auto", "output_format": "png", "output_compression": 50, "moderation": "auto",
    "stream": True, "partial_images": 1,
}  # fmt: skip
UNSUPPORTED = [
    ((D2, *GPT, QWEN), {"style": "vivid"}),
    *[((D2, D3, QWEN), {parameter: value}) for parameter, value in OF_GPT.items()],
]


def bodies(table: list[Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield a request for each model of each row of a table, and what the row says of it."""
    for models, parameters, *remarks in table:
        for model in models:
            yield small_body(model, **parameters), remarks


def test_documented_request_is_accepted(edition: Edition) -> None:
    for body, _ in bodies(ACCEPTED):
        reading = edition.read(body)
        assert reading.expectation == "accepted", body
        assert (reading.violations, reading.left_open) == ((), ()), body


def test_broken_constraint_is_refused_with_its_rule(edition: Edition) -> None:
    for body, (parameter, keyword) in bodies(REFUSED):
        reading = edition.read(body)
        first = reading.violations[0]
        assert (reading.expectation, first.keyword) == ("refused", keyword), body
        assert reading.breaks_only(parameter), body
        assert first.rule in (reading.model.rules if reading.model else edition.request.rules)
        assert first.rule is not None
        assert first.rule.level is Level.MUST


def test_disputed_request_is_left_open(edition: Edition) -> None:
    for body, (question,) in bodies(OPEN):
        reading = edition.read(body)
        assert (reading.expectation, reading.violations) == ("open", ()), body
        assert {question} <= set(reading.left_open) <= set(edition.open_questions), body


def test_parameter_of_other_models_or_of_none_is_open(edition: Edition) -> None:
    for body, _ in bodies(UNSUPPORTED):
        reading = edition.read(body)
        names = tuple(body.keys() - {"model", "prompt"})
        assert reading.expectation == "open", body
        assert (reading.unsupported, reading.unknown) == (names, ()), body
    for name in NAMED:
        reading = edition.read(small_body(name, colour="red"))
        assert (reading.unknown, reading.expectation) == (("colour",), "open")


def test_missing_prompt_is_refused_and_a_missing_model_left_open(edition: Edition) -> None:
    for name in ALL:
        (violation,) = edition.read({"model": name}).violations
        assert (violation.parameter, violation.keyword) == ("prompt", "required")
        assert violation.rule is not None
    for more in ({}, {"model": None}):
        reading = edition.read({"prompt": "a", **more})
        assert (reading.model, reading.left_open) == (None, ("model-omitted",))
        assert reading.expectation == "open"
    assert edition.read({"prompt": "a", "model": 3}).breaks_only("model")


def test_body_that_is_no_object_is_refused(edition: Edition) -> None:
    values: tuple[object, ...] = (None, [], "a", 1, True)
    for value in values:
        reading = edition.read(value)
        assert (reading.expectation, reading.violations[0].parameter) == ("refused", None)


# ------------------------------------------------------------------ models


def test_value_is_the_asked_one_then_the_default(edition: Edition) -> None:
    reading = edition.read(small_body(D3, n=None, size="1792x1024"))
    assert (reading.has("n"), reading.value("n")) == (False, 1)
    assert (reading.has("size"), reading.value("size")) == (True, "1792x1024")
    assert reading.value("response_format") == "url"
    assert edition.read(small_body(D3)).value("size") is None


def test_documented_values_leave_disputed_ones_out(edition: Edition) -> None:
    assert edition.model(D3).documented("size") == ("1024x1024", "1792x1024", "1024x1792")
    assert edition.model(G1).documented("background") == ("opaque", "auto")
    assert edition.model(G1).documented("response_format") == ()
    assert edition.model(D2).documented("quality") == ()
    assert edition.model(QWEN).documented("size") == ()
    assert "1664x928" in edition.model(QWEN).open_values("size")


def test_rules_are_cited_and_defaults_are_legal(edition: Edition) -> None:
    assert set(edition.models) == set(NAMED)
    for model in edition.models.values():
        assert len(model.rules) > 10
        for rule in model.rules:
            sources = {citation.source for citation in rule.citations}
            assert sources, rule
            assert sources <= set(edition.sources), rule
            assert not any(source.endswith("observed") for source in sources), rule
        for parameter, schema in model.parameters.items():
            default = model.default(parameter)
            assert default is None or Checker(schema).accepts(default), parameter


def test_response_kind_follows_the_model(edition: Edition) -> None:
    kinds = {None: "url", "url": "url", "b64_json": "b64_json", "png": "url"}
    for response_format, kind in kinds.items():
        assert {edition.model(name).response_kind(response_format) for name in DALL_E} == {kind}
        assert {edition.model(name).response_kind(response_format) for name in GPT} == {"b64_json"}
        assert edition.model(QWEN).response_kind(response_format) == "either"


def test_newer_gpt_image_is_found_by_its_family_and_no_foreign_model(edition: Edition) -> None:
    for name in (G2, "gpt-image-2.5-flare", "chatgpt-image-latest"):
        model = edition.model(name)
        assert (model.name, model.family) == (name, "gpt-image")
    assert not any(map(edition.find, ["flux", "dall-e-4", "my-gpt-image-1", ""]))


def test_unknown_name_names_the_nearest(edition: Edition) -> None:
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: edition.model("dalle-3"), "did you mean 'dall-e-3'"),
        (lambda: load_edition("cometapi-2026-03-21"), DEFAULT_EDITION),
        (lambda: edition.response_errors("b64", {}), "b64_json"),
        (lambda: edition.stream_errors("image_generation.complete", {}), "completed"),
    ]
    for call, nearest in calls:
        with pytest.raises(UnknownNameError, match=nearest):
            call()


# ------------------------------------------------------------------ whatever a body holds


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_body_100000_deep_raises_nothing(edition: Edition, wrap: Callable[[Any], Any]) -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = wrap(deep)
    for name in ("model", "prompt", "n", "size", "quality", "colour", "response_format"):
        is_open = name in ("colour", "response_format")  # whatever their values are
        reading = edition.read(small_body(G1) | {name: deep})
        assert reading.expectation == ("open" if is_open else "refused")


def test_message_is_bounded_whatever_the_value(edition: Edition) -> None:
    text = "x" * 5_000_000
    for value in (10**5000, math.nan, math.inf, text, {"a": text}, "\ud800"):
        violation = edition.read(small_body(D3, n=value)).violations[0]
        assert violation.parameter == "n"
        assert len(violation.message) <= MESSAGE_LIMIT
        assert violation.message.isascii()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
PARAMETERS = sorted(load_edition().parameters)


@settings(deadline=None)
@given(st.sampled_from([*ALL, "x"]), st.dictionaries(st.sampled_from(PARAMETERS), JSON_VALUES))
def test_any_body_is_read(name: str, parameters: dict[str, Any]) -> None:
    reading = load_edition().read({"model": name, **parameters})
    assert reading.expectation in {"accepted", "refused", "open"}
    assert all(len(violation.message) <= MESSAGE_LIMIT for violation in reading.violations)


@settings(deadline=None)
@given(JSON_VALUES)
def test_any_answer_is_compared(value: Any) -> None:
    edition = load_edition()
    for body in (value, {"created": value, "data": value}, {"created": 1, "data": [value]}):
        mismatches = edition.response_errors("url", body) + edition.error_errors(body)
        assert all(len(mismatch.message) <= MESSAGE_LIMIT for mismatch in mismatches)


FAULTS: list[tuple[dict[str, Any], object, str]] = [
    ({"const": 1}, True, "the body is true, not 1"),
    ({"enum": [False]}, 0, "the body is 0, not one of false"),
    ({"not": {}}, "x" * 1_000_000, "must not be"),
    ({"enum": [f"value-{number}" for number in range(100)]}, "x", "…"),
    ({"required": ["a" * 1000]}, {}, "is missing"),
]


def test_checker_says_what_is_wrong_and_stays_short() -> None:
    for schema, value, words in FAULTS:
        [fault] = Checker(schema).faults(value)
        assert words in fault.message
        assert len(fault.message) <= MESSAGE_LIMIT


def test_valid_body_reads_in_under_a_millisecond(edition: Edition) -> None:
    body = small_body(G15, n=2, size="1024x1024", quality="low", output_format="webp")
    start_time = time.process_time()
    for _ in range(300):
        edition.read(body)
    assert (time.process_time() - start_time) / 300 < 0.001
