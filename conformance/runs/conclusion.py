"""What a run comes to: whether it conforms, does not, or could not be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum

from conformance.findings import (
    ACCEPTED_INSTEAD,
    BROKEN,
    DECIDED,
    UNDECIDED,
    Finding,
    Verdict,
)


class Conclusion(IntEnum):
    """The exit codes of the command and of pytest with the plugin."""

    CONFORMS = 0
    BREAKS = 1
    NOT_JUDGED = 2

    @property
    def sentence(self) -> str:
        """The conclusion in words."""
        return ("it conforms", "it does not conform", "it could not be judged")[self]


def conclude(findings: Sequence[Finding]) -> Conclusion:
    """Give the exit code for some findings.

    A broken MUST that nobody knew of breaks. What could not be decided is not green, unless
    what is broken on the same exchange, or on its control, says why: see `Reasons`.
    """
    if any(each.verdict is Verdict.FAIL and not each.excused for each in findings):
        return Conclusion.BREAKS
    if undecided(findings) or not findings:
        return Conclusion.NOT_JUDGED
    return Conclusion.CONFORMS


def conclude_recordings(verdicts: Collection[Verdict], whole: bool) -> Conclusion:
    """Give the exit code for what others recorded; `whole` is whether all of it could be read.

    That some cannot be tested is the nature of recordings: keys are taken out, there are no
    controls. Where nothing at all was decided, it could not be judged.
    """
    if Verdict.FAIL in verdicts:
        return Conclusion.BREAKS
    if (
        Verdict.HARNESS_ERROR in verdicts
        or not whole
        or not any(map(DECIDED.__contains__, verdicts))
    ):
        return Conclusion.NOT_JUDGED
    return Conclusion.CONFORMS


def undecided(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that are neither decided nor explained by another finding."""
    reasons = Reasons(findings)
    found = [each for each in findings if _is_undecided(each, reasons)]
    return found or _nothing_judged(findings)


def _is_undecided(finding: Finding, reasons: Reasons) -> bool:
    undecided = finding.verdict in UNDECIDED or finding.verdict is Verdict.HARNESS_ERROR
    return undecided and not reasons.explain(finding)


class Reasons:
    """What is broken, and so says why something else could not be judged."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        every = list(findings)
        failed = [each for each in every if each.verdict is Verdict.FAIL]
        self._excused = {_exchange(e) for e in every if e.excused and e.verdict in UNDECIDED}
        self._errors = {_exchange(each) for each in failed if _is_about_outages(each)}
        self._must = {_exchange(each) for each in failed}
        self._broken = {_exchange(each) for each in every if each.verdict in BROKEN}

    def stand_at(self, finding: Finding) -> bool:
        """Whether anything is broken, or known, where a finding is or would be."""
        return bool({_exchange(finding), _control(finding)} & (self._broken | self._excused))

    def explain(self, finding: Finding) -> bool:
        """Whether a finding is undecided and needs no other reason.

        A SHOULD that is broken is none for a MUST, but where it is that an error did not come.
        An answer that is no verdict at all (5xx) is one where that itself is the broken promise,
        or is known beside the provider; what was not run or is flaky has no excuse.
        """
        where = {_exchange(finding), _control(finding)}
        if finding.verdict not in UNDECIDED:
            return False
        if where & self._excused:
            return True
        if finding.verdict is Verdict.UNAVAILABLE:
            return bool(where & self._errors)
        if finding.verdict is not Verdict.NOT_TESTABLE:
            return False
        lenient = finding.level != "MUST" or finding.message == ACCEPTED_INSTEAD
        return bool(where & (self._broken if lenient else self._must))


def _is_about_outages(finding: Finding) -> bool:
    """Whether a broken promise is that nothing came: of an error, or of a valid request."""
    return finding.clause.startswith("errors.") or finding.clause == "parameters.valid-accepted"


def _nothing_judged(findings: Sequence[Finding]) -> list[Finding]:
    judged = any(each.verdict in DECIDED for each in findings)
    return [] if judged else list(findings)


def _exchange(finding: Finding) -> tuple[str, str, str]:
    return finding.provider, finding.model, finding.case


def _control(finding: Finding) -> tuple[str, str, str]:
    return finding.provider, finding.model, finding.control or ""


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by verdict."""
    found = Counter(each.verdict for each in findings)
    return {verdict.value: found[verdict] for verdict in Verdict if found[verdict]}
