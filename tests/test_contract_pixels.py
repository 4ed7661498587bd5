"""Sizes in pixels: which are legal, which break one keyword, and who reads them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases.covering import space_of
from conformance.cases.documented import all_cases
from conformance.clauses import clauses_of
from conformance.contract import PIXEL_KEYWORDS, Edition, sides_of
from conformance.contract.pixels import PixelLimits
from conformance.generated.strategies import Body, Invalid, invalid_bodies, valid_bodies
from tests.contract import changed_edition
from tests.extent import examples

LIMITS = PixelLimits(16, 3840, 3, 655_360, 8_294_400)
WIDE = PixelLimits(widestRatio=8, minPixels=262_144, maxPixels=6_553_600)
SMALL = st.builds(
    PixelLimits,
    st.sampled_from([None, 1, 8, 16]),
    st.sampled_from([None, 320, 512]),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([None, 4096, 65_536]),
    st.sampled_from([65_536, 200_000]),
)
KEYWORDS = {
    "sidesMultipleOf": 16,
    "longestSide": 3840,
    "widestRatio": 3,
    "minPixels": 655_360,
    "maxPixels": 8_294_400,
}


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """The default edition, in which dall-e-3 takes sizes by arithmetic."""
    cited = {"source": "openai", "section": "CreateImageRequest.size", "level": "MUST"}
    size = {
        "type": ["string", "null"],
        "pattern": "^(auto|[1-9][0-9]*x[1-9][0-9]*)$",
        **KEYWORDS,
        "examples": ["1024x1024", "1536x864"],
        "citations": [{**cited, "keywords": ["type", "pattern", *KEYWORDS]}],
    }
    folder = tmp_path_factory.mktemp("schemas")
    return changed_edition(
        folder, "dall-e-3", lambda schema: schema["properties"].update(size=size)
    )


@pytest.mark.parametrize(
    ("size", "broken"),
    [
        ("1024x1024", ()),
        ("3840x2160", ()),
        ("1440x480", ()),
        ("1025x1024", ("sidesMultipleOf",)),
        ("3856x2144", ("longestSide",)),
        ("1536x496", ("widestRatio",)),
        ("800x800", ("minPixels",)),
        ("3840x2176", ("maxPixels",)),
        ("4096x4096", ("longestSide", "maxPixels")),
    ],
)
def test_size_breaks_the_keywords_whose_bounds_it_is_beyond(
    size: str, broken: tuple[str, ...]
) -> None:
    assert LIMITS.breaks(sides_of(size) or (0, 0)) == broken


@pytest.mark.parametrize("text", ["auto", "1024", "0x16", "1024x", "1024X1024", "1024x1024\n", 7])
def test_what_is_no_size_has_no_sides(text: object) -> None:
    assert sides_of(text) is None


@given(SMALL, st.integers(1, 600), st.integers(1, 600))
def test_height_is_legal_exactly_where_no_keyword_is_broken(
    limits: PixelLimits, width: int, height: int
) -> None:
    assert (height in limits.heights(width)) == (limits.breaks((width, height)) == ())


@pytest.mark.parametrize("limits", [LIMITS, WIDE], ids=["openai", "alibaba"])
def test_edges_are_legal_and_the_smallest_and_largest_are(limits: PixelLimits) -> None:
    edges = {name: sides_of(size) or (0, 0) for name, size in limits.edges().items()}
    assert not any(map(limits.breaks, edges.values()))
    pixels = [width * height for width, height in edges.values()]
    assert min(pixels) == limits.minPixels
    assert max(pixels) == limits.maxPixels


@pytest.mark.parametrize("keyword", PIXEL_KEYWORDS)
def test_sizes_that_break_a_keyword_break_it_alone_and_end_near_it(keyword: str) -> None:
    sizes = [sides_of(size) or (0, 0) for size in LIMITS.breaking(keyword)]
    assert {LIMITS.breaks(sides) for sides in sizes} == {(keyword,)}
    measure, bound = PIXEL_KEYWORDS[keyword].measure, KEYWORDS[keyword]
    beyond = [measure(*sides, bound) for sides in sizes]
    assert beyond == sorted(beyond, reverse=True)


def test_violation_names_the_parameter_and_the_rule(edition: Edition) -> None:
    (violation,) = edition.read(
        {"model": "dall-e-3", "prompt": "x", "size": "1000x1024"}
    ).violations
    assert (violation.parameter, violation.keyword) == ("size", "sidesMultipleOf")
    assert violation.message == 'size is "1000x1024", whose sides are not both multiples of 16'


def test_cases_have_edges_and_near_misses_of_every_keyword(edition: Edition) -> None:
    cases = {case.id: case for case in all_cases(edition, ["dall-e-3"])}
    assert {"size-square", "size-widest", "size-smallest", "size-largest"} <= cases.keys()
    for keyword in PIXEL_KEYWORDS.values():
        assert cases[f"size-barely-{keyword.words}"].after[-1] == f"size-{keyword.words}"
    for case in cases.values():
        reading = edition.read(case.body or {})
        if case.parameter == "size" and reading.violations and case.id != "size-huge":
            assert len({violation.keyword for violation in reading.violations}) == 1, case.id


def test_every_keyword_has_a_clause(edition: Edition) -> None:
    names = {clause.id for clause in clauses_of(edition)}
    assert {f"parameters.size-{keyword.lower()}" for keyword in PIXEL_KEYWORDS} <= names


def test_space_has_the_narrowest_sizes(edition: Edition) -> None:
    sizes = space_of(edition, edition.model("dall-e-3")).levels["size"]
    assert {"1024x1024", "816x816", "1440x480", "480x1440"} <= set(sizes)


@pytest.fixture(scope="module")
def drawn(edition: Edition) -> tuple[st.SearchStrategy[Body], st.SearchStrategy[Invalid]]:
    """Strategies are built once: that takes longer than drawing."""
    model = edition.model("dall-e-3")
    return valid_bodies(edition, model), invalid_bodies(edition, model)


@settings(max_examples=examples(120))
@given(data=st.data())
def test_drawn_bodies_keep_the_limits_or_break_one(
    edition: Edition,
    drawn: tuple[st.SearchStrategy[Body], st.SearchStrategy[Invalid]],
    data: st.DataObject,
) -> None:
    assert edition.read(data.draw(drawn[0])).expectation == "accepted"
    invalid = data.draw(drawn[1])
    reading = edition.read(invalid.body)
    assert reading.breaks_only(invalid.parameter)
    assert edition.read(invalid.control).expectation == "accepted"
