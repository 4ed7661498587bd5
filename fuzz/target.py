"""One target under atheris: ``python fuzz/target.py NAME [options of libFuzzer]``."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["conformance", "vcr", "PIL"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Hand the target to libFuzzer, which ends the process."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
