"""The capability table: parameter and value, by model and provider, from exchanges of run files."""

from conformance.reports.capabilities.answers import MEANINGS, Word
from conformance.reports.capabilities.table import (
    Capability,
    ModelTable,
    Side,
    model_tables,
    sides_of,
)

__all__ = [
    "MEANINGS",
    "Capability",
    "ModelTable",
    "Side",
    "Word",
    "model_tables",
    "sides_of",
]
