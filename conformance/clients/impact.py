"""What recorded outcomes say of runs: by broken promise, and by what clients send of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.clients.answers import PROMPT
from conformance.clients.choosing import JudgedAnswer, JudgedAnswers, answers_of, edition_of
from conformance.clients.outcomes import Outcomes
from conformance.clients.records import (
    GRAVITY,
    NOT_TRIED,
    Breaks,
    ClientColumn,
    ClientOutcome,
    DefaultRequest,
    Effect,
    Impact,
    gravest,
)
from conformance.clients.table import BY_ID, CLIENTS
from conformance.parsing import printable
from conformance.results.run_file import Run


def impact_of(runs: Sequence[Run], outcomes: Outcomes) -> Impact:
    """Return for every broken promise of runs what outcomes say of its answers."""
    columns = []
    for client in CLIENTS:
        version = outcomes[client.id].version if client.id in outcomes else ""
        columns.append(ClientColumn(client.id, client.title, version))
    defaults = [request for run in runs for request in _default_requests(run, outcomes)]
    return Impact(tuple(columns), tuple(_breaks(runs, outcomes)), tuple(dict.fromkeys(defaults)))


def _breaks(runs: Sequence[Run], outcomes: Outcomes) -> list[Breaks]:
    """Return promises with what they do, those that break most clients most gravely first."""
    by_client = [outcomes[name].outcomes if name in outcomes else {} for name in BY_ID]
    by_clause: dict[tuple[str, str], list[list[ClientOutcome]]] = {}
    for run in runs:
        for provider, clause, answers in _answers_by_clause(answers_of(run)):
            row = [_outcome(known, answers) for known in by_client]
            # what an answer that breaks no promise leaves out is optional
            breaks = (outcome.kind.breaks and outcome.kind is not Effect.LOST for outcome in row)
            if clause or any(breaks):
                by_clause.setdefault((provider, clause), []).append(row)
    clauses_by_row: dict[tuple[str, tuple[ClientOutcome, ...]], list[str]] = {}
    for (provider, clause), rows_of_clause in by_clause.items():
        gravest_of = tuple(map(gravest, zip(*rows_of_clause, strict=True)))
        clauses_by_row.setdefault((provider, gravest_of), []).append(clause)
    rows = [
        Breaks(provider, tuple(filter(None, clauses)), dict(zip(BY_ID, row, strict=True)))
        for (provider, row), clauses in clauses_by_row.items()
    ]

    def rank(row: Breaks) -> tuple[str, int, int]:
        breaking = sum(outcome.kind.breaks for outcome in row.outcomes.values())
        return row.provider, GRAVITY[row.gravest.kind], -breaking

    return sorted(rows, key=rank)


Controlled = Sequence[tuple[JudgedAnswer, JudgedAnswer | None]]
"""Answers, with the control of each."""


def _answers_by_clause(answers: JudgedAnswers) -> Iterator[tuple[str, str, Controlled]]:
    """Yield provider, clause and answers; without a clause the images that break none."""
    for (provider, _, clause), breaking in answers.broken.items():
        yield provider, clause, [(answer, answers.control(answer, clause)) for answer in breaking]
    for answer in answers.controls.values():
        if not answer.faults:
            yield answer.trial.provider, "", [(answer, None)]


def _outcome(known: Mapping[str, ClientOutcome], answers: Controlled) -> ClientOutcome:
    """Return the outcome of the first answer that was tried, if its control fared better."""
    for answer, control in answers:
        outcome = known.get(answer.trial.key)
        if outcome:
            if outcome.kind.breaks and control and known.get(control.trial.key) == outcome:
                return ClientOutcome(Effect.NO_MORE)
            return outcome
    return NOT_TRIED


def _default_requests(run: Run, outcomes: Outcomes) -> Iterator[DefaultRequest]:
    """Yield what clients send by default to the models of a run, and is not plainly allowed."""
    edition = edition_of(run.header.edition.id)
    for client in BY_ID:
        defaults = outcomes[client].defaults if client in outcomes else {}
        for model in dict.fromkeys(finding.model for finding in run.findings):
            request_key = (client, model, run.header.edition.id)
            parameters = defaults.get(model)
            if edition is None or parameters is None:
                yield DefaultRequest(*request_key, tried=False)
                continue
            reading = edition.read({"model": model, "prompt": PROMPT, **parameters})
            faults = [fault.message for fault in reading.violations]
            faults += [f"{name} is not supported by this model" for name in reading.unsupported]
            faults += [f"{name} is not documented" for name in reading.unknown]
            if faults or reading.left_open:
                safe = tuple(printable(fault) for fault in faults)
                yield DefaultRequest(*request_key, True, safe, reading.left_open)
