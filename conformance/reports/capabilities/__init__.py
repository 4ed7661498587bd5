"""The capability table: parameter and value, by model and provider, from exchanges of run files."""

from conformance.reports.capabilities.table import (
    Capability,
    ModelTable,
    Side,
    model_tables,
    sides_of,
)
from conformance.reports.capabilities.words import MEANINGS, Word

__all__ = [
    "MEANINGS",
    "Capability",
    "ModelTable",
    "Side",
    "Word",
    "model_tables",
    "sides_of",
]
