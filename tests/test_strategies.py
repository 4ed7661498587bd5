"""The hypothesis strategies: what they draw is what they say, for every model."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from conformance.cases.domain import Domain
from conformance.cases.schema_keywords import UnknownKeywordError, is_constraint
from conformance.cases.valid import DerivationError
from conformance.contract import load_edition
from conformance.generated.invalid_values import spoilings
from conformance.generated.strategies import above_limit_n, invalid_bodies, prompts, valid_bodies
from conformance.generated.texts import phrases, texts
from tests.contract import changed_edition
from tests.extent import examples, sample

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.contract import Edition, Model

EDITION = load_edition()
NAMES = [*EDITION.models, "gpt-image-2"]
# the machine may be busy: how long drawing takes is a matter for benchmarks, not for these tests
CHECKED = settings(
    max_examples=examples(60),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
SEARCH = settings(CHECKED, max_examples=5000, phases=[Phase.generate])
every_model = pytest.mark.parametrize("name", sample(NAMES, 3))


def model(name: str, edition: Edition = EDITION) -> Model:
    """Give a model that the edition names or has a family for."""
    found = edition.find(name)
    assert found is not None
    return found


def differences(left: dict[str, Any], right: dict[str, Any]) -> set[str]:
    """Name the fields in which two bodies differ."""
    absent = object()
    names = left.keys() | right.keys()
    return {each for each in names if left.get(each, absent) != right.get(each, absent)}


@every_model
def test_valid_body_is_accepted(name: str) -> None:
    @CHECKED
    @given(valid_bodies(EDITION, model(name)))
    def check(body: dict[str, Any]) -> None:
        assert EDITION.read(body).expectation == "accepted"

    check()


@every_model
def test_invalid_body_is_refused_for_one_parameter(name: str) -> None:
    @CHECKED
    @given(invalid_bodies(EDITION, model(name)))
    def check(drawn: Any) -> None:
        body, control, parameter, keyword = drawn
        asked = EDITION.read(body)
        assert asked.expectation == "refused"
        assert {each.parameter for each in asked.violations} == {parameter}
        assert keyword in {each.keyword for each in asked.violations}
        assert EDITION.read(control).expectation == "accepted"
        assert len(differences(body, control)) <= 1  # 0: true for 1, which Python calls equal

    check()


@every_model
def test_n_above_the_limit_is_refused(name: str) -> None:
    maximum = model(name).parameters["n"]["maximum"]

    @CHECKED
    @given(above_limit_n(EDITION, model(name)))
    def check(drawn: Any) -> None:
        assert drawn.body["n"] > maximum
        assert {each.parameter for each in EDITION.read(drawn.body).violations} == {"n"}
        assert EDITION.read(drawn.control).expectation == "accepted"

    check()


@pytest.mark.parametrize("least", [11, 2**31, 2**63, 10**29])
def test_n_above_the_limit_reaches(least: int) -> None:
    drawn = above_limit_n(EDITION, model("dall-e-2"))
    assert find(drawn, lambda each: each.body["n"] >= least, settings=SEARCH).body["n"] >= least


@every_model
def test_every_breakable_rule_has_a_strategy(name: str) -> None:
    found = {(each.parameter, each.rule.keyword) for each in spoilings(_domain(name))}
    rules = model(name).rules
    assert found == {
        (rule.parameter, rule.keyword) for rule in rules if is_constraint(model(name), rule)
    }


def _domain(name: str) -> Domain:
    return Domain(EDITION, model(name))


RARE: dict[str, Any] = {
    "transparent jpeg": lambda each: each.keyword == "transparent-needs-alpha-format",
    "prompt over the limit": lambda each: (each.parameter, each.keyword) == ("prompt", "maxLength"),
    "prompt missing": lambda each: "prompt" not in each.body,
}


@pytest.mark.parametrize("wanted", RARE.values(), ids=RARE.keys())
def test_invalid_bodies_reach(wanted: Any) -> None:
    drawn = invalid_bodies(EDITION, model("gpt-image-1.5"))
    assert wanted(find(drawn, wanted, settings=SEARCH))


WRONG: dict[str, tuple[str, Any]] = {
    "negative compression": ("output_compression", -1),
    "another model's quality": ("quality", "hd"),
    "boolean for a number": ("n", True),
    "a number of images as a string": ("n", "2"),
    "a number as a string": ("output_compression", "50"),
    "a word for a boolean": ("stream", "true"),
    "a size nearly right": ("size", "1024x1000"),
    "null for a string": ("user", None),
}


@pytest.mark.parametrize(("parameter", "value"), WRONG.values(), ids=WRONG.keys())
def test_invalid_values_reach(parameter: str, value: Any) -> None:
    known = spoilings(_domain("gpt-image-1.5"))
    drawn = st.one_of([each.values for each in known if each.parameter == parameter])
    # by what it looks like: True equals 1, and is another value in JSON
    find(drawn, lambda each: repr(each) == repr(value), settings=SEARCH)


PAIRS: dict[str, dict[str, Any]] = {
    "transparent webp": {"background": "transparent", "output_format": "webp"},
    "compressed jpeg": {"output_compression": 100, "output_format": "jpeg"},
    "streamed partial images": {"stream": True, "partial_images": 3},
    "null beside a value": {"size": None, "quality": "high"},
    "the most images": {"n": 10},
}


@pytest.mark.parametrize("wanted", PAIRS.values(), ids=PAIRS.keys())
def test_valid_bodies_reach(wanted: dict[str, Any]) -> None:
    drawn = valid_bodies(EDITION, model("gpt-image-1.5"))
    body = find(drawn, lambda each: each.items() >= wanted.items(), settings=SEARCH)
    assert body.items() >= wanted.items()


def test_smallest_valid_body_is_model_and_prompt() -> None:
    body = find(valid_bodies(EDITION, model("gpt-image-1.5")), lambda _: True, settings=CHECKED)
    assert body.keys() == {"model", "prompt"}


@pytest.mark.parametrize(
    ("name", "longest"), [("dall-e-2", 1000), ("dall-e-3", 4000), ("gpt-image-1", 32000)]
)
def test_prompts_reach_the_limit_and_no_further(name: str, longest: int) -> None:
    at_limit = find(prompts(model(name)), lambda text: len(text) == longest, settings=SEARCH)
    assert len(at_limit.encode()) == longest

    @CHECKED
    @given(prompts(model(name)))
    def check(text: str) -> None:
        assert 1 <= len(text) <= longest
        assert text == text.strip()

    check()


KINDS: dict[str, Any] = {
    "right to left": lambda text: any(unicodedata.bidirectional(each) == "R" for each in text),
    "emoji": lambda text: any(unicodedata.category(each) == "So" for each in text),
    "combining marks": lambda text: unicodedata.normalize("NFC", text) != text,
    "hangul": lambda text: "HANGUL" in unicodedata.name(text[0], ""),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_phrases_reach(kind: Any) -> None:
    assert kind(find(phrases(), kind, settings=SEARCH))


@pytest.mark.parametrize(
    ("shortest", "longest"), [(0, 0), (0, 5), (1, None), (3, 3), (40, None), (200, 9000)]
)
def test_texts_keep_their_lengths(shortest: int, longest: int | None) -> None:
    @CHECKED
    @given(texts(shortest, longest))
    def check(text: str) -> None:
        assert shortest <= len(text)
        assert longest is None or len(text) <= longest

    check()


RULE = {
    "title": "many-images-are-small",
    "if": {"required": ["n"], "properties": {"n": {"minimum": 4}}},
    "then": {"required": ["size"], "properties": {"size": {"const": "256x256"}}},
    "citations": [],
}


def test_new_rule_across_parameters_needs_no_code(tmp_path: Path) -> None:
    edition = changed_edition(tmp_path, "dall-e-2", lambda each: each.update(allOf=[RULE]))
    changed = model("dall-e-2", edition)

    @CHECKED
    @given(valid_bodies(edition, changed), invalid_bodies(edition, changed))
    def check(body: dict[str, Any], drawn: Any) -> None:
        assert edition.read(body).expectation == "accepted"
        assert {each.parameter for each in edition.read(drawn.body).violations} == {drawn.parameter}

    check()
    find(valid_bodies(edition, changed), lambda body: (body.get("n") or 0) >= 4, settings=SEARCH)
    broken = invalid_bodies(edition, changed)
    find(broken, lambda drawn: drawn.keyword == RULE["title"], settings=SEARCH)


def test_new_parameter_is_drawn(tmp_path: Path) -> None:
    added = {"type": ["integer", "null"], "minimum": 7, "maximum": 9, "citations": []}
    edition = changed_edition(
        tmp_path, "dall-e-2", lambda each: each["properties"].update(steps=added)
    )
    drawn: st.SearchStrategy[Any] = valid_bodies(edition, model("dall-e-2", edition))
    assert find(drawn, lambda each: each.get("steps") == 8, settings=SEARCH)["steps"] == 8


@pytest.mark.parametrize("strategy", [valid_bodies, invalid_bodies, above_limit_n])
def test_unknown_keyword_is_an_error(tmp_path: Path, strategy: Any) -> None:
    edition = changed_edition(
        tmp_path, "dall-e-2", lambda each: each["properties"]["n"].update(exclusiveMaximum=11)
    )
    with pytest.raises(UnknownKeywordError, match="exclusiveMaximum"):
        strategy(edition, model("dall-e-2", edition))


def test_model_without_a_limit_of_n_is_an_error(tmp_path: Path) -> None:
    edition = changed_edition(
        tmp_path, "dall-e-2", lambda each: each["properties"]["n"].pop("maximum")
    )
    with pytest.raises(DerivationError, match="n no maximum"):
        above_limit_n(edition, model("dall-e-2", edition))
