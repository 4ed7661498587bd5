"""The values of parameters: those that the contract names, and those that requests ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from conformance.cases.model import Case, Depth
from conformance.cases.schema_keywords import condition_names, types_of
from conformance.contract import Edition, Model

Standing = Literal["documented", "default", "open", "refused"]

_LONGEST = 60  # characters of a value that is shown whole
_LONG_PROMPT = 1000  # characters; of usual prompts nothing is to be known


@dataclass(frozen=True, slots=True)
class AskableValue:
    """A value of a parameter of one model: what the contract says of it, and what asks for it."""

    model: str
    asks: tuple[tuple[str, str], ...]
    """The parameter and the value; several, where a rule forbids them together."""
    standing: Standing
    depth: Depth | None = None
    """The depth at which the plan asks for it; None if no request of the plan does."""


def value_text(value: object) -> str:
    """Return a value on one line: as JSON, but a plain word without its quotes."""
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) > _LONGEST:
        return f"{len(text)} characters"
    if not isinstance(value, str):
        return text
    try:
        json.loads(text)
    except ValueError:
        return text if text.strip() else json.dumps(text)
    return json.dumps(text)  # "1" is not 1


def asked_values(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that a request asks for beside its model, with their values.

    Of a prompt only an unusual length is named.
    """
    prompt = body.get("prompt")
    usual = isinstance(prompt, str) and 0 < len(prompt) < _LONG_PROMPT
    skipped = {"model", "prompt"} if usual or prompt is None else {"model"}
    return {name: value_text(value) for name, value in body.items() if name not in skipped}


def askable_values(
    edition: Edition, model: Model, cases: Iterable[Case]
) -> tuple[AskableValue, ...]:
    """List the values that the contract names for a model, and those that its cases ask for.

    Values that a rule across parameters forbids together come last, as one.
    """
    values = {value.asks: value for value in _named_values(model)}
    for case in cases:
        for value in _asked_by(case, edition, model):
            known = values.get(value.asks, value)
            # a request that is open as a whole says nothing of its values; a default stays one
            standing = known.standing if value.standing == "open" else value.standing
            standing = known.standing if known.standing == "default" else standing
            depth = Depth.STANDARD if known.depth is Depth.STANDARD else value.depth
            values[value.asks] = replace(known, standing=standing, depth=depth)
    names = [*model.parameters, *(name for asks in values for name, _ in asks)]
    return tuple(
        sorted(values.values(), key=lambda known: (len(known.asks), names.index(known.asks[0][0])))
    )


def _asked_by(case: Case, edition: Edition, model: Model) -> Iterator[AskableValue]:
    """Yield the values that a case asks for and that the contract does not forbid one by one."""
    if case.body is None or not case.is_plain:
        return
    parameters, reading = asked_values(case.body), edition.read(case.body)
    broken = {violation.keyword for violation in reading.violations}
    if reading.expectation != "refused":
        standing: Standing = "documented" if reading.expectation == "accepted" else "open"
        for pair in parameters.items():
            yield AskableValue(model.name, (pair,), standing, case.depth)
    elif broken <= condition_names(model) and len(parameters) > 1:
        yield AskableValue(model.name, tuple(sorted(parameters.items())), "refused", case.depth)


def _named_values(model: Model) -> Iterator[AskableValue]:
    """Yield the values that the contract names one by one, and the limits of its ranges."""
    for name, schema in model.parameters.items():
        if name == "model":
            continue
        types = types_of(schema)
        limits = [schema.get("minimum"), schema.get("maximum")] if "integer" in types else []
        limits = [True, False] if "boolean" in types else limits
        certain = [*model.documented(name), *(limit for limit in limits if limit is not None)]
        for value in certain:
            standing: Standing = "default" if value == model.default(name) else "documented"
            yield AskableValue(model.name, ((name, value_text(value)),), standing)
        disputed = [*schema.get("enum", ()), *model.open_values(name)]
        for value in dict.fromkeys(disputed):
            if value is not None and value not in certain:
                yield AskableValue(model.name, ((name, value_text(value)),), "open")
    longest = model.parameters.get("prompt", {}).get("maxLength")
    if longest is not None:
        yield AskableValue(model.name, (("prompt", f"{longest} characters"),), "documented")
