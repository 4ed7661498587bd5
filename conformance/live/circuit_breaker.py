"""When a provider, or one of its models, is not asked any more: its requests come to nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

LEAST = 5
"""Valid requests in a row, each given up after all its attempts, after which more are in vain."""

LEAST_OF_ALL = 2 * LEAST
"""Requests in a row of any kind, a valid one among them, that say the same.

Mistakes alone say nothing: some answer each of them with 5xx, and that is to be judged.
"""

LONG_ENOUGH = 60.0
"""Seconds that they must have taken; with several requests at once that many fail in a moment.

Where nothing was ever decided, ten in a row need no minute: that is no outage of a moment.
"""

_ELSEWHERE = 3  # of them, to other models than the one that failed most, to doubt the provider
_MOST_REASONS = 3
_VAIN = "nothing more is sent there; look at the provider"


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation that was decided, or given up; moments in monotonic seconds."""

    model: str
    began: float
    ended: float
    why: str | None = None  # why it came to nothing; None where it was decided
    valid: bool = True  # whether it was to be accepted
    asks: frozenset[str] = frozenset()  # what it set: each parameter, and each with its value


def in_vain(provider: str, generations: Sequence[Generation]) -> tuple[str, str] | None:
    """Return what is not to be asked any more, by these requests, the newest first; else None.

    That is the provider by its name, or one model as `provider/model`, with a sentence. One
    model that is out says nothing of the others, however long it has been asked alone.
    """
    failed = _silence(generations)
    counts = Counter(generation.model for generation in failed)
    elsewhere = len(failed) - max(counts.values(), default=0)
    if elsewhere >= _ELSEWHERE and not _one_value(failed, generations):
        return provider, _sentence(provider, f"requests for {len(counts)} models", failed)
    model = generations[0].model
    of_model = [generation for generation in generations if generation.model == model]
    failed_of_model = _silence(of_model)
    if failed_of_model and not _one_value(failed_of_model, of_model):
        return f"{provider}/{model}", _sentence(provider, f"requests for {model}", failed_of_model)
    return None


def _silence(generations: Sequence[Generation]) -> list[Generation]:
    """Return what came to nothing since the last decision, if that is enough to stop; else none."""
    # a row of mistakes is no outage by itself: a 5xx to each is a finding (ARCHITECTURE 24)
    failed_valid = _in_a_row([generation for generation in generations if generation.valid], LEAST)
    failed = _in_a_row(generations, LEAST_OF_ALL)
    return failed_valid or (failed if any(generation.valid for generation in failed) else [])


def _one_value(failed: Sequence[Generation], generations: Sequence[Generation]) -> bool:
    """Return whether a failed request asks for something that no answered valid request had.

    Then it may be that alone which never works, and requests without it are worth sending.
    """
    answered = [
        generation for generation in generations if generation.valid and generation.why is None
    ]
    common = frozenset.intersection(*(generation.asks for generation in failed))
    return bool(answered and common.difference(*(generation.asks for generation in answered)))


def _in_a_row(generations: Sequence[Generation], least: int) -> list[Generation]:
    """Return the newest that came to nothing, where they are enough and took long enough."""
    failed = list(takewhile(lambda generation: generation.why is not None, generations))
    if len(failed) < least:
        return []
    earlier = generations[len(failed) :]
    if not earlier and len(failed) >= LEAST_OF_ALL:  # none was ever decided
        return failed
    began = min(generation.began for generation in failed)
    if earlier:
        began = max(began, earlier[0].ended)
    return failed if failed[0].ended - began >= LONG_ENOUGH else []


def _sentence(provider: str, subject: str, failed: Sequence[Generation]) -> str:
    reasons = list(dict.fromkeys(str(generation.why) for generation in failed))[:_MOST_REASONS]
    last = f"the last {len(failed)} {subject} came to nothing ({'; '.join(reasons)})"
    return f"provider {provider!r}: {last}; {_VAIN}"
