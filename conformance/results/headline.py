"""The one sentence about some runs; it never claims more than was judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.output.counting import write_count
from conformance.results.conclusion import Conclusion
from conformance.results.reach import NOTHING, Kept

MOST = 3  # providers that are named


@dataclass(frozen=True, slots=True)
class Headline:
    """What a conclusion is about, and how far it reaches."""

    subject: Sequence[str]  # providers
    conclusion: Conclusion
    known: int  # promises broken as known deviations
    reach: Sequence[Kept]  # over the MUSTs, a model each
    broken: bool = False  # anything that nobody knew of, if only a SHOULD
    part: bool = False  # less was judged than there is
    recorded: bool = False  # by others, who planned nothing
    retired: bool = False  # every model has ended, so that nothing else was asked

    @property
    def conforms(self) -> bool:
        """Return whether it may be said that the providers conform."""
        limited = self.part or self.recorded or self.retired
        if limited or self.conclusion is not Conclusion.CONFORMS:
            return False
        return bool(self.reach) and all(model.reaches for model in self.reach)

    @property
    def sentence(self) -> str:
        """The headline as one sentence that begins with the name of its subject."""
        *others, last = self.subject or ["the run"]
        name = f"{', '.join(others)} and {last}" if others else last
        if len(self.subject) > MOST:
            name = f"{len(self.subject)} providers"
        several = len(self.subject) > 1
        if self.conforms:
            aside = f" but for {deviations(self.known)}" if self.known else ""
            verdict = f"{name} conform{'' if several else 's'}{aside}"
        elif self.conclusion is Conclusion.BREAKS:
            verdict = f"{name} do{'' if several else 'es'} not conform"
        elif self.conclusion is Conclusion.NOT_JUDGED:
            verdict = f"{name} could not be judged"
        else:
            verdict = f"{name}: {self._nothing_broken()}"
        return f"{verdict}; {decided(self.total)}"

    @property
    def total(self) -> Kept:
        """The reach over all models."""
        return sum(self.reach, NOTHING)

    def _nothing_broken(self) -> str:
        sentence = "no MUST is broken" if self.broken else "nothing is broken"
        if self.known:
            subject = "no MUST is newly broken" if self.broken else "nothing new is broken"
            sentence = f"{subject}, {deviations(self.known)}"
        if self.retired:
            sentence += "; every model has ended, and nothing else was asked"
        if self.part:
            return f"{sentence}, in the part that was judged"
        return f"{sentence}, in what was recorded" if self.recorded else sentence


def deviations(count: int) -> str:
    """Count known deviations."""
    return write_count(count, "known deviation")


def decided(kept: Kept) -> str:
    """Describe how many MUSTs are kept and how many were decided, of those that bind."""
    if not kept.total:
        return "no MUST was judged"
    return f"{kept.kept:,} of {write_count(kept.total, 'MUST')} kept, {kept.decided:,} decided"
