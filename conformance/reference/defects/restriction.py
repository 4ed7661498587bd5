"""Defects of one model only: each request gets the lying or the truthful steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from conformance.errors import ConformanceError
from conformance.reference.defects.planting import Defect
from conformance.reference.steps import ASKED_MODEL, Steps

_OF_NO_MODEL = ("model_list", "file")


def check_restrictable(defect: Defect, truthful: Steps, model: str) -> None:
    """Raise ConformanceError for a lie that cannot be told of one model only.

    A lie that replaces other steps besides `file` knows which files are of its own answers.
    """
    lying = defect.plant(truthful)
    changed = {
        step.name
        for step in fields(Steps)
        if getattr(lying, step.name) is not getattr(truthful, step.name)
    }
    if "model_list" in changed or changed == {"file"}:
        what = "image files" if changed == {"file"} else "the list of models"
        raise ConformanceError(
            f"--defect-model {model}: {defect.id} is a lie about {what}, which no request asks by "
            f"model; leave --defect-model out"
        )


def restricted(truthful: Steps, lying: Steps, model: str) -> Steps:
    """Return steps that lie only if the request names this model."""
    names = [step.name for step in fields(truthful) if step.name not in _OF_NO_MODEL]
    chosen: dict[str, Any] = {
        name: _either(getattr(truthful, name), getattr(lying, name), model) for name in names
    }
    return replace(lying, **chosen)


def _either(truth: Callable[..., Any], lie: Callable[..., Any], model: str) -> Callable[..., Any]:
    def step(*given: Any) -> Any:
        return lie(*given) if ASKED_MODEL.get() == model else truth(*given)

    return step
