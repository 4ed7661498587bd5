"""The sentences that every report shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from conformance.findings import STATES, Finding, State, Verdict
from conformance.output.counting import dollars, join_names, write_all, write_count
from conformance.reports.causes import OTHER, Cause
from conformance.reports.contracts import NOT_IN_EDITION, EditionContract, differences
from conformance.reports.costs import RunFacts
from conformance.reports.formatting import took
from conformance.reports.grouping import Broken, Group, group_by
from conformance.reports.shortfall import shortfalls
from conformance.reports.summary import Row, Summary
from conformance.results.conclusion import Conclusion, deviations
from conformance.results.editions import explain_command
from conformance.results.reach import LEVELS, Cell, ColumnKey, Kept
from conformance.results.run_file import Run
from conformance.results.selection import extent as extent_of


def legend(cells: Iterable[Cell]) -> list[State]:
    """Return the states that occur, gravest first."""
    used = {cell.state for cell in cells}
    return [state for state in STATES if state in used]


def kept(row: Row, level: str) -> str:
    """Write how many promises of a level are kept, of how many."""
    count = row.kept.get(level)
    return f"{count.kept}/{count.total}" if count else "-"


def verdict_of(row: Row) -> str:
    """Write the verdict of a model, and that it has ended or soon will."""
    label, standing = row.cell.state.label, row.standing
    if standing is None or not standing.words:
        return label
    if not standing.retired:
        return f"{label}, ends on {standing.lifecycle.until}"
    retired = f"retired on {standing.lifecycle.until}"
    return retired if row.cell.verdict is Verdict.PASS else f"{label}, {retired}"


def ending(summary: Summary) -> Iterable[str]:
    """Yield which models have ended or soon will, and who says so."""
    for row in summary.rows:
        if row.standing is not None and row.standing.words:
            dates = row.standing.lifecycle
            source = f"{dates.source}, as of {dates.retrieved}"
            yield f"{row.provider} {row.model}: {row.standing.words} ({source})."


def reached(counts: Mapping[str, Kept]) -> str:
    """Write how many MUSTs were decided, of how many that bind."""
    must = counts.get("MUST")
    return f"{must.decided}/{must.total}" if must else "-"


UNKNOWN = "?"
SO_FAR = "the run broke off: what else is open nobody knows, and what is kept is kept so far"
"""What `UNKNOWN` in the column of what is open means."""


def open_promises(row: Row) -> str:
    """Write how many promises are open; where a run broke off, nobody knows."""
    return UNKNOWN if row.open_ended else str(row.undecided)


def where_broken(broken: Broken, summary: Summary) -> str:
    """Say on which models and in how many cases a promise is broken."""
    where = _models(broken.provider, broken.models, summary)
    example = "" if broken.count == 1 else "e.g. "
    return f"{where} ({write_count(broken.count, 'case')}, {example}{broken.cases[0]})"


def explained(broken: Broken | Finding, summary: Summary) -> str:
    """Return the command that explains a promise, by the edition that judged it."""
    return explain_command(broken.clause, summary.merged.contract(broken.provider).edition.id)


def extent(group: Group, most: int = 3) -> str:
    """Describe how much was not judged for one reason, and in which cases."""
    return (
        f"{write_count(group.count, 'finding')} of {write_count(len(group.clauses), 'clause')} "
        f"on {join_names(group.models)} ({write_count(len(group.cases), 'case')}: "
        f"{join_names(group.cases, most)})"
    )


def words_of(group: Group) -> str:
    """Return the provider's own words beside a reason, where there are any."""
    more = f" (and {len(group.said) - 1:,} other texts)" if len(group.said) > 1 else ""
    return f"observed {group.said[0]}{more}" if group.said else ""


def spread_of(cause: Cause, summary: Summary) -> str:
    """Describe in how many cases a cause shows, and how many promises it breaks."""
    cases = f"{cause.cases:,} of {write_count(cause.judged, 'case')}"
    if len(cause.promises) == 1:
        return cases
    promises = write_count(len(cause.promises), cause.level)
    if 0 < cause.musts < len(cause.promises):
        promises = f"{len(cause.promises)} promises, {cause.musts} of them MUST"
    return f"{cases}, {promises}, on {_models(cause.provider, cause.models, summary)}"


