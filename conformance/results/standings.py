"""How models stood on the day of a run: read from its header, by the rule that planned it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from conformance.lifecycle import Lifecycle, Standing
from conformance.results.reach import ColumnKey
from conformance.results.records import LifecycleRecord, ProviderRecord, RunHeader
from conformance.results.run_file import Run


def record_of(standing: Standing) -> LifecycleRecord:
    """Write how a model stands."""
    dates = msgspec.to_builtins(standing.lifecycle)
    return msgspec.convert({"judged_on": standing.day.isoformat(), **dates}, LifecycleRecord)


def standing_of(record: LifecycleRecord) -> Standing | None:
    """Read how a model stood; None for a record with what is no date."""
    dates = msgspec.to_builtins(record)
    try:
        day = date.fromisoformat(dates.pop("judged_on"))
        return Standing(msgspec.convert(dates, Lifecycle), day)
    except ValueError:
        return None


def standings_of(providers: tuple[ProviderRecord, ...]) -> Mapping[ColumnKey, Standing]:
    """Return how the models stood whose dates a run knows."""
    standings = {
        (provider.id, model): standing_of(record)
        for provider in providers
        for model, record in provider.lifecycle.items()
    }
    return {column: standing for column, standing in standings.items() if standing is not None}


def retired_in(run: Run) -> dict[ColumnKey, Standing]:
    """Return the models that had ended when a run came to its end, if not when it began.

    What was replayed stands as on the day of its recording.
    """
    finished = run.footer.finished[:10] if run.footer else ""
    replayed = {provider.id for provider in run.header.providers if provider.mode == "replay"}
    retired = {}
    for column, standing in standings_of(run.header.providers).items():
        until = standing.lifecycle.until
        ended_meanwhile = until is not None and until.isoformat() <= finished
        if standing.retired or (ended_meanwhile and column[0] not in replayed):
            retired[column] = standing
    return retired


def latest_standings(headers: Iterable[RunHeader]) -> dict[ColumnKey, Standing]:
    """Return how the models of some runs stood, in the newest run that has each."""
    latest: dict[ColumnKey, Standing] = {}
    for header in sorted(headers, key=lambda header: header.started):
        columns = {
            (provider.id, model) for provider in header.providers for model in provider.models
        }
        # a run that has a model without dates unsays those that an older one had
        latest = {column: standing for column, standing in latest.items() if column not in columns}
        latest |= standings_of(header.providers)
    return latest


def day_of(header: RunHeader) -> date:
    """Return the day of a run in UTC; of one that does not say it, the day of its start."""
    return date.fromisoformat((header.day or header.started)[:10])
