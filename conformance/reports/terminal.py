"""A run for the terminal: a table for one screen, and below it what is broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from conformance.findings import KNOWN, Verdict, state_of
from conformance.output.counting import join_names, write_count
from conformance.output.tables import Paper, Part, TableColumn, fits, print_table
from conformance.reports import wording
from conformance.reports.capabilities.rendering import print_short
from conformance.reports.causes import OTHER
from conformance.reports.client_rendering import print_impact
from conformance.reports.grouping import Broken, Group, group_by
from conformance.reports.side_by_side import retried
from conformance.reports.statistics import provider_facts
from conformance.reports.summary import Row, Summary, summarize
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import Run

NARROW = 72  # columns; below, the table leaves out what the sections below it have
WIDE = ("MUST", "decided", "SHOULD", "broken", "known", "open")
FOLDED = 12  # columns that a name keeps where it is folded
MOST = 12  # entries of a section
SHOWN = 3  # promises of one cause
SHORT = 140  # characters of what was found that stand in one paragraph
ELSEWHERE = ": image-conformance report -f md RUN shows them"
COUNTED = "MUST, SHOULD: kept of those claimed; decided: MUSTs judged; open: not judged"


def print_runs(runs: Sequence[Run] | Summary, console: Console) -> None:
    """Print runs; raises `MergeError` for no run at all."""
    summary = runs if isinstance(runs, Summary) else summarize(runs)
    paper = Paper(console)
    # the conclusion comes last: it is what stands above the prompt once all is printed
    _print_head(paper, summary)
    if summary.rows:
        _print_rows(paper, summary.rows)
    _print_retries(paper, summary)
    print_short(paper, summary.capabilities)
    if summary.new:
        _print_broken(paper, summary)
    if summary.impact:
        print_impact(paper, summary.impact, MOST)
    if summary.known:
        _print_known(paper, summary)
    _print_groups(paper, "Could not be judged", summary.undecided, summary)
    _print_groups(paper, "Not claimed", summary.not_claimed, summary)
    _print_painters(paper, summary)
    _print_observations(paper, summary)
    if summary.merged.problems:
        paper.title("Wrong with the run as a whole")
    for problem in summary.merged.problems[:MOST]:
        paper.line((problem, "red"), indent=2)
    paper.more(len(summary.merged.problems) - MOST, ELSEWHERE)
    console.print()
    style = "bold red" if summary.conclusion is Conclusion.BREAKS else "bold magenta"
    if summary.conclusion is Conclusion.CONFORMS:
        style = "bold green" if summary.headline.conforms else "bold cyan"
    paper.line((wording.closing(summary), style))


def _print_head(paper: Paper, summary: Summary) -> None:
    providers = wording.providers_by_edition(summary)
    for id_, contract in summary.merged.contracts.items():
        names = f": {join_names(providers[id_], 5)}" if len(providers) > 1 else ""
        paper.line((contract.edition.title, "bold"), f" ({id_}){names}")
    paper.line((f"judged by {' and '.join(summary.merged.tools)}", "dim"))
    for origin in summary.origins:
        edition = wording.edition_of(origin.provider, summary)
        by = f"by {edition}, " if edition else ""
        paper.line((origin.provider, "bold"), f": {by}{origin.how}, {origin.where}", indent=2)
    for note in wording.notes(summary):
        paper.line((note, "yellow"))


def _print_rows(paper: Paper, rows: Sequence[Row]) -> None:
    paper.console.print()
    width = paper.console.width
    # numbers are never cut: where they do not fit, the sections below have them
    columns, cells = _table_of(paper, rows, wide=True)
    if width < NARROW or not fits(width, columns, cells, gap=1):
        columns, cells = _table_of(paper, rows, wide=False)
    print_table(paper.console, columns, cells, gap=1)
    paper.line((COUNTED, "dim"))
    if any(row.open_ended for row in rows):
        paper.line((wording.UNKNOWN, "bold magenta"), f": {wording.SO_FAR}")
    for state in wording.legend(row.cell for row in rows):
        if state.label != "pass":
            paper.line((state.label, state.style), f": {state.meaning}")


def _table_of(
    paper: Paper, rows: Sequence[Row], wide: bool
) -> tuple[list[TableColumn], list[list[Text]]]:
    """Return the table, which leaves out columns where it is not wide, and folds models."""
    cells, previous = [], ""
    for row in rows:
        provider = row.provider if row.provider != previous else ""
        cells.append([*map(paper.text, _cells(row, provider, wide))])
        previous = row.provider
    longest = max(line[1].cell_len for line in cells)
    verdict = max(len(word) for line in cells for word in line[2].plain.split())
    columns = [
        TableColumn("provider ", least=FOLDED),
        TableColumn("model ", least=longest if wide else FOLDED),
        TableColumn("verdict ", least=verdict + 1),
    ]
    counts = WIDE if wide else ("MUST", "broken", "open")
    return [*columns, *(TableColumn(name, is_number=True) for name in counts)], cells


def _print_retries(paper: Paper, summary: Summary) -> None:
    """Print how many first tries were answered, of providers that did not answer them all."""
    for provider in provider_facts(summary):
        retries = provider.measures.retries
        known = [_is_said_below(summary, provider.id, reason) for reason in retries.reasons]
        if retries.failed.hits and not (known and all(known)):
            tries = f"first try: {retried(retries)}"
            paper.line((f"{provider.id}: ", "bold"), (tries, "yellow"))


def _print_broken(paper: Paper, summary: Summary) -> None:
    paper.title(f"Broken promises that nobody knew of ({wording.for_causes(summary)})")
    for cause in summary.causes[:MOST]:
        style = state_of(Verdict.FAIL if cause.musts else Verdict.DEVIATES).style
        head = f"{cause.provider}: {cause.sentence}"
        paper.line((head, style), f" ({wording.spread_of(cause, summary)})", indent=2)
        most = MOST if cause.id == OTHER else SHOWN
        for rank, promise in enumerate(cause.promises[:most]):
            level = (f"{promise.level} ", state_of(promise.verdict).style)
            where = f" {wording.where_broken(promise, summary)}"
            paper.line(level, (promise.clause, "bold"), where, indent=4)
            if cause.id == OTHER or not rank:  # of one cause the first is example enough
                _print_why(paper, promise)
        rest = [promise.clause for promise in cause.promises[most:]]
        if rest and cause.id != OTHER:
            paper.line((f"and {join_names(rest, SHOWN)}", "dim"), indent=4)
        elif rest:
            paper.more(len(rest), ELSEWHERE)
    paper.more(len(summary.causes) - MOST, ELSEWHERE)
    paper.line((f"more: {wording.explained(summary.new[0], summary)}", "dim"), indent=2)


def _print_why(paper: Paper, broken: Broken) -> None:
    expected = f"expected {broken.expected}" if broken.expected else ""
    observed = f"observed {broken.observed}" if broken.observed else ""
    ours = "; ".join(filter(None, (broken.message, expected)))
    paragraph = "; ".join(filter(None, (ours, observed)))
    if len(paragraph) <= SHORT:
        ours, observed = paragraph or broken.statement, ""
    if ours:
        paper.line(ours, indent=8)
    if observed:  # the provider's words, where they are long: they alone may be cut
        paper.line(observed, indent=8, lines=2)


def _print_known(paper: Paper, summary: Summary) -> None:
    paper.title(f"Known deviations ({write_count(len(summary.known), 'promise')})")
    for reason in summary.reasons[:MOST]:
        paper.line((f"{reason.provider}: ", KNOWN.style), reason.reason, indent=2)
        excuses = f"{join_names(reason.promises, 1)} ({write_count(reason.count, 'finding')})"
        paper.line((excuses, "dim"), indent=6)
    paper.more(len(summary.reasons) - MOST, ELSEWHERE)
    paper.line((f"more: {wording.explained(summary.known[0], summary)}", "dim"), indent=2)


def _print_groups(paper: Paper, title: str, groups: Sequence[Group], summary: Summary) -> None:
    if groups:
        paper.title(f"{title} ({write_count(sum(group.count for group in groups), 'finding')})")
    for group in groups[:MOST]:
        verdict = (group.verdict.value, state_of(group.verdict).style)
        paper.line(verdict, f" {group.provider}: {wording.extent(group)}", indent=2)
        reason = group.reason or "no reason given"
        if _is_said_below(summary, group.provider, reason.removeprefix("not run: ")):
            reason = "for what is wrong with the run as a whole, below"
        paper.line(reason, indent=6)
        if group.said:
            paper.line(wording.words_of(group), indent=6, lines=2)
    paper.more(len(groups) - MOST, ELSEWHERE)


def _is_said_below(summary: Summary, provider: str, reason: str) -> bool:
    """Return whether a reason is, or ends, what is wrong with the run as a whole."""
    return any(
        problem == reason
        or (problem.startswith(f"provider {provider!r}") and problem.endswith(f": {reason}"))
        for problem in summary.merged.problems
    )


def _print_painters(paper: Paper, summary: Summary) -> None:
    """Print what credentials say; models with the same sentence share a line."""
    models = group_by(
        (painters for painters in summary.painters if painters.worth_saying),
        lambda painters: (painters.provider, painters.sentence, bool(painters.another)),
    )
    if models:
        paper.title("Which model painted this? Content credentials (C2PA) in the pictures")
    for (provider, sentence, another), group in list(models.items())[:MOST]:
        head = f"{provider}, {join_names([painters.model for painters in group], SHOWN)}: "
        paper.line((head, "bold"), (sentence, "bold red" if another else ""), indent=2)
    paper.more(len(models) - MOST, ELSEWHERE)


def _print_observations(paper: Paper, summary: Summary) -> None:
    if summary.observations:
        paper.title("Observed, and promised by no source")
    for provider, kinds in group_by(summary.observations, lambda kind: kind.provider).items():
        names = [f"{kind.id} {kind.count}" for kind in kinds]
        paper.line(f"{provider}: {join_names(names, 8)}", indent=2)


def _cells(row: Row, provider: str, wide: bool) -> Iterable[Part]:
    yield f"{provider} ", "bold"
    yield f"{row.label} "
    yield f"{wording.verdict_of(row)} ", row.cell.state.style
    yield wording.kept(row, "MUST")
    if wide:
        yield wording.reached(row.kept)
        yield wording.kept(row, "SHOULD")
    yield _number(row.broken, "bold red")
    if wide:
        yield _number(row.known, "cyan")
    yield (wording.UNKNOWN, "bold magenta") if row.open_ended else _number(row.undecided, "magenta")


def _number(number: int, style: str) -> Part:
    return (str(number), style) if number else ("-", "dim")