def for_causes(summary: Summary) -> str:
    """Count what is newly broken, and the causes of as many as have one."""
    causes = [cause for cause in summary.causes if cause.id != OTHER]
    total, caused = len(summary.new), sum(len(cause.promises) for cause in causes)
    if not causes:
        return f"{total:,}"
    several = write_count(len(causes), "cause")
    if caused == total:
        return f"{total:,}, of {several}"
    return f"{total:,}; {several} explain{'s' if len(causes) == 1 else ''} {caused:,}"


def _models(provider: str, models: Sequence[str], summary: Summary) -> str:
    models_of_provider = [model for name, model in summary.columns if name == provider]
    if len(models_of_provider) > 1 and set(models_of_provider) == set(models):
        return write_all(len(models), "model")
    return join_names(models)


def notes(summary: Summary) -> list[str]:
    """Say what a reader must know before believing the table."""
    sentences = []
    chosen = list(dict.fromkeys(filter(None, map(extent_of, summary.merged.runs))))
    if summary.parts:
        sentences += [f"Only a part was judged: {part}." for part in chosen]
    elif chosen and len(summary.merged.runs) > 1:
        parts = "; ".join(chosen)
        sentences.append(
            f"The runs, some of a part ({parts}), together judged every model as a whole."
        )
    runs = summary.merged.concluding
    cut = sum(run.interrupted for run in runs)
    if cut:
        which = "The run" if len(runs) == 1 else f"{cut} of {len(runs)} runs"
        sentences.append(f"{which} did not come to the end: what is missing was not judged.")
    if summary.merged.repeated:
        several = write_count(summary.merged.repeated, "finding")
        sentences.append(
            f"{several} made in several runs; the worst of each is shown "
            f"(`image-conformance history` shows nights one by one)."
        )
    not_claimed = sum(row.not_claimed for row in summary.rows)
    if not_claimed:
        promises = write_count(not_claimed, "promise is", "promises are")
        sentences.append(f"{promises} not claimed by the provider and left out of the totals.")
    sentences += [*by_edition(summary), *ending(summary), *recorded(summary)]
    return [*sentences, *shortfalls(summary)]


def recorded(summary: Summary) -> Iterable[str]:
    """Yield how the exchanges of recordings are put together, where there are any."""
    if summary.headline.recorded:
        promises = [promise for row in summary.rows for promise in row.promises.values()]
        judged = sum(promise.judged for promise in promises)
        total = sum(promise.findings for promise in promises)
        yield (
            "Of recordings a promise is kept where an exchange keeps it and none breaks it: "
            f"decided in {judged:,} of {total:,} findings."
        )


def once(summary: Summary) -> str:
    """Say how the lists count what the table counts model by model."""
    kinds = [(summary.new, "broken"), (summary.known, "known")]
    counts = [
        f"{len(promises)} {kind} for {sum(getattr(row, kind) for row in summary.rows)} here"
        for promises, kind in kinds
        if promises
    ]
    once_a_provider = "the sentence at the top and the lists below count it once a provider"
    return f"{once_a_provider} ({', '.join(counts)})"


def unjudged(count: int, summary: Summary) -> str:
    """Say why some promises of the edition are in no number at all."""
    promises, verb = write_count(count, "promise"), "is" if count == 1 else "are"
    editions = "editions" if len(summary.merged.contracts) > 1 else "edition"
    if summary.complete:
        return f"{promises} of the {editions} found nothing to judge here, and {verb} in no number"
    was = "was" if count == 1 else "were"
    cut = any(run.interrupted for run in summary.merged.concluding)
    why = "not reached (the run was cut off)" if cut else "left out"
    return f"{promises} of the {editions} {was} {why}, or had nothing to judge"


