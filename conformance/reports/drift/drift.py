"""All that changed between the nights before and a new run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from conformance.findings import DECIDED, TELLING, Finding
from conformance.output.counting import join_names, write_count
from conformance.reports.drift.answers import answer_changes
from conformance.reports.drift.baseline import (
    Baseline,
    Counts,
    absences,
    baseline_of,
    check,
    providers_of,
    retirements,
    vanished_musts,
)
from conformance.reports.drift.model import ABSENT, ChangeKind, Drift, DriftChange
from conformance.reports.drift.outliers import range_changes
from conformance.reports.drift.reliability import became_unreliable, subjects_of
from conformance.reports.drift.verdicts import flaky_exchanges, verdict_changes
from conformance.reports.wording import changed_under_its_name, lack_of
from conformance.results.baselines import sort_by_start
from conformance.results.conclusion import Reasons
from conformance.results.reach import ColumnKey
from conformance.results.run_file import Run
from conformance.results.selection import extent, is_part, selection_globs
from conformance.results.standings import retired_in, standings_of

_ORDER = {kind: rank for rank, kind in enumerate(ChangeKind)}
_WHAT = (
    "model", "verdict", "status", "price", "latency", "image host", "image type", "error",
    "header", "header value", "field", "slow answer", "reliability",
)  # fmt: skip
_MOST_LOST = 0.5  # the share of a model's findings that may be undecided now


def drift(bases: Sequence[Run], new: Run, unconfirmed_too: bool = False) -> Drift:
    """Return what changed; raises `DriftError` for runs that cannot be compared.

    Of several `bases`, in any order, the last that decided a promise stands for what was.
    """
    bases = tuple(sort_by_start(bases))
    check(bases, new)
    baseline = baseline_of(bases)
    # only then did what one side lacks come or go, and was not just left out
    both_whole = new.complete and bases[-1].complete and _same_selection(bases[-1], new)
    missing, left_out = absences(baseline, new)
    absent = {*missing, *left_out, *retired_in(new)}
    unreliable = became_unreliable(bases, new)
    subjects = subjects_of(unreliable)
    flaky = flaky_exchanges(new, subjects)
    verdicts, explained = verdict_changes(baseline, new, both_whole, absent, subjects, flaky)
    changes = [
        *unreliable,
        *_vanished(missing),
        *retirements(bases[-1], new),
        *verdicts,
        *answer_changes(baseline, new, flaky),
        *range_changes(bases, new),
    ]
    return Drift(
        bases=bases,
        new=new,
        changes=tuple(sorted(changes, key=_rank)),
        compared=sum(
            finding.verdict in DECIDED and baseline.findings[finding.id].verdict in DECIDED
            for finding in new.findings
            if finding.id in baseline.findings
        ),
        explained=explained,
        notes=(*_notes(bases[-1], new, left_out), *_endings(new)),
        unjudged=tuple(_unjudged(baseline, new, missing, absent)),
        unconfirmed_too=unconfirmed_too,
    )


def _vanished(missing: Counts) -> Iterator[DriftChange]:
    """Yield the models that were asked for again, and of which nothing was found."""
    for (provider, model), count in missing.items():
        yield DriftChange(
            kind=ChangeKind.INFORMATION,
            what="model",
            provider=provider,
            subject=model,
            before=f"{write_count(count, 'finding')} judged",
            after=ABSENT,
            models=(model,),
            count=count,
        )


def _rank(change: DriftChange) -> tuple[int, bool, int, int]:
    """Put first what a person must see: of a class, what is sure, rare in kind and widespread."""
    rank = _WHAT.index(change.what)
    if change.what == "verdict" and ABSENT in (change.before, change.after):
        rank = len(_WHAT)  # a new version of the suite has many of these
    return _ORDER[change.kind], not change.confirmed, rank, -change.count


def _same_selection(base: Run, new: Run) -> bool:
    """Return whether both were to judge the same, so that what is missing was not left out."""
    return base.header.selection == new.header.selection and providers_of(base) == providers_of(new)


def _notes(last: Run, new: Run, left_out: Counts) -> Iterator[str]:
    """Say what else is not the same, and may be why something changed."""
    if last.header.started > new.header.started:
        yield "NEW was made before BASE: read every change the other way round."
    if last.header.tool != new.header.tool:
        tools = f"{last.header.tool}, then {new.header.tool}"
        yield f"The suite changed too ({tools}): a change may be its doing."
    was, now = last.header.edition, new.header.edition
    if was.digest and now.digest and was.digest != now.digest:
        yield changed_under_its_name(now.id, [was.digest, now.digest])
    if not _same_selection(last, new):
        yield "The runs were to judge different things: only what both judged is compared."
    if left_out:
        globs = [f"{name} {glob}" for name, glob in selection_globs(new).items()]
        findings = write_count(sum(left_out.values()), "finding")
        names = join_names([f"{provider} {model}" for provider, model in left_out])
        yield f"Not chosen by NEW ({', '.join(globs)}): {findings} of {names}."
    if not last.complete:
        yield f"BASE {lack_of(last)}: what it lacks is not reported as added."
    known = {provider.id: provider for provider in last.header.providers}
    for provider in new.header.providers:
        for name in ("mode", "base_url") if provider.id in known else ():
            was, now = getattr(known[provider.id], name), getattr(provider, name)
            if was != now:
                yield f"{provider.id}: {name} was {was}, and is {now}."


def _endings(new: Run) -> Iterator[str]:
    """Say which models end within a month, or did while the run was under way."""
    retired = retired_in(new)
    for (provider, model), standing in standings_of(new.header.providers).items():
        if standing.words and not standing.retired:
            meanwhile = (provider, model) in retired
            over = " It did while the run was under way." if meanwhile else ""
            yield f"{provider} {model} {standing.words}.{over}"


def _unjudged(
    baseline: Baseline, new: Run, missing: Counts, absent: Collection[ColumnKey]
) -> Iterator[str]:
    """Say why it cannot be known from these runs that nothing got worse."""
    if new.interrupted:
        yield "the new run did not come to its end"
    elif is_part(new):
        yield f"the new run judged only a part ({extent(new)})"
    was = Counter(
        finding.provider for finding in baseline.findings.values() if finding.verdict in DECIDED
    )
    now = {finding.provider for finding in new.findings if finding.verdict in DECIDED}
    silent = [name for name in was if name in providers_of(new) and name not in now]
    for provider in silent:
        yield f"nothing of {provider} could be judged, of {write_count(was[provider], 'finding')}"
    for (provider, model), count in missing.items():
        if provider not in silent:
            findings = write_count(count, "finding")
            yield f"nothing of {provider} {model} was judged, of {findings} before"
    yield from _mostly_undecided(baseline, new, silent)
    yield from vanished_musts(baseline, new, {*silent, *absent})
    if not was:
        yield "nothing was judged before, so nothing can have changed"


def _mostly_undecided(baseline: Baseline, new: Run, silent: Sequence[str]) -> Iterator[str]:
    """Name the models of which most cannot be compared; not those of providers that are out."""
    retired, now = retired_in(new), {finding.id: finding for finding in new.findings}
    known = [baseline.findings[name] for name in now if name in baseline.findings]
    for (provider, model), (lost, total) in _undecided(known, now).items():
        is_over = provider in silent or (provider, model) in retired
        if not is_over and lost > total * _MOST_LOST:
            findings = write_count(total, "finding")
            yield f"{lost:,} of {findings} of {provider} {model} could not be compared"
    decided = (finding for finding in baseline.findings.values() if finding.verdict in DECIDED)
    judged_before = {finding.provider for finding in decided}
    for (provider, model), (lost, total) in _undecided(now.values(), baseline.findings).items():
        if provider in judged_before and lost > total * _MOST_LOST:
            findings = write_count(total, "finding")
            yield f"{lost:,} of {findings} of {provider} {model} were not decided before"


def _undecided(
    findings: Iterable[Finding], other_findings: Mapping[str, Finding]
) -> dict[ColumnKey, tuple[int, int]]:
    """Count by model: findings that were decided, and those of them that were not in another run.

    What something broken on the same exchange explains is not counted: that is reported itself.
    """
    reasons = Reasons(other_findings.values())
    counts: dict[ColumnKey, tuple[int, int]] = {}
    for finding in findings:
        other = other_findings.get(finding.id)
        if other is not None and finding.verdict in DECIDED:
            undecided, total = counts.get(finding.column, (0, 0))
            is_open = other.state not in TELLING and not reasons.explain(other)
            counts[finding.column] = undecided + is_open, total + 1
    return counts
