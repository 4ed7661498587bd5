"""Content credentials as a record, validated or not, and whether they name the requested model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct


class CredentialStatus(StrEnum):
    """What the credentials of one picture are worth."""

    SIGNED = "signed"
    """A validator found the signature right, and the picture the one that was signed."""
    CLAIMED = "claimed"
    """A claim could be read, but its signature was not validated: that is no proof."""
    UNSIGNED = "unsigned"
    """There is a claim and no signature."""
    INVALID = "invalid"
    """They were changed, or belong to another picture, or the signature is wrong."""
    DAMAGED = "damaged"
    """They cannot be read."""


WITHOUT_MEANING = frozenset(
    {CredentialStatus.UNSIGNED, CredentialStatus.INVALID, CredentialStatus.DAMAGED}
)
"""What credentials of these standings say counts neither for nor against anybody."""


class Software(Struct, frozen=True, omit_defaults=True):
    """A program that the credentials name: the generator of the claim, or who did an action."""

    name: str
    version: str = ""
    action: str = ""

    def __str__(self) -> str:
        """Return its name and version."""
        return f"{self.name} {self.version}".strip()


class Credentials(Struct, frozen=True, omit_defaults=True):
    """What the content credentials of a picture say, and what that is worth."""

    standing: CredentialStatus
    software: tuple[Software, ...] = ()
    """Of the active manifest, then of its parents."""
    signer: str = ""
    """Whom the certificate names; anybody can make a certificate that names anybody."""
    trusted: bool = False
    """Whether the certificate leads to an authority that the validator trusts."""
    algorithm: str = ""
    title: str = ""
    source_types: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    fault: str = ""

    def __str__(self) -> str:
        """Say what they are worth, who signed them, and which programs they name."""
        naming = f": {', '.join(self.names)}" if self.names else ", naming no program"
        signer = f", certificate in the name of {self.signer}" if self.signer else ""
        match self.standing:
            case CredentialStatus.SIGNED if self.trusted:
                return f"signed by {self.signer or 'a trusted signer'}{naming}"
            case CredentialStatus.SIGNED:
                return f"validly signed{signer}, which no trusted authority vouches for{naming}"
            case CredentialStatus.CLAIMED:
                reason = self.fault or "signature not validated"
                return f"claimed ({reason}{signer}){naming}"
            case CredentialStatus.UNSIGNED:
                return f"claimed without a signature{naming}"
            case CredentialStatus.INVALID:
                return f"not valid: {self.fault}"
        return f"damaged: {self.fault}"

    @property
    def names(self) -> tuple[str, ...]:
        """The programs that they name, each once."""
        return tuple(dict.fromkeys(str(software) for software in self.software))


_FAMILIES = (
    "gpt-image", "dall-e", "qwen-image", "grok-imagine", "seedream", "imagen",
    "firefly", "midjourney", "stable-diffusion", "flux",
)  # fmt: skip
_ONLY_WITH_VERSION = "flux"  # a word that other programs have in their names
_SPELLINGS = {"dalle": "dall-e", "gptimage": "gpt-image"}
_SEPARATORS = re.compile(r"[\s_/·-]+")
_VERSION = re.compile(r"[-.]?v?(\d{1,2}(?:[.-]\d{1,2})*)(?![\d])")
_TIERS = frozenset(
    {"mini", "nano", "lite", "flare", "sunburst", "pro", "plus", "max", "turbo", "fast", "ultra"}
)


class Painter(StrEnum):
    """Who painted a picture, by its credentials."""

    ASKED = "asked"
    ANOTHER = "another"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class _Model:
    """A model as far as its name says which it is."""

    family: str
    version: tuple[int, ...] | None  # the first two numbers
    tier: str


def painter_of(programs: Iterable[str], model_names: Sequence[str]) -> Painter:
    """Compare the programs that credentials name with the requested model, by any of its names.

    They name another model only if they do so clearly, and none of them is the requested one.
    """
    requested = [model for name in model_names if (model := _model(name))]
    models = [model for name in programs if (model := _model(name))]
    if not requested:
        return Painter.UNCLEAR
    order = (Painter.ASKED, Painter.UNCLEAR, Painter.ANOTHER)  # the first of several wins
    answers = {
        min((_compare(model, name) for name in requested), key=order.index) for model in models
    }
    decided = answers - {Painter.UNCLEAR}
    return decided.pop() if len(decided) == 1 else Painter.UNCLEAR


def _compare(painter: _Model, requested: _Model) -> Painter:
    if painter.family != requested.family:
        return Painter.ANOTHER
    if painter.version is None or requested.version is None:
        return Painter.UNCLEAR
    if painter.version != requested.version:
        return Painter.ANOTHER
    if painter.tier == requested.tier:
        return Painter.ASKED
    return Painter.ANOTHER if painter.tier else Painter.UNCLEAR


def _model(name: str) -> _Model | None:
    """Read a name such as `gpt-image 2.0` or `gpt-image-2.5-flare`; None for no known model."""
    text = _SEPARATORS.sub("-", name[:200].lower())
    for spelling, right in _SPELLINGS.items():
        text = re.sub(rf"(?<![a-z0-9]){spelling}(?![a-z])", right, text)
    for family in _FAMILIES:
        match = re.search(rf"(?<![a-z0-9]){family}(?![a-z])", text)
        if match is None:
            continue
        number = _VERSION.match(text, match.end())
        if number is None and family == _ONLY_WITH_VERSION:
            continue
        rest = text[number.end() if number else match.end() :]
        word = re.match(r"-([a-z]+)", rest)
        tier = word[1] if word and word[1] in _TIERS else ""
        # 2 is 2.0, and 2.0.1 is still the same model
        version = (*map(int, re.split("[.-]", number[1])), 0)[:2] if number else None
        return _Model(family, version, tier)
    return None
