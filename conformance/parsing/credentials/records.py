"""Content credentials as a record, the same whether a signature was validated or not."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class CredentialStatus(StrEnum):
    """What the credentials of one picture are worth."""

    SIGNED = "signed"
    """A validator found the signature right, and the picture the one that was signed."""
    CLAIMED = "claimed"
    """A claim could be read, and nobody validated its signature: that is no proof."""
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
