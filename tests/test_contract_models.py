"""What an edition knows of its models, and names that it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.contract import DEFAULT_EDITION, load_edition
from conformance.contract.checker import Checker
from conformance.errors import UnknownNameError
from tests.contract import D2, D3, G1, G2, GPT, NAMED, QWEN, asking

if TYPE_CHECKING:
    from conformance.contract import Edition


def test_value_is_the_asked_one_then_the_default(edition: Edition) -> None:
    reading = edition.read(asking(D3, n=None, size="1792x1024"))
    assert (reading.has("n"), reading.value("n")) == (False, 1)
    assert (reading.has("size"), reading.value("size")) == (True, "1792x1024")
    assert reading.value("response_format") == "url"
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
        assert all(cited.source in edition.sources for cited in rule.citations)


@pytest.mark.parametrize("name", NAMED)
def test_no_rule_rests_on_observation(edition: Edition, name: str) -> None:
    sources = {cited.source for rule in edition.model(name).rules for cited in rule.citations}
    assert not any(source.endswith("observed") for source in sources)


def test_all_six_models_are_named(edition: Edition) -> None:
    assert set(edition.models) == set(NAMED)


@pytest.mark.parametrize(
    ("name", "asked", "kind"),
    [
        *[(name, None, "url") for name in (D2, D3)],
        *[(name, kind, kind) for name in (D2, D3) for kind in ("url", "b64_json")],
        *[(name, asked, "b64_json") for name in GPT for asked in (None, "url", "b64_json")],
        *[(QWEN, asked, "either") for asked in (None, "url", "b64_json")],
        (D3, "png", "url"),
    ],
)
def test_response_kind_follows_the_model(
    edition: Edition, name: str, asked: str | None, kind: str
) -> None:
    assert edition.model(name).response_kind(asked) == kind


@pytest.mark.parametrize("name", [G2, "gpt-image-2.5-flare", "chatgpt-image-latest"])
def test_newer_gpt_image_is_found_by_its_family(edition: Edition, name: str) -> None:
    model = edition.model(name)
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
