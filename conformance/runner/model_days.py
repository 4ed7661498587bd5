"""The day of a run, and how its models stand on the day by which they are judged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from conformance.lifecycle import Standing
from conformance.results.run_file import read_header
from conformance.results.standings import day_of
from conformance.runner.output_path import is_being_written

if TYPE_CHECKING:
    from conformance.providers import Provider
    from conformance.runner.options import Options
    from conformance.runner.session import Session


def day_of_start(options: Options) -> date:
    """Return the day in UTC of a run that begins now; one that is resumed keeps its own."""
    path = options.resume
    if path is not None and not is_being_written(
        path
    ):  # that one is refused later, in its own words
        return day_of(read_header(path))
    return datetime.now(UTC).date()


def standing_in(session: Session, provider: Provider, model: str) -> Standing:
    """Return when a model ends, and the day by which it is judged.

    What is replayed is judged as it was when it was recorded.
    """
    dates = provider.lifecycle(model, session.edition)
    replays = session.options.mode == "replay" and dates.until is not None
    recorded = session.library(provider).recorded_on(model) if replays else None
    return Standing(dates, recorded or session.today)
