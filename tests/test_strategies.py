"""What is drawn from the schemas: hypothesis strategies, and covering rows of combinations."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from conformance.cases.covering import LEFT_OUT, Space, covering_rows, space_of
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

    from conformance.cases.covering import Row
    from conformance.contract import Edition, Model

EDITION = load_edition()
NAMES = [*EDITION.models, "gpt-image-2"]
GPT = EDITION.models["gpt-image-1.5"]
# the machine may be busy: how long drawing takes is a matter for benchmarks, not for these tests
CHECKED = settings(
    max_examples=examples(36),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
SEARCH = settings(CHECKED, max_examples=5000, phases=[Phase.generate])


def model_of(name: str, edition: Edition = EDITION) -> Model:
    """Return a model that the edition names or has a family for."""
    return edition.model(name)


def never_drawn(
    strategy: st.SearchStrategy[Any], kinds: Iterable[Any], is_one: Callable[[Any, Any], bool]
) -> list[Any]:
    """Return the kinds of which a strategy draws no value, however long it is asked."""
    missing = list(kinds)

    def is_last(value: Any) -> bool:
        missing[:] = [kind for kind in missing if not is_one(value, kind)]
        return not missing

    with suppress(NoSuchExample):
        find(strategy, is_last, settings=SEARCH)
    return missing


def differences(left: dict[str, Any], right: dict[str, Any]) -> set[str]:
    """Name the fields in which two bodies differ."""
    absent = object()
    names = left.keys() | right.keys()
    return {name for name in names if left.get(name, absent) != right.get(name, absent)}


@pytest.mark.parametrize("name", sample(NAMES, 6))
def test_drawn_bodies_are_accepted_or_refused_for_one_parameter(name: str) -> None:
    model = model_of(name)
    maximum = model.parameters["n"]["maximum"]

    @CHECKED
    @given(
        valid_bodies(EDITION, model), invalid_bodies(EDITION, model), above_limit_n(EDITION, model)
    )
    def check(valid: dict[str, Any], invalid: Any, above: Any) -> None:
        assert EDITION.read(valid).expectation == "accepted"
        body, control, parameter, keyword = invalid
        reading = EDITION.read(body)
        assert reading.expectation == "refused"
        assert {violation.parameter for violation in reading.violations} == {parameter}
        assert keyword in {violation.keyword for violation in reading.violations}
        assert len(differences(body, control)) <= 1  # 0: true for 1, which Python calls equal
        assert above.body["n"] > maximum
        assert {violation.parameter for violation in EDITION.read(above.body).violations} == {"n"}
        assert {EDITION.read(one).expectation for one in (control, above.control)} == {"accepted"}

    check()


def test_every_breakable_rule_has_a_strategy() -> None:
    for model in map(model_of, sample(NAMES, 6)):
        values = spoilings(Domain(EDITION, model))
        assert {(value.parameter, value.rule.keyword) for value in values} == {
            (rule.parameter, rule.keyword) for rule in model.rules if is_constraint(model, rule)
        }


@pytest.mark.long
def test_invalid_bodies_reach() -> None:
    rules = [
        ("output_format", "transparent-needs-alpha-format"),
        ("prompt", "maxLength"),
        ("prompt", "required"),
    ]
    bodies = invalid_bodies(EDITION, GPT)
    assert not never_drawn(bodies, rules, lambda bad, rule: (bad.parameter, bad.keyword) == rule)
    above = above_limit_n(EDITION, model_of("dall-e-2"))
    assert not never_drawn(above, [11, 2**63, 10**29], lambda bad, least: bad.body["n"] >= least)


BAD_VALUES: dict[str, list[Any]] = {
    "output_compression": [-1, "50"],  # negative, and a number as a string
    "quality": ["hd"],  # of another model
    "n": [True, "2"],
    "stream": ["true"],
    "size": ["1024x1000"],  # nearly right
    "user": [None],
}


def test_invalid_values_reach() -> None:
    spoiled = list(spoilings(Domain(EDITION, GPT)))
    for parameter, values in BAD_VALUES.items():
        strategy = st.one_of([one.values for one in spoiled if one.parameter == parameter])
        # by what it looks like: True equals 1, and is another value in JSON
        assert not never_drawn(strategy, values, lambda value, wrong: repr(value) == repr(wrong))


PAIRS: list[dict[str, Any]] = [
    {"background": "transparent", "output_format": "webp"},
    {"output_compression": 100, "output_format": "jpeg"},
    {"stream": True, "partial_images": 3},
    {"size": None, "quality": "high"},
    {"n": 10},
]


@pytest.mark.long
def test_valid_bodies_reach() -> None:
    strategy = valid_bodies(EDITION, GPT)
    assert not never_drawn(strategy, PAIRS, lambda body, pair: bool(body.items() >= pair.items()))


@pytest.mark.parametrize(
    ("name", "longest"), [("dall-e-2", 1000), ("dall-e-3", 4000), ("gpt-image-1", 32000)]
)
def test_prompts_reach_the_limit_and_no_further(name: str, longest: int) -> None:
    lengths = prompts(model_of(name)).map(lambda text: (len(text), len(text.encode())))
    assert find(lengths, lambda pair: pair[0] == longest, settings=SEARCH) == (longest, longest)

    @CHECKED
    @given(prompts(model_of(name)))
    def check(text: str) -> None:
        assert 1 <= len(text) <= longest
        assert text == text.strip()

    check()


KINDS: dict[str, Callable[[str], bool]] = {
    "right to left": lambda text: "R" in map(unicodedata.bidirectional, text),
    "emoji": lambda text: "So" in map(unicodedata.category, text),
    "combining marks": lambda text: unicodedata.normalize("NFC", text) != text,
    "hangul": lambda text: "HANGUL" in unicodedata.name(text[0], ""),
}


def test_phrases_reach() -> None:
    assert not never_drawn(phrases(), KINDS, lambda text, kind: KINDS[kind](text))


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


# ------------------------------------------------------------------ covering rows

SMALL = Space(
    {"quality": ("low", "high"), "format": ("png", "jpeg"), "background": ("clear", "opaque")},
    {("format", "background"): frozenset(itertools.product(("png",), ("clear", "opaque")))
     | {("jpeg", "opaque")}},
)  # fmt: skip


@pytest.fixture(autouse=True)
def _fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search no longer than these small spaces need."""
    monkeypatch.setattr("conformance.cases.covering._STEPS", 2000)
    monkeypatch.setattr("conformance.cases.covering._SALTS", ("0",))


