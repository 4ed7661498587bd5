"""Defects of one model only: each request gets the lying or the truthful steps."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import fields, replace
from typing import Any

from conformance.parsing import read_json
from conformance.reference.errors import Refusal
from conformance.reference.steps import Steps

_ASKED: ContextVar[str | None] = ContextVar("model of the request being answered", default=None)
_OF_NO_MODEL = frozenset({"authenticate", "read_body", "model_list", "file"})


def restricted(truthful: Steps, lying: Steps, model: str) -> Steps:
    """Return steps that lie if the request names this model, or if its model is unknown."""
    names = [step.name for step in fields(truthful) if step.name not in _OF_NO_MODEL]
    chosen: dict[str, Any] = {
        name: _either(getattr(truthful, name), getattr(lying, name), model) for name in names
    }

    def authenticate(authorizations: Any, key: str) -> Refusal | None:
        _ASKED.set(None)
        return lying.authenticate(authorizations, key)

    def read_body(content_type: str, data: bytes) -> dict[str, Any] | Refusal:
        value = read_json(data).value
        _ASKED.set(value.get("model") if isinstance(value, dict) else None)
        step = lying if _ASKED.get() == model else truthful
        return step.read_body(content_type, data)

    return replace(lying, authenticate=authenticate, read_body=read_body, **chosen)


def _either(truth: Callable[..., Any], lie: Callable[..., Any], model: str) -> Callable[..., Any]:
    def step(*given: Any) -> Any:
        return lie(*given) if _ASKED.get() == model else truth(*given)

    return step
