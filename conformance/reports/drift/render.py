"""Drift in words: one screen, Markdown for a CI job and an issue, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

from rich.console import Console

from conformance.output.counting import join_names, write_count
from conformance.output.tables import Paper
from conformance.reports.drift.model import ABSENT, Alarm, ChangeKind, Drift, DriftChange
from conformance.reports.formatting import json_document, moment
from conformance.reports.markdown import fill
from conformance.reports.page.requests import shown_request
from conformance.results.editions import explain_command
from conformance.results.run_file import Run

SCHEMA = 1
"""Version of the JSON form, which is published in ``schemas/drift.schema.json``."""

_SECTIONS = {
    ChangeKind.REGRESSION: ("Regressions", "bold red", 5),
    ChangeKind.UNRELIABLE: ("Became unreliable", "bold red", 3),
    ChangeKind.FIXED: ("Fixed", "green", 3),
    ChangeKind.INFORMATION: ("New information", "cyan", 6),
    ChangeKind.NOISE: ("Provider noise", "magenta", 3),
}
"""The title of each class, its style, and how many are shown: together they fill one screen."""

_MOST_NOTES = 3
_BROKEN = ("FAIL", "deviates")
_OF_A_MODEL = ("model", "latency", "price", "slow answer")


def where_seen(change: DriftChange) -> str:
    """Say on which models a change was seen, and in how many answers."""
    if change.what in _OF_A_MODEL:
        return ""
    where = f" on {join_names(change.models)}" if change.models else ""
    noun = "case" if change.what in ("verdict", "reliability") else "answer"
    if change.what == "verdict" and not change.subject:
        noun = "finding"  # of many clauses, for one reason
    example = "" if change.count == 1 else "e.g. "
    case = f", {example}{change.cases[0]}" if change.cases else ""
    return f"{where} ({write_count(change.count, noun)}{case})"


def what_changed(change: DriftChange) -> str:
    """Say what it was and what it is; of what is new or gone, that it came or went."""
    if change.what == "verdict" and not change.before:
        return change.after
    if change.what == "model" and change.after == ABSENT:
        return f"gone, {change.before} before"
    if change.what == "model":
        return f"new, {change.after}" if change.before == ABSENT else change.after
    if change.before == ABSENT:
        value = "" if change.after == "present" else f" ({change.after})"
        return f"added, {change.after}" if change.what == "verdict" else f"came{value}"
    if change.after == ABSENT:
        return f"removed, was {change.before}" if change.what == "verdict" else "went"
    return f"{change.before} -> {change.after}"


def provider_prefix(change: DriftChange, report: Drift) -> str:
    """Name the provider, where there are several."""
    several = len(report.new.header.providers) > 1
    return f"{change.provider}: " if several else ""


def certainty(change: DriftChange) -> str:
    """Say how sure a regression is."""
    if change.kind is not ChangeKind.REGRESSION:
        return ""
    if not change.confirmed:
        return "unconfirmed: seen once, live"
    of = f"{change.sure} of {change.count} " if change.sure < change.count else ""
    if change.repeats:
        return f"{of}confirmed, broken again {write_count(change.repeats, 'time')}"
    return f"{of}confirmed, the answer is the same each time"


def side(runs: Sequence[Run]) -> str:
    """Say which runs stand on one side, and when they were made."""
    last = runs[-1].header
    modes = join_names(sorted({provider.mode for provider in last.providers}))
    names = join_names([provider.id for provider in last.providers], 5)
    of = f", the last of {len(runs)} nights" if len(runs) > 1 else ""
    return f"{moment(last.started)} ({names}, {modes}{of})"


def tally(report: Drift) -> str:
    """Count the changes of each class."""
    unreliable = len(report.of(ChangeKind.UNRELIABLE))
    numbers = [
        write_count(len(report.of(ChangeKind.REGRESSION)), "regression"),
        *([f"{unreliable} became unreliable"] if unreliable else []),
        f"{len(report.of(ChangeKind.FIXED))} fixed",
        f"{len(report.of(ChangeKind.INFORMATION))} new",
        f"{len(report.of(ChangeKind.NOISE))} noise",
    ]
    return ", ".join(numbers)


def closing(report: Drift) -> str:
    """Say in one sentence whether something got worse."""
    regressions = report.regressions
    if regressions:
        adjective = "" if report.unconfirmed_too else "confirmed "
        return f"{write_count(len(regressions), adjective + 'regression')}: something got worse."
    if unreliable := report.of(ChangeKind.UNRELIABLE):
        names = join_names(list(dict.fromkeys(change.subject for change in unreliable)), 3)
        return f"Became unreliable: {names}; something got worse."
    if report.unjudged:
        return f"It could not be judged whether something got worse: {'; '.join(report.unjudged)}."
    waiting = len(report.of(ChangeKind.REGRESSION))
    if waiting:
        several = write_count(waiting, "regression waits", "regressions wait")
        return f"No confirmed regression; {several} for confirmation (run with --confirm 3)."
    same = f"{write_count(report.compared, 'finding')} compared"
    news = report.of(ChangeKind.INFORMATION)
    known = [change for change in news if (change.what, change.before) == ("verdict", "known")]
    unexcused = [change.subject for change in known if change.after in _BROKEN]
    if unexcused:  # a deviation was removed or ran out, and its promise is broken still
        names = join_names(list(dict.fromkeys(unexcused)), 3)
        reason = "no known deviation excuses any more what is broken"
        return f"No regression, but {reason}: {names}; {same}."
    return f"Nothing got worse: {same}."


_PHRASES = {
    phrase.__name__: phrase
    for phrase in (
        certainty, explain_command, side, tally, what_changed, where_seen, provider_prefix,
    )
}  # fmt: skip


def drift_markdown(report: Drift) -> str:
    """Write a drift as GitHub-flavoured Markdown."""
    sections = [(title, report.of(kind)) for kind, (title, *_) in _SECTIONS.items()]
    values = {"report": report, "phrases": _PHRASES, "sections": sections}
    return fill("drift.md.jinja", {**values, "closing": closing(report)})


def _curl(alarm: Alarm, report: Drift) -> str | None:
    """Return the command that sends a request of the first regression whose request is known."""
    for change in alarm.regressions:
        for model, case in product(change.models, change.cases):
            exchange = report.new.exchanges.get(f"{change.provider}/{model}/{case}")
            request = shown_request(exchange.request, None) if exchange else {}
            if "curl" in request:
                return str(request["curl"])
    return None


def drift_json(report: Drift) -> str:
    """Write a drift as JSON."""
    value = {
        "schema": SCHEMA,
        "bases": [_run(base) for base in report.bases],
        "new": _run(report.new),
        "exit_code": report.exit_code,
        "conclusion": closing(report),
        "compared": report.compared,
        "explained": report.explained,
        "counts": {kind.value: len(report.of(kind)) for kind in ChangeKind},
        "notes": report.notes,
        "unjudged": report.unjudged,
        "changes": [_change(change) for change in report.changes],
        "providers": [_alarm(alarm, report) for alarm in report.alarms],
    }
    return json_document(value)


def _run(run: Run) -> dict[str, Any]:
    head = run.header
    return {
        "id": head.id,
        "started": head.started,
        "tool": head.tool,
        "edition": head.edition.id,
        "digest": head.edition.digest,
        "providers": [provider.id for provider in head.providers],
        "complete": run.complete,
    }


def _change(change: DriftChange) -> dict[str, Any]:
    value = asdict(change)
    del value["sure"]
    return {"class": value.pop("kind"), **value, "level": change.level or None}


def _alarm(alarm: Alarm, report: Drift) -> dict[str, Any]:
    """Return the issue about one provider's regressions, if there is one to be opened."""
    values = {"alarm": alarm, "report": report, "phrases": _PHRASES, "curl": _curl(alarm, report)}
    is_raised = bool(alarm.clauses)
    return {
        "id": alarm.provider,
        "judged": alarm.judged,
        "clauses": alarm.clauses,
        "waiting": alarm.waiting,
        "kept": alarm.kept,
        "fingerprint": alarm.fingerprint if is_raised else None,
        "title": alarm.title if is_raised else None,
        "body": fill("issue.md.jinja", values) if is_raised else None,
    }


