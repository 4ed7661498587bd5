"""Which answers of a run show a broken promise to clients, and what outcomes say of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.clients.answers import PROMPT, Trial, trial_of
from conformance.clients.installing import BY_ID, CLIENTS
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
from conformance.contract import Edition, edition_ids, load_edition
from conformance.findings import BROKEN
from conformance.output.printing import printable
from conformance.results.run_file import Run

Promise = tuple[str, str, str]
"""Provider, model and clause."""


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """An answer, and the clauses that it breaks."""

    trial: Trial
    faults: frozenset[str]

    @property
    def rank(self) -> tuple[int, int]:
        """Return how much else may be the reason for what clients do with it."""
        return len(self.faults), len(self.trial.request)


@dataclass(frozen=True, slots=True)
class JudgedAnswers:
    """The answers of a run that clients can be tried with."""

    broken: Mapping[Promise, Sequence[JudgedAnswer]]
    """By promise the answers that break it, known or not, those that break least first."""
    controls: Mapping[str, JudgedAnswer]
    """By what is asked the image that breaks least."""

    def control(self, answer: JudgedAnswer, clause: str) -> JudgedAnswer | None:
        """Return an image for the same request that breaks less, and not this clause."""
        if not answer.trial.reply.succeeded:
            return None
        control = self.controls.get(_request_key(answer.trial))
        return control if control and control.faults <= answer.faults - {clause} else None


def answers_of(run: Run) -> JudgedAnswers:
    """Return the answers of a run by the promises that they break."""
    edition = edition_of(run.header.edition.id)
    names = {
        (provider.id, model): name
        for provider in run.header.providers
        for model, name in provider.models.items()
    }
    faults: dict[str, set[str]] = {}
    paths: dict[Promise, list[str]] = {}
    for finding in run.findings:
        if finding.verdict in BROKEN or finding.excused:
            faults.setdefault(finding.path, set()).add(finding.clause)
            promise = (*finding.column, finding.clause)
            paths.setdefault(promise, []).append(finding.path)
    by_path = {
        path: JudgedAnswer(trial, frozenset(faults.get(path, ())))
        for path, record in sorted(run.exchanges.items())
        if edition and faults and (trial := trial_of(record, edition, names.get(record.column, "")))
    }
    in_order = dict(sorted(by_path.items(), key=lambda item: item[1].rank))
    controls: dict[str, JudgedAnswer] = {}
    for answer in in_order.values():
        if answer.trial.reply.succeeded:
            controls.setdefault(_request_key(answer.trial), answer)
    broken = {
        promise: [in_order[path] for path in in_order if path in paths_of_promise]
        for promise, paths_of_promise in paths.items()
    }
    return JudgedAnswers(broken, controls)


def trials_of(runs: Sequence[Run], editions: Iterable[str] = ()) -> list[Trial]:
    """Return the answers to try, each once: one for each promise that breaks on a model.

    Beside it one that keeps the promise, to see whether it is the reason for what happens; and
    the same for other editions, by which somebody may judge such answers.
    """
    trials: dict[str, Trial] = {}
    for run in runs:
        answers = answers_of(run)
        for (_, _, clause), breaking in answers.broken.items():
            for answer in breaking[:1]:
                control = answers.control(answer, clause)
                chosen = (answer, control) if control else (answer,)
                trials |= {answer.trial.key: answer.trial for answer in chosen}
    for edition in map(load_edition, editions):
        known = [trial for trial in trials.values() if trial.model in edition.models]
        for trial in known:
            other = replace(trial, edition=edition.id)
            trials[other.key] = other
    return list(trials.values())


def edition_of(name: str) -> Edition | None:
    """Return an edition of the suite; nothing is looked for by a path in a run file."""
    return load_edition(name) if name in edition_ids() else None


def _request_key(trial: Trial) -> str:
    """Return what an answer is for: the model, and what its form depends on."""
    return json.dumps([trial.provider, trial.model, trial.request], sort_keys=True)


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
    # sorted: findings stand in the order in which answers came
    for (provider, _, clause), breaking in sorted(answers.broken.items()):
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
        for model in sorted({finding.model for finding in run.findings}):
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
