"""What fuzzing found, and where it started from: each input keeps its target's promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.mutators import mutate
from fuzz.targets import TARGETS
from tests.extent import sample

CORPUS = Path(__file__).parent.parent / "fuzz" / "corpus"
INPUTS = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=[str(each.relative_to(CORPUS)) for each in INPUTS])
def test_input_keeps_the_promise_of_its_target(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_a_seed_and_every_input_a_target() -> None:
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
    assert all(path.stat().st_size < 64 * 1024 for path in INPUTS)


def test_mutations_keep_json_json_and_stay_within_their_size() -> None:
    seed = (CORPUS / "answers" / "seed-error").read_bytes()
    mutated = {mutate(seed, 4096, number) for number in range(200)}
    assert len(mutated) > 100
    assert all(len(each) <= 4096 for each in mutated)
    assert sum(b'{"error"' in each for each in mutated) > 50


@pytest.mark.parametrize("name", ["answers", "recordings", "run-files", "events", "json"])
def test_mutated_seeds_keep_the_promise_of_their_target(name: str) -> None:
    for path in sorted((CORPUS / name).iterdir()):
        for number in sample(range(6), 6):
            TARGETS[name](mutate(path.read_bytes(), 1 << 15, number))
