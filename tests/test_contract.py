"""Reading requests and answers by an edition."""

from __future__ import annotations

import json
import math
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract import (
    DEFAULT_EDITION,
    EditionError,
    Level,
    edition_ids,
    load_edition,
    schemas_directory,
)
from conformance.contract.checker import MESSAGE_LIMIT, Checker
from conformance.errors import ConformanceError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.contract import Edition

D2, D3, G1, MINI, G15 = "dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"
QWEN, G2 = "qwen-image", "gpt-image-2"
NAMED = (D2, D3, G1, MINI, G15, QWEN)
GPT = (G1, MINI, G15, G2)


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load_edition()


def asking(model: str, **parameters: Any) -> dict[str, Any]:
    """Give a small request body for a model."""
    return {"model": model, "prompt": "a boat", **parameters}


ACCEPTED = [
    *[(name, {}) for name in NAMED],
    *[(name, {"n": 10, "user": "user-1"}) for name in (D2, *GPT)],
    *[(name, {"n": 1}) for name in (D3, QWEN)],
    *[(name, {"n": None}) for name in (D2, D3, *GPT)],
    *[(D2, {"size": size}) for size in ("256x256", "512x512", "1024x1024", None)],
    *[(D3, {"size": size}) for size in ("1024x1024", "1792x1024", "1024x1792")],
    *[(name, {"size": size}) for name in GPT for size in ("auto", "1536x1024", "1024x1536")],
    (QWEN, {"size": "1664x928"}),
    *[(name, {"response_format": each}) for name in (D2, D3) for each in ("url", "b64_json", None)],
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
    *[(each, {"response_format": "png"}, "response_format", "enum") for each in (D2, D3, QWEN)],
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
    *[(D2, {"quality": each}, "dall-e-2-quality") for each in ("standard", "auto", None)],
    *[(name, {"size": "auto"}, "dall-e-size-default") for name in (D2, D3)],
    *[
        (name, {"response_format": each}, "gpt-image-response-format")
        for name in GPT
        for each in ("url", "b64_json", "png", None)
    ],
    *[(name, {"background": "transparent"}, "transparent-background") for name in (G1, G2)],
    *[(name, {"output_compression": 50}, "output-compression-png") for name in GPT],
    (G1, {"output_format": None, "output_compression": 50}, "output-compression-png"),
    (G1, {"partial_images": 1}, "partial-images-without-stream"),
    (G1, {"partial_images": 1, "stream": False}, "partial-images-without-stream"),
    (G2, {"size": "1280x720"}, "gpt-image-free-size"),
    (G2, {"quality": "max"}, "gpt-image-newer-values"),
    (G2, {"output_format": "svg"}, "gpt-image-newer-values"),
    *[(QWEN, {"size": each}, "qwen-size") for each in ("1024x1024", "1664*928", "auto")],
    (QWEN, {"prompt": "x" * 801}, "qwen-prompt-length"),
    *[(QWEN, {"response_format": each}, "qwen-payload") for each in ("url", "b64_json", None)],
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
    asked = edition.read(asking(model, **parameters))
    assert (asked.expectation, asked.violations, asked.left_open) == ("accepted", (), ())


@pytest.mark.parametrize(
    ("model", "parameters", "parameter", "keyword"), REFUSED, ids=map(named, REFUSED)
)
def test_broken_constraint_is_refused_with_its_rule(
    edition: Edition, model: str, parameters: dict[str, Any], parameter: str, keyword: str
) -> None:
    asked = edition.read(asking(model, **parameters))
    first = asked.violations[0]
    assert asked.expectation == "refused"
    assert {each.parameter for each in asked.violations} == {parameter}
    assert first.keyword == keyword
    assert first.rule in (asked.model.rules if asked.model else edition.request.rules)
    assert first.rule is not None
    assert first.rule.level is Level.MUST


@pytest.mark.parametrize(("model", "parameters", "question"), OPEN, ids=map(named, OPEN))
def test_disputed_request_is_left_open(
    edition: Edition, model: str, parameters: dict[str, Any], question: str
) -> None:
    asked = edition.read(asking(model, **parameters))
    assert asked.violations == ()
    assert question in asked.left_open
    assert set(asked.left_open) <= set(edition.open_questions)
    assert asked.expectation == "open"


@pytest.mark.parametrize(("model", "parameters"), UNSUPPORTED, ids=map(named, UNSUPPORTED))
def test_parameter_of_other_models_is_unsupported_and_open(
    edition: Edition, model: str, parameters: dict[str, Any]
) -> None:
    asked = edition.read(asking(model, **parameters))
    assert asked.unsupported == tuple(parameters)
    assert (asked.expectation, asked.unknown) == ("open", ())


@pytest.mark.parametrize("name", NAMED)
def test_unknown_parameter_is_open(edition: Edition, name: str) -> None:
    asked = edition.read(asking(name, colour="red"))
    assert (asked.unknown, asked.expectation) == (("colour",), "open")


@pytest.mark.parametrize("name", [*NAMED, G2])
def test_missing_prompt_is_refused(edition: Edition, name: str) -> None:
    violations = edition.read({"model": name}).violations
    assert [(each.parameter, each.keyword) for each in violations] == [("prompt", "required")]
    assert violations[0].rule is not None


@pytest.mark.parametrize("body", [{"prompt": "a"}, {"prompt": "a", "model": None}])
def test_omitted_model_is_left_open(edition: Edition, body: dict[str, Any]) -> None:
    asked = edition.read(body)
    assert (asked.model, asked.left_open) == (None, ("model-omitted",))
    assert asked.expectation == "open"


def test_model_that_is_no_string_is_refused(edition: Edition) -> None:
    asked = edition.read({"prompt": "a", "model": 3})
    assert [each.parameter for each in asked.violations] == ["model"]


@pytest.mark.parametrize("body", [None, [], "a", 1, True])
def test_body_that_is_no_object_is_refused(edition: Edition, body: object) -> None:
    asked = edition.read(body)
    assert (asked.expectation, asked.violations[0].parameter) == ("refused", None)


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    """Nest a value as deep as asked."""
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("parameter", ["model", "prompt", "n", "size", "quality", "colour"])
@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: {"a": value}])
def test_body_100000_deep_raises_nothing(
    edition: Edition, parameter: str, wrap: Callable[[Any], Any]
) -> None:
    asked = edition.read(asking(G1) | {parameter: nested(100_000, wrap)})
    assert asked.expectation == ("open" if parameter == "colour" else "refused")


