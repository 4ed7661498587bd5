"""A run for the terminal: a table for one screen, and below it what is broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from conformance.findings import KNOWN, Verdict, state_of
from conformance.output.counting import join_names, write_count
from conformance.output.tables import TableColumn, fits, print_table
from conformance.reports.capabilities.rendering import CapabilityPage
from conformance.reports.causes import OTHER, Cause
from conformance.reports.client_rendering import ClientPage
from conformance.reports.console_text import Paper, Part
from conformance.reports.grouping import Broken, Group, group_by
from conformance.reports.side_by_side import retried
from conformance.reports.statistics import provider_facts
from conformance.reports.summary import Row, Summary, summarize
from conformance.reports.wording import (
    SO_FAR,
    UNKNOWN,
    closing,
    edition_of,
    explained,
    extent,
    for_causes,
    kept,
    legend,
    notes,
    providers_by_edition,
    reached,
    spread_of,
    verdict_of,
    where_broken,
    words_of,
)
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import Run

NARROW = 72  # columns; below, the table leaves out what the sections below it have
WIDE = ("MUST", "decided", "SHOULD", "broken", "known", "open")
FOLDED = 12  # columns that a name keeps where it is folded
MOST = 12  # entries of a section
SHOWN = 3  # promises of one cause
SHORT = 140  # characters of what was found that stand in one paragraph
ELSEWHERE = ": image-conformance report -f md RUN shows them"
COUNTED = "MUST, SHOULD: kept of those claimed; decided: MUSTs judged"
OPEN = "open: not judged"


def print_runs(runs: Sequence[Run] | Summary, console: Console) -> None:
    """Print runs; raises `MergeError` for no run at all."""
    _Page(console, runs if isinstance(runs, Summary) else summarize(runs)).print()


class _Page(Paper):
    """One report on one console."""

    def __init__(self, console: Console, summary: Summary) -> None:
        super().__init__(console)
        self._summary = summary

    def print(self) -> None:
        # the conclusion comes last: it is what stands above the prompt once all is printed
        self._head()
        self._table()
        self._retries()
        CapabilityPage(self._console).print_short(self._summary.capabilities)
        self._broken()
        if self._summary.impact:
            ClientPage(self._console, self._summary.impact).print(MOST)
        self._known()
        self._groups("Could not be judged", self._summary.undecided)
        self._groups("Not claimed", self._summary.not_claimed)
        self._painters()
        self._observations()
        self._problems()
        self._closing()

    def _head(self) -> None:
        tools = " and ".join(self._summary.merged.tools)
        providers = providers_by_edition(self._summary)
        for id_, contract in self._summary.merged.contracts.items():
            names = f": {join_names(providers[id_], 5)}" if len(providers) > 1 else ""
            self._line((contract.edition.title, "bold"), f" ({id_}){names}")
        self._line((f"judged by {tools}", "dim"))
        for origin in self._summary.origins:
            edition = edition_of(origin.provider, self._summary)
            by = f"by {edition}, " if edition else ""
            self._line((origin.provider, "bold"), f": {by}{origin.how}, {origin.where}", indent=2)
        for note in notes(self._summary):
            self._line((note, "yellow"))

    def _table(self) -> None:
        if not self._summary.rows:
            return
        self._console.print()
        width = self._console.width
        # numbers are never cut: where they do not fit, the sections below have them
        columns, rows = self._table_of(wide=True)
        if width < NARROW or not fits(width, columns, rows, gap=1):
            columns, rows = self._table_of(wide=False)
        print_table(self._console, columns, rows, gap=1)
        self._line((f"{COUNTED}; {OPEN}", "dim"))
        if any(row.open_ended for row in self._summary.rows):
            self._line((UNKNOWN, "bold magenta"), f": {SO_FAR}")
        for state in legend(row.cell for row in self._summary.rows):
            if state.label != "pass":
                self._line((state.label, state.style), f": {state.meaning}")

    def _table_of(self, wide: bool) -> tuple[list[TableColumn], list[list[Text]]]:
        """Return the table, which leaves out columns where it is not wide, and folds models."""
        rows, previous = [], ""
        for row in self._summary.rows:
            provider = row.provider if row.provider != previous else ""
            rows.append([*map(self._text, _cells(row, provider, wide))])
            previous = row.provider
        longest = max(cells[1].cell_len for cells in rows)
        verdict = max(len(word) for cells in rows for word in cells[2].plain.split())
        names = ("provider ", FOLDED), ("model ", longest if wide else FOLDED)
        columns = [
            TableColumn(name, least=least) for name, least in (*names, ("verdict ", verdict + 1))
        ]
        counts = WIDE if wide else ("MUST", "broken", "open")
        return [*columns, *(TableColumn(name, is_number=True) for name in counts)], rows

    def _retries(self) -> None:
        """Print how many first tries were answered, of providers that did not answer them all."""
        for provider in provider_facts(self._summary):
            retries = provider.measures.retries
            known = [self._is_said_below(provider.id, reason) for reason in retries.reasons]
            if retries.failed.hits and not (known and all(known)):
                tries = f"first try: {retried(retries)}"
                self._line((f"{provider.id}: ", "bold"), (tries, "yellow"))

    def _broken(self) -> None:
        broken = self._summary.new
        if not broken:
            return
        self._title(f"Broken promises that nobody knew of ({for_causes(self._summary)})")
        for cause in self._summary.causes[:MOST]:
            self._cause(cause)
        self._more(len(self._summary.causes) - MOST, ELSEWHERE)
        self._line((f"more: {explained(broken[0], self._summary)}", "dim"), indent=2)

    def _cause(self, cause: Cause) -> None:
        """Print a cause and its promises, of which only the first shows what was found."""
        style = state_of(Verdict.FAIL if cause.musts else Verdict.DEVIATES).style
        head = f"{cause.provider}: {cause.sentence}"
        self._line((head, style), f" ({spread_of(cause, self._summary)})", indent=2)
        most = MOST if cause.id == OTHER else SHOWN
        for rank, promise in enumerate(cause.promises[:most]):
            self._promise(promise, with_why=cause.id == OTHER or not rank)
        rest = [promise.clause for promise in cause.promises[most:]]
        if rest and cause.id != OTHER:
            self._line((f"and {join_names(rest, SHOWN)}", "dim"), indent=4)
        elif rest:
            self._more(len(cause.promises) - MOST, ELSEWHERE)

    def _promise(self, broken: Broken, with_why: bool) -> None:
        level = (f"{broken.level} ", state_of(broken.verdict).style)
        where = f" {where_broken(broken, self._summary)}"
        self._line(level, (broken.clause, "bold"), where, indent=4)
        if not with_why:
            return
        expected = f"expected {broken.expected}" if broken.expected else ""
        observed = f"observed {broken.observed}" if broken.observed else ""
        ours = "; ".join(filter(None, (broken.message, expected)))
        paragraph = "; ".join(filter(None, (ours, observed)))
        if len(paragraph) <= SHORT:
            ours, observed = paragraph or broken.statement, ""
        if ours:
            self._line(ours, indent=8)
        if observed:  # the provider's words, where they are long: they alone may be cut
            self._line(observed, indent=8, lines=2)

    def _known(self) -> None:
        known = self._summary.reasons
        if not known:
            return
        self._title(f"Known deviations ({write_count(len(self._summary.known), 'promise')})")
        for reason in known[:MOST]:
            self._line((f"{reason.provider}: ", KNOWN.style), reason.reason, indent=2)
            excuses = f"{join_names(reason.promises, 1)} ({write_count(reason.count, 'finding')})"
            self._line((excuses, "dim"), indent=6)
        self._more(len(known) - MOST, ELSEWHERE)
        how = f"more: {explained(self._summary.known[0], self._summary)}"
        self._line((how, "dim"), indent=2)

    def _groups(self, title: str, groups: Sequence[Group]) -> None:
        if not groups:
            return
        self._title(f"{title} ({write_count(sum(group.count for group in groups), 'finding')})")
        for group in groups[:MOST]:
            verdict = (group.verdict.value, state_of(group.verdict).style)
            self._line(verdict, f" {group.provider}: {extent(group)}", indent=2)
            reason = group.reason or "no reason given"
            if self._is_said_below(group.provider, reason.removeprefix("not run: ")):
                reason = "for what is wrong with the run as a whole, below"
            self._line(reason, indent=6)
            if group.said:
                self._line(words_of(group), indent=6, lines=2)
        self._more(len(groups) - MOST, ELSEWHERE)

    def _is_said_below(self, provider: str, reason: str) -> bool:
        """Return whether a reason is, or ends, what is wrong with the run as a whole."""
        return any(
            problem == reason
            or (problem.startswith(f"provider {provider!r}") and problem.endswith(f": {reason}"))
            for problem in self._summary.merged.problems
        )

    def _painters(self) -> None:
        """Print what credentials say; models with the same sentence share a line."""
        models = group_by(
            (painters for painters in self._summary.painters if painters.worth_saying),
            lambda painters: (painters.provider, painters.sentence, bool(painters.another)),
        )
        if models:
            self._title("Which model painted this? Content credentials (C2PA) in the pictures")
        for (provider, sentence, another), group in list(models.items())[:MOST]:
            head = f"{provider}, {join_names([painters.model for painters in group], SHOWN)}: "
            style = "bold red" if another else ""
            self._line((head, "bold"), (sentence, style), indent=2)
        self._more(len(models) - MOST, ELSEWHERE)

    def _observations(self) -> None:
        if self._summary.observations:
            self._title("Observed, and promised by no source")
        providers = group_by(self._summary.observations, lambda kind: kind.provider)
        for provider, kinds in providers.items():
            names = [f"{kind.id} {kind.count}" for kind in kinds]
            self._line(f"{provider}: {join_names(names, 8)}", indent=2)

    def _problems(self) -> None:
        if self._summary.merged.problems:
            self._title("Wrong with the run as a whole")
        for problem in self._summary.merged.problems[:MOST]:
            self._line((problem, "red"), indent=2)
        self._more(len(self._summary.merged.problems) - MOST, ELSEWHERE)

    def _closing(self) -> None:
        styles = {Conclusion.CONFORMS: "bold green", Conclusion.BREAKS: "bold red"}
        self._console.print()
        style = styles.get(self._summary.conclusion, "bold magenta")
        conforms = self._summary.headline.conforms
        if self._summary.conclusion is Conclusion.CONFORMS and not conforms:
            style = "bold cyan"
        self._line((closing(self._summary), style))


def _cells(row: Row, provider: str, wide: bool) -> Iterable[Part]:
    yield f"{provider} ", "bold"
    yield f"{row.label} "
    yield f"{verdict_of(row)} ", row.cell.state.style
    yield kept(row, "MUST")
    if wide:
        yield reached(row.kept)
        yield kept(row, "SHOULD")
    yield _number(row.broken, "bold red")
    if wide:
        yield _number(row.known, "cyan")
    yield (UNKNOWN, "bold magenta") if row.open_ended else _number(row.undecided, "magenta")


def _number(number: int, style: str) -> Part:
    return (str(number), style) if number else ("-", "dim")
