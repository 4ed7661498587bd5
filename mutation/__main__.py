"""Mutates the clauses in a copy of the tree, runs the tests of clauses, and tells who lived."""

from __future__ import annotations

import argparse
import difflib
import importlib
import inspect
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from mutmut.mutation.file_mutation import mutate_file_contents

from mutation.desugaring import desugared
from mutation.forking import KILLED, TIMEOUT, Forking, Mutant, mutants_of

ROOT = Path(__file__).parent.parent
CLAUSES = Path("conformance/clauses")
COPIED = ("conformance", "tests", "schemas", "conftest.py", "pyproject.toml")
CAUGHT = (KILLED, TIMEOUT)
LEFT_OUT = (
    *("breaks_a_clause_itself", "up_to_date"),
    *("are_sent_and_judged", "is_a_pytest_item", "speak_of_what_comes_from_outside"),
)
"""Parts of the names of tests that draw examples, judge all recordings, or start commands:
too slow for forks."""
TESTS = (
    *("tests/test_clause*.py", "tests/test_sentences.py", "tests/test_locators.py"),
    *("tests/test_verdict_context.py", "tests/test_stamps.py", "tests/test_extensions.py"),
)
OPTIONS = (
    "-qs",
    "--rootdir=.",
    "--tb=no",
    "--assert=plain",
    "-Wignore",
    "-k",
    " and ".join(f"not {name}" for name in LEFT_OUT),
)
PLUGINS = ("hypothesispytest", "xdist", "recording", "cacheprovider")


def main() -> int:
    """Mutate, test and report: 0 when the score is what is demanded, 2 when it is not known."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        os.chdir(_copy_project(Path(folder)))
        sys.path[:] = [
            folder,
            *(entry for entry in sys.path if Path(entry or ".").resolve() != ROOT),
        ]
        matches = [mutant for mutant in _mutate() if fnmatchcase(mutant.name, f"*{options.glob}*")]
        mutants = [
            mutant for mutant in matches if options.again is None or mutant.name in options.again
        ]
        outcomes = _outcomes(mutants, options.workers, options.seconds)
        if len(outcomes) != len(mutants):
            print("the tests fail without any mutant, or were interrupted: nothing is known")
            return 2
        return _report(outcomes, len(matches), options.output, options.minimum)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("glob", nargs="?", default="*", help="which mutants, by a part of a name")
    parser.add_argument("-n", "--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=20, help="of processor time a mutant")
    parser.add_argument("-o", "--output", type=_path, default=ROOT / "reports" / "mutants.json")
    parser.add_argument(
        "--again", type=_report_of, help="only those that an earlier report calls alive"
    )
    parser.add_argument("--minimum", type=float, default=95.0, help="the score demanded, in %%")
    return parser.parse_args()


def _path(text: str) -> Path:
    """Read a path before the folder is changed."""
    return Path(text).resolve()


def _report_of(text: str) -> frozenset[str]:
    """Read which mutants a report calls alive."""
    try:
        return frozenset(json.loads(Path(text).read_text(encoding="utf-8"))["alive"])
    except (OSError, ValueError, KeyError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no report of mutants: {error}") from error


def _copy_project(folder: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    return folder


def _mutate() -> list[Mutant]:
    """Replace every module of the clauses by one that holds all its mutants, switched off."""
    mutants: list[Mutant] = []
    for path in sorted(CLAUSES.glob("*.py")):
        result = mutate_file_contents(str(path), desugared(path.read_text(encoding="utf-8")))
        path.write_text(result.code, encoding="utf-8")
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        mutants += mutants_of(module, result.mutant_names)
    return mutants


def _outcomes(mutants: list[Mutant], workers: int, seconds: float) -> dict[Mutant, str]:
    outcomes: dict[Mutant, str] = {}
    began = time.monotonic()

    def note(mutant: Mutant, outcome: str) -> None:
        outcomes[mutant] = outcome
        if outcome not in CAUGHT:
            print(f"  {outcome}: {mutant.name}")
        if len(outcomes) % 50 == 0 or len(outcomes) == len(mutants):
            _progress(Counter(outcomes.values()), len(mutants), time.monotonic() - began)

    tests = sorted(str(path) for pattern in TESTS for path in Path().glob(pattern))
    plugins = [f"-pno:{name}" for name in PLUGINS]
    pytest.main([*OPTIONS, *plugins, *tests], plugins=[Forking(mutants, workers, seconds, note)])
    return outcomes


def _progress(counts: Counter[str], most: int, seconds: float) -> None:
    tally = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    print(f"{counts.total()} of {most} in {seconds:.0f} s: {tally}", flush=True)


def _report(outcomes: dict[Mutant, str], total: int, output: Path, minimum: float) -> int:
    """Write who lived; what was not tried again was killed before."""
    alive = {
        mutant.name: {"outcome": outcome, "change": _change(mutant)}
        for mutant, outcome in sorted(outcomes.items(), key=lambda pair: pair[0].name)
        if outcome not in CAUGHT
    }
    caught = total - len(alive)
    score = 100 * caught / max(1, total)
    document = {"score": round(score, 2), "mutants": total, "caught": caught, "alive": alive}
    output.parent.mkdir(exist_ok=True)
    output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{caught} of {total} mutants were killed: {score:.1f} %; the rest: {output}")
    return 0 if total and score >= minimum else 1


def _change(mutant: Mutant) -> str:
    module, _, name = mutant.name.rpartition(".")
    table = vars(importlib.import_module(module))[f"mutants_{name.rpartition('_')[0]}"]
    before, after = (
        inspect.getsource(table[version]).splitlines() for version in ("_mutmut_orig", name)
    )
    lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[3:]
    return "\n".join(line for line in lines if "__mutmut_" not in line and line[:2] != "@@")


if __name__ == "__main__":
    sys.exit(main())
