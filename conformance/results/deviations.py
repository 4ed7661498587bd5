"""Known deviations are kept true: what expired, ended or names nothing is said."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from conformance.findings import Finding
from conformance.providers import Provider


def stale_deviations(
    provider: Provider,
    findings: Iterable[Finding],
    today: date,
    retired: Collection[str] = (),
) -> list[str]:
    """Say which known deviations have expired, no longer occur, or name nothing.

    One that is about `retired` models alone is asked of nobody any more, and stands for the record.
    """
    mine = [each for each in findings if each.provider == provider.id]
    found = []
    for deviation in provider.deviations:
        if deviation.of_generated:
            continue  # `conformance/suite/test_drawn.py` keeps it true
        if deviation.is_about_only(provider.models, retired):
            continue
        covered = [each for each in mine if deviation.covers(each)]
        where = f"{provider.file}: deviation {deviation.name}"
        if not covered:
            found.append(f"{where} names nothing that was judged; remove it")
        elif deviation.expired(today):
            found.append(
                f"{where} expired on {deviation.expires}; look again, then renew or remove it"
            )
        elif not any(each.excused for each in covered):
            found.append(f"{where} no longer occurs; remove it")
    return found
