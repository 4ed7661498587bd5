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
from conformance.contract import DEFAULT_EDITION, load_edition, schemas_directory
from conformance.editions.changes import changes_between, lifecycle_changes
from conformance.editions.records import EditionChange
from conformance.editions.render import changes_json, changes_markdown, closing, print_changes
from conformance.errors import ConformanceError
from tests.contract import change, copied

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


def edit(file: Path, path: str, value: object) -> None:
    """Set what stands at a path of members; None removes it."""
    *steps, last = path.split("/")

    def set_last(content: Any) -> None:
        for step in steps:
            content = content[int(step) if step.isdigit() else step]
        if value is None:
            del content[last]
        else:
            content[last] = value

    change(file, set_last)


EDITS: dict[str, dict[str, Any]] = {
    "request/dall-e-3.json": {
        "properties/quality/enum": ["standard", "ultra", None],
        "properties/quality/default": "standard",
        "properties/style": None,
    },
    "request/dall-e-2.json": {"properties/n/maximum": 6},
    "request/gpt-image.json": {
        "properties/size/open": None,
        "properties/size/examples": ["1024x1024", "1536x864"],
        "properties/size/maxPixels": 8_294_400,
        "properties/size/citations/1/keywords": ["type", "pattern", "default", "maxPixels"],
    },
    "response/url.json": {"required": ["created", "data", "quality"]},
    "edition.json": {
        "models/qwen-image/responses/default": "url",
        "models/gpt-image-1": None,
        "models_path": "/v2/models",
        "open/0/question": "What now?",
        "clauses/withdrawn": {"url.https": "gone"},
    },
}


@pytest.fixture(scope="module")
def differing(tmp_path_factory: pytest.TempPathFactory) -> Changes:
    """The differences to an edition that is stricter here and there."""
    folder = copied(tmp_path_factory.mktemp("editions"), "later-2027")
    for name, edits in EDITS.items():
        for path, value in edits.items():
            edit(folder / name, path, value)
    change(folder / "promises.json", lambda content: content["promises"].pop(3))
    change(folder / "promises.json", lambda content: content["promises"].append(PROMISE))
    return changes_between(load_edition(), load_edition(str(folder)))


def one(differing: Changes, area: str, subject: str) -> EditionChange:
    (change,) = (change for change in differing.of(area) if change.subject == subject)
    return change


@pytest.mark.parametrize(
    ("must", "models", "clause"),
    [
        ('accept quality="ultra"', "dall-e-3", "parameters.valid-accepted"),
        ('refuse quality="auto", quality="hd"', "dall-e-3", "parameters.quality-enum"),
        ("refuse n=7, n=10", "dall-e-2", "count.above-maximum-refused"),
        ("treat a request without quality as quality=standard", "dall-e-3", None),
        ("send quality in the body of a response url", None, None),
        ("answer with url where no response_format is asked", "qwen-image", None),
        ("answer at the path of the models /v2/models", None, None),
    ],
)
def test_what_a_provider_must_change(
    differing: Changes, must: str, models: str | None, clause: str | None
) -> None:
    (change,) = (change for change in differing.demands if change.must == must)
    assert change.breaking
    assert models is None or models in change.models
    assert clause is None or clause in change.clauses


def test_rule_of_a_family_is_tried_on_a_member_that_no_edition_has(differing: Changes) -> None:
    demand = one(differing, "requests", "size.maxPixels")
    assert (demand.before, demand.after) == ("open", "refused")
    assert demand.models == ("gpt-image-2 · as its family",)
    assert demand.clauses == ("parameters.size-maxpixels",)


def test_demand_names_its_cases(differing: Changes) -> None:
    demands = {change.must: change for change in differing.of("requests")}
    assert demands['accept quality="ultra"'].cases == ("dall-e-3/quality-ultra",)


@pytest.mark.parametrize(
    ("area", "subject", "kind"),
    [
        ("models", "gpt-image-1", "removed"),
        ("parameters", "style", "removed"),
        ("parameters", "n.maximum", "changed"),
        ("parameters", "size.maxPixels", "added"),
        ("promises", "page.new", "added"),
        ("clauses", "url.https", "removed"),
        ("open", "model-omitted", "changed"),
    ],
)
def test_what_differs(differing: Changes, area: str, subject: str, kind: str) -> None:
    change = one(differing, area, subject)
    assert change.kind == kind
    assert not (change.breaking and kind == "removed")  # what is no longer promised breaks nothing


def test_promise_has_its_clauses_and_cases(differing: Changes) -> None:
    promise = one(differing, "promises", "page.new")
    assert promise.clauses == ("count.as-asked",)
    assert "n-2" in promise.cases


@pytest.mark.parametrize(
    ("before", "after", "must"),
    [
        ({}, {"until": date(2026, 12, 1)}, "serve m until 2026-12-01, and refuse it from then on"),
        ({"until": date(2026, 12, 1)}, {}, ""),
        ({}, {"replaced_by": ("x", "y")}, ""),
    ],
    ids=["end", "no-end", "successor"],
)
def test_dates_of_a_model(before: dict[str, Any], after: dict[str, Any], must: str) -> None:
    none = {"since": None, "deprecated": None, "until": None, "replaced_by": ()}
    old, new = (
        SimpleNamespace(lifecycles={"m": SimpleNamespace(**{**none, **dates})})
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


def test_json_has_its_schema(differing: Changes) -> None:
    schema = json.loads((schemas_directory() / "changes.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(changes_json(differing)))


def test_markdown_and_terminal_say_the_same(differing: Changes) -> None:
    console = Console(width=200, file=StringIO())
    print_changes(differing, console, show_all=True)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for text in (shown, changes_markdown(differing)):
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
    console = Console(width=200, file=StringIO())
    print_changes(replace(differing, changes=(promise,)), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "added acme.one: MUST: One. (format.one-payload) (2 cases)" in shown


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({}, 0),
        ({"properties/n/maximum": 6}, 1),
    ],
    ids=["same", "breaking"],
)
def test_exit_code(tmp_path: Path, edits: dict[str, Any], code: int) -> None:
    folder = copied(tmp_path, "later-2027")
    for path, value in edits.items():
        edit(folder / "request/dall-e-2.json", path, value)
    with pytest.raises(typer.Exit) as ended:
        changes_command(DEFAULT_EDITION, str(folder), "json", [tmp_path / "changes.md"])
    assert ended.value.exit_code == code
    assert (
        (tmp_path / "changes.md").read_text().startswith("# From cometapi-2026-03-12 to later-2027")
    )


@pytest.mark.parametrize("name", ["cometapi-2026", "./nowhere"])
def test_unknown_edition_is_one_sentence(name: str) -> None:
    with pytest.raises(ConformanceError, match="edition"):
        changes_command(DEFAULT_EDITION, name)