def dear(row: Row) -> float:
    return 1.0 if "high" in row else 0.1


def covered_by(space: Space, rows: list[Row], strength: int) -> set[Any]:
    return {combination for row in rows for combination in space.combinations(row, strength)}


def test_feasible_combinations_are_those_of_valid_rows() -> None:
    rows = [row for row in itertools.product(*SMALL.levels.values()) if SMALL.valid(row)]
    assert len(rows) == 6
    for strength in (1, 2, 3):
        assert SMALL.feasible(strength) == covered_by(SMALL, rows, strength)


@pytest.mark.parametrize("strength", [1, 2, 3])
@pytest.mark.parametrize("name", ["dall-e-2", "qwen-image"])
def test_rows_have_every_combination_that_is_feasible(name: str, strength: int) -> None:
    space = space_of(EDITION, EDITION.models[name])
    rows = covering_rows(space, strength, lambda _: 1.0)
    most = min(strength, len(space.names))
    assert space.feasible(most) == covered_by(space, rows, most)
    assert all(map(space.valid, rows))


def test_dear_rows_are_as_few_as_can_be_and_come_last() -> None:
    rows = covering_rows(SMALL, 2, dear)
    assert [dear(row) for row in rows] == [0.1, 0.1, 0.1, 1.0, 1.0]  # two formats, with high
    assert covering_rows(SMALL, 2, dear) == rows


