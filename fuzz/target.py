"""One target under atheris: ``python fuzz/target.py NAME [--json] [options of libFuzzer]``.

With ``--json`` inputs are changed as JSON, without it as libFuzzer does it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["conformance", "vcr", "PIL", "tomllib"]):
    from fuzz.targets import TARGETS

from fuzz.mutators import mutate


def main() -> None:
    """Hand the target to libFuzzer, which ends the process."""
    name = sys.argv.pop(1)
    own = {"custom_mutator": mutate} if "--json" in sys.argv else {}
    sys.argv = [argument for argument in sys.argv if argument != "--json"]
    atheris.Setup(sys.argv, TARGETS[name], **own)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
