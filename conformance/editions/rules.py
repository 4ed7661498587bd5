"""What two editions say of models and their parameters, rule by rule."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from conformance.clauses.derivation import clause_id
from conformance.contract import Edition, Level, Model
from conformance.editions.records import Change
from conformance.editions.requests import common_models

UNSUPPORTED = "not for this model"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule of one model, as text, with the clause that it gives."""

    text: str
    level: Level = Level.MUST
    clause: str | None = None


def model_changes(old: Edition, new: Edition) -> Iterator[Change]:
    """Yield the models that one edition has and the other does not under its name."""
    for name in (name for name in new.models if name not in old.models):
        known = old.find(name)
        before = f"as {known.read_as}" if known else ""
        after = f"{new.models[name].family}: {', '.join(new.models[name].parameters)}"
        yield Change(area="models", kind="added", subject=name, before=before, after=after)
    for name in (name for name in old.models if name not in new.models):
        known = new.find(name)
        after = f"as {known.read_as}" if known else ""
        before = old.models[name].family
        yield Change(area="models", kind="removed", subject=name, before=before, after=after)
    yield from _differing(
        "models",
        {f"family {name}": family.pattern.pattern for name, family in old.families.items()},
        {f"family {name}": family.pattern.pattern for name, family in new.families.items()},
    )


def parameter_changes(old: Edition, new: Edition) -> Iterator[Change]:
    """Yield the rules that differ, those of several models as one change.

    A new default is a demand of its own: no request tries it. Every other rule demands what the
    requests say that it decides (`request_changes`).
    """
    grouped: dict[tuple[str, str, str, str], list[tuple[str, _Rule]]] = {}
    for model in common_models(old, new):
        before, after = _rules(old.model(model)), _rules(new.model(model))
        for name in dict.fromkeys((*before, *after)):
            text, new_text = (
                rules[name].text if name in rules else "" for rules in (before, after)
            )
            if text != new_text:
                key = (name, text, new_text, _must(name, new_text, before))
                rule = after.get(name) or before[name]
                grouped.setdefault(key, []).append((new.model(model).label, rule))
    for (name, text, new_text, must), rules in grouped.items():
        yield Change(
            area="parameters",
            kind=kind_of(text, new_text),
            subject=name,
            models=tuple(model for model, _ in rules),
            before=text,
            after=new_text,
            must=must,
            level=min((rule.level for _, rule in rules), key=list(Level).index).value,
            clauses=tuple(dict.fromkeys(rule.clause for _, rule in rules if rule.clause)),
        )


def lifecycle_changes(old: Edition, new: Edition) -> Iterator[Change]:
    """Yield the dates of models that differ; a day on which one ends binds a provider."""
    before, after = _lifecycles(old), _lifecycles(new)
    for change in _differing("lifecycle", before, after):
        ends = change.subject.endswith(".until") and bool(change.after)
        model = change.subject.rpartition(".")[0]
        must = f"serve {model} until {change.after}, and refuse it from then on" if ends else ""
        yield Change(
            area="lifecycle",
            kind=change.kind,
            subject=change.subject,
            models=(model,),
            before=change.before,
            after=change.after,
            must=must,
        )


def open_changes(old: Edition, new: Edition) -> Iterator[Change]:
    """Yield the questions that one edition leaves open and the other does not ask."""
    before, after = (
        {name: asked.question for name, asked in edition.open_questions.items()}
        for edition in (old, new)
    )
    yield from _differing("open", before, after)


def _rules(model: Model) -> Mapping[str, _Rule]:
    """Return what is said of each parameter, by parameter and keyword."""
    rules = {
        f"{rule.parameter or 'body'}.{rule.keyword}": _Rule(
            text_of(rule.value), rule.level, clause_id(model, rule)
        )
        for rule in model.rules
        if (rule.parameter, rule.keyword) not in {("model", "enum"), ("model", "const")}
    }
    for name in model.unsupported:
        rules[name] = _Rule(UNSUPPORTED, Level.MAY)
    for name in model.parameters:
        rules[name] = _Rule("documented")
    for point in model.schema.open_points:
        name = f"{point.parameter or 'body'} left open by {point.question}"
        rules[name] = _Rule(text_of(point.keywords), Level.MAY)
    return rules


def _must(name: str, after: str, before: Mapping[str, _Rule]) -> str:
    parameter, _, keyword = name.rpartition(".")
    if keyword == "default" and after and parameter in before:
        return f"treat a request without {parameter} as {parameter}={after}"
    return ""


def _lifecycles(edition: Edition) -> Mapping[str, str]:
    names = ("since", "deprecated", "until", "replaced_by")
    return {
        f"{model}.{name}": text_of(value)
        for model, dates in edition.lifecycles.items()
        for name in names
        if (value := getattr(dates, name))
    }


def _differing(area: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name, ""), after.get(name, "")
        if one != other:
            yield Change(area=area, kind=kind_of(one, other), subject=name, before=one, after=other)


def kind_of(before: str, after: str) -> str:
    """Return what became of something that was `before`, or was not there."""
    return "changed" if before and after else "added" if after else "removed"


def text_of(value: Any) -> str:
    """Write a value of a schema in one line."""
    if isinstance(value, list | tuple):
        return ", ".join("null" if each is None else str(each) for each in value)
    if isinstance(value, str | date):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
