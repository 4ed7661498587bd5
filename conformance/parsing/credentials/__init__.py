"""Content credentials (C2PA) in image files: what they say, and what that is worth."""

from conformance.parsing.credentials.naming import Painter, painter_of
from conformance.parsing.credentials.reading import READABLE, read_credentials
from conformance.parsing.credentials.records import Credentials, CredentialStatus, Software

__all__ = [
    "READABLE",
    "CredentialStatus",
    "Credentials",
    "Painter",
    "Software",
    "painter_of",
    "read_credentials",
]
