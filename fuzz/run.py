"""Fuzz the readers of hostile bytes: ``python fuzz/run.py SECONDS [TARGET…]``.

Each target gets an equal share of the time, one after another. What breaks a target is kept in
``fuzz/corpus/<target>/``, where ``tests/test_fuzz.py`` finds it from then on.
Exit code 0: nothing was found.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from fuzz.targets import TARGETS, WITH_JSON  # noqa: E402 - found only by the line above

MEMORY = 2048  # MiB; more is a finding
SLOWEST = 10  # seconds for one input; more is a finding
LONGEST = 1 << 15  # bytes of an input


def main(arguments: list[str]) -> int:
    """Fuzz the named targets, or all of them."""
    if not arguments or not arguments[0].isdigit() or set(arguments[1:]) - set(TARGETS):
        sys.stderr.write(f"usage: python fuzz/run.py SECONDS [{'|'.join(TARGETS)}]…\n")
        return 2
    names = arguments[1:] or list(TARGETS)
    share = max(1, int(arguments[0]) // len(names))
    failing = [name for name in names if not fuzz(name, share)]
    sys.stdout.write(f"{len(names)} targets, {share} s each: {len(failing)} broken {failing}\n")
    return 1 if failing else 0


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target, half of the time as JSON where it reads any; true if nothing was found."""
    ways = (["--json"], []) if name in WITH_JSON else ([],)
    results = [_run_target(name, seconds // len(ways) or 1, way) for way in ways]
    return all(results)


def _run_target(name: str, seconds: int, way: list[str]) -> bool:
    corpus = HERE / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    # libFuzzer ends the process at once, so that it cleans nothing up itself
    with tempfile.TemporaryDirectory() as place:
        grown = Path(place, "grown")
        grown.mkdir()
        command = [
            sys.executable,
            str(HERE / "target.py"),
            name,
            *way,
            str(grown),
            str(corpus),
            f"-max_total_time={seconds}",
            f"-rss_limit_mb={MEMORY}",
            f"-timeout={SLOWEST}",
            f"-max_len={LONGEST}",
            f"-artifact_prefix={corpus}/",
            "-print_final_stats=1",
        ]
        environment = {**os.environ, "TMPDIR": place}
        return subprocess.run(command, check=False, env=environment).returncode == 0  # noqa: S603 - this suite's own command, and no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
