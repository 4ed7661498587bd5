"""Known deviations are kept true: one that expired, ended or names nothing is a problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from fnmatch import fnmatchcase

from conformance.findings import Finding
from conformance.providers import Provider


def stale_deviations(
    provider: Provider, findings: Iterable[Finding], today: date, retired: Collection[str] = ()
) -> list[str]:
    """Say which known deviations have expired, no longer occur, or name nothing.

    One that is about `retired` models alone is asked of nobody any more, and stands for the record.
    """
    by_clause = defaultdict[str, list[Finding]](list)
    for finding in findings:
        if finding.provider == provider.id:
            by_clause[finding.clause].append(finding)
    stale = []
    for deviation in provider.deviations:
        if deviation.of_generated:
            continue  # `conformance/suite/test_drawn.py` keeps it true
        if deviation.is_about_only(provider.models, retired):
            continue
        covered = [
            finding
            for clause, own_findings in by_clause.items()
            if fnmatchcase(clause, deviation.clause)
            for finding in own_findings
            if deviation.covers(finding)
        ]
        where = f"{provider.file}: deviation {deviation.name}"
        if not covered:
            stale.append(f"{where} names nothing that was judged; correct or remove it")
        elif deviation.expired(today):
            stale.append(
                f"{where} expired on {deviation.expires}; look again, then renew or remove it"
            )
        elif not any(finding.excused for finding in covered):
            stale.append(f"{where} no longer occurs; remove it")
    return stale
