"""A year of nights on a virtual clock: models end and begin, providers fail, runs are killed.

`make year` plays 365 nights of five providers; a test plays a few weeks. The providers are drawn
from a seed; all that judges them is the suite: plan, sender, ledger, clauses, run files,
confirmation, drift and history. It must raise no alarm where nothing got worse, raise one where
something did, and count every cent that a provider billed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.reports.costs import Money, money_of, sent_once
from conformance.reports.history.timeline import history
from conformance.results.run_file import read_run
from tests.year_nights import Keeper, Night
from tests.year_script import FIRST, Script, draw_year

ROUNDING = 1e-5  # US dollars; what sums of amounts that were rounded may be off by


@dataclass(slots=True)
class Tally:
    """What a year came to."""

    nights: int = 0
    alarms: int = 0  # rightly
    retirements: int = 0
    killed: int = 0
    billed: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = Counter(fault.partition(":")[0] for fault in self.faults)
        wrong = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing wrong"
        return (
            f"{self.nights:,} nights, {self.alarms} alarms, {self.retirements} models ended, "
            f"{self.killed} runs killed, {self.billed:.2f} USD: {wrong}"
        )


def play(folder: Path, nights: int, providers: int = 5, seed: int = 1) -> Tally:
    """Play so many nights of so many providers; returns what the suite got wrong, too."""
    tally = Tally()
    for number in range(providers):
        script = draw_year(f"provider-{number}", nights, seed + number)
        keeper = Keeper(folder / script.name)
        for day in range(nights):
            for night in keeper.nights(script, day):
                tally.nights += 1
                tally.killed += night.was_killed
                tally.billed += night.billed
                tally.alarms += bool(night.expected)
                tally.faults += faults_of(night, script)
        tally.faults += faults_of_year(folder / script.name, script, nights)
        tally.retirements += sum(m.until is not None and m.until < nights for m in script.models)
    return tally


def faults_of(night: Night, script: Script) -> Iterator[str]:
    """Yield what the suite got wrong on one night."""
    where = f"{script.name}, night {night.day}"
    alarms = night.alarmed
    for clause in sorted(alarms - night.expected):
        yield f"false alarm: {where}: {clause}"
    for clause in sorted(night.expected - alarms):
        yield f"missed regression: {where}: {clause}"
    if night.undecided and not night.may_be_undecided:
        yield f"needless doubt: {where}: {'; '.join(night.undecided)}"
    if night.may_be_undecided and not (night.undecided or alarms):
        yield f"missed outage: {where}"
    if abs(night.counted - night.billed - night.in_doubt) > ROUNDING:
        counted, billed = f"{night.counted:.6f}", f"{night.billed + night.in_doubt:.6f}"
        yield f"lost cents: {where}: {counted} counted, {billed} billed"
    if abs(night.reported - night.counted) > ROUNDING:
        yield f"lost cents: {where}: {night.reported:.6f} reported, {night.counted:.6f} counted"


def faults_of_year(folder: Path, script: Script, nights: int) -> Iterator[str]:
    """Yield what the history of a provider got wrong, and the bill of its run files."""
    last = date.fromordinal(FIRST.toordinal() + nights - 1)
    past = history(folder, every=True)
    ends = {
        model.name: script.day(model.until) for model in script.models if model.until is not None
    }
    retired = {name: str(day) for name, day in ends.items() if day <= last}
    if past.nights[0].retired != retired:
        yield f"wrong history: {script.name}: {past.nights[0].retired}, not {retired}"
    silent = {model for timeline in past.timelines if timeline.silence for model in timeline.models}
    if silent & retired.keys():
        yield f"wrong history: {script.name}: {sorted(silent & retired.keys())} called silent"
    runs = [read_run(path) for path in sorted(folder.glob("*.jsonl"))]
    money = sum((money_of(sent) for sent in sent_once(runs)), Money())
    carried = sum(night.carried for night in script.played)
    counted = sum(night.counted for night in script.played)
    if abs(money.paid + money.guess + carried - counted) > ROUNDING * len(runs):
        yield f"lost cents: {script.name}: {money.paid + carried:.4f} in all, {counted:.4f} counted"


def main(nights: int, seed: int) -> int:
    """Play a year, and say what it came to."""
    start = time.monotonic()
    memory = Path("/dev/shm")  # noqa: S108 - where there is one: thousands of files wait for no disk
    place = str(memory) if memory.is_dir() else None
    with TemporaryDirectory(prefix="image-conformance-", dir=place) as place:
        tally = play(Path(place), nights, seed=seed)
    sys.stdout.writelines(f"{fault}\n" for fault in tally.faults[:20])
    sys.stdout.write(f"{tally}, in {time.monotonic() - start:.0f} s (seed {seed})\n")
    return int(bool(tally.faults))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(numbers[0] if numbers else 365, numbers[1] if len(numbers) > 1 else 1))