def closing(summary: Summary) -> str:
    """Say in one sentence the conclusion of all runs, its reasons, and by which edition it is."""
    head = sentence(summary)
    reasons = _reasons(summary)
    rest = [name for name in summary.conclusions if name not in summary.headline.subject]
    others = group_by(rest, summary.conclusions.__getitem__)
    parts = [f"{join_names(names)}: {_OTHERS[end]}" for end, names in sorted(others.items())]
    if parts:
        head += f" ({'; '.join(parts)})"
        if reasons:  # the numbers before are those of the subject alone
            everywhere = write_all(len(summary.conclusions), "provider")
            reasons[0] = f"over {everywhere} {reasons[0]}"
    providers = providers_by_edition(summary)
    if len(providers) == 1:
        by = f"edition {next(iter(providers))}"
    else:
        parts = [f"{join_names(names, 5)} by {edition}" for edition, names in providers.items()]
        by = f"editions: {'; '.join(parts)}"
    return f"{'; '.join([head, *reasons])} ({by})."


def providers_by_edition(summary: Summary) -> dict[str, list[str]]:
    """Return the providers that each edition judged, in the order of the rows."""
    editions: dict[str, list[str]] = {edition: [] for edition in summary.merged.contracts}
    for provider in dict.fromkeys(row.provider for row in summary.rows):
        editions[summary.merged.contract(provider).edition.id].append(provider)
    return editions


def edition_of(provider: str, summary: Summary) -> str:
    """Return the edition of a provider for the head of its column, where there are several."""
    several = len(summary.merged.contracts) > 1
    return summary.merged.contract(provider).edition.id if several else ""


def by_edition(summary: Summary) -> Iterable[str]:
    """Yield in what the editions of the report differ, as far as it judged by them."""
    for edition, lacking in summary.merged.lacking.items():
        if lacking:
            promises = write_count(len(lacking), "promise")
            yield (
                f"{edition} does not have {promises} of the others, which its columns call "
                f"{NOT_IN_EDITION!r} and leave out of the totals: {join_names(lacking, 5)}."
            )
    yield from reworded(list(summary.merged.contracts.values()))


def in_chapter(chapter: str, column: ColumnKey, summary: Summary) -> str:
    """Write the verdict of a model over a chapter; empty where it has nothing to judge there."""
    if column in summary.chapters[chapter]:
        return summary.chapters[chapter][column].state.label
    all_clauses = {clause for row in summary.rows for clause in row.promises}
    clauses = [clause for clause in all_clauses if clause.startswith(f"{chapter}.")]
    lacking = all(summary.merged.lacks(column[0], clause) for clause in clauses)
    return NOT_IN_EDITION if lacking else ""


def reworded(contracts: Sequence[EditionContract]) -> Iterable[str]:
    """Name the clauses that contracts word, or rank, differently."""
    clauses = differences(contracts)
    ranked = [name for name, by in clauses if len({record.level for _, record in by}) > 1]
    worded = [name for name, by in clauses if len({record.statement for _, record in by}) > 1]
    if ranked:
        several = write_count(len(ranked), "clause has", "clauses have")
        yield f"{several} another level: {join_names(ranked, 5)}."
    if worded:
        several = write_count(len(worded), "clause is", "clauses are")
        yield f"{several} worded differently: {join_names(worded, 5)}."


def sentence(summary: Summary) -> str:
    """Return the sentence of the `Headline`, whose subject names models and origins as well."""
    subject = []
    for provider in summary.headline.subject:
        models = [model for name, model in summary.columns if name == provider]
        about = models[0] if len(models) == 1 else write_count(len(models), "model")
        origins = (origin for origin in summary.origins if origin.provider == provider)
        kinds = dict.fromkeys(origin.kind for origin in origins)
        subject.append(f"{provider} ({about}, {', '.join(kinds)})" if kinds else provider)
    return replace(summary.headline, subject=subject).sentence


_OTHERS = {
    Conclusion.CONFORMS: "nothing new is broken",
    Conclusion.BREAKS: "does not conform",
    Conclusion.NOT_JUDGED: "could not be judged",
}


