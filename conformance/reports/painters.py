"""Which model painted the pictures of a provider, by the content credentials in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.parsing.credentials.reading import READABLE
from conformance.parsing.credentials.records import CredentialStatus, Painter
from conformance.reports.costs import sent_once
from conformance.results.reach import ColumnKey
from conformance.results.records import ImageRecord
from conformance.results.run_file import Run

_CARRIED_ELSEWHERE = frozenset({"gpt-image"})
"""Families whose pictures are known to carry credentials when they leave their maker."""
_SHOWN = 4  # names in a sentence


@dataclass(frozen=True, slots=True)
class Painters:
    """Who painted the pictures of one model, as far as they say it."""

    provider: str
    model: str
    images: int
    standings: Mapping[str, int]
    """Pictures by what their credentials are worth."""
    none: int
    stripped: str
    """Why credentials should be where there are none; nothing if there is no reason."""
    another: int
    """Pictures whose credentials name another model than was asked for."""
    named: tuple[str, ...]
    named_another: tuple[str, ...]
    signers: tuple[str, ...]
    """Whom validated signatures name."""
    claimed_by: tuple[str, ...]
    """Whom certificates name whose signatures nobody validated."""
    examples: tuple[str, ...]
    """What the credentials are, each once."""

    @property
    def sentence(self) -> str:
        """Say it in one sentence, first what a buyer has to know."""
        parts = []
        if self.another:
            names = "; ".join(self.named_another[:_SHOWN])
            parts.append(
                f"asked for {self.model}, the credentials of {self.another} of "
                f"{self.images} name another model: {names}"
            )
        parts += self.examples[:_SHOWN]
        if self.none:
            why = f" (stripped or left out: {self.stripped})" if self.stripped else ""
            parts.append(f"{self.none} of {self.images} carry none{why}")
        return "; ".join(parts)

    @property
    def worth_saying(self) -> bool:
        """Return whether there are credentials, or should be."""
        return bool(self.examples or self.stripped)


def painters(runs: Sequence[Run]) -> tuple[Painters, ...]:
    """Return what the pictures of every provider and model say, of the types that are read."""
    pictures: dict[ColumnKey, list[ImageRecord]] = {}
    for exchange in sent_once(runs):
        readable = [image for image in exchange.images if image.type in READABLE and image.complete]
        if readable:
            pictures.setdefault(exchange.column, []).extend(readable)
    families = {model: name for run in runs for model, name in run.header.edition.families.items()}
    carrying = {
        column for column, images in pictures.items() if any(image.credentials for image in images)
    }
    return tuple(
        _painters_of(column, images, _why_expected(column, carrying, families))
        for column, images in pictures.items()
    )


def _why_expected(column: ColumnKey, carrying: set[ColumnKey], families: Mapping[str, str]) -> str:
    """Return why the pictures of a model should carry credentials; empty if nothing says so."""
    provider, model = column
    if column in carrying:
        return "others of this model carry them"
    if any(name == provider for name, _ in carrying):
        return "other models of this provider carry them"
    family = families.get(model, "")
    carried = family in _CARRIED_ELSEWHERE
    return f"pictures of the {family} family carry them elsewhere" if carried else ""


def _painters_of(column: ColumnKey, images: Sequence[ImageRecord], expected: str) -> Painters:
    carried = [image.credentials for image in images if image.credentials]
    differing = (image.credentials for image in images if image.painter is Painter.ANOTHER)
    another = [credentials for credentials in differing if credentials]
    standings = Counter(credentials.standing for credentials in carried)
    none = len(images) - len(carried)
    return Painters(
        *column,
        images=len(images),
        standings={standing.value: standings[standing] for standing in CredentialStatus},
        none=none,
        stripped=expected if none else "",
        another=len(another),
        named=_once(name for credentials in carried for name in credentials.names),
        named_another=_once(", ".join(credentials.names) for credentials in another),
        signers=_once(c2pa.signer for c2pa in carried if c2pa.standing is CredentialStatus.SIGNED),
        claimed_by=_once(
            c2pa.signer for c2pa in carried if c2pa.standing is CredentialStatus.CLAIMED
        ),
        examples=_once(
            f"{count} of {len(images)} {text}" for text, count in Counter(map(str, carried)).items()
        ),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    # a file may carry any number of manifests
    return tuple(dict.fromkeys(text for text in texts if text))[:100]
