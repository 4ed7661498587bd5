"""The embedded reference provider: it keeps the edition exactly, and paints real images."""

from conformance.reference.app import create_app
from conformance.reference.errors import Refusal
from conformance.reference.server import (
    DEFAULT_KEY,
    ReferenceServer,
    ReferenceServerError,
    serve,
)
from conformance.reference.steps import TRUTHFUL, Steps

__all__ = [
    "DEFAULT_KEY",
    "TRUTHFUL",
    "ReferenceServer",
    "ReferenceServerError",
    "Refusal",
    "Steps",
    "create_app",
    "serve",
]
