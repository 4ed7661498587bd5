"""What every clause says of planted defects, of rare cases, and of its truth gone wrong elsewhere.

``tests/sentences/`` holds it as files that people read and review: a sentence that a user sees
changes on purpose or not at all. ``python -m tests.sentences`` writes them anew.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.clauses import clauses_of
from conformance.clauses.derivation import derive_clauses
from conformance.clauses.observations import observe
from conformance.clauses.registry import Clause
from conformance.contract import DEFAULT_EDITION, Edition, edition_ids, load_edition
from conformance.exchange.model import Exchange, Failure, Provenance, Response
from conformance.exchange.sent_request import SentRequest
from conformance.findings import BROKEN, Finding
from conformance.reference.defects import defects
from conformance.runner.planned_request import sent_by
from tests import planted
from tests.asked import all_sent, count_bound, with_painted
from tests.miniatures import (
    ACCEPTED,
    HTML,
    JSON_TYPE,
    REFUSED,
    Case,
    error,
    judge_exchange,
    judged_case,
    read_answer,
)

FOLDER = Path(__file__).parent / "sentences"
EDITION = load_edition()
OTHER_EDITIONS = tuple(name for name in edition_ids() if name != DEFAULT_EDITION)
CHAPTERS = tuple(sorted({clause.chapter for clause in clauses_of(EDITION)}))
Said = dict[str, Any]


def answered(status: int, content: object) -> Callable[[Exchange], Exchange]:
    """Let another answer come in the place of the true one."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda truth: replace(truth, response=Response(status, (JSON_TYPE,), raw), downloads=())


def altered(*parts: str) -> Callable[[Exchange], Exchange]:
    """Let a recorder have scrubbed parts of the exchange."""
    return lambda truth: replace(truth, altered=frozenset(parts))


TURNS: Mapping[str, Callable[[Exchange], Exchange]] = {
    "timeout": lambda truth: replace(
        truth, response=None, failure=Failure("timeout", "no answer within 60 s")
    ),
    "302": answered(302, b""),
    "401": answered(401, error("Incorrect API key provided.", code="invalid_api_key")),
    "404-model": answered(404, error("No such model.", code="model_not_found")),
    "400": answered(400, error("It cannot be done.")),
    "400-moderated": answered(400, error("Blocked.", code="moderation_blocked")),
    "400-silent": answered(400, error("")),
    "400-html": answered(400, HTML),
    "429": answered(429, error("Slow down.")),
    "500": answered(500, error("The server had an error.")),
    "200-empty": answered(200, b""),
    "200-html": answered(200, HTML),
    "200-list": answered(200, []),
    "200-object": answered(200, {}),
    "200-error": answered(200, error("It cannot be done.")),
    "200-no-data": answered(200, {"created": 1_790_000_002}),
    "200-null-data": answered(200, {"created": 1_790_000_002, "data": None}),
    "200-empty-data": answered(200, {"created": 1_790_000_002, "data": []}),
    "200-empty-item": answered(200, {"created": 1_790_000_002, "data": [{}]}),
    "200-null-item": answered(200, {"created": 1_790_000_002, "data": [None]}),
    "not-fetched": lambda truth: replace(truth, downloads=()),
    "no-headers": lambda truth: (
        replace(truth, response=replace(truth.response, headers=())) if truth.response else truth
    ),
    "recorder-cut-request": altered("request"),
    "recorder-cut-request-and-body": altered("request", "body"),
    "recorder-altered-all": altered("payloads", "urls", "created", "headers", "usage"),
    "recorder-altered-text": altered("text"),
    "recorder-altered-payloads": altered("payloads"),
    "foreign": lambda truth: replace(truth, provenance=Provenance.FOREIGN),
    "time-unknown": lambda truth: replace(truth, sent_at=0.0),
}


def cases_of(chapter: str) -> Mapping[str, Case]:
    """Return what no planted defect brings about, of a chapter."""
    cases: Mapping[str, Case | Exchange] = _module(chapter).CASES
    return {name: case if isinstance(case, Case) else Case(case) for name, case in cases.items()}


def truths_of(chapter: str) -> Mapping[str, Case]:
    """Return, for every clause of a chapter, an exchange that it passes."""
    module = _module(chapter)
    own = [clause.id for clause in clauses_of(EDITION) if clause.chapter == chapter]
    truths = dict.fromkeys(own, getattr(module, "TRUTH", None)) | getattr(module, "TRUTHS", {})
    controls, standings = (getattr(module, name, {}) for name in ("CONTROLS", "STANDINGS"))
    return {
        name: Case(truth, controls.get(name, ACCEPTED), standings.get(name))
        for name, truth in truths.items()
    }


def _module(chapter: str) -> Any:
    return importlib.import_module(f"tests.clauses.{chapter}")


def said_of_case(chapter: str, case: Case) -> Said:
    """Say what the clauses of a chapter make of a case, and what any other finds broken in it."""
    return _said({chapter}, judge_exchange(case.exchange, case.control, None, case.standing))


def said_of_defect(
    defect: str,
    path: str,
    clauses: Iterable[Clause] | None = None,
    name: str = DEFAULT_EDITION,
) -> Said:
    """Say the same of a planted defect, for the chapters of the clauses that claim it."""
    edition = load_edition(name)
    chapters = {claim.partition(".")[0] for claim in defects(edition)[defect].claims}
    return _said(chapters, judged_case(planted.lie(defect, path, name), edition, clauses))


def _said(chapters: set[str], findings: Iterable[Finding]) -> Said:
    return _group(
        {
            finding.clause: _sentence(finding)
            for finding in findings
            if finding.verdict in BROKEN or finding.clause.partition(".")[0] in chapters
        }
    )


