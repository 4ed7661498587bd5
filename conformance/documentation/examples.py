"""What a failure looks like: every lie of the reference provider, as clauses see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.documentation.explanation import curl_of
from conformance.exchange.answer import Answer
from conformance.parsing import read_json
from conformance.proof import Proof, Sighting
from conformance.proof.in_process import LOOPBACK_URL
from conformance.providers import load_provider
from conformance.reference.defects import Defect, defects
from conformance.results.evidence import evidence, fold
from conformance.results.records import DownloadRecord

if TYPE_CHECKING:
    from conformance.clauses.registry import Clause
    from conformance.contract import Edition
    from conformance.findings import Finding

_EACH_TIME = {"x-request-id": "req_…", "openai-processing-ms": "…"}
"""What no two answers have in common, and what stands in its place."""

_MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Failure:
    """One defect, seen by one clause in one real exchange with the lying reference provider."""

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
    """Whether the reference provider shows it to whoever serves it on loopback."""


def failures(edition: Edition) -> Mapping[str, tuple[Failure, ...]]:
    """For every clause, what it says of each defect that it claims; the plainest defect first."""
    proof = Proof(edition)
    try:
        known = sorted(defects(edition).values(), key=lambda each: len(each.claims))
        return {
            clause.id: tuple(
                found
                for each in known
                if clause.id in each.claims and (found := _seen(proof, each, clause))
            )
            for clause in proof.clauses
        }
    finally:
        proof.close()


def _seen(proof: Proof, defect: Defect, clause: Clause) -> Failure | None:
    """Tell a lie as on loopback; if it is none there, under a public name."""
    found = proof.sighting(defect, clause, LOOPBACK_URL)
    if found is not None:
        return _failure(defect, found, found.case.model in proof.edition.models)
    found = proof.sighting(defect, clause)
    return _failure(defect, found, False) if found else None


def _failure(defect: Defect, seen: Sighting, local: bool) -> Failure:
    shown = evidence(seen.exchange, Answer(seen.exchange), seen.outcome)
    response = shown.response
    return Failure(
        defect=defect,
        case=seen.case.path,
        finding=seen.finding,
        curl=curl_of(seen.case, load_provider("reference")),
        status=response.status if response else None,
        headers=tuple(
            (name, _EACH_TIME.get(name, value))
            for name, value in (response.headers if response else ())
        ),
        body=body_text(seen.exchange.response.body if seen.exchange.response else b""),
        downloads=shown.downloads,
        failure=shown.failure.message if shown.failure else "",
        local=local,
    )


def body_text(body: bytes) -> str:
    """Show a body as a run file keeps it, but with the lines that it has, if they are few."""
    lines = body.split(b"\n")
    if b"\0" in body or len(lines) > _MOST_LINES:
        return fold(body)
    return laid_out("\n".join(fold(each) for each in lines))


def laid_out(body: str) -> str:
    """Break compact JSON into lines; anything else is a lie worth seeing as it is."""
    reading = read_json(body.encode("utf-8", "surrogateescape"))
    if reading.fault is not None or json.dumps(reading.value, separators=(",", ":")) != body:
        return body
    return json.dumps(reading.value, indent=2, ensure_ascii=False)
