"""Where too little was decided to say that a model conforms, why, and what would raise it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import pairwise

from conformance.findings import (
    ANOTHER_REASON,
    NO_DOWNLOADS,
    NO_TEXT,
    OF_WHO_ASKS,
    UNDECIDED,
    Finding,
    Verdict,
)
from conformance.parsing import printable
from conformance.reports.formatting import listed
from conformance.reports.grouping import group_by
from conformance.reports.summary import Row, Summary
from conformance.results.reach import ENOUGH, NOTHING
from conformance.results.records import ExchangeRecord

_AT_ONCE = re.compile(
    r"concurren|at once|simultan|parallel|in[ -]flight|at (?:the same|a) time|并发|並發|同时|同時",
    re.IGNORECASE,
)
_LONGEST = 1000  # characters of a reason, at whose end a remedy may stand
_REMEDY = {
    Verdict.NOT_RUN: (
        "continue with --resume and another --output, or allow more with --budget or --max-requests"
    ),
    Verdict.UNAVAILABLE: "run again when the provider answers",
    Verdict.FLAKY: "repeat it with a larger --confirm",
    Verdict.NOT_TESTABLE: "mend first what it builds on",
    Verdict.HARNESS_ERROR: "mend the cassette, or report a fault of the suite",
}
_AGAIN = {
    "moderation": "run again when the provider moderates these prompts no longer",
    "quota": "run again when the account has quota again",
    "outage": "run again when the provider answers",
    "rate-limit": "run again when the provider answers",
}
"""What to do where something was not testable for a cause that no request is to blame for."""


def shortfalls(summary: Summary) -> Iterator[str]:
    """Yield a sentence for each provider with too little decided, and what would raise it."""
    unknown = summary.unknown
    judged = [row for row in summary.rows if row.kept.get("MUST", NOTHING).total]
    short = [row for row in judged if not row.kept["MUST"].reaches and row.column not in unknown]
    for provider, rows in group_by(short, lambda row: row.provider).items():
        numbers = [(row.model, row.kept["MUST"]) for row in rows]
        models = listed([f"{model} ({kept.decided} of {kept.total})" for model, kept in numbers])
        too_little = f"less than {ENOUGH} % of the MUSTs that bind were decided on {models}"
        yield f"{provider}: {too_little}{_why(summary, provider, rows)}."


def _why(summary: Summary, provider: str, rows: Sequence[Row]) -> str:
    """Return the commonest reason, counted in promises, and what to do about it."""
    ranked = _reasons(summary.merged.findings, rows)
    if not ranked:
        return ""
    (((verdict, message), count),) = ranked.most_common(1)
    reason = provider, verdict, message
    left = sum(row.kept["MUST"].total - row.kept["MUST"].decided for row in rows)
    mostly = "mostly" if 2 * count > left else "among others"
    promises = "1 promise" if count == 1 else f"{count} promises"
    words = printable(message, _LONGEST) or "no reason given"
    if all(row.kept["MUST"].accounted for row in rows) or _is_blocked(summary, reason):
        remedy = "mend what is known to deviate"
    else:
        remedy = _remedy(summary, provider, verdict, message)
    return f", {mostly} ({promises}) because {words!r}; to raise it {remedy}"


def _is_blocked(summary: Summary, reason: tuple[str, Verdict, str]) -> bool:
    """Return whether a known deviation blocks whatever was not decided for a reason."""
    findings = summary.merged.findings
    mine = [each for each in findings if (each.provider, each.verdict, each.message) == reason]
    return all(each.blocked_by or each.excused for each in mine)


def _reasons(findings: Sequence[Finding], rows: Sequence[Row]) -> Counter[tuple[Verdict, str]]:
    """Count for each reason the open MUSTs that have a finding with it."""
    open_ones = {
        (row.provider, row.model, clause)
        for row in rows
        for clause, promise in row.promises.items()
        if promise.cell.verdict in _REMEDY
    }
    reasons: dict[tuple[Verdict, str], set[tuple[str, str, str]]] = {}
    for each in findings:
        promise = each.provider, each.model, each.clause
        undecided = each.verdict in UNDECIDED or each.verdict is Verdict.HARNESS_ERROR
        if each.level == "MUST" and undecided and promise in open_ones:
            reasons.setdefault((each.verdict, each.message), set()).add(promise)
    return Counter({reason: len(promises) for reason, promises in reasons.items()})


def _remedy(summary: Summary, provider: str, verdict: Verdict, message: str) -> str:
    """Return what the user can do: nobody can send a recording again, or wait for a wrong key."""
    if any(each.provider == provider and each.mode == "foreign" for each in summary.origins):
        if message.startswith(NO_DOWNLOADS):
            return "record the downloads of the image URLs as well, in the same file"
        if message == NO_TEXT:
            return "record each body as text, as it was sent"
        return "judge recordings that show more"
    limited = verdict is Verdict.UNAVAILABLE or (verdict is Verdict.NOT_RUN and "429" in message)
    if limited and (slower := _slower(summary, provider)):
        return slower
    if any(each.startswith(f"provider {provider!r}") for each in summary.merged.problems):
        return "mend first what is wrong with the run as a whole"
    reason = provider, verdict, message
    if any((each.provider, each.verdict, each.reason) == reason for each in summary.explained):
        return "mend first what is broken"
    if verdict is Verdict.NOT_TESTABLE and message.startswith(OF_WHO_ASKS):
        return "ask with a key that may use all of it, or have mistakes refused with 400"
    if verdict is Verdict.NOT_TESTABLE and message.startswith(ANOTHER_REASON):
        return "run again when the provider refuses for that reason no longer"
    cause = _cause(summary, reason) if verdict is Verdict.NOT_TESTABLE else None
    return _AGAIN.get(cause or "", _REMEDY[verdict])


def _cause(summary: Summary, reason: tuple[str, Verdict, str]) -> str | None:
    """Return the commonest cause for which a request, or else its control, was not accepted."""
    known = {
        name: each.cause for run in summary.merged.runs for name, each in run.exchanges.items()
    }
    causes: Counter[str | None] = Counter()
    for each in summary.merged.findings:
        if (each.provider, each.verdict, each.message) == reason:
            mine, control = (
                known.get(f"{each.provider}/{each.model}/{case}")
                for case in (each.case, each.control)
            )
            causes[mine or control] += 1
    return causes.most_common(1)[0][0]


def _slower(summary: Summary, provider: str) -> str:
    """Return how to ask more slowly, where several requests at once met a limit; else nothing."""
    sent = [
        each
        for run in summary.merged.runs
        for each in run.exchanges.values()
        if each.provider == provider and each.provenance == "live"
    ]
    given_up = [each for each in sent if each.outcome == Verdict.UNAVAILABLE.value]
    limited = [each for each in given_up if each.cause == "rate-limit"]
    if 2 * len(limited) <= len(given_up) or not _overlap(sent):
        return ""
    if 2 * sum(_AT_ONCE.search(each.said) is not None for each in limited) > len(limited):
        return "run again with --concurrency 2, or 1: the provider takes few requests at once"
    return "run again with a smaller --concurrency, or requests_per_minute in the provider's file"


def _overlap(sent: Sequence[ExchangeRecord]) -> bool:
    """Return whether a request was sent before the answer to another had come."""
    times: list[tuple[float, float]] = []
    for each in sent:
        with suppress(ValueError, OverflowError):  # a run file may be anybody's
            began = datetime.fromisoformat(each.sent_at or "").timestamp()
            times.append((began, each.elapsed or 0.0))
    return any(start + elapsed > after for (start, elapsed), (after, _) in pairwise(sorted(times)))
