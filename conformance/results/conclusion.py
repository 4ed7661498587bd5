"""Concludes a run: it conforms, does not, or could not be judged; and says so in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum

from conformance.findings import (
    ACCEPTED_INSTEAD,
    BROKEN,
    DECIDED,
    NOT_ACCEPTED,
    UNDECIDED,
    Finding,
    Verdict,
)
from conformance.output.counting import write_count
from conformance.results.reach import NOTHING, ColumnKey, Explanations, Kept, musts_of, promises_of


class Conclusion(IntEnum):
    """The exit codes of the command and of pytest with the plugin."""

    CONFORMS = 0
    BREAKS = 1
    NOT_JUDGED = 2


def conclude(findings: Sequence[Finding]) -> Conclusion:
    """Return the exit code for some findings.

    A broken MUST that nobody knew of breaks. What could not be decided is not green, unless
    what is broken on the same exchange, or on its control, says why: see `Reasons`. Nor is a
    model of which too little was decided, unless known deviations say why.
    """
    if any(finding.verdict is Verdict.FAIL and not finding.excused for finding in findings):
        return Conclusion.BREAKS
    if undecided(findings) or not findings:
        return Conclusion.NOT_JUDGED
    if not any(finding.verdict in UNDECIDED for finding in findings):
        return Conclusion.CONFORMS  # as most do: all was decided
    return _conclude_by(reach_of(findings))


def _conclude_by(reach: Mapping[ColumnKey, Kept]) -> Conclusion:
    """Return that nothing is broken, unless of a model too little was decided and nothing says why.

    A part of a run may hold no MUST of a model at all: there is nothing to fall short of.
    """
    lacking = any(kept.total and not kept.accounted for kept in reach.values())
    return Conclusion.NOT_JUDGED if lacking else Conclusion.CONFORMS


def conclude_run(
    findings: Sequence[Finding], problems: Sequence[str], interrupted: bool
) -> Conclusion:
    """Return the exit code for a run: its findings, what is wrong with it, and how it ended."""
    conclusion = conclude(findings)
    if conclusion is not Conclusion.CONFORMS:
        return conclusion
    if interrupted:
        return Conclusion.NOT_JUDGED
    return Conclusion.BREAKS if problems else Conclusion.CONFORMS


def gravest(conclusions: Iterable[Conclusion]) -> Conclusion:
    """Return the gravest of some conclusions: what is broken outranks what was not judged."""
    order = (Conclusion.CONFORMS, Conclusion.NOT_JUDGED, Conclusion.BREAKS)
    return max(conclusions, key=order.index)


def conclude_recordings(
    findings: Sequence[Finding], all_read: bool, unknown_models: Collection[str] = ()
) -> Conclusion:
    """Return the exit code for what others recorded; `all_read` says that no part was unreadable.

    That some cannot be tested is the nature of recordings: keys are taken out, there are no
    controls. Of every model enough must have been decided, but of `unknown_models`: models that the
    edition does not have.
    """
    verdicts = {finding.verdict for finding in findings}
    if Verdict.FAIL in verdicts:
        return Conclusion.BREAKS
    # of a model that no document knows nothing but the common clauses can be judged
    known = [finding for finding in findings if finding.model not in unknown_models]
    judged = any(finding.verdict in DECIDED for finding in known)
    if Verdict.HARNESS_ERROR in verdicts or not all_read or not judged:
        return Conclusion.NOT_JUDGED
    return _conclude_by(musts_of(promises_of(known, explanations_in_recordings(known))))


def explanations(findings: Sequence[Finding]) -> Explanations:
    """Return the findings that could not be judged only because of something that is broken."""
    explained = explained_among(findings, undecided(findings))
    reasons = Reasons(findings if explained else ())
    known = frozenset(finding.id for finding in explained if reasons.are_known(finding))
    return Explanations(frozenset(finding.id for finding in explained), known)


def explained_among(findings: Iterable[Finding], open_ones: Iterable[Finding]) -> list[Finding]:
    """Return the undecided findings that are neither open nor excused: something broken is why."""
    open_ids = {finding.id for finding in open_ones}
    unjudged = (finding for finding in findings if finding.verdict in UNDECIDED)
    return [finding for finding in unjudged if not (finding.excused or finding.id in open_ids)]


def explanations_in_recordings(findings: Iterable[Finding]) -> Explanations:
    """Return what says nothing in recordings: it never undoes what another exchange shows."""
    undecided = frozenset(finding.id for finding in findings if finding.verdict in UNDECIDED)
    return Explanations(undecided)


def binding(findings: Sequence[Finding], accepted: Set[ColumnKey]) -> list[Finding]:
    """Leave out promises of recordings that only refused requests could have shown.

    Of models that `accepted` a request. There such a clause found nothing to judge in the answer,
    as where a member is documented and absent: one more 401 does not make it bind.
    """
    shown_in_answers = {
        (finding.column, finding.clause)
        for finding in findings
        if not (finding.verdict in UNDECIDED and finding.message.startswith(NOT_ACCEPTED))
    }
    return [
        finding
        for finding in findings
        if finding.column not in accepted or (finding.column, finding.clause) in shown_in_answers
    ]


def reach_of(findings: Sequence[Finding]) -> dict[ColumnKey, Kept]:
    """Return how far a run reached over the MUSTs of each model."""
    return musts_of(promises_of(findings, explanations(findings)))


def undecided(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are neither decided nor explained by another finding."""
    reasons = Reasons(findings)
    verdicts = {*UNDECIDED, Verdict.HARNESS_ERROR}
    unjudged = (finding for finding in findings if finding.verdict in verdicts)
    unexplained = [finding for finding in unjudged if not reasons.explain(finding)]
    if unexplained or any(finding.verdict in DECIDED for finding in findings):
        return unexplained
    return list(findings)  # where nothing was decided, nothing is explained


