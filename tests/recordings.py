"""Archives of any size for the tests of importers, written without holding them.

``python -m tests.recordings MEGABYTES FILE`` writes a HAR of about that size, judges it and
prints the exchanges found, the seconds it took and the peak of memory.
"""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import sys
import time
from pathlib import Path

from PIL import Image

from conformance.contract import load_edition
from conformance.foreign import ForeignReport, judge_files

GENERATIONS = "https://provider.example/v1/images/generations"
_NOISE = 2 * 1024 * 1024  # bytes of a payload that is no image exchange


def write_archive(path: Path, size: int, payload: str) -> int:
    """Write an archive of about `size` bytes; gives the number of its image exchanges."""
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
    asked = json.dumps({"model": "dall-e-2", "prompt": "a kite", "response_format": "b64_json"})
    told = json.dumps({"created": 1_790_000_000, "data": [{"b64_json": payload}]})
    kind = [{"name": "content-type", "value": "application/json"}]
    return {
        "startedDateTime": "2026-09-21T14:13:20.000Z",
        "time": 900,
        "request": {"method": "POST", "url": url, "headers": kind, "postData": {"text": asked}},
        "response": {
            "status": 200,
            "headers": kind,
            "content": {"size": len(told), "text": told},
        },
    }


def judge_archive(path: Path) -> ForeignReport:
    """Judge an archive into a run file beside it."""
    return judge_files([path], load_edition(), path.with_suffix(".run.jsonl"))


def main(megabytes: str, name: str) -> None:
    """Write an archive and say what judging it takes."""
    noise = io.BytesIO()
    Image.effect_noise((1024, 1024), 80).save(noise, "png")
    payload = base64.b64encode(noise.getvalue()).decode()
    path = Path(name)
    count = write_archive(path, int(megabytes) * 1024 * 1024, payload)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    started = time.monotonic()
    report = judge_archive(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{path.stat().st_size / 2**20:.0f} MiB, {count} exchanges, {report.judged} judged")
    print(f"{time.monotonic() - started:.1f} s, peak {peak} MiB, {before} MiB before judging")


if __name__ == "__main__":
    main(*sys.argv[1:])
