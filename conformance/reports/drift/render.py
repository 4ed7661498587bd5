"""A change in words, the same for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.reports.drift.model import Change, Drift, Kind
from conformance.reports.formatting import moment
from conformance.reports.wording import counted, listed
from conformance.results.run_file import Run

TITLES = {
    Kind.REGRESSION: "Regressions",
    Kind.FIXED: "Fixed",
    Kind.INFORMATION: "New information",
    Kind.NOISE: "Provider noise",
}
_BROKEN = ("FAIL", "deviates")
_OF_A_MODEL = ("model", "latency", "price", "slow answer")


def place(change: Change) -> str:
    """Say on which models a change was seen, and in how many answers."""
    if change.what in _OF_A_MODEL:
        return ""
    where = f" on {listed(change.models)}" if change.models else ""
    noun = "case" if change.what == "verdict" else "answer"
    example = "" if change.count == 1 else "e.g. "
    case = f", {example}{change.cases[0]}" if change.cases else ""
    return f"{where} ({counted(change.count, noun)}{case})"


def what_changed(change: Change) -> str:
    """Say from what to what; of what was not there before or is not now, that it came or went."""
    if change.what == "verdict" and not change.before:
        return change.after
    if change.what == "model":
        return f"gone, {change.before} before"
    if change.before == "absent":
        return "added, " + change.after if change.what == "verdict" else f"came{_as(change.after)}"
    if change.after == "absent":
        return f"removed, was {change.before}" if change.what == "verdict" else "went"
    return f"{change.before} -> {change.after}"


def _as(value: str) -> str:
    return "" if value == "present" else f" ({value})"


def subject(change: Change) -> str:
    """Name what changed."""
    return " ".join(each for each in (change.what, change.subject) if each)


def who(change: Change, found: Drift) -> str:
    """Name the provider, where there are several."""
    several = len(found.new.header.providers) > 1
    return f"{change.provider}: " if several else ""


def certainty(change: Change) -> str:
    """Say how sure a regression is."""
    if change.kind is not Kind.REGRESSION:
        return ""
    if not change.confirmed:
        return "unconfirmed: seen once, live"
    of = f"{change.sure} of {change.count} " if change.sure < change.count else ""
    if change.repeats:
        return f"{of}confirmed, broken again {counted(change.repeats, 'time')}"
    return f"{of}confirmed, the answer is the same each time"


def side(runs: Sequence[Run]) -> str:
    """Say which runs stand on one side, and when they were made."""
    last = runs[-1].header
    modes = listed(sorted({each.mode for each in last.providers}))
    names = listed([each.id for each in last.providers], 5)
    of = f", the last of {len(runs)} nights" if len(runs) > 1 else ""
    return f"{moment(last.started)} ({names}, {modes}{of})"


def tally(found: Drift) -> str:
    """Count the changes of each class."""
    numbers = [
        counted(len(found.of(Kind.REGRESSION)), "regression"),
        f"{len(found.of(Kind.FIXED))} fixed",
        f"{len(found.of(Kind.INFORMATION))} new",
        f"{len(found.of(Kind.NOISE))} noise",
    ]
    return ", ".join(numbers)


def closing(found: Drift, unconfirmed_too: bool = False) -> str:
    """Say in one sentence what it comes to."""
    wrong = found.regressions(unconfirmed_too)
    if wrong:
        sure = "" if unconfirmed_too else "confirmed "
        return f"{counted(len(wrong), sure + 'regression')}: something got worse."
    if found.unjudged:
        return f"It could not be judged whether something got worse: {'; '.join(found.unjudged)}."
    waiting = len(found.of(Kind.REGRESSION))
    if waiting:
        several = counted(waiting, "regression waits", "regressions wait")
        return f"No confirmed regression; {several} for confirmation (run with --confirm 3)."
    same = f"{counted(found.compared, 'finding')} compared"
    bare = [each.subject for each in found.of(Kind.INFORMATION) if _no_longer_excused(each)]
    if bare:
        names = listed(list(dict.fromkeys(bare)), 3)
        gone = "no known deviation excuses any more what is broken"
        return f"No regression, but {gone}: {names}; {same}."
    return f"Nothing got worse: {same}."


def _no_longer_excused(change: Change) -> bool:
    """Whether a deviation was removed or ran out, and its promise is broken still."""
    return change.what == "verdict" and change.before == "known" and change.after in _BROKEN
