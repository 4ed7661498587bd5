"""A new edition: the folder of another under an id of its own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from conformance.contract import Edition, EditionError, edition_ids, load_edition
from conformance.contract.loading import read_edition
from conformance.contract.schema_files import DIGEST_FILE

_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class NewEditionError(EditionError):
    """An edition that cannot be written where it was to be."""


def new_edition(old: str, new: str) -> Edition:
    """Write a copy of an edition as a folder, whose name is the new id, and load it.

    The new folder is there whole or not at all. Raises NewEditionError for a name that is no id,
    and where something is already.
    """
    source = load_edition(old)
    folder = Path(os.path.abspath(new))
    _check(folder, new)
    # written aside and moved at once: half an edition would load, and be judged by
    part = folder.with_name(f".{uuid4().hex}.part")
    try:
        for file in _files(source.folder):
            target = part / _rename(file.as_posix(), source.id, folder.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_replace_id(source, file, folder.name), encoding="utf-8")
        part.rename(folder)
    except OSError as error:
        raise NewEditionError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_edition(folder)


def _check(folder: Path, new: str) -> None:
    if not _ID.fullmatch(folder.name):
        raise NewEditionError(
            f"{new}: {folder.name!r} cannot be the id of an edition; write small letters, digits, "
            "'.' and '-', as in openai-2027-03"
        )
    if folder.name in edition_ids():
        raise NewEditionError(f"{folder.name} comes with the suite; choose another id")
    if os.path.lexists(folder):
        raise NewEditionError(f"{folder}: is there already, and nothing is overwritten")
    if not folder.parent.is_dir():
        raise NewEditionError(f"{folder.parent}: is no folder; make it first")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        # a copy is a draft, which has no digest yet
        if path.is_file() and path.name != DIGEST_FILE and not path.name.startswith("."):
            yield path.relative_to(folder)


def _replace_id(source: Edition, file: Path, new: str) -> str:
    """Return the text of a file under the new id, laid out as it was.

    In strings of several words only the whole id is replaced: another name may begin with it.
    """
    text = (source.folder / file).read_text(encoding="utf-8")
    if file.suffix != ".json":
        return text
    return _STRING.sub(lambda match: _rename(match[0], source.id, new), text)


def _rename(text: str, old: str, new: str) -> str:
    """Put the new id in place of the old one, but not within a longer id or word."""
    after = r"(?![\w.-])" if " " in text else r"(?![A-Za-z0-9])"
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}{after}", lambda _: new, text)
