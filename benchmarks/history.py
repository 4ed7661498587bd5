"""A year of nights of ten providers: how long opening their history takes."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import to_builtins

from benchmarks.measuring import ROOT, Row, wall
from conformance.clauses import clauses_of
from conformance.contract import load_edition
from conformance.findings import Verdict, state_of
from conformance.results.reach import NO_FINDING
from conformance.runner.header import about_clause

OPEN_LIMIT = 2.0  # seconds
FINDINGS = 2000  # of a run
EXCHANGES = 95  # of a run; each is about as long as a real one
MODELS = ("dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1.5", "qwen-image")
BODY = 2600  # characters of evidence of an exchange, besides its names

_PASS, _FAIL = (state_of(verdict).letter for verdict in (Verdict.PASS, Verdict.FAIL))
_FIRST = datetime(2025, 1, 1, 3, tzinfo=UTC)


def measure(providers: int = 10, nights: int = 365, repeats: int = 3) -> list[Row]:
    """Make the run files, then time the command as a user waits for it."""
    with TemporaryDirectory(prefix="image-conformance-") as place:
        folder = Path(place)
        size = write(folder, providers, nights)
        about = f"{providers * nights:,} runs, {size / 1e9:.1f} GB"
        return [
            _row(f"history of {about}", wall(command(folder), repeats)),
            _row("the same as JSON", wall([*command(folder), "-f", "json"], repeats)),
        ]


def _row(what: str, seconds: float) -> Row:
    ours, against = f"{seconds:.2f} s", f"limit {OPEN_LIMIT:g} s"
    return Row(what, ours, against, seconds / OPEN_LIMIT, 1, at_least=False)


def command(folder: Path) -> list[str]:
    """Return the command that a user would call."""
    return [sys.executable, "-m", "conformance.cli", "history", str(folder)]


def write(folder: Path, providers: int, nights: int, since: int = 0) -> int:
    """Write a run file a provider and night; return their bytes."""
    size = 0
    for number in range(providers):
        sample = _Sample(f"provider-{number}", number)
        for night in range(since, nights):
            path = folder / f"{_FIRST + timedelta(days=night):%Y-%m-%d}" / f"{sample.name}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            size += path.write_bytes("".join(sample.lines(night)).encode())
    return size


class _Sample:
    """The runs of one provider: most promises hold, some change, some are flaky."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self._random = random.Random(seed)  # noqa: S311 - made-up nights, the same each time
        edition = load_edition()
        self._clauses = [
            to_builtins(about_clause(clause, edition)) for clause in clauses_of(edition)
        ]
        self._findings = list(self._every())
        self._written = [_line(finding) for finding in self._findings]
        self._exchanges = [_line(self._exchange(number)) for number in range(EXCHANGES)]
        self._changes = {place: self._random.randrange(400) for place in self._some(60)}
        self._flaky = self._some(40)

    def _some(self, count: int) -> list[int]:
        return self._random.sample(range(FINDINGS), count)

    def _every(self) -> Iterator[dict[str, Any]]:
        for place in range(FINDINGS):
            clause = self._clauses[place % len(self._clauses)]
            yield {
                "type": "finding",
                "clause": clause["id"],
                "level": clause["level"],
                "verdict": Verdict.PASS.value,
                "provider": self.name,
                "model": MODELS[place // len(self._clauses) % len(MODELS)],
                "case": f"case-{place % EXCHANGES}",
                "expected": "a promise that is kept",
                "observed": "what was observed of it",
            }

    def _exchange(self, number: int) -> dict[str, Any]:
        names = {"provider": self.name, "model": MODELS[number % len(MODELS)]}
        return {
            "type": "exchange", **names, "case": f"case-{number}", "provenance": "live",
            "outcome": "accepted", "reason": "HTTP 200", "elapsed": 8.0,
            "request": {"method": "POST", "url": "https://x.test", "headers": [], "body": "{}"},
            "response": {"status": 200, "headers": [], "body": "x" * BODY, "bytes": BODY},
        }  # fmt: skip

    def lines(self, night: int) -> Iterator[str]:
        """Yield the lines of one night."""
        moment = (_FIRST + timedelta(days=night)).isoformat(timespec="seconds")
        about = {"id": self.name, "title": self.name, "base_url": "https://x.test", "mode": "live"}
        yield _line({
            "type": "run", "schema": 1, "id": f"{self.name}-{night}", "tool": "benchmark",
            "edition": {"id": "sample", "title": "sample", "document": "", "published": ""},
            "started": moment, "providers": [{**about, "models": {}}], "clauses": self._clauses,
        })  # fmt: skip
        yield from self._exchanges
        broken = {place for place, day in self._changes.items() if night >= day}
        broken ^= {place for place in self._flaky if self._random.random() < 0.03}
        for place, line in enumerate(self._written):
            yield _line(self._broken(place)) if place in broken else line
        yield _line({
            "type": "end", "finished": moment, "complete": True, "conclusion": 0,
            "counts": {"pass": FINDINGS - len(broken), "fail": len(broken)},
            "reach": [
                {"provider": self.name, "model": model, "levels": {},
                 "states": self._states(model, broken)}
                for model in MODELS
            ],
        })  # fmt: skip

    def _states(self, model: str, broken: Collection[int]) -> str:
        """Return what the footer says of a model: a letter for each clause."""
        letters = dict.fromkeys((clause["id"] for clause in self._clauses), NO_FINDING)
        for place, finding in enumerate(self._findings):
            if finding["model"] == model and letters[finding["clause"]] != _FAIL:
                letters[finding["clause"]] = _FAIL if place in broken else _PASS
        return "".join(letters.values())

    def _broken(self, place: int) -> dict[str, Any]:
        return {**self._findings[place], "verdict": Verdict.FAIL.value, "message": "is broken"}


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):,} bytes\n")
    sys.stdout.write(f"written from {ROOT}\n")
