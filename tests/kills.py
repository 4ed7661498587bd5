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
from tests.live import KEY, watched
from tests.living import Running, wait_for

SELECTED = ("--budget", "9", "--cases", "[bnu]*", "--quiet", "--concurrency", "4")


def kill_often(folder: Path, kills: int, seed: int) -> list[str]:
    """Kill so many runs, each of which resumes the one before; returns what is wrong."""
    rng = random.Random(seed)
    asked: Counter[str] = Counter()
    with watched() as (url, eye):

        def count(body: Any) -> None:
            asked[json.dumps(body, sort_keys=True)] += 1

        eye.by_body = count
        killed, before, started = 0, None, 0
        while killed < kills:
            words = [*SELECTED, "--output", f"{started}.jsonl"]
            words += ["--resume", before] if before else []
            eye.pause, sent = rng.uniform(0, 0.15), eye.posts
            running, enough = Running(folder, url, *words), sent + rng.randint(1, 8)
            wait_for(lambda enough=enough, run=running: eye.posts >= enough or not run.alive)
            time.sleep(rng.uniform(0, 0.1))
            if running.alive:
                running.send(signal.SIGKILL)
                killed += 1
            running.wait()
            wrong = _damage(folder / f"{started}.jsonl", running)
            if wrong:
                return wrong
            done = read_run(folder / f"{started}.jsonl").footer is not None
            before = None if done else f"{started}.jsonl"  # all of it is sent: start anew
            started += 1
            if done:
                wrong = _billed_twice(asked.copy(), url)
                asked.clear()
                if wrong:
                    return wrong
        return _billed_twice(asked.copy(), url)


def _billed_twice(asked: Counter[str], url: str) -> list[str]:
    """Return what was sent more than once, unless this provider refuses it: that costs nothing."""
    twice = {body: times for body, times in asked.items() if times > 1}
    return [f"sent {times} times: {body}" for body, times in twice.items() if _paints(url, body)]


def _paints(url: str, body: str) -> bool:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    return httpx.post(f"{url}/images/generations", content=body, headers=headers).is_success


def _damage(path: Path, running: Running) -> list[str]:
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
