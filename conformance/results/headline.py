"""The one sentence that says what runs come to; it never claims more than was judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        good = self.conclusion is Conclusion.CONFORMS and not self.part and not self.recorded
        good = good and not self.retired
        return good and bool(self.reach) and all(each.reaches for each in self.reach)

    @property
    def sentence(self) -> str:
        """The headline as one sentence that begins with the name of its subject."""
        name, several = self._name(), len(self.subject) > 1
        if self.conforms:
            aside = f" but for {deviations(self.known)}" if self.known else ""
            return f"{name} conform{'' if several else 's'}{aside}; {decided(self.total)}"
        if self.conclusion is Conclusion.BREAKS:
            return f"{name} do{'' if several else 'es'} not conform; {decided(self.total)}"
        if self.conclusion is Conclusion.NOT_JUDGED:
            return f"{name} could not be judged; {decided(self.total)}"
        return f"{name}: {self._nothing_broken()}; {decided(self.total)}"

    @property
    def total(self) -> Kept:
        """The reach over all models."""
        return sum(self.reach, NOTHING)

    def _nothing_broken(self) -> str:
        said = "no MUST is broken" if self.broken else "nothing is broken"
        if self.known:
            what = "no MUST is newly broken" if self.broken else "nothing new is broken"
            said = f"{what}, {deviations(self.known)}"
        if self.retired:
            said = f"{said}; every model has ended, and nothing else was asked"
        if self.part:
            return f"{said}, in the part that was judged"
        return f"{said}, in what was recorded" if self.recorded else said

    def _name(self) -> str:
        if len(self.subject) > MOST:
            return f"{len(self.subject)} providers"
        *most, last = self.subject or ["the run"]
        return f"{', '.join(most)} and {last}" if most else last


def deviations(count: int) -> str:
    """Count known deviations."""
    return f"{count:,} known deviation{'' if count == 1 else 's'}"


def decided(kept: Kept) -> str:
    """Describe how many MUSTs are kept and how many were decided, of those that bind."""
    if not kept.total:
        return "no MUST was judged"
    musts = "MUST" if kept.total == 1 else "MUSTs"
    return f"{kept.kept:,} of {kept.total:,} {musts} kept, {kept.decided:,} decided"
