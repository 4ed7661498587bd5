"""A second edition is a folder, and a mistake in one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.contract import (
    DEFAULT_EDITION,
    EditionError,
    Level,
    digest_of,
    edition_ids,
    frozen_digest,
    load_edition,
    schemas_directory,
)
from conformance.errors import ConformanceError
from tests.contract import D3, asking, change, copied

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


@pytest.mark.parametrize("name", edition_ids())
def test_published_edition_is_as_it_was_frozen(name: str) -> None:
    """After a change before publication: ``python -m tests.digests``; later: a new edition."""
    edition = load_edition(name)
    assert edition.digest == frozen_digest(edition.folder)


def test_digest_changes_with_a_value_and_not_with_the_layout(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    before = digest_of(folder)
    change(folder / "edition.json", lambda content: content.update(title=content.pop("title")))
    assert digest_of(folder) == before
    change(folder / "error.json", lambda content: content.update(title="Another"))
    assert digest_of(folder) != before
    assert frozen_digest(folder) == frozen_digest(schemas_directory() / DEFAULT_EDITION)


def test_digest_changes_with_the_name_of_a_file(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    before = digest_of(folder)
    (folder / "error.json").rename(folder / "errors.json")
    assert digest_of(folder) != before


def test_folder_without_a_digest_is_a_draft(tmp_path: Path) -> None:
    assert frozen_digest(tmp_path) is None
