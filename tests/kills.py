"""Kill live runs at random moments and resume them: is anything that is billed sent twice?

`make kills` kills a hundred runs; a test kills a few.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from conformance.results.run_file import RunFileError, read_run
from tests.live import KEY, serve_counting
from tests.living import LiveProcess, wait_for

SELECTED = ("--budget", "9", "--cases", "[bnu]*", "--quiet", "--concurrency", "4")


def kill_often(folder: Path, kills: int, seed: int) -> list[str]:
    """Kill so many runs, each of which resumes the one before; returns what is wrong."""
    rng = random.Random(seed)
    times_sent: Counter[str] = Counter()
    with serve_counting() as (url, eye):

        def count(body: Any) -> None:
            times_sent[json.dumps(body, sort_keys=True)] += 1

        eye.by_body = count
        killed, before, number = 0, None, 0
        while killed < kills:
            words = [*SELECTED, "--output", f"{number}.jsonl"]
            words += ["--resume", before] if before else []
            eye.pause, sent_before = rng.uniform(0, 0.15), eye.posts
            running, enough = LiveProcess(folder, url, *words), sent_before + rng.randint(1, 8)
            wait_for(lambda enough=enough, run=running: eye.posts >= enough or not run.alive)
            time.sleep(rng.uniform(0, 0.1))
            if running.alive:
                running.send(signal.SIGKILL)
                killed += 1
            running.wait()
            wrong = _damage(folder / f"{number}.jsonl", running)
            if wrong:
                return wrong
            is_complete = read_run(folder / f"{number}.jsonl").footer is not None
            before = None if is_complete else f"{number}.jsonl"  # all of it is sent: start anew
            number += 1
            if is_complete:
                wrong = _billed_twice(times_sent.copy(), url)
                times_sent.clear()
                if wrong:
                    return wrong
        return _billed_twice(times_sent.copy(), url)


def _billed_twice(times_sent: Counter[str], url: str) -> list[str]:
    """Return what was sent more than once, unless this provider refuses it: that costs nothing."""
    twice = {body: times for body, times in times_sent.items() if times > 1}
    return [f"sent {times} times: {body}" for body, times in twice.items() if _paints(url, body)]


def _paints(url: str, body: str) -> bool:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    return httpx.post(f"{url}/images/generations", content=body, headers=headers).is_success


def _damage(path: Path, running: LiveProcess) -> list[str]:
    try:
        read_run(path)
    except RunFileError as error:
        return [f"{error}: {running.said}"]
    return []


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        found = kill_often(Path(place), kills=int(sys.argv[1]), seed=int(time.time()))
    sys.stdout.writelines(
        f"{line}\n" for line in found or ["nothing that is billed was sent twice"]
    )
    sys.exit(bool(found))
