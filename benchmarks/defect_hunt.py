"""Every planted defect, told to the suite and to Schemathesis; kept in a file as it is measured.

`python -m benchmarks.defect_hunt [--defects GLOB] [--output FILE]` goes on with what the file has.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import BenchmarkError
from benchmarks.opponents import VERSION, free_port, install_schemathesis
from benchmarks.schemathesis import FIRST, KEY, Bout, Found, Server, models_for
from conformance.contract import Edition, load_edition
from conformance.errors import ConformanceError
from conformance.output.files import write_text
from conformance.parsing import read_json
from conformance.providers import load_provider
from conformance.reference.defects import defects

OUTPUT = Path("schemathesis.json")


@dataclass(frozen=True, slots=True)
class Result:
    """With which request each side first saw a defect; None where not within `FIRST`."""

    model: str
    ours: int | None = None
    theirs: int | None = None
    seconds: float = 0.0
    error: str | None = None  # why it could not be measured

    @property
    def found(self) -> Found:
        """The two numbers of requests."""
        return self.ours, self.theirs


class Table:
    """What was measured, in a JSON file that is whole after every defect."""

    def __init__(self, path: Path, edition: str) -> None:
        """Take over what an earlier run left in the file; raises BenchmarkError for another's."""
        self.path = path
        self._about = {"edition": edition, "schemathesis": VERSION, "requests": FIRST}
        self.results: dict[str, Result] = {}
        if path.exists():
            document = read_json(path.read_bytes()).value
            if not isinstance(document, dict) or any(
                document.get(k) != v for k, v in self._about.items()
            ):
                raise BenchmarkError(f"{path}: is of another measurement; name another --output")
            self.results = {name: Result(**values) for name, values in document["defects"].items()}

    def is_done(self, defect: str) -> bool:
        """Return whether a defect was measured; what failed is tried again."""
        return defect in self.results and self.results[defect].error is None

    def add(self, defect: str, result: Result) -> None:
        """Add a defect and write the whole file."""
        self.results[defect] = result
        rows = {name: asdict(hunt) for name, hunt in sorted(self.results.items())}
        values = {**self._about, "summary": self.summary(), "defects": rows}
        write_text(self.path, json.dumps(values, indent=1) + "\n")

    def summary(self) -> dict[str, Any]:
        """Count what each side found, also per `FIRST` requests, and name what one side misses."""
        firsts = {name: hunt.found for name, hunt in self.results.items() if hunt.error is None}
        return {
            "measured": len(firsts),
            "ours": _side(firsts, 0),
            "schemathesis": _side(firsts, 1),
            "only_schemathesis": sorted(
                n for n, (ours, theirs) in firsts.items() if theirs and not ours
            ),
            "neither": sorted(name for name, both in firsts.items() if both == (None, None)),
            "failed": sorted(name for name, hunt in self.results.items() if hunt.error is not None),
        }


def _side(firsts: Mapping[str, Found], side: int) -> dict[str, float]:
    count = sum(both[side] is not None for both in firsts.values())
    spent = sum(both[side] or FIRST for both in firsts.values())
    return {"found": count, "per_100_requests": round(100 * count / spent, 2) if spent else 0.0}


def hunt(bout: Bout, models: Mapping[str, str], table: Table) -> None:
    """Measure defects one by one; one that fails is noted, and the others go on."""
    names = [name for name in models if not table.is_done(name)]
    began = time.monotonic()
    for count, name in enumerate(names):
        start = time.monotonic()
        try:
            ours, theirs = bout.found(name, models[name])
            result = Result(models[name], ours, theirs, round(time.monotonic() - start, 1))
        except (ConformanceError, OSError, RuntimeError, ValueError, httpx.HTTPError) as error:
            result = _failure(models[name], error, start)
        except subprocess.TimeoutExpired as error:
            result = _failure(
                models[name], f"Schemathesis took more than {error.timeout:g} s", start
            )
        table.add(name, result)
        remaining = (time.monotonic() - began) / (count + 1) * (len(names) - count - 1)
        outcome = result.error or f"ours {result.ours or '-'}, Schemathesis {result.theirs or '-'}"
        sys.stderr.write(
            f"{count + 1}/{len(names)} {name} ({result.model}): {outcome}; {result.seconds:.0f} s, "
            f"about {remaining / 60:.0f} min left\n"
        )


def _failure(model: str, error: object, start: float) -> Result:
    why = f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(error)
    return Result(model, seconds=round(time.monotonic() - start, 1), error=why[:500])


def reference_bout(edition: Edition) -> Bout:
    """Prepare both sides for the reference provider alone."""
    port = free_port()
    provider = load_provider("reference")
    server = Server("reference", provider, KEY, port, f"http://127.0.0.1:{port}")
    return Bout(server, install_schemathesis(), edition)


def main(arguments: Sequence[str]) -> int:
    """Measure what is chosen; return 0 where all could be measured, else 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defect_hunt", description=__doc__)
    parser.add_argument("--defects", metavar="GLOB", default="*", help="only these defects")
    parser.add_argument("--output", metavar="FILE", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    edition = load_edition()
    names = [name for name in defects(edition) if fnmatchcase(name, options.defects)]
    if not names:
        raise BenchmarkError(f"there is no defect {options.defects!r}")
    table = Table(options.output, edition.id)
    rest = [name for name in names if not table.is_done(name)]
    sys.stderr.write(f"{len(names)} defects, {len(names) - len(rest)} of them measured before\n")
    if rest:
        hunt(reference_bout(edition), models_for(edition, rest), table)
    sys.stdout.write(json.dumps(table.summary(), indent=1) + "\n")
    return 2 if table.summary()["failed"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on\n")
        sys.exit(130)
    except ConformanceError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
