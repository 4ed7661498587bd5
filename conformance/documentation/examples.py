"""Examples of failures: planted defects as clauses report them, and bug reports of others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct, toml

from conformance.clauses.registry import Clause
from conformance.contract import Edition
from conformance.documentation.explanation import curl_of
from conformance.exchange.answer import Answer
from conformance.findings import Finding
from conformance.parsing import read_json
from conformance.proof.in_process import LOOPBACK_URL
from conformance.proof.proving import Proof
from conformance.providers import load_provider
from conformance.reference.defects import Defect, defects
from conformance.results.evidence import evidence, fold
from conformance.results.records import DownloadRecord

_MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One defect, detected by one clause in a real exchange with the reference provider."""

    defect: Defect
    case: str
    finding: Finding
    curl: str
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: str
    downloads: tuple[DownloadRecord, ...]
    failure: str
    local: bool
    """Whether the defect can be reproduced with `serve` on loopback."""


def failures(edition: Edition) -> Mapping[str, tuple[Demonstration, ...]]:
    """Return, for every clause, its findings on the defects it claims, the plainest first."""
    # A lie that one clause alone claims shows most plainly what the clause is about.
    plainest_first = sorted(defects(edition).values(), key=lambda defect: len(defect.claims))
    with Proof(edition) as proof:
        return {
            clause.id: tuple(
                demonstration
                for defect in plainest_first
                if clause.id in defect.claims
                and (demonstration := _demonstrate(proof, defect, clause))
            )
            for clause in proof.clauses
        }


def _demonstrate(proof: Proof, defect: Defect, clause: Clause) -> Demonstration | None:
    """Plant a defect on loopback or, if it is no lie there, under a public host name."""
    sighting = proof.sighting(defect, clause, LOOPBACK_URL)
    is_local = sighting is not None and sighting.case.model in proof.edition.models
    sighting = sighting or proof.sighting(defect, clause)
    if sighting is None:
        return None
    record = evidence(sighting.exchange, Answer(sighting.exchange), sighting.outcome)
    response = record.response
    return Demonstration(
        defect=defect,
        case=sighting.case.path,
        finding=sighting.finding,
        curl=curl_of(sighting.case, load_provider("reference")),
        status=response.status if response else None,
        headers=response.headers if response else (),
        body=body_text(sighting.exchange.response.body if sighting.exchange.response else b""),
        downloads=record.downloads,
        failure=record.failure.message if record.failure else "",
        local=is_local,
    )


def body_text(body: bytes) -> str:
    """Return a body as a run file keeps it, but with its line breaks if there are few."""
    lines = body.split(b"\n")
    if b"\0" in body or len(lines) > _MOST_LINES:
        return fold(body)
    return laid_out("\n".join(fold(line) for line in lines))


def laid_out(body: str) -> str:
    """Indent compact JSON; anything else is shown as it is, because it may be the lie."""
    reading = read_json(body.encode("utf-8", "surrogateescape"))
    if reading.fault is not None or json.dumps(reading.value, separators=(",", ":")) != body:
        return body
    return json.dumps(reading.value, indent=2, ensure_ascii=False)


REPORTS = Path(__file__).with_name("reports.toml")


class ReportedFailure(Struct, frozen=True, forbid_unknown_fields=True):
    """One failure that was seen in practice, and who reported it: paths on GitHub."""

    what: str
    clauses: tuple[str, ...]
    read: tuple[str, ...] = ()
    excerpt: tuple[str, ...] = ()  # read in part


class FailureMode(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which providers fail."""

    title: str
    seen: tuple[ReportedFailure, ...]


def failure_modes() -> dict[str, FailureMode]:
    """Load the failure modes and their reports by id, in order."""
    return toml.decode(REPORTS.read_bytes(), type=dict[str, FailureMode])
