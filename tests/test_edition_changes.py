"""What differs between two editions, and what a provider that keeps the old one must change."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import typer
from jsonschema import Draft202012Validator
from msgspec.structs import replace
from rich.console import Console

from conformance.commands.editions import changes as changes_command
from conformance.contract import DEFAULT_EDITION, EditionError, load_edition, schemas_directory
from conformance.editions.changes import changes_between, lifecycle_changes
from conformance.editions.records import EditionChange
from conformance.editions.render import changes_json, changes_markdown, closing, print_changes
from tests.contract import change, copied, set_member

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.editions.records import Changes

PROMISE = {
    "id": "page.new",
    "source": "cometapi",
    "section": "Body: n",
    "level": "MUST",
    "says": "A new sentence.",
    "clauses": ["count.as-asked"],
}
KEYWORDS = ["type", "pattern", "default", "maxPixels"]
EDITS: list[tuple[str, str, Any]] = [
    ("request/dall-e-3.json", "properties/quality/enum", ["standard", "ultra", None]),
    ("request/dall-e-3.json", "properties/quality/default", "standard"),
    ("request/dall-e-3.json", "properties/style", None),
    ("request/dall-e-2.json", "properties/n/maximum", 6),
    ("request/gpt-image.json", "properties/size/open", None),
    ("request/gpt-image.json", "properties/size/examples", ["1024x1024", "1536x864"]),
    ("request/gpt-image.json", "properties/size/maxPixels", 8_294_400),
    ("request/gpt-image.json", "properties/size/citations/1/keywords", KEYWORDS),
    ("response/url.json", "required", ["created", "data", "quality"]),
    ("edition.json", "models/qwen-image/responses/default", "url"),
    ("edition.json", "models/gpt-image-1", None),
    ("edition.json", "models_path", "/v2/models"),
    ("edition.json", "open/0/question", "What now?"),
    ("edition.json", "clauses/withdrawn", {"url.https": "gone"}),
]


@pytest.fixture(scope="module")
def differing(tmp_path_factory: pytest.TempPathFactory) -> Changes:
    """The differences to an edition that is stricter here and there."""
    folder = copied(tmp_path_factory.mktemp("editions"), "later-2027")
    for name, place, value in EDITS:
        set_member(folder / name, place, value)
    change(folder / "promises.json", lambda content: content["promises"].pop(3))
    change(folder / "promises.json", lambda content: content["promises"].append(PROMISE))
    return changes_between(load_edition(), load_edition(str(folder)))


def one(differing: Changes, area: str, subject: str) -> EditionChange:
    (change,) = (change for change in differing.of(area) if change.subject == subject)
    return change


def test_what_a_provider_must_change(differing: Changes) -> None:
    demands = {change.must: change for change in differing.demands}
    for must, models, clauses in [
        ('accept quality="ultra"', {"dall-e-3"}, {"parameters.valid-accepted"}),
        ('refuse quality="auto", quality="hd"', {"dall-e-3"}, {"parameters.quality-enum"}),
        ("refuse n=7, n=10", {"dall-e-2"}, {"count.above-maximum-refused"}),
        ("treat a request without quality as quality=standard", {"dall-e-3"}, set()),
        ("send quality in the body of a response url", set(), set()),
        ("answer with url where no response_format is asked", {"qwen-image"}, set()),
        ("answer at the path of the models /v2/models", set(), set()),
    ]:
        assert demands[must].breaking
        assert models <= {*demands[must].models}
        assert clauses <= {*demands[must].clauses}
    assert demands['accept quality="ultra"'].cases == ("dall-e-3/quality-ultra",)


def test_rule_of_a_family_is_tried_on_a_member_that_no_edition_has(differing: Changes) -> None:
    demand = one(differing, "requests", "size.maxPixels")
    assert (demand.before, demand.after) == ("open", "refused")
    assert demand.models == ("gpt-image-2 · as its family",)
    assert demand.clauses == ("parameters.size-maxpixels",)


def test_what_differs(differing: Changes) -> None:
    for area, subject, kind in [
        ("models", "gpt-image-1", "removed"),
        ("parameters", "style", "removed"),
        ("parameters", "n.maximum", "changed"),
        ("parameters", "size.maxPixels", "added"),
        ("promises", "page.new", "added"),
        ("clauses", "url.https", "removed"),
        ("open", "model-omitted", "changed"),
    ]:
        change = one(differing, area, subject)
        assert change.kind == kind
        assert not (change.breaking and kind == "removed")  # no longer promised breaks nothing
    promise = one(differing, "promises", "page.new")
    assert promise.clauses == ("count.as-asked",)
    assert "n-2" in promise.cases


def test_dates_of_a_model() -> None:
    none: dict[str, Any] = dict.fromkeys(("since", "deprecated", "until")) | {"replaced_by": ()}
    end: dict[str, Any] = {"until": date(2026, 12, 1)}
    successor: dict[str, Any] = {"replaced_by": ("x", "y")}
    demand = "serve m until 2026-12-01, and refuse it from then on"
    for before, after, must in (({}, end, demand), (end, {}, ""), ({}, successor, "")):
        old, new = (
            SimpleNamespace(lifecycles={"m": SimpleNamespace(**(none | dates))})
            for dates in (before, after)
        )
        (change,) = lifecycle_changes(old, new)  # type: ignore[arg-type]
        assert (change.must, change.breaking) == (must, bool(must))


def test_editions_without_a_model_in_common_demand_nothing_of_each_other() -> None:
    changes = changes_between(load_edition("openai-2026-11"), load_edition("alibaba-2026-10"))
    assert (changes.in_common, changes.demands) == ((), ())
    assert "no model that both read" in closing(changes)
    added = [change.subject for change in changes.changes if change.kind == "added"]
    models = [name for name in added if name in load_edition("alibaba-2026-10").models]
    assert models == [*load_edition("alibaba-2026-10").models]  # in the order of the edition


def shown(changes: Changes, show_all: bool = False) -> str:
    screen = StringIO()
    print_changes(changes, Console(width=200, file=screen), show_all=show_all)
    return screen.getvalue()


def test_json_markdown_and_terminal_say_the_same(differing: Changes) -> None:
    schema = json.loads((schemas_directory() / "changes.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(changes_json(differing)))
    for text in (shown(differing, show_all=True), changes_markdown(differing)):
        assert "What a provider must change" in text
        assert 'accept quality="ultra"' in text


def test_terminal_names_the_clauses_of_a_promise_once(differing: Changes) -> None:
    promise = EditionChange(
        area="promises",
        kind="added",
        subject="acme.one",
        after="MUST: One. (format.one-payload)",
        clauses=("format.one-payload",),
        cases=("a", "b"),
    )
    told = "added acme.one: MUST: One. (format.one-payload) (2 cases)"
    assert told in shown(replace(differing, changes=(promise,)))
    assert closing(replace(differing, changes=())).endswith(": the same.")


def test_breaking_change_ends_with_1_and_nothing_in_common_with_0(
    differing: Changes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "changes.md"
    with pytest.raises(typer.Exit) as kept:
        changes_command("openai-2026-11", "alibaba-2026-10", "json", [file])
    assert file.read_text().startswith("# From openai-2026-11 to alibaba-2026-10")
    # to find the differences once more takes seconds
    monkeypatch.setattr("conformance.editions.changes.changes_between", lambda *_: differing)
    with pytest.raises(typer.Exit) as broken:
        changes_command(DEFAULT_EDITION, DEFAULT_EDITION, "terminal")
    assert (kept.value.exit_code, broken.value.exit_code) == (0, 1)
    with pytest.raises(EditionError, match="edition"):
        changes_command(DEFAULT_EDITION, "./nowhere")