def test_gpt_image_response_format_100000_deep_is_open(edition: Edition) -> None:
    deep = nested(100_000, lambda value: [value])
    assert edition.read(asking(G1, response_format=deep)).expectation == "open"


@pytest.mark.parametrize(
    "value",
    [10**5000, math.nan, math.inf, "x" * 5_000_000, {"a": "x" * 1_000_000}, "\ud800"],
    ids=["5001-digits", "nan", "infinity", "5-MB-string", "object", "lone-surrogate"],
)
def test_message_is_bounded_whatever_the_value(edition: Edition, value: object) -> None:
    violation = edition.read(asking(D3, n=value)).violations[0]
    assert violation.parameter == "n"
    assert len(violation.message) <= MESSAGE_LIMIT
    assert violation.message.isascii()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
PARAMETERS = sorted(load_edition().parameters)


@settings(deadline=None)
@given(
    st.sampled_from([*NAMED, G2, "x"]), st.dictionaries(st.sampled_from(PARAMETERS), JSON_VALUES)
)
def test_any_body_is_read(name: str, parameters: dict[str, Any]) -> None:
    asked = load_edition().read({"model": name, **parameters})
    assert asked.expectation in {"accepted", "refused", "open"}
    assert all(len(each.message) <= MESSAGE_LIMIT for each in asked.violations)


@settings(deadline=None)
@given(JSON_VALUES)
def test_any_answer_is_compared(value: Any) -> None:
    edition = load_edition()
    for body in (value, {"created": value, "data": value}, {"created": 1, "data": [value]}):
        found = edition.response_errors("url", body) + edition.error_errors(body)
        assert all(len(each.message) <= MESSAGE_LIMIT for each in found)


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"const": 1}, True, "the body is true, not 1"),
        ({"enum": [False]}, 0, "the body is 0, not one of false"),
        ({"not": {}}, "x" * 1_000_000, "must not be"),
        ({"enum": [f"value-{each}" for each in range(100)]}, "x", "…"),
        ({"required": ["a" * 1000]}, {}, "is missing"),
    ],
    ids=["const-boolean", "enum-boolean", "not", "enum-of-100", "required-long-name"],
)
def test_checker_says_what_is_wrong_and_stays_short(
    schema: dict[str, Any], value: object, words: str
) -> None:
    [fault] = Checker(schema).faults(value)
    assert words in fault.message
    assert len(fault.message) <= MESSAGE_LIMIT


