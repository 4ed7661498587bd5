"""The capability table: parameter and value, by model and provider, from exchanges of run files."""

from conformance.reports.capabilities.table import (
    Capability,
    ModelTable,
    Side,
    ValueRow,
    model_table,
    model_tables,
    sides_of,
)
from conformance.reports.capabilities.words import MEANINGS, Word

__all__ = [
    "MEANINGS",
    "Capability",
    "ModelTable",
    "Side",
    "ValueRow",
    "Word",
    "model_table",
    "model_tables",
    "sides_of",
]