class Reasons:
    """What is broken, and so says why something else could not be judged."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        # exchanges, by what was found on them
        self._broken: set[str] = set()
        self._let_in: set[str] = set()  # broken, and that says why an answer came
        self._must: set[str] = set()
        self._errors: set[str] = set()  # a MUST is broken because no error came, or no image
        self._excused: set[str] = set()  # undecided, for a known reason
        known = []
        for finding in findings:
            if finding.verdict in BROKEN:
                self._broken.add(finding.path)
                if not _is_of_answer(finding):
                    self._let_in.add(finding.path)
            if finding.verdict is Verdict.FAIL:
                self._must.add(finding.path)
                if finding.clause.startswith("errors.") or finding.clause == _ACCEPTANCE:
                    self._errors.add(finding.path)
            if finding.excused:
                known.append(finding)
                if finding.verdict in UNDECIDED:
                    self._excused.add(finding.path)
        known.sort(key=_is_of_answer, reverse=True)  # what is not of the answer replaces what is
        self._deviations = {finding.path: finding.deviation for finding in known}

    def stand_at(self, finding: Finding) -> bool:
        """Return whether anything is broken, or known, where a finding is or would be."""
        return bool(_paths(finding) & (self._broken | self._excused))

    def are_known(self, finding: Finding) -> bool:
        """Return whether a known deviation stands where a finding is, or at its control."""
        return bool(finding.blocked_by or _paths(finding) & self._deviations.keys())

    def deviation_of(self, finding: Finding) -> str | None:
        """Return the known deviation where a finding is, or else at its control."""
        path, control = finding.path, finding.control_path
        return self._deviations.get(path) or self._deviations.get(control)

    def explain(self, finding: Finding) -> bool:
        """Return whether a finding is undecided and needs no other reason (ARCHITECTURE 5).

        A broken SHOULD explains no undecided MUST, unless it is that an error did not come. An
        outage (5xx) is explained only where that itself is the broken promise, or is known beside
        the provider. What was not run or is flaky has no excuse.
        """
        where = _paths(finding)
        if finding.verdict not in UNDECIDED:
            return False
        if finding.blocked_by or where & self._excused:
            return True
        if finding.verdict is Verdict.UNAVAILABLE:
            return bool(where & self._errors)
        if finding.verdict is not Verdict.NOT_TESTABLE:
            return False
        if finding.message == ACCEPTED_INSTEAD:
            # whatever let the request in says why no error came, a SHOULD as well
            return bool(where & self._let_in)
        return bool(where & (self._broken if finding.level != "MUST" else self._must))


_ANSWERS = frozenset({"base64", "envelope", "extras", "format", "image", "stream", "url"})
_ACCEPTANCE = "parameters.valid-accepted"


def _is_of_answer(finding: Finding) -> bool:
    """Return whether a promise is about an answer: that it is broken says not why it came."""
    return finding.clause.partition(".")[0] in _ANSWERS


def _paths(finding: Finding) -> set[str]:
    """Return where a reason for a finding may stand: on its exchange, or on its control's."""
    return {finding.path, finding.control_path}


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by verdict."""
    numbers = Counter(finding.verdict for finding in findings)
    return {verdict.value: numbers[verdict] for verdict in Verdict if numbers[verdict]}


_MOST_NAMED = 3  # providers that are named


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
        if len(self.subject) > _MOST_NAMED:
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
