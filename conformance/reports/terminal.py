"""A run for the terminal: a table for one screen, and below it what is broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.findings import KNOWN, Verdict, state_of
from conformance.reports.capabilities.rendering import CapabilityPage
from conformance.reports.causes import OTHER, Cause
from conformance.reports.client_rendering import ClientPage
from conformance.reports.console_text import Paper
from conformance.reports.grouping import Broken, Group
from conformance.reports.statistics import provider_facts
from conformance.reports.summary import Row, Summary, summarize
from conformance.reports.wording import (
    SO_FAR,
    UNKNOWN,
    closing,
    counted,
    extent,
    for_causes,
    kept,
    legend,
    listed,
    notes,
    place,
    providers_by_edition,
    reached,
    retried,
    spread_of,
    verdict_of,
    words_of,
)
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import Run

NARROW = 72  # columns; below, the table leaves out what the sections below it tell
MOST = 12  # entries of a section
SHOWN = 3  # promises of one cause
SHORT = 140  # characters of what was found that stand in one paragraph
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
            mine = f": {listed(providers[id_], 5)}" if len(providers) > 1 else ""
            self._line(self._text(contract.edition.title, "bold"), self._text(f" ({id_}){mine}"))
        self._line(self._text(f"judged by {tools}", "dim"))
        for each in self._summary.origins:
            name = self._text(each.provider, "bold")
            self._line(name, self._text(f": {each.how}, {each.where}"), indent=2)
        for note in notes(self._summary):
            self._line(self._text(note, "yellow"))

    def _table(self) -> None:
        if not self._summary.rows:
            return
        self._console.print()
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
        wide = self._console.width >= NARROW
        for name in ("provider", "model", "verdict"):
            table.add_column(Text(f"{name} "), overflow="fold")
        counts = ("MUST", "decided", "SHOULD", "broken", "known", "open")
        for name in counts if wide else ("MUST", "broken", "open"):
            table.add_column(Text(name), justify="right", no_wrap=True)
        if wide:  # what stands behind a name is wrapped, and no name
            table.columns[1].min_width = max(len(row.model) for row in self._summary.rows)
        before = ""
        for row in self._summary.rows:
            shown = row.provider if row.provider != before else ""
            table.add_row(*self._cells(row, shown, wide))
            before = row.provider
        self._console.print(table)
        self._line(self._text(f"{COUNTED}; {OPEN}", "dim"))
        if any(row.open_ended for row in self._summary.rows):
            self._line(self._text(UNKNOWN, "bold magenta"), self._text(f": {SO_FAR}"), lines=2)
        for state in legend(each.cell for each in self._summary.rows):
            if state.label != "pass":
                self._line(self._text(state.label, state.style), self._text(f": {state.meaning}"))

    def _retries(self) -> None:
        """Print what the first try came to, of providers that did not answer every time."""
        for provider in provider_facts(self._summary):
            retries = provider.measures.retries
            if retries.failed.hits:
                name = self._text(f"{provider.id}: ", "bold")
                self._line(name, self._text(f"first try: {retried(retries)}", "yellow"), lines=3)

    def _cells(self, row: Row, provider: str, wide: bool) -> Iterable[Text]:
        yield self._text(f"{provider} ", "bold")
        yield self._text(f"{row.label} ")
        yield self._text(f"{verdict_of(row)} ", row.cell.state.style)
        yield self._text(kept(row, "MUST"))
        if wide:
            yield self._text(reached(row.kept))
            yield self._text(kept(row, "SHOULD"))
        yield self._number(row.broken, "bold red")
        if wide:
            yield self._number(row.known, "cyan")
        if row.open_ended:
            yield self._text(UNKNOWN, "bold magenta")
        else:
            yield self._number(row.undecided, "magenta")

    def _number(self, number: int, style: str) -> Text:
        return self._text(str(number), style) if number else self._text("-", "dim")

    def _broken(self) -> None:
        broken = self._summary.new
        if not broken:
            return
        self._title(f"Broken promises that nobody knew of ({for_causes(self._summary)})")
        for cause in self._summary.causes[:MOST]:
            self._cause(cause)
        self._more(len(self._summary.causes))
        how = f"more: image-conformance explain {broken[0].clause}"
        self._line(self._text(how, "dim"), indent=2)

    def _cause(self, cause: Cause) -> None:
        """Print a cause and its promises, of which only the first tells what was found."""
        style = state_of(Verdict.FAIL if cause.musts else Verdict.DEVIATES).style
        head = self._text(f"{cause.provider}: {cause.sentence}", style)
        self._line(head, self._text(f" ({spread_of(cause, self._summary)})"), indent=2)
        most = MOST if cause.id == OTHER else SHOWN
        for rank, each in enumerate(cause.promises[:most]):
            self._one_broken(each, with_why=cause.id == OTHER or not rank)
        rest = [each.clause for each in cause.promises[most:]]
        if rest and cause.id != OTHER:
            self._line(self._text(f"and {listed(rest, SHOWN)}", "dim"), indent=4, lines=2)
        elif rest:
            self._more(len(cause.promises))

    def _one_broken(self, broken: Broken, with_why: bool) -> None:
        style = state_of(broken.verdict).style
        level = self._text(f"{broken.level} ", style)
        where = self._text(f" {place(broken, self._summary)}")
        self._line(level, self._text(broken.clause, "bold"), where, indent=4)
        for paragraph in _why(broken) if with_why else ():
            self._line(self._text(paragraph), indent=8, lines=2)

    def _known(self) -> None:
        known = self._summary.reasons
        if not known:
            return
        self._title(f"Known deviations ({counted(len(self._summary.known), 'promise')})")
        for each in known[:MOST]:
            name = self._text(f"{each.provider}: ", KNOWN.style)
            self._line(name, self._text(each.reason), indent=2, lines=1)
            said = f"{listed(each.promises, 1)} ({counted(each.count, 'finding')})"
            self._line(self._text(said, "dim"), indent=6, lines=1)
        self._more(len(known))
        how = f"more: image-conformance explain {self._summary.known[0].clause}"
        self._line(self._text(how, "dim"), indent=2)

    def _groups(self, title: str, groups: Sequence[Group]) -> None:
        if not groups:
            return
        self._title(f"{title} ({counted(sum(each.count for each in groups), 'finding')})")
        for each in groups[:MOST]:
            said = f" {each.provider}: {extent(each)}"
            name = self._text(each.verdict.value, state_of(each.verdict).style)
            self._line(name, self._text(said), indent=2)
            self._line(self._text(each.reason or "no reason given"), indent=6, lines=2)
            if each.said:
                self._line(self._text(words_of(each)), indent=6, lines=2)
        self._more(len(groups))

    def _more(self, count: int) -> None:
        if count > MOST:
            rest = f"and {count - MOST} more: image-conformance report -f md RUN shows them"
            self._line(self._text(rest, "dim"), indent=2)

    def _painters(self) -> None:
        """Print what credentials say; models of which the same is to be said share a line."""
        models: dict[tuple[str, str, bool], list[str]] = {}
        for each in self._summary.painters:
            if each.worth_saying:
                said = (each.provider, each.sentence, bool(each.another))
                models.setdefault(said, []).append(each.model)
        if models:
            self._title("Which model painted this? Content credentials (C2PA) in the pictures")
        for (provider, sentence, another), names in list(models.items())[:MOST]:
            head = self._text(f"{provider}, {listed(names, SHOWN)}: ", "bold")
            said_so = self._text(sentence, "bold red" if another else "")
            self._line(head, said_so, indent=2, lines=6)
        self._more(len(models))

    def _observations(self) -> None:
        found: dict[str, list[str]] = {}
        for each in self._summary.observations:
            found.setdefault(each.provider, []).append(f"{each.id} {each.count}")
        if found:
            self._title("Observed, and promised by no source")
        for provider, said in found.items():
            self._line(self._text(f"{provider}: {listed(said, 8)}"), indent=2, lines=3)

    def _problems(self) -> None:
        if self._summary.merged.problems:
            self._title("Wrong with the run as a whole")
        for each in self._summary.merged.problems[:MOST]:
            self._line(self._text(each, "red"), indent=2)
        self._more(len(self._summary.merged.problems))

    def _closing(self) -> None:
        styles = {Conclusion.CONFORMS: "bold green", Conclusion.BREAKS: "bold red"}
        self._console.print()
        style = styles.get(self._summary.conclusion, "bold magenta")
        conforms = self._summary.headline.conforms
        if self._summary.conclusion is Conclusion.CONFORMS and not conforms:
            style = "bold cyan"
        self._line(self._text(closing(self._summary), style))


def _why(broken: Broken) -> Sequence[str]:
    """Return paragraphs that say what broke a promise, none hiding the provider's words."""
    said = [broken.message] if broken.message else []
    said += [f"expected {broken.expected}"] if broken.expected else []
    observed = [f"observed {broken.observed}"] if broken.observed else []
    whole = "; ".join([*said, *observed])
    if len(whole) <= SHORT:
        return [whole or broken.statement]
    return ["; ".join(said), *observed] if said else observed