def said_of_truth(chapter: str, clause: str) -> Said:
    """Say what a clause says of its truth when something else about that is not as it was."""
    return _gone_wrong(truths_of(chapter)[clause], clause, EDITION)


def _gone_wrong(truth: Case, clause: str, edition: Edition) -> Said:
    only = [candidate for candidate in clauses_of(edition) if candidate.id == clause]
    cases = {
        **{
            name: replace(truth, exchange=turn(truth.exchange), control=ACCEPTED)
            for name, turn in TURNS.items()
        },
        "no-control": replace(truth, control=None),
        "control-refused": replace(truth, control=REFUSED),
    }
    return _group({name: _one(judged_case(case, edition, only)) for name, case in cases.items()})


def own_clauses(name: str) -> list[str]:
    """Return the clauses of an edition that the default one does not have."""
    usual = {clause.id for clause in clauses_of(EDITION)}
    return [clause.id for clause in clauses_of(load_edition(name)) if clause.id not in usual]


def said_of_edition(name: str) -> Said:
    """Say what the clauses that only this edition has say, of lies and of truths gone wrong.

    A truth is what the provider without a defect answers to the request that shows a lie.
    """
    edition, own = load_edition(name), own_clauses(name)
    paths_by_defect = {defect: planted.witnesses(defect, name, own) for defect in defects(edition)}
    truths = {clause: path for paths in paths_by_defect.values() for clause, path in paths.items()}
    return {
        "defects": {
            defect: {path: said_of_defect(defect, path, name=name) for path in paths.values()}
            for defect, paths in paths_by_defect.items()
            if paths
        },
        "truths": {
            clause: {path: said_of_answer(path, clause, name)} for clause, path in truths.items()
        },
        "answers": {path: said_of_true_answer(path, name) for path in sorted({*truths.values()})},
        "requests": {clause: said_of_sent(clause, name) for clause in own},
    }


def said_of_answer(path: str, clause: str, name: str) -> Said:
    """Say what a clause of an edition says of a true answer, and of that one gone wrong."""
    return _gone_wrong(planted.lie(None, path, name), clause, load_edition(name))


def said_of_sent(clause: str, name: str) -> str:
    """Say which requests of the proof of an edition a clause binds."""
    (binds,) = (row.binds for row in clauses_of(load_edition(name)) if row.id == clause)
    return count_bound(binds, _requests(name))


@cache
def _requests(name: str) -> list[tuple[str, SentRequest]]:
    edition, requests = load_edition(name), planted.requests(name).values()
    return list(with_painted((request.id, sent_by(request, edition)) for request in requests))


def said_of_true_answer(path: str, name: str) -> Said:
    """Say what every clause of an edition makes of a true answer."""
    return _said(set(CHAPTERS), judged_case(planted.lie(None, path, name), load_edition(name)))


def _one(findings: list[Finding]) -> str:
    return _sentence(findings[0]) if findings else "no finding"


def _group(sentences: Mapping[str, str]) -> Said:
    """Name everything of which the same is said behind what is said."""
    grouped: dict[str, list[str]] = {}
    for name, sentence in sentences.items():
        grouped.setdefault(sentence, []).append(name)
    return {sentence: ", ".join(names) for sentence, names in grouped.items()}


def _sentence(finding: Finding) -> str:
    words = [
        str(finding.verdict),
        finding.message,
        finding.expected and f"expected {finding.expected}",
        finding.observed and f"observed {finding.observed}",
    ]
    return " | ".join(filter(None, words))


def said_of_requests(chapter: str) -> Said:
    """Say which requests every clause of a chapter binds."""
    own = (clause for clause in clauses_of(EDITION) if clause.chapter == chapter)
    return {clause.id: count_bound(clause.binds, all_sent()) for clause in own}


def said_of_derived() -> Said:
    """Say what the clauses are that the schemas give."""
    return {
        clause.id: [
            f"{clause.level}, for {clause.needs}",
            clause.statement,
            *clause.how.splitlines(),
            "; ".join(f"{cited.source}: {cited.section}" for cited in clause.citations),
        ]
        for clause in derive_clauses(EDITION)
    }


def said_beside(truth: Exchange) -> Said:
    """Say what is observed of an exchange, by observer."""
    said: dict[str, list[str]] = {}
    for observation in observe(truth, EDITION, read_answer(truth)):
        said.setdefault(observation.id, []).append(observation.message)
    return said


@cache
def reviewed_sentences(name: str) -> Said:
    """Return what was reviewed, of a chapter or of something else."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def main() -> None:
    """Write the files anew."""
    for chapter in CHAPTERS:
        said = {
            "cases": {
                name: said_of_case(chapter, case) for name, case in cases_of(chapter).items()
            },
            "truths": {clause: said_of_truth(chapter, clause) for clause in truths_of(chapter)},
            "requests": said_of_requests(chapter),
        }
        _write(chapter, said)
    lies = {name: planted.witnesses(name).values() for name in defects(EDITION)}
    _write(
        "defects",
        {
            name: {path: said_of_defect(name, path) for path in dict.fromkeys(paths)}
            for name, paths in lies.items()
            if paths
        },
    )
    _write("derived", said_of_derived())
    for edition in OTHER_EDITIONS:
        _write(edition, said_of_edition(edition))
    cases = _module("observations").CASES
    _write("observations", {name: said_beside(truth) for name, truth in cases.items()})


def _write(name: str, said: Said) -> None:
    text = json.dumps(said, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