def test_valid_body_reads_in_under_a_millisecond(edition: Edition) -> None:
    body = asking(G15, n=2, size="1024x1024", quality="low", output_format="webp")
    started = time.process_time()
    for _ in range(300):
        edition.read(body)
    assert (time.process_time() - started) / 300 < 0.001


# ------------------------------------------------------------------ what an edition knows


def test_value_is_the_asked_one_then_the_default(edition: Edition) -> None:
    asked = edition.read(asking(D3, n=None, size="1792x1024"))
    assert (asked.has("n"), asked.value("n")) == (False, 1)
    assert (asked.has("size"), asked.value("size")) == (True, "1792x1024")
    assert asked.value("response_format") == "url"
    assert edition.read(asking(D3)).value("size") is None


def test_documented_values_leave_disputed_ones_out(edition: Edition) -> None:
    assert edition.model(D3).documented("size") == ("1024x1024", "1792x1024", "1024x1792")
    assert edition.model(G1).documented("background") == ("opaque", "auto")
    assert edition.model(G1).documented("response_format") == ()
    assert edition.model(D2).documented("quality") == ()
    assert edition.model(QWEN).documented("size") == ()
    assert "1664x928" in edition.model(QWEN).open_values("size")


@pytest.mark.parametrize("name", NAMED)
def test_default_is_a_value_that_its_own_schema_allows(edition: Edition, name: str) -> None:
    model = edition.model(name)
    for parameter, schema in model.parameters.items():
        default = model.default(parameter)
        assert default is None or Checker(schema).accepts(default), parameter


@pytest.mark.parametrize("name", NAMED)
def test_every_rule_has_a_citation_of_a_known_source(edition: Edition, name: str) -> None:
    rules = edition.model(name).rules
    assert len(rules) > 10
    for rule in rules:
        assert rule.citations, rule
        assert all(each.source in edition.sources for each in rule.citations)


@pytest.mark.parametrize("name", NAMED)
def test_no_rule_rests_on_observation(edition: Edition, name: str) -> None:
    sources = {each.source for rule in edition.model(name).rules for each in rule.citations}
    assert not any(source.endswith("observed") for source in sources)


def test_all_six_models_are_named(edition: Edition) -> None:
    assert set(edition.models) == set(NAMED)


@pytest.mark.parametrize(
    ("name", "asked", "kind"),
    [
        *[(name, None, "url") for name in (D2, D3)],
        *[(name, each, each) for name in (D2, D3) for each in ("url", "b64_json")],
        *[(name, each, "b64_json") for name in GPT for each in (None, "url", "b64_json")],
        *[(QWEN, each, "either") for each in (None, "url", "b64_json")],
        (D3, "png", "url"),
    ],
)
def test_response_kind_follows_the_model(
    edition: Edition, name: str, asked: str | None, kind: str
) -> None:
    model = edition.find(name)
    assert model is not None
    assert model.response_kind(asked) == kind


@pytest.mark.parametrize("name", [G2, "gpt-image-2.5-flare", "chatgpt-image-latest"])
def test_newer_gpt_image_is_found_by_its_family(edition: Edition, name: str) -> None:
    model = edition.find(name)
    assert model is not None
    assert (model.name, model.family) == (name, "gpt-image")


@pytest.mark.parametrize("name", ["flux", "dall-e-4", "my-gpt-image-1", ""])
def test_foreign_model_is_not_found(edition: Edition, name: str) -> None:
    assert edition.find(name) is None


def test_unknown_model_names_the_nearest(edition: Edition) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'dall-e-3'"):
        edition.model("dalle-3")


def test_unknown_edition_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=DEFAULT_EDITION):
        load_edition("cometapi-2026-03-21")


def test_unknown_kinds_and_events_name_the_nearest(edition: Edition) -> None:
    with pytest.raises(UnknownNameError, match="b64_json"):
        edition.response_errors("b64", {})
    with pytest.raises(UnknownNameError, match="completed"):
        edition.stream_errors("image_generation.complete", {})


