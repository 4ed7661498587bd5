"""Which answers of a run show a broken promise to clients, the plainest first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.clients.answers import Trial, trial_of
from conformance.contract import Edition, edition_ids, load_edition, schemas_directory
from conformance.findings import BROKEN
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
            path = f"{finding.provider}/{finding.model}/{finding.case}"
            faults.setdefault(path, set()).add(finding.clause)
            promise = (finding.provider, finding.model, finding.clause)
            paths.setdefault(promise, []).append(path)
    by_path = {
        path: JudgedAnswer(trial, frozenset(faults.get(path, ())))
        for path, record in sorted(run.exchanges.items())
        if edition
        and faults
        and (trial := trial_of(record, edition, names.get((record.provider, record.model), "")))
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
    return load_edition(name) if name in edition_ids(schemas_directory()) else None


def _request_key(trial: Trial) -> str:
    """Return what an answer is for: the model, and what its form depends on."""
    return json.dumps([trial.provider, trial.model, trial.request], sort_keys=True)
