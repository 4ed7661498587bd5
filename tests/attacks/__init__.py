"""Attacks by name: of providers (each row or docstring says the harm), files and folders."""

from tests.attacks import (
    addresses,
    bodies,
    framing,
    images,
    keys,
    names,
    streams,
    texts,
    words,
)
from tests.attacks.cassettes import cassettes
from tests.attacks.documents import other_files, recordings
from tests.attacks.files import FileAttack
from tests.attacks.model import ATTACKS, Attack

FILES: tuple[FileAttack, ...] = (*cassettes(), *recordings(), *other_files())

__all__ = [
    "ATTACKS",
    "FILES",
    "Attack",
    "FileAttack",
    "addresses",
    "bodies",
    "framing",
    "images",
    "keys",
    "names",
    "streams",
    "texts",
    "words",
]
