"""Ten runs of five thousand findings: read, merged and rendered as the page, in one process."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import convert

from benchmarks.measuring import Row, run
from conformance.findings import Finding, Verdict
from conformance.results.records import ExchangeRecord, RunFooter, RunHeader
from conformance.results.run_file import Run
from tests.runs import write_run

RUNS = 10
MODELS, CLAUSES, CASES, JUDGED = 7, 100, 36, 20  # 7 x 36 exchanges, each judged by 20 clauses
SECONDS, MEMORY, PAGE = 3.0, 300_000_000, 2_000_000  # limits: seconds, bytes, bytes
CHAPTERS = ("authentication", "count", "envelope", "errors", "format", "image", "url")
_PROGRAM = """
import json, resource, sys, time
started = time.perf_counter()
from pathlib import Path
from conformance.reports import render, summarize
from conformance.results.run_file import read_run
page = render(summarize([read_run(Path(path)) for path in sys.argv[2:]]), "html")
seconds = time.perf_counter() - started
Path(sys.argv[1]).write_text(page, encoding="utf-8")
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"seconds": seconds, "peak": peak, "page": len(page.encode())}))
"""


def measure(runs: int = RUNS) -> list[Row]:
    """Render some runs in a process of its own, its imports included."""
    with TemporaryDirectory(prefix="image-conformance-") as place:
        files = write_runs(Path(place), runs)
        page = Path(place) / "index.html"
        process = run([sys.executable, "-c", _PROGRAM, str(page), *map(str, files)])
    values = json.loads(process.stdout)
    what = f"of {runs} runs with {MODELS * CASES * JUDGED:,} findings each"
    return [
        _row(f"reading, merging, rendering {what}", values["seconds"], SECONDS, 1, "s"),
        _row(f"peak memory {what}", values["peak"], MEMORY, 1e6, "MB"),
        _row(f"page without pictures {what}", values["page"], PAGE, 1e6, "MB"),
    ]


def _row(what: str, value: float, limit: float, unit: float, name: str) -> Row:
    ours, against = f"{value / unit:.2f} {name}", f"limit {limit / unit:g} {name}"
    return Row(what, ours, against, value / limit, 1, at_least=False)


def write_runs(folder: Path, runs: int = RUNS) -> list[Path]:
    """Write a run file for each of some providers; the same bytes each time."""
    files = []
    for number in range(runs):
        files.append(folder / f"provider-{number}.jsonl")
        write_run(_run(f"provider-{number}", random.Random(number)), files[-1])  # noqa: S311 - a made-up run, the same each time
    return files


def _run(provider: str, chance: random.Random) -> Run:
    run_ = Run(convert(_header(provider), RunHeader), footer=convert(_footer(), RunFooter))
    for model in _models():
        for number in range(CASES):
            case = f"case-{number}"
            run_.add(convert(_exchange(provider, model, case, chance), ExchangeRecord))
            for finding in _findings(provider, model, case, number, chance):
                run_.add(finding)
    return run_


def _models() -> list[str]:
    return [f"model-{number}" for number in range(MODELS)]


def _clause(number: int) -> str:
    return f"{CHAPTERS[number % len(CHAPTERS)]}.promise-{number}"


def _header(provider: str) -> dict[str, Any]:
    models = _models()
    statement = "What the document promises of `member`, in a sentence of usual length."
    return {
        "type": "run",
        "schema": 1,
        "id": f"20260102T030405Z-{provider}",
        "tool": "image-conformance 0.1.0",
        "edition": {
            "id": "sample-2026-01-01",
            "title": "A sample contract",
            "document": "https://contract.test/images",
            "published": "2026-01-01",
            "families": {model: f"family-{rank % 3}" for rank, model in enumerate(models)},
        },
        "started": "2026-01-02T03:04:05+00:00",
        "providers": [
            {
                "id": provider,
                "title": provider.title(),
                "base_url": f"https://{provider}.test/v1",
                "mode": "live",
                "models": dict.fromkeys(models, "x"),
            }
        ],
        "clauses": [
            {
                "id": _clause(number),
                "level": _level(number),
                "statement": statement,
                "citations": [],
            }
            for number in range(CLAUSES)
        ],
    }


def _level(number: int) -> str:
    return "SHOULD" if number % 4 == 0 else "MUST"


def _footer() -> dict[str, Any]:
    return {"finished": "2026-01-02T03:24:05+00:00", "complete": True, "conclusion": 1}


def _findings(
    provider: str, model: str, case: str, number: int, chance: random.Random
) -> Iterator[Finding]:
    for place in range(JUDGED):
        clause = (number * JUDGED + place) % CLAUSES
        level = _level(clause)
        where: dict[str, Any] = {"provider": provider, "model": model, "case": case, "level": level}
        if chance.random() < 0.9:
            yield Finding(clause=_clause(clause), verdict=Verdict.PASS, **where)
        else:
            verdict = Verdict.FAIL if level == "MUST" else Verdict.DEVIATES
            said: dict[str, Any] = {
                "message": f"data[0] is not what {case} asked for",
                "expected": "url",
            }
            yield Finding(
                clause=_clause(clause), verdict=verdict, observed="b64_json", **said, **where
            )


def _exchange(provider: str, model: str, case: str, chance: random.Random) -> dict[str, Any]:
    """Make an exchange of usual size, in it ids that no two exchanges share."""
    request = {"model": model, "prompt": f"A kite over {case}.", "size": "1024x1024", "n": 1}
    url = f"https://{provider}.test/files/{chance.randbytes(16).hex()}.png"
    item = {"url": url, "revised_prompt": f"A red kite over the dunes of {case}, in oil."}
    return {
        "type": "exchange",
        "provider": provider,
        "model": model,
        "case": case,
        "provenance": "live",
        "sent_at": "2026-01-02T03:04:06+00:00",
        "elapsed": round(chance.uniform(2, 40), 3),
        "outcome": "accepted",
        "reason": "HTTP 200",
        "request": {
            "method": "POST",
            "url": f"https://{provider}.test/v1/images/generations",
            "headers": [["authorization", "Bearer sk-conformance-redacted"]],
            "body": json.dumps(request),
        },
        "response": {
            "status": 200,
            "headers": [
                ["content-type", "application/json"],
                ["date", "Fri, 02 Jan 2026 03:04:06 GMT"],
                ["x-request-id", f"req_{chance.randbytes(16).hex()}"],
                ["server", "envoy"],
            ],
            "body": json.dumps({"created": 1767323046, "data": [item]}),
            "bytes": 400,
        },
        "failure": None,
        "downloads": [{"url": url, "status": 200, "headers": [], "bytes": 1, "failure": None}],
        "images": [
            {
                "index": 0,
                "member": "url",
                "type": "png",
                "width": 1024,
                "height": 1024,
                "alpha": False,
                "frames": 1,
                "complete": True,
                "bytes": chance.randrange(1_000_000, 2_000_000),
                "sha256": chance.randbytes(32).hex(),
            }
        ],
    }
