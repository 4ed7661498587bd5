"""The attacks of a provider that means harm, by name; each docstring says the harm."""

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
from tests.attacks.model import ATTACKS, Attack

__all__ = [
    "ATTACKS",
    "Attack",
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
