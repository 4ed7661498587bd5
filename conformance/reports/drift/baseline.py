"""What stood before the new run: of several nights, the last that could tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from conformance.findings import Finding
from conformance.parsing import printable
from conformance.reports.drift.model import DriftError
from conformance.results.baselines import last_told
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

Key = tuple[str, ...]
"""Provider, model, case, and of a finding its clause."""

NOT_DECIDED = frozenset({"unavailable", "not served", "not run"})
"""Outcomes of an exchange that say nothing about how a provider answers."""


@dataclass(slots=True)
class Before:
    """The nights before, looked up by finding and by exchange."""

    findings: dict[Key, Finding] = field(default_factory=dict)
    newest: set[Key] = field(default_factory=set)  # what the last night had at all
    exchanges: dict[Key, ExchangeRecord] = field(default_factory=dict)
    all_exchanges: dict[Key, list[ExchangeRecord]] = field(default_factory=dict)


def finding_key(finding: Finding) -> Key:
    """Name a finding across runs."""
    return finding.provider, finding.model, finding.case, finding.clause


def exchange_key(exchange: ExchangeRecord) -> Key:
    """Name an exchange across runs."""
    return exchange.provider, exchange.model, exchange.case


def before(bases: Sequence[Run]) -> Before:
    """Look up what the nights before came to; ``bases`` are in the order of their start.

    Of a finding the last that was decided counts, so that one night of outage does not hide
    what was known the night before it; of an exchange the last that was answered.
    """
    told = {finding_key(each): each for each in last_told(bases).values()}
    found = Before(told, {finding_key(each) for each in bases[-1].findings})
    for run in bases:
        for exchange in run.exchanges.values():
            _add(found, exchange)
    return found


def _add(found: Before, exchange: ExchangeRecord) -> None:
    if exchange.outcome in NOT_DECIDED:
        return
    key = exchange_key(exchange)
    found.exchanges[key] = exchange
    found.all_exchanges.setdefault(key, []).append(exchange)


def check(bases: Sequence[Run], new: Run) -> None:
    """Refuse what cannot be compared; raises `DriftError` with the reason."""
    if not bases:
        raise DriftError("there is no run to compare with; name at least one BASE before NEW")
    for base in bases:
        _check_one(base, new)
    known = {each for base in bases for each in _providers(base)}
    if not known & _providers(new):
        raise DriftError(
            f"the runs have no provider in common: {_listed(known)} before, "
            f"{_listed(_providers(new))} now; to set providers side by side use compare"
        )


def _check_one(base: Run, new: Run) -> None:
    if base.header.id == new.header.id:
        name = printable(new.header.id, 60)
        raise DriftError(f"BASE and NEW are the same run ({name}); name two runs")
    editions = [run.header.edition.id for run in (base, new)]
    if editions[0] != editions[1]:
        one, other = (printable(each, 60) for each in editions)
        raise DriftError(
            f"the runs judged different editions ({one} before, {other} now), so a changed "
            f"verdict may be the contract's doing; use compare"
        )


def _providers(run: Run) -> set[str]:
    return {each.id for each in run.header.providers}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(printable(each, 40) for each in sorted(names)) or "none"
