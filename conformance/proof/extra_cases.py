"""Cases of the proof beyond the documented ones, so that every clause binds some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from conformance.cases import all_cases, cases_of_retired
from conformance.cases.model import Case
from conformance.cases.valid import MODELS_LIST
from conformance.contract import Edition, Model
from conformance.lifecycle import Lifecycle, Standing

RETIRED, _RETIRED_LIST = "retired", "retired-models-list"
"""The smallest request to a model that has ended, and its control."""

NOW = 1_790_000_000.0
"""Unix time in seconds of every answer, so that answers can be compared."""

_DAY = datetime.fromtimestamp(NOW, UTC).date()
SHUTDOWN = _DAY + timedelta(days=10)
"""The day on which all models end that have not ended."""

_ENDED = Standing(
    Lifecycle(until=_DAY - timedelta(days=1), source="the proof", retrieved=str(_DAY)), _DAY
)
_ENDING = Standing(Lifecycle(until=SHUTDOWN, source="the proof", retrieved=str(_DAY)), _DAY)

_PROMPT = "A small red sailing boat on a calm sea, seen from the shore"


def family_names(edition: Edition) -> tuple[str, ...]:
    """Return the models that the edition knows by their family alone, and has an example of."""
    models = (example.content.get("model") for example in edition.examples)
    names = dict.fromkeys(name for name in models if isinstance(name, str))
    return tuple(name for name in names if name not in edition.models and edition.find(name))


def models_of_proof(edition: Edition) -> tuple[str, ...]:
    """Return the models that are asked: of those with one schema the first, for all are alike."""
    representatives: dict[object, str] = {}
    for name, model in edition.models.items():
        representatives.setdefault(model.schema, name)
    return (*representatives.values(), *family_names(edition))


def usual_model(edition: Edition) -> str:
    """Return the model of the edition's first example."""
    models = (example.content.get("model") for example in edition.examples)
    return next(name for name in models if isinstance(name, str))


def is_of_retired(case: Case) -> bool:
    """Return whether a case is about a model that has ended."""
    return case.id in (RETIRED, _RETIRED_LIST)


def standing_of(case: Case) -> Standing:
    """Return how the model of a case stands: every one ends some day, and one has ended."""
    return _ENDED if is_of_retired(case) else _ENDING


def cases_of_proof(edition: Edition, models: Sequence[str]) -> dict[str, Case]:
    """Return every case that a proof judges on some models, by path."""
    cases = (
        *all_cases(edition, models),
        *supplementary_cases(edition, models),
        *retired_cases(edition, models[0]),
    )
    return {case.path: case for case in cases}


def retired_cases(edition: Edition, name: str) -> Iterator[Case]:
    """Yield what is asked of a model that has ended."""
    listing, smallest = cases_of_retired(edition, name)
    yield replace(listing, id=_RETIRED_LIST)
    yield replace(smallest, id=RETIRED, control=_RETIRED_LIST)


def _sizes(model: Model) -> list[str]:
    """Return the sizes that a model lists, or of which it gives examples."""
    sizes = model.documented("size") or model.examples("size")
    return [size for size in sizes if size != "auto"]


def supplementary_cases(edition: Edition, models: Sequence[str]) -> Iterator[Case]:
    """Yield streams with a size, or with whom they are for: no documented case combines them."""
    for name in models:
        model = edition.find(name)
        sizes = _sizes(model) if model else []
        if model is not None and "stream" in model.parameters and len(sizes) > 1:
            body = {"model": name, "prompt": _PROMPT, "stream": True, "size": sizes[1]}
            yield Case("stream-size", name, body=body, control=MODELS_LIST, billed=True)
        if model is not None and {"stream", "safety_identifier"} <= model.parameters.keys():
            body = {"model": name, "prompt": _PROMPT, "stream": True, "safety_identifier": "a-name"}
            yield Case("stream-identified", name, body=body, control=MODELS_LIST, billed=True)
