"""Freeze the editions of `schemas/`: ``python -m tests.digests`` writes their digests."""

from __future__ import annotations

import sys

from conformance.contract import edition_ids, schemas_directory
from conformance.contract.schema_files import freeze

if __name__ == "__main__":
    for name in edition_ids():
        sys.stdout.write(f"{name} {freeze(schemas_directory() / name)}\n")
