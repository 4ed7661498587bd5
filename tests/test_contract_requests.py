"""What an edition says of a request: accepted, refused by a rule, or left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract import Level
from tests.contract import D2, D3, G1, G2, G15, GPT, MINI, NAMED, QWEN, asking

if TYPE_CHECKING:
    from conformance.contract import Edition

ACCEPTED = [
    *[(name, {}) for name in NAMED],
    *[(name, {"n": 10, "user": "user-1"}) for name in (D2, *GPT)],
    *[(name, {"n": 1}) for name in (D3, QWEN)],
    *[(name, {"n": None}) for name in (D2, D3, *GPT)],
    *[(D2, {"size": size}) for size in ("256x256", "512x512", "1024x1024", None)],
    *[(D3, {"size": size}) for size in ("1024x1024", "1792x1024", "1024x1792")],
    *[(name, {"size": size}) for name in GPT for size in ("auto", "1536x1024", "1024x1536")],
    (QWEN, {"size": "1664x928"}),
    *[(name, {"response_format": kind}) for name in (D2, D3) for kind in ("url", "b64_json", None)],
    *[(D3, {"quality": quality}) for quality in ("standard", "hd", "auto")],
    *[(D3, {"style": style}) for style in ("vivid", "natural", None)],
    *[
        (name, {"quality": quality})
        for name in GPT
        for quality in ("low", "medium", "high", "auto")
    ],
    *[(name, {"background": "transparent"}) for name in (MINI, G15)],
    (G15, {"background": "transparent", "output_format": "webp"}),
    (G1, {"background": "opaque", "output_format": "jpeg", "output_compression": 0}),
    (G1, {"output_format": "webp", "output_compression": 100, "moderation": "low"}),
    (G15, {"stream": True, "partial_images": 3}),
    (G15, {"stream": True, "partial_images": 0}),
    (G1, {"stream": False, "partial_images": None}),
    (D2, {"prompt": "x" * 1000}),
    (D3, {"prompt": "x" * 4000}),
    (G1, {"prompt": "x" * 32000}),
]

REFUSED = [
    *[(name, {"prompt": None}, "prompt", "type") for name in (*NAMED, G2)],
    *[(name, {"prompt": ["a"]}, "prompt", "type") for name in NAMED],
    (D2, {"prompt": "x" * 1001}, "prompt", "maxLength"),
    (D3, {"prompt": "x" * 4001}, "prompt", "maxLength"),
    *[(name, {"prompt": "x" * 32001}, "prompt", "maxLength") for name in GPT],
    *[(name, {"n": 0}, "n", "minimum") for name in NAMED],
    *[(name, {"n": -1}, "n", "minimum") for name in NAMED],
    *[(name, {"n": 11}, "n", "maximum") for name in (D2, *GPT)],
    *[(name, {"n": 2}, "n", "maximum") for name in (D3, QWEN)],
    *[(name, {"n": bad}, "n", "type") for name in NAMED for bad in (1.5, "1", True, [1])],
    (D2, {"size": "1792x1024"}, "size", "enum"),
    (D3, {"size": "256x256"}, "size", "enum"),
    (D3, {"size": "1024x1024\n"}, "size", "enum"),
    *[(name, {"size": "256x256"}, "size", "enum") for name in (G1, MINI, G15)],
    *[
        (G2, {"size": bad}, "size", "pattern")
        for bad in ("large", "1024*1024", "1024x1024\n", "0x16")
    ],
    *[(name, {"size": 1024}, "size", "type") for name in (*NAMED, G2)],
    (D2, {"quality": "hd"}, "quality", "enum"),
    (D3, {"quality": "high"}, "quality", "enum"),
    *[(name, {"quality": "hd"}, "quality", "enum") for name in GPT],
    (D3, {"style": "loud"}, "style", "enum"),
    *[(name, {"response_format": "png"}, "response_format", "enum") for name in (D2, D3, QWEN)],
    *[(name, {"background": "green"}, "background", "enum") for name in GPT],
    *[(name, {"output_format": "bmp"}, "output_format", "enum") for name in GPT],
    *[
        (name, {"output_format": "jpeg", "output_compression": bad}, "output_compression", keyword)
        for name in GPT
        for bad, keyword in ((-1, "minimum"), (101, "maximum"), ("9", "type"))
    ],
    *[(name, {"moderation": "none"}, "moderation", "enum") for name in GPT],
    *[(name, {"stream": "yes"}, "stream", "type") for name in GPT],
    *[(name, {"stream": True, "partial_images": 4}, "partial_images", "maximum") for name in GPT],
    *[
        (
            name,
            {"background": "transparent", "output_format": "jpeg"},
            "output_format",
            "transparent-needs-alpha-format",
        )
        for name in GPT
    ],
    *[(name, {"user": 7}, "user", "type") for name in (D2, D3, *GPT)],
    ("no-such-model", {"n": "1"}, "n", "type"),
]

OPEN = [
    ("no-such-model", {}, "model-unknown"),
    ("no-such-model", {"quality": "hd"}, "model-unknown"),
    *[(name, {"prompt": ""}, "empty-prompt") for name in (*NAMED, G2)],
    *[(D2, {"quality": quality}, "dall-e-2-quality") for quality in ("standard", "auto", None)],
    *[(name, {"size": "auto"}, "dall-e-size-default") for name in (D2, D3)],
    *[
        (name, {"response_format": kind}, "gpt-image-response-format")
        for name in GPT
        for kind in ("url", "b64_json", "png", None)
    ],
    *[(name, {"background": "transparent"}, "transparent-background") for name in (G1, G2)],
    *[(name, {"output_compression": 50}, "output-compression-png") for name in GPT],
    (G1, {"output_format": None, "output_compression": 50}, "output-compression-png"),
    (G1, {"partial_images": 1}, "partial-images-without-stream"),
    (G1, {"partial_images": 1, "stream": False}, "partial-images-without-stream"),
    (G2, {"size": "1280x720"}, "gpt-image-free-size"),
    (G2, {"quality": "max"}, "gpt-image-newer-values"),
    (G2, {"output_format": "svg"}, "gpt-image-newer-values"),
    *[(QWEN, {"size": size}, "qwen-size") for size in ("1024x1024", "1664*928", "auto")],
    (QWEN, {"prompt": "x" * 801}, "qwen-prompt-length"),
    *[(QWEN, {"response_format": kind}, "qwen-payload") for kind in ("url", "b64_json", None)],
    *[(QWEN, {name: None}, "qwen-null-values") for name in ("n", "size")],
    *[(QWEN, {name: "x"}, "undocumented-for-model") for name in ("user", "quality")],
]

UNSUPPORTED = [
    (D2, {"style": "vivid"}),
    *[(name, {"style": "vivid"}) for name in (*GPT, QWEN)],
    *[
        (name, {parameter: value})
        for name in (D2, D3, QWEN)
        for parameter, value in (
            ("background", "auto"),
            ("output_format", "png"),
            ("output_compression", 50),
            ("moderation", "auto"),
            ("stream", True),
            ("partial_images", 1),
        )
    ],
]


def named(row: Any) -> str:
    """Name a row of a table by its model and parameters."""
    texts = (f"{key}={str(value)[:20]!r}" for key, value in row[1].items())
    return f"{row[0]}-{','.join(texts) or 'nothing-else'}"


@pytest.mark.parametrize(("model", "parameters"), ACCEPTED, ids=map(named, ACCEPTED))
def test_documented_request_is_accepted(
    edition: Edition, model: str, parameters: dict[str, Any]
) -> None:
    reading = edition.read(asking(model, **parameters))
    assert (reading.expectation, reading.violations, reading.left_open) == ("accepted", (), ())


@pytest.mark.parametrize(
    ("model", "parameters", "parameter", "keyword"), REFUSED, ids=map(named, REFUSED)
)
def test_broken_constraint_is_refused_with_its_rule(
    edition: Edition, model: str, parameters: dict[str, Any], parameter: str, keyword: str
) -> None:
    reading = edition.read(asking(model, **parameters))
    first = reading.violations[0]
    assert reading.expectation == "refused"
    assert reading.breaks_only(parameter)
    assert first.keyword == keyword
    assert first.rule in (reading.model.rules if reading.model else edition.request.rules)
    assert first.rule is not None
    assert first.rule.level is Level.MUST


@pytest.mark.parametrize(("model", "parameters", "question"), OPEN, ids=map(named, OPEN))
def test_disputed_request_is_left_open(
    edition: Edition, model: str, parameters: dict[str, Any], question: str
) -> None:
    reading = edition.read(asking(model, **parameters))
    assert reading.violations == ()
    assert question in reading.left_open
    assert set(reading.left_open) <= set(edition.open_questions)
    assert reading.expectation == "open"


@pytest.mark.parametrize(("model", "parameters"), UNSUPPORTED, ids=map(named, UNSUPPORTED))
def test_parameter_of_other_models_is_unsupported_and_open(
    edition: Edition, model: str, parameters: dict[str, Any]
) -> None:
    reading = edition.read(asking(model, **parameters))
    assert reading.unsupported == tuple(parameters)
    assert (reading.expectation, reading.unknown) == ("open", ())


@pytest.mark.parametrize("name", NAMED)
def test_unknown_parameter_is_open(edition: Edition, name: str) -> None:
    reading = edition.read(asking(name, colour="red"))
    assert (reading.unknown, reading.expectation) == (("colour",), "open")


@pytest.mark.parametrize("name", [*NAMED, G2])
def test_missing_prompt_is_refused(edition: Edition, name: str) -> None:
    violations = edition.read({"model": name}).violations
    assert [(broken.parameter, broken.keyword) for broken in violations] == [("prompt", "required")]
    assert violations[0].rule is not None


@pytest.mark.parametrize("body", [{"prompt": "a"}, {"prompt": "a", "model": None}])
def test_omitted_model_is_left_open(edition: Edition, body: dict[str, Any]) -> None:
    reading = edition.read(body)
    assert (reading.model, reading.left_open) == (None, ("model-omitted",))
    assert reading.expectation == "open"


def test_model_that_is_no_string_is_refused(edition: Edition) -> None:
    reading = edition.read({"prompt": "a", "model": 3})
    assert reading.breaks_only("model")


@pytest.mark.parametrize("body", [None, [], "a", 1, True])
def test_body_that_is_no_object_is_refused(edition: Edition, body: object) -> None:
    reading = edition.read(body)
    assert (reading.expectation, reading.violations[0].parameter) == ("refused", None)
