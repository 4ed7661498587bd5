"""All that changed between the nights before and a new run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from conformance.findings import DECIDED, TELLING, Finding, Verdict
from conformance.lifecycle import Standing
from conformance.output.counting import join_names, write_count
from conformance.output.printing import printable
from conformance.reports.drift.answers import answer_changes
from conformance.reports.drift.model import (
    ABSENT,
    NOT_ANSWERED,
    Baseline,
    ChangeKind,
    Drift,
    DriftChange,
    DriftError,
)
from conformance.reports.drift.outliers import became_unreliable, range_changes, subjects_of
from conformance.reports.drift.verdicts import flaky_exchanges, verdict_changes
from conformance.reports.wording import changed_under_its_name, lack_of
from conformance.results.baselines import last_decided, sort_by_start
from conformance.results.conclusion import Reasons
from conformance.results.editions import editions_of
from conformance.results.reach import ColumnKey
from conformance.results.run_file import Run
from conformance.results.selection import extent, is_part, selection_globs, selects
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
    _check(bases, new)
    baseline = _baseline_of(bases)
    # only then did what one side lacks come or go, and was not just left out
    both_whole = new.complete and bases[-1].complete and _same_selection(bases[-1], new)
    missing, left_out = _absences(baseline, new)
    arrived = _arrivals(baseline, new) if both_whole else {}
    absent = {*missing, *left_out, *retired_in(new)}
    unreliable = became_unreliable(bases, new)
    subjects = subjects_of(unreliable)
    flaky = flaky_exchanges(new, subjects)
    verdicts, explained = verdict_changes(
        baseline, new, both_whole, absent, arrived, subjects, flaky
    )
    changes = [
        *unreliable,
        *_model_changes(missing, arrived),
        *_retirements(bases[-1], new),
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


def _baseline_of(bases: Sequence[Run]) -> Baseline:
    """Return what the nights before showed; `bases` are in the order of their start.

    Of a finding the last that was decided counts, so that one night of outage does not hide
    what was known the night before it; of an exchange the last that was answered.
    """
    baseline = Baseline(last_decided(bases), {finding.id for finding in bases[-1].findings})
    for run in bases:
        for exchange in run.exchanges.values():
            if exchange.outcome not in NOT_ANSWERED:
                baseline.answers.setdefault(exchange.path, []).append(exchange)
    return baseline


def _check(bases: Sequence[Run], new: Run) -> None:
    """Refuse what cannot be compared; raises `DriftError` with the reason."""
    if not bases:
        raise DriftError("there is no run to compare with; name at least one BASE before NEW")
    for base in bases:
        if base.header.id == new.header.id:
            name = printable(new.header.id, 60)
            raise DriftError(f"BASE and NEW are the same run ({name}); name two runs")
        was, now = editions_of(base.header), editions_of(new.header)
        # runs without a common provider are refused for their editions first, where those differ
        editions = [(was[name], now[name]) for name in was if name in now] or [
            (base.header.edition.id, new.header.edition.id)
        ]
        for old, current in editions:
            if old != current:
                raise DriftError(
                    f"the runs judged different editions ({printable(old, 60)} before, "
                    f"{printable(current, 60)} now), so a changed verdict may be the contract's "
                    f"doing; use compare"
                )
    known, planned = set().union(*map(providers_of, bases)), providers_of(new)
    if not known & planned:
        before, after = (
            ", ".join(printable(name, 40) for name in sorted(names)) or "none"
            for names in (known, planned)
        )
        raise DriftError(
            f"the runs have no provider in common: {before} before, {after} now; to set providers "
            f"side by side use compare"
        )


def providers_of(run: Run) -> set[str]:
    """Return the ids of the providers that a run was to judge."""
    return {provider.id for provider in run.header.providers}


Counts = dict[ColumnKey, int]
"""Findings that were decided before, by model."""


def _absences(baseline: Baseline, new: Run) -> tuple[Counts, Counts]:
    """Return the models of which nothing is found any more: those asked for, and those left out.

    Only providers count that the new run was to judge. A run that was cut off misses none: it
    ended before it reached them.
    """
    if new.interrupted:
        return {}, {}
    globs, planned = selection_globs(new), providers_of(new)
    present = {finding.column for finding in new.findings}
    counts: Counter[ColumnKey] = Counter()
    selected: set[ColumnKey] = set()
    for finding in baseline.findings.values():
        was_judged = finding.verdict in DECIDED and finding.provider in planned
        if was_judged and finding.column not in present:
            counts[finding.column] += 1
            if selects(globs, finding):
                selected.add(finding.column)
    missing = {column: count for column, count in counts.items() if column in selected}
    return missing, {column: counts[column] for column in counts if column not in selected}


def _arrivals(baseline: Baseline, new: Run) -> Counts:
    """Return the models of which no night before has anything, and how much is decided of each."""
    known = {finding.column for finding in baseline.findings.values()}
    counts: Counts = {}
    for finding in new.findings:
        if finding.column not in known:
            counts[finding.column] = counts.get(finding.column, 0) + (finding.verdict in DECIDED)
    return counts


def _retirements(last: Run, new: Run) -> Iterator[DriftChange]:
    """Yield the models that have ended since the last night; what was promised of them is over."""
    judged = {finding.column for finding in last.findings} - retired_in(last).keys()
    for (provider, model), standing in retired_in(new).items():
        if (provider, model) in judged:
            end = standing.lifecycle.until or standing.day
            yield DriftChange(
                kind=ChangeKind.INFORMATION,
                what="model",
                provider=provider,
                subject=model,
                before="served",
                after=Standing(standing.lifecycle, max(standing.day, end)).words,
                models=(model,),
            )


def _vanished_musts(
    baseline: Baseline, new: Run, reported: Collection[str | ColumnKey]
) -> Iterator[str]:
    """Name the MUSTs that the last night decided and that have no finding at all now.

    `reported` are the providers and models that are reported as missing already.
    """
    if new.interrupted:
        return
    globs, known = selection_globs(new), {clause.id for clause in new.header.clauses}
    planned = providers_of(new)
    present = {(finding.column, finding.clause) for finding in new.findings}
    vanished: dict[ColumnKey, set[str]] = {}
    for finding in (baseline.findings[name] for name in baseline.newest):
        decided = finding.level == "MUST" and finding.verdict in DECIDED
        is_due = finding.provider in planned and finding.clause in known and selects(globs, finding)
        if decided and is_due and (finding.column, finding.clause) not in present:
            vanished.setdefault(finding.column, set()).add(finding.clause)
    for (provider, model), clauses in sorted(vanished.items()):
        if provider not in reported and (provider, model) not in reported:
            musts, names = write_count(len(clauses), "MUST"), join_names(sorted(clauses))
            yield f"{musts} of {provider} {model} judged before and not now: {names}"


def _model_changes(missing: Counts, arrived: Counts) -> Iterator[DriftChange]:
    """Yield the models that were asked for and of which nothing was found, and those that are new.

    What is kept of a new model is no change of each promise; what is broken is reported beside.
    """
    for counts, is_new in ((missing, False), (arrived, True)):
        for (provider, model), count in counts.items():
            judged = f"{write_count(count, 'finding')} judged"
            yield DriftChange(
                kind=ChangeKind.INFORMATION,
                what="model",
                provider=provider,
                subject=model,
                before=ABSENT if is_new else judged,
                after=judged if is_new else ABSENT,
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
    faults = [finding for finding in new.findings if finding.verdict is Verdict.HARNESS_ERROR]
    if faults:
        names = join_names(sorted({f"{finding.provider} {finding.model}" for finding in faults}))
        yield f"{write_count(len(faults), 'harness error')} on {names}"
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
    yield from _vanished_musts(baseline, new, {*silent, *absent})
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