def _reasons(summary: Summary) -> list[str]:
    levels = Counter(promise.level for promise in summary.new)
    broken = " and ".join(write_count(levels[level], level) for level in LEVELS if levels[level])
    decides = " that nobody knew of" if levels["MUST"] else ", which does not decide"
    reasons = [f"{broken} broken{decides}"] if broken else []
    if summary.conclusion is Conclusion.BREAKS and summary.merged.problems:
        problems = write_count(len(summary.merged.problems), "problem")
        reasons.append(f"{problems} with the run as a whole")
    if summary.known and summary.conclusion is not Conclusion.CONFORMS:
        reasons.append(deviations(len(summary.known)))
    # as the table counts it, in promises
    open_count = sum(row.undecided for row in summary.rows)
    blocked_count = sum(row.explained for row in summary.rows)
    # a recording shows what it shows: nothing that is broken stands before the rest of it
    if open_count and blocked_count and not summary.headline.recorded:
        which = "" if blocked_count == open_count else f"{blocked_count:,} of them "
        reasons += [f"{write_count(open_count, 'promise')} open, {which}blocked by other failures"]
    elif open_count:
        reasons.append(f"{write_count(open_count, 'promise')} open")
    if not summary.merged.findings:
        reasons.append("nothing was judged at all")
    elif summary.conclusion is Conclusion.NOT_JUDGED and {*summary.columns} <= summary.unknown:
        models = join_names(list(dict.fromkeys(model for _, model in summary.columns)), 3)
        reasons.append(f"the edition has no model {models}")
    if any(run.interrupted for run in summary.merged.concluding):
        reasons.append("the run is incomplete")
    return reasons


def paid(usd: float | None, estimated: bool, unpriced: int) -> str | None:
    """Say what is known to have been paid; None where nobody knows: a guess is no answer."""
    # nothing, while there are answers without a price, is as good as unknown
    if usd is None or (unpriced and not usd):
        return None
    return f"{'about ' if estimated else ''}{dollars(usd)}"


def in_vain(usd: float) -> str:
    """Say how much of what was paid may have been billed for nothing."""
    return f"{dollars(usd)} of it for attempts without an answer, if those are billed"


def unpriced(count: int, guess: float) -> str:
    """Say how many answers have no price, and what they counted for."""
    counts = f" (counted as {dollars(guess)} of the budget)" if guess else ""
    return f"{write_count(count, 'answer')} without a price{counts}"


def ended(run: RunFacts) -> str:
    """Write in a line how a run ended, how long it took and what it cost."""
    wall = "" if run.wall is None else f" in {took(run.wall)}"
    end = "complete" if run.complete else "INTERRUPTED" if run.interrupted else "a part"
    seed = [] if run.seed is None else [f"seed {run.seed}"]
    findings = write_count(run.findings, "finding")
    # a run in which everything was refused is complete, and yet judged nothing
    findings += ", none decided" if run.findings and not run.decided else ""
    return "; ".join([f"{end}, {findings}{wall}", spent(run), *seed])


def spent(run: RunFacts) -> str:
    """Write what a run cost, and of which budget."""
    known = paid(run.spent, run.estimated, run.unpriced)
    budget = "" if run.budget is None else dollars(run.budget)
    if known is not None:
        least = "" if run.ended else "at least "  # only the last line of a run has its sum
        parts = [f"{least}{known} spent" + (f" of {budget}" if budget else "")]
    else:
        spending = "spend not recorded" if run.spent is None else "spend not known"
        parts = [spending + (f" (budget {budget})" if budget else "")]
    if run.taken_over:
        parts.append(f"{dollars(run.taken_over)} by the runs it took over")
    if run.elsewhere:
        parts.append(f"{dollars(run.elsewhere)} more for requests that are not shown")
    if run.unpriced:
        parts.append(unpriced(run.unpriced, run.guess))
    return ", ".join(parts)


def lack_of(run: Run) -> str:
    """Say why a run that is not complete lacks something."""
    return "did not come to its end" if run.interrupted else "judged only a part"


def changed_under_its_name(edition: str, digests: Sequence[str]) -> str:
    """Say that runs of one edition were not judged by the same contract."""
    several = " and ".join(digest[:12] for digest in digests)
    return (
        f"The runs were judged by different contracts, both called {edition} ({several}): "
        f"a changed verdict may be the contract's doing."
    )
