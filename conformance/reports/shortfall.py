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
from conformance.output.counting import join_names, write_count
from conformance.output.printing import printable
from conformance.reports.grouping import group_by
from conformance.reports.summary import Row, Summary
from conformance.results.reach import ENOUGH, NOTHING, ColumnKey
from conformance.results.records import ExchangeRecord

_AT_ONCE = re.compile(
    r"concurren|at once|simultan|parallel|in[ -]flight|at (?:the same|a) time|并发|並發|同时|同時",
    re.IGNORECASE,
)
_LONGEST = 1000  # characters of a reason, at whose end a remedy may stand
_REMEDY = {
    Verdict.NOT_RUN: (
        "continue with --resume and another --output, and allow more where --budget or "
        "--max-requests was reached"
    ),
    Verdict.UNAVAILABLE: "run again when the provider answers",
    Verdict.FLAKY: "repeat it with a larger --confirm",
    Verdict.NOT_TESTABLE: "first mend what it builds on",
    Verdict.HARNESS_ERROR: "mend the cassette, or report a fault of the suite",
}
_REMEDY_OF_CAUSE = {
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
        counts = [(row.model, row.kept["MUST"]) for row in rows]
        models = join_names([f"{model} ({kept.decided} of {kept.total})" for model, kept in counts])
        too_little = f"less than {ENOUGH} % of the MUSTs that bind were decided on {models}"
        yield f"{provider}: {too_little}{_why(summary, provider, rows)}."


def _why(summary: Summary, provider: str, rows: Sequence[Row]) -> str:
    """Return the commonest reason, counted in promises, and what to do about it."""
    open_musts = {
        (row.column, clause)
        for row in rows
        for clause, promise in row.promises.items()
        if promise.cell.verdict in _REMEDY
    }
    promises: dict[tuple[Verdict, str], set[tuple[ColumnKey, str]]] = {}
    for finding in summary.merged.findings:
        undecided = finding.verdict in UNDECIDED or finding.verdict is Verdict.HARNESS_ERROR
        promise = finding.column, finding.clause
        if finding.level == "MUST" and undecided and promise in open_musts:
            promises.setdefault((finding.verdict, finding.message), set()).add(promise)
    if not promises:
        return ""
    verdict, message = max(promises, key=lambda reason: len(promises[reason]))
    count = len(promises[verdict, message])
    findings = [
        finding
        for finding in summary.merged.findings
        if (finding.provider, finding.verdict, finding.message) == (provider, verdict, message)
    ]
    open_count = sum(row.kept["MUST"].total - row.kept["MUST"].decided for row in rows)
    mostly = "mostly" if 2 * count > open_count else "among others"
    words = printable(message, _LONGEST) or "no reason given"
    is_known = all(row.kept["MUST"].accounted for row in rows)
    if is_known or all(finding.blocked_by or finding.excused for finding in findings):
        remedy = "mend what is known to deviate"
    else:
        remedy = _remedy(summary, findings)
    because = repr(words)
    # what is wrong with the run as a whole has its own section: it is not said here once more
    if any(problem in message for problem in summary.merged.problems):
        because, remedy = "of what is wrong with the run as a whole", "first mend that"
    return (
        f", {mostly} ({write_count(count, 'promise')}) because {because}; to decide more, {remedy}"
    )


def _remedy(summary: Summary, findings: Sequence[Finding]) -> str:
    """Return what the user can do: nobody can send a recording again, or wait for a wrong key.

    All `findings` of one provider have the same verdict and reason.
    """
    provider, verdict, message = findings[0].provider, findings[0].verdict, findings[0].message
    if any(origin.provider == provider and origin.mode == "foreign" for origin in summary.origins):
        if message.startswith(NO_DOWNLOADS):
            return "record the downloads of the image URLs as well, in the same file"
        if message == NO_TEXT:
            return "record each body as text, as it was sent"
        return "judge recordings that show more"
    # a limit comes first: a run that it ended has a problem as well, which asking slowly mends
    limited = verdict is Verdict.UNAVAILABLE or (verdict is Verdict.NOT_RUN and "429" in message)
    if limited and (slower := _slower(summary, provider)):
        return slower
    if any(problem.startswith(f"provider {provider!r}") for problem in summary.merged.problems):
        return "first mend what is wrong with the run as a whole"
    explained = {(group.provider, group.verdict, group.reason) for group in summary.explained}
    if (provider, verdict, message) in explained:
        return "first mend what is broken"
    if verdict is not Verdict.NOT_TESTABLE:
        return _REMEDY[verdict]
    if message.startswith(OF_WHO_ASKS):
        return "ask with a key that may use all of it, or have mistakes refused with 400"
    if message.startswith(ANOTHER_REASON):
        return "run again when the provider refuses for that reason no longer"
    return _REMEDY_OF_CAUSE.get(_commonest_cause(summary, findings) or "", _REMEDY[verdict])


def _commonest_cause(summary: Summary, findings: Sequence[Finding]) -> str | None:
    """Return for which cause most requests, or else their controls, were not accepted."""
    runs = summary.merged.runs
    causes = {path: exchange.cause for run in runs for path, exchange in run.exchanges.items()}
    counts = Counter(
        causes.get(finding.path) or causes.get(finding.control_path) for finding in findings
    )
    return counts.most_common(1)[0][0]


def _slower(summary: Summary, provider: str) -> str:
    """Return how to ask more slowly, where several requests at once met a limit; else nothing."""
    exchanges = (exchange for run in summary.merged.runs for exchange in run.exchanges.values())
    live = (exchange for exchange in exchanges if exchange.provenance == "live")
    sent = [exchange for exchange in live if exchange.provider == provider]
    given_up = [exchange for exchange in sent if exchange.outcome == Verdict.UNAVAILABLE.value]
    limited = [exchange for exchange in given_up if exchange.cause == "rate-limit"]
    if 2 * len(limited) <= len(given_up) or not _overlap(sent):
        return ""
    if 2 * sum(_AT_ONCE.search(exchange.said) is not None for exchange in limited) > len(limited):
        return "run again with --concurrency 2, or 1: the provider takes few requests at once"
    return "run again with a smaller --concurrency, or requests_per_minute in the provider's file"


def _overlap(sent: Sequence[ExchangeRecord]) -> bool:
    """Return whether a request was sent before the answer to another had come."""
    times: list[tuple[float, float]] = []
    for exchange in sent:
        with suppress(ValueError, OverflowError):  # a run file may be anybody's
            start = datetime.fromisoformat(exchange.sent_at or "").timestamp()
            times.append((start, exchange.elapsed or 0.0))
    return any(start + elapsed > after for (start, elapsed), (after, _) in pairwise(sorted(times)))