# ------------------------------------------------------------------ answers

USAGE = {
    "input_tokens": 1,
    "output_tokens": 2,
    "total_tokens": 3,
    "input_tokens_details": {"text_tokens": 1, "image_tokens": 0},
}


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("url", {"url": "https://a.example/1.png"}),
        ("url", {"url": "https://a.example/1.png", "b64_json": None, "revised_prompt": None}),
        ("url", {"url": "https://a.example/1.png", "b64_json": "", "revised_prompt": ""}),
        ("b64_json", {"b64_json": "AAAA", "url": None, "generation_id": "1"}),
        ("either", {"b64_json": "AAAA", "url": ""}),
        ("either", {"url": "https://a.example/1.png", "b64_json": None}),
    ],
)
def test_answer_with_the_wanted_member_matches(
    edition: Edition, kind: str, item: dict[str, Any]
) -> None:
    extras = {"size": "1280x720", "background": None, "usage": None, "more": 1}
    assert edition.response_errors(kind, {"created": 1, "data": [item], **extras}) == []


@pytest.mark.parametrize(
    ("kind", "body", "path", "keyword"),
    [
        ("url", {"created": 1, "data": [{"b64_json": "AAAA"}]}, "data[0].url", "required"),
        ("url", {"created": 1, "data": [{"url": ""}]}, "data[0].url", "minLength"),
        ("url", {"created": 1, "data": [{"url": None}]}, "data[0].url", "type"),
        ("b64_json", {"created": 1, "data": [{"url": "x"}]}, "data[0].b64_json", "required"),
        ("either", {"created": 1, "data": [{"url": None}]}, "data[0]", "anyOf"),
        ("url", {"created": 1, "data": []}, "data", "minItems"),
        ("url", {"created": 1, "data": "x"}, "data", "type"),
        ("url", {"created": 1, "data": ["x"]}, "data[0]", "type"),
        ("url", {"data": [{"url": "x"}]}, "created", "required"),
        ("url", {"created": 1.5, "data": [{"url": "x"}]}, "created", "type"),
        ("url", {"created": 1, "data": [{"url": "x"}], "size": "big"}, "size", "pattern"),
        ("url", {"created": 1, "data": [{"url": "x"}], "quality": "auto"}, "quality", "enum"),
        (
            "url",
            {"created": 1, "data": [{"url": "x"}], "usage": USAGE | {"total_tokens": 1.5}},
            "usage.total_tokens",
            "type",
        ),
        ("url", [], "", "type"),
    ],
)
def test_answer_names_the_place_that_differs(
    edition: Edition, kind: str, body: object, path: str, keyword: str
) -> None:
    found = edition.response_errors(kind, body)
    assert [(each.path, each.keyword) for each in found] == [(path, keyword)]


def test_answer_with_a_thousand_faults_is_cut_short(edition: Edition) -> None:
    found = edition.response_errors("url", {"created": 1, "data": [{"url": 1}] * 1000})
    assert len(found) == 20


def test_mismatch_never_dumps_a_payload(edition: Edition) -> None:
    body = {"created": "A" * 1_000_000, "data": {"b64_json": "B" * 1_000_000}}
    found = edition.response_errors("b64_json", body)
    assert {each.path for each in found} == {"created", "data"}
    assert all(len(each.message) <= MESSAGE_LIMIT for each in found)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"error": {"message": "m"}}, None),
        ({"error": {"message": "m", "param": "", "code": None}}, None),
        ({"error": {"message": None}}, "error.message"),
        ({"error": {}}, "error.message"),
        ({"error": "m"}, "error"),
        ({"message": "m"}, "error"),
        (None, ""),
    ],
)
def test_error_needs_only_a_message(edition: Edition, body: object, path: str | None) -> None:
    paths = [each.path for each in edition.error_errors(body)]
    assert paths == ([] if path is None else [path])


def test_model_list_and_stream_examples_match(edition: Edition) -> None:
    content = {each.id: each.content for each in edition.examples}
    assert edition.model_list_errors(content["model-list"]) == []
    assert edition.stream_errors("partial_image", content["stream-partial-image"]) == []
    completed = content["stream-completed"]
    assert edition.stream_errors("image_generation.completed", completed) == []
    assert edition.model_list_errors({"object": "list", "data": [{"id": ""}]}) != []
    assert edition.stream_errors("completed", completed | {"size": "x"}) != []


