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
class Shown:
    """An answer, and the clauses that it breaks."""

    trial: Trial
    faults: frozenset[str]

    @property
    def place(self) -> tuple[int, int]:
        """Return how much else may be the reason for what clients do with it."""
        return len(self.faults), len(self.trial.request)


@dataclass(frozen=True, slots=True)
class ShownAnswers:
    """The answers of a run that clients can be tried with."""

    broken: Mapping[Promise, Sequence[Shown]]
    """By promise the answers that break it, known or not, those that break least first."""
    controls: Mapping[str, Shown]
    """By what is asked the image that breaks least."""

    def control(self, shown: Shown, clause: str) -> Shown | None:
        """Return an image for the same request that breaks less, and not this clause."""
        control = self.controls.get(_asked(shown.trial)) if shown.trial.reply.succeeded else None
        return control if control and control.faults <= shown.faults - {clause} else None


def answers_of(run: Run) -> ShownAnswers:
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
        path: Shown(trial, frozenset(faults.get(path, ())))
        for path, record in sorted(run.exchanges.items())
        if edition
        and faults
        and (trial := trial_of(record, edition, names.get((record.provider, record.model), "")))
    }
    in_order = dict(sorted(by_path.items(), key=lambda item: item[1].place))
    controls: dict[str, Shown] = {}
    for shown in in_order.values():
        if shown.trial.reply.succeeded:
            controls.setdefault(_asked(shown.trial), shown)
    broken = {
        promise: [in_order[path] for path in in_order if path in mine]
        for promise, mine in paths.items()
    }
    return ShownAnswers(broken, controls)


def trials_of(runs: Sequence[Run], editions: Iterable[str] = ()) -> list[Trial]:
    """Return the answers to try, each once: one for each promise that breaks on a model.

    Beside it one that keeps the promise, to see whether it is the reason for what happens; and
    the same for other editions, by which somebody may judge such answers.
    """
    trials: dict[str, Trial] = {}
    for run in runs:
        answers = answers_of(run)
        for (_, _, clause), every in answers.broken.items():
            for shown in every[:1]:
                control = answers.control(shown, clause)
                chosen = (shown, control) if control else (shown,)
                trials |= {shown.trial.key: shown.trial for shown in chosen}
    for edition in map(load_edition, editions):
        mine = [trial for trial in trials.values() if trial.model in edition.models]
        trials |= {
            trial.key: trial for trial in (replace(trial, edition=edition.id) for trial in mine)
        }
    return list(trials.values())


def edition_of(name: str) -> Edition | None:
    """Return an edition of the suite; nothing is looked for by a path in a run file."""
    return load_edition(name) if name in edition_ids(schemas_directory()) else None


def _asked(trial: Trial) -> str:
    """Return what an answer is for: the model, and what its form depends on."""
    return json.dumps([trial.provider, trial.model, trial.request], sort_keys=True)
