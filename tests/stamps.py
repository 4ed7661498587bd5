"""Generate `conformance/clauses/stamps.json`: ``python -m tests.stamps``.

Genuine answers lie beside the checkout, in ``../shared/recordings``; without them nothing is
written, as stamps would be lost.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.clauses import clauses_of
from conformance.clauses.stamps import FILE, Stamps, load_stamps
from conformance.contract import Edition, load_edition
from conformance.findings import BROKEN, Finding, Verdict
from conformance.proof.matrix import Matrix
from conformance.proof.processes import prove
from conformance.recordings.inputs import ForeignReport
from conformance.recordings.judging import judge_files
from conformance.results.run_file import read_run
from conformance.runner.options import Options
from conformance.runner.session import Session

ROOT = Path(__file__).resolve().parents[1]
RECORDINGS = ROOT.parent / "shared" / "recordings"
COUNTERPARTS = ("aimock", "litellm", "prism")
By = Mapping[str, frozenset[str]]


def judged_recordings(edition: Edition, folder: Path) -> ForeignReport:
    """Judge every genuine answer."""
    paths = [RECORDINGS / "corpus.jsonl", *sorted((RECORDINGS / "raw").glob("*/*"))]
    return judge_files(paths, edition, folder / "run.jsonl")


def genuine(findings: Iterable[Finding]) -> By:
    """Return, for each clause, the providers whose recorded answers pass it."""
    passes = (finding for finding in findings if finding.verdict is Verdict.PASS)
    return _by_clause((finding.clause, finding.provider) for finding in passes)


def counterparts() -> By:
    """Return, for each clause, the counterparts whose recorded exchanges break it."""
    session = Session(Options(providers=COUNTERPARTS, cassettes=ROOT / "cassettes"))
    try:
        return _by_clause(
            (finding.clause, finding.provider)
            for engine in session.engines
            for case, _ in session.selected(engine)
            for finding in _broken(engine.judged(case).findings.values())
        )
    finally:
        session.close()


def _broken(findings: Iterable[Finding]) -> Iterable[Finding]:
    return (finding for finding in findings if finding.verdict in BROKEN)


def planted(matrix: Matrix) -> By:
    """Return, for each clause, the defects that turn it red."""
    return {clause.id: frozenset(matrix.killers(clause.id)) for clause in matrix.clauses}


def _by_clause(pairs: Iterable[tuple[str, str]]) -> By:
    grouped: dict[str, set[str]] = defaultdict(set)
    for clause, name in pairs:
        grouped[clause].add(name)
    return {clause: frozenset(names) for clause, names in grouped.items()}


def stamped(edition: Edition, passes: By, failures: By, breaks: By) -> dict[str, Stamps]:
    """Return the stamps of every clause of an edition."""
    return {
        clause.id: Stamps(
            *(tuple(sorted(by.get(clause.id, ()))) for by in (passes, failures, breaks))
        )
        for clause in clauses_of(edition)
    }


def main(arguments: Sequence[str]) -> int:
    """Write the file anew; a stamp is given up only where ``--give-up`` says so."""
    if not RECORDINGS.is_dir():
        sys.stderr.write(f"{RECORDINGS} is missing, and with it every genuine answer\n")
        return 2
    edition = load_edition()
    matrix = prove(edition, workers=2)
    with TemporaryDirectory() as folder:
        passes = genuine(read_run(judged_recordings(edition, Path(folder)).run_file).findings)
    stamps_ = stamped(edition, passes, planted(matrix), counterparts())
    losses = [
        f"{clause} has lost {kind}"
        for clause, stamps in load_stamps(edition.id).items()
        for kind in stamps.lost(stamps_.get(clause, Stamps()))
    ]
    sys.stderr.writelines(f"{sentence}\n" for sentence in losses)
    if losses and "--give-up" not in arguments:
        return 1
    document = {edition.id: {clause: asdict(stamps) for clause, stamps in stamps_.items()}}
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