# ------------------------------------------------------------------ a second edition is a folder


def copied(tmp_path: Path, name: str = "second-2027-01-01") -> Path:
    """Copy the default edition under another id."""
    folder = tmp_path / name
    shutil.copytree(schemas_directory() / DEFAULT_EDITION, folder)
    change(folder / "edition.json", lambda content: content.update(id=name))
    return folder


def change(path: Path, edit: Callable[[Any], None]) -> None:
    """Edit one JSON file in place."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_copied_folder_with_another_enum_is_a_second_edition(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    change(
        folder / "request" / "dall-e-3.json",
        lambda content: content["properties"]["quality"].update(enum=["ultra", None]),
    )
    second = load_edition(folder.name, tmp_path)
    assert edition_ids(tmp_path) == (folder.name,)
    assert second.read(asking(D3, quality="ultra")).expectation == "accepted"
    assert second.read(asking(D3, quality="hd")).expectation == "refused"
    assert load_edition().read(asking(D3, quality="hd")).expectation == "accepted"


def test_added_model_needs_no_code(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    entry = {"family": "dall-e", "request": "request/dall-e-3.json"}
    change(
        folder / "edition.json",
        lambda content: content["models"].update({"dall-e-4": {**content["models"][D3], **entry}}),
    )
    assert load_edition(folder.name, tmp_path).model("dall-e-4").response_kind(None) == "url"


def test_withdrawn_clauses_and_levels_are_read(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    cited = {"source": "openai", "section": "x", "level": "SHOULD"}
    clauses = {
        "withdrawn": {"a.b": "why"},
        "levels": {"c.d": {"level": "MAY", "citations": [cited]}},
    }
    change(folder / "edition.json", lambda content: content.update(clauses=clauses))
    second = load_edition(folder.name, tmp_path)
    assert second.withdrawn == {"a.b": "why"}
    assert second.levels["c.d"].level is Level.MAY


def spoil_reference(content: Any) -> None:
    content["properties"]["n"]["$ref"] = "common.json#/$defs/nn"


def spoil_circle(content: Any) -> None:
    content["properties"]["n"] = {"$ref": "#/properties/n"}


def spoil_overlap(content: Any) -> None:
    content["properties"]["n"]["minimum"] = 2


def spoil_escape(content: Any) -> None:
    content["properties"]["n"]["$ref"] = "../../elsewhere.json"


def spoil_source(content: Any) -> None:
    content["properties"]["size"]["citations"][0]["source"] = "comet"


def spoil_question(content: Any) -> None:
    content["properties"]["size"]["open"][0]["question"] = "dall-e-size"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_reference, "has nothing at"),
        (spoil_circle, "refers to itself"),
        (spoil_overlap, "'minimum' stands both"),
        (spoil_escape, "leaves the edition"),
        (spoil_source, "did you mean 'cometapi'"),
        (spoil_question, "did you mean 'dall-e-size-default'"),
    ],
)
def test_mistake_in_a_schema_is_named(
    tmp_path: Path, spoil: Callable[[Any], None], message: str
) -> None:
    folder = copied(tmp_path)
    change(folder / "request" / "dall-e-3.json", spoil)
    with pytest.raises(ConformanceError, match=message):
        load_edition(folder.name, tmp_path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda content: content.pop("models"), "models is missing"),
        (lambda content: content.update(published="soon"), "published"),
        (lambda content: content.update(id="other"), "differs from the name of its folder"),
        (lambda content: content.update(error="nowhere.json"), "nowhere.json is missing"),
        (
            lambda content: content["families"]["gpt-image"].update(pattern="("),
            "regular expression",
        ),
    ],
)
def test_mistake_in_the_edition_file_is_named(
    tmp_path: Path, edit: Callable[[Any], None], message: str
) -> None:
    folder = copied(tmp_path)
    change(folder / "edition.json", edit)
    with pytest.raises(EditionError, match=message):
        load_edition(folder.name, tmp_path)


def test_file_that_is_not_json_is_named_with_its_line(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "error.json").write_text("{\n  oops")
    with pytest.raises(EditionError, match=r"error\.json is not JSON.*line 2"):
        load_edition(folder.name, tmp_path)