def test_what_is_covered_already_is_not_asked_for_again() -> None:
    rows = covering_rows(SMALL, 2, dear)
    more = covering_rows(SMALL, 2, dear, covered_by(SMALL, rows[:-1], 2), rows[:-1])
    assert len(more) == 1
    assert covering_rows(SMALL, 2, dear, covered_by(SMALL, rows, 2), rows) == []


def test_values_are_the_documented_ones() -> None:
    levels = space_of(EDITION, GPT).levels
    assert levels["quality"] == (LEFT_OUT, *GPT.documented("quality"))
    assert levels["n"] == (LEFT_OUT, 1, 2)  # never the ten that are allowed: they are paid for
    assert levels["output_compression"] == (LEFT_OUT, 0, 50, 100)
    assert "response_format" not in levels  # sources disagree about it


def test_only_what_the_contract_has_accepted_is_combined() -> None:
    space = space_of(EDITION, GPT)
    rows = covering_rows(space, 1, lambda _: 1.0)
    bodies = [{"model": GPT.name, "prompt": "A kite", **space.fragment(row)} for row in rows]
    assert {EDITION.read(body).expectation for body in bodies} == {"accepted"}


@pytest.mark.parametrize("value", [None, 7, "huge"])
def test_body_with_another_value_is_no_row(value: Any) -> None:
    space = space_of(EDITION, GPT)
    assert space.row({"size": value}) is None
    assert space.row({"size": "auto"}) is not None
    combinations = space.combinations_in({"size": value}, 1)
    assert space.names.index("size") not in {at for pairs in combinations for at, _ in pairs}


# ------------------------------------------------------------------ other schemas

RULE = {
    "title": "many-images-are-small",
    "if": {"required": ["n"], "properties": {"n": {"minimum": 4}}},
    "then": {"required": ["size"], "properties": {"size": {"const": "256x256"}}},
    "citations": [],
}
STEPS = {"type": ["integer", "null"], "minimum": 7, "maximum": 9, "citations": []}


def test_new_parameter_and_rule_across_parameters_need_no_code(tmp_path: Path) -> None:
    def add(schema: Any) -> None:
        schema["properties"].update(steps=STEPS)
        schema.update(allOf=[RULE])

    edition = changed_edition(tmp_path, "dall-e-2", add)
    valid, invalid = (
        draw(edition, model_of("dall-e-2", edition)) for draw in (valid_bodies, invalid_bodies)
    )

    @CHECKED
    @given(valid, invalid)
    def check(body: dict[str, Any], mistake: Any) -> None:
        assert edition.read(body).expectation == "accepted"
        violations = edition.read(mistake.body).violations
        assert {violation.parameter for violation in violations} == {mistake.parameter}

    check()
    assert not never_drawn(valid, [4], lambda body, least: (body.get("n") or 0) >= least)
    assert not never_drawn(valid, [8], lambda body, steps: bool(body.get("steps") == steps))
    assert not never_drawn(invalid, [RULE["title"]], lambda bad, title: bad.keyword == title)


def test_unknown_keyword_and_a_missing_limit_are_errors(tmp_path: Path) -> None:
    edition = changed_edition(
        tmp_path, "dall-e-2", lambda schema: schema["properties"]["n"].update(exclusiveMaximum=11)
    )
    for strategy in (valid_bodies, invalid_bodies, above_limit_n, space_of):
        with pytest.raises(UnknownKeywordError, match="exclusiveMaximum"):
            strategy(edition, model_of("dall-e-2", edition))
    edition = changed_edition(
        tmp_path / "other", "dall-e-2", lambda schema: schema["properties"]["n"].pop("maximum")
    )
    with pytest.raises(DerivationError, match="n no maximum"):
        above_limit_n(edition, model_of("dall-e-2", edition))
