"""What recorded outcomes say of runs: by broken promise, and by what clients send of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.clients.answers import PROMPT
from conformance.clients.choosing import Shown, ShownAnswers, answers_of, edition_of
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
    versions = {client: tried.version for client, tried in outcomes.items()}
    defaults = [request for run in runs for request in _default_requests(run, outcomes)]
    return Impact(
        tuple(
            ClientColumn(client.id, client.title, versions.get(client.id, "")) for client in CLIENTS
        ),
        tuple(_breaks(runs, outcomes)),
        tuple(dict.fromkeys(defaults)),
    )


def _breaks(runs: Sequence[Run], outcomes: Outcomes) -> list[Breaks]:
    """Return promises with what they do, those that break most clients most gravely first."""
    by_client = [outcomes[name].outcomes if name in outcomes else {} for name in BY_ID]
    by_clause: dict[tuple[str, str], list[list[ClientOutcome]]] = {}
    for run in runs:
        for provider, clause, answers in _answers_by_clause(answers_of(run)):
            row = [_outcome(known, answers) for known in by_client]
            # what an answer that breaks no promise leaves out is optional
            breaks = (one.kind.breaks and one.kind is not Effect.LOST for one in row)
            if clause or any(breaks):
                by_clause.setdefault((provider, clause), []).append(row)
    alike: dict[tuple[str, tuple[ClientOutcome, ...]], list[str]] = {}
    for (provider, clause), several in by_clause.items():
        gravest_of = tuple(map(gravest, zip(*several, strict=True)))
        alike.setdefault((provider, gravest_of), []).append(clause)
    rows = [
        Breaks(provider, tuple(filter(None, clauses)), dict(zip(BY_ID, row, strict=True)))
        for (provider, row), clauses in alike.items()
    ]

    def rank(row: Breaks) -> tuple[str, int, int]:
        breaking = sum(outcome.kind.breaks for outcome in row.outcomes.values())
        return row.provider, GRAVITY[row.gravest.kind], -breaking

    return sorted(rows, key=rank)


Controlled = Sequence[tuple[Shown, Shown | None]]
"""Answers, with the control of each."""


def _answers_by_clause(answers: ShownAnswers) -> Iterator[tuple[str, str, Controlled]]:
    """Yield provider, clause and answers; without a clause the images that break none."""
    for (provider, _, clause), every in answers.broken.items():
        yield provider, clause, [(shown, answers.control(shown, clause)) for shown in every]
    for shown in answers.controls.values():
        if not shown.faults:
            yield shown.trial.provider, "", [(shown, None)]


def _outcome(known: Mapping[str, ClientOutcome], answers: Controlled) -> ClientOutcome:
    """Return the outcome of the first answer that was tried, if its control fared better."""
    for shown, control in answers:
        outcome = known.get(shown.trial.key)
        if outcome:
            same = control is not None and known.get(control.trial.key) == outcome
            return ClientOutcome(Effect.NO_MORE) if same and outcome.kind.breaks else outcome
    return NOT_TRIED


def _default_requests(run: Run, outcomes: Outcomes) -> Iterator[DefaultRequest]:
    """Yield what clients send by default to the models of a run, and is not plainly allowed."""
    edition = edition_of(run.header.edition.id)
    for client in BY_ID:
        defaults = outcomes[client].defaults if client in outcomes else {}
        for model in dict.fromkeys(finding.model for finding in run.findings):
            place = (client, model, run.header.edition.id)
            beside = defaults.get(model)
            if edition is None or beside is None:
                yield DefaultRequest(*place, tried=False)
                continue
            read = edition.read({"model": model, "prompt": PROMPT, **beside})
            faults = [fault.message for fault in read.violations]
            faults += [f"{name} is not supported by this model" for name in read.unsupported]
            faults += [f"{name} is not documented" for name in read.unknown]
            if faults or read.left_open:
                safe = tuple(printable(fault) for fault in faults)
                yield DefaultRequest(*place, True, safe, read.left_open)