def print_drift(report: Drift, console: Console) -> None:
    """Print what changed on one screen, the gravest first."""
    paper = Paper(console)
    paper.line((side([report.new]), "bold"), f" against {side(report.bases)}")
    for note in report.notes[:_MOST_NOTES]:
        paper.line((note, "yellow"))
    paper.line((tally(report), "bold"))
    for kind, (title, style, limit) in _SECTIONS.items():
        if changes := report.of(kind):
            paper.title(f"{title} ({len(changes)})")
            for change in changes[:limit]:
                _print_change(paper, change, report, style)
            paper.more(len(changes) - limit, ": --format md shows them")
    style = ("bold green", "bold red", "bold magenta")[report.exit_code]
    console.print()
    paper.line((closing(report), style))


def _print_change(paper: Paper, change: DriftChange, report: Drift, style: str) -> None:
    verdict, regression = change.what == "verdict", change.kind is ChangeKind.REGRESSION
    name = change.subject if verdict else " ".join(filter(None, (change.what, change.subject)))
    paper.line(
        provider_prefix(change, report),
        (f"{change.level} " if change.level else "", style),
        (name, "bold"),
        f"{': ' if name else ''}{what_changed(change)}{where_seen(change)}",
        indent=2,
    )
    by_reason = verdict and not change.subject
    if regression or by_reason or change.what in ("latency", "price", "reliability"):
        why = "; ".join(filter(None, (certainty(change), change.message)))
        paper.line(why or "no reason given", indent=6)
