"""A HAR of 500 MB, judged: its peak memory beside that of one of 50 MB.

Run as a module it judges one archive and prints what that took, as JSON.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Measurement, Row, run
from benchmarks.samples import picture
from conformance.contract import load_edition
from conformance.recordings.inputs import ForeignReport
from conformance.recordings.judging import judge_files

GENERATIONS = "https://provider.example/v1/images/generations"
_NOISE = 2 * 1024 * 1024  # bytes of a payload that is no image exchange


def measure(megabytes: int = 500, fewer: int = 50) -> list[Row]:
    """Judge a small archive and a large one, each in a process of its own."""
    with TemporaryDirectory(prefix="image-conformance-") as place:
        small, large = (_measure(Path(place) / "a.har", size) for size in (fewer, megabytes))
    linear = small.seconds * megabytes / fewer
    return [
        Row(
            what=f"peak memory of judging a HAR of {megabytes} MB",
            ours=f"{large.peak / 1e6:.0f} MB",
            against=f"{fewer} MB: {small.peak / 1e6:.0f} MB",
            ratio=large.peak / small.peak,
            bound=1.2,
            at_least=False,
        ),
        Row(
            what=f"time of judging a HAR of {megabytes} MB",
            ours=f"{large.seconds:.1f} s",
            against=f"{megabytes / fewer:g} x {fewer} MB: {linear:.1f} s",
            ratio=large.seconds / linear,
            bound=1.2,
            at_least=False,
        ),
    ]


def _measure(path: Path, megabytes: int) -> Measurement:
    write_archive(path, megabytes * 1_000_000, base64.b64encode(picture(1)).decode())
    process = run([sys.executable, "-m", "benchmarks.archive", str(path)])
    path.unlink()
    values = json.loads(process.stdout)
    return Measurement(values["seconds"], values["peak"], process.stdout)


def write_archive(path: Path, size: int, payload: str) -> int:
    """Write an archive of about `size` bytes, and return the number of its image exchanges."""
    generation = json.dumps(_entry(GENERATIONS, payload))
    noise = base64.b64encode(os.urandom(min(_NOISE, size // 4))).decode()
    other = json.dumps(_entry("https://cdn.example/film.mp4", noise))
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"log": {"version": "1.2", "entries": [\n')
        while file.tell() < size:
            file.write((",\n" if count else "") + generation + ",\n" + other)
            count += 1
        file.write("\n]}}\n")
    return count


def _entry(url: str, payload: str) -> dict[str, object]:
    body = json.dumps({"model": "dall-e-2", "prompt": "a kite", "response_format": "b64_json"})
    answer = json.dumps({"created": 1_790_000_000, "data": [{"b64_json": payload}]})
    headers = [{"name": "content-type", "value": "application/json"}]
    return {
        "startedDateTime": "2026-09-21T14:13:20.000Z",
        "time": 900,
        "request": {"method": "POST", "url": url, "headers": headers, "postData": {"text": body}},
        "response": {
            "status": 200,
            "headers": headers,
            "content": {"size": len(answer), "mimeType": "application/json", "text": answer},
        },
    }


def judge_archive(path: Path) -> ForeignReport:
    """Judge an archive; the run file lies beside it."""
    return judge_files([path], load_edition(), path.with_suffix(".run.jsonl"))


def main(name: str) -> None:
    """Judge an archive and print seconds and peak resident bytes."""
    start = time.monotonic()
    report = judge_archive(Path(name))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = time.monotonic() - start
    print(json.dumps({"judged": report.judged, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
