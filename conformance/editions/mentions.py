"""Which models a sentence names, and which models a citation speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from conformance.contract import Edition, Model
from conformance.contract.promises import Promises

# pages join the words of a name with a middle dot or a hyphen that does not break
_SPELLINGS = str.maketrans({"·": "-", "\u2011": "-", "_": "-"})
_FAMILY_WORDS = re.compile(r"\b(gpt|dall|qwen)[ -](image|e)\b")


def unnamed_citations(edition: Edition, promises: Promises) -> Iterator[str]:
    """Yield the places that the rules of a model cite, and that speak of other models only."""
    texts: dict[tuple[str, str], list[str]] = {}
    for promise in promises.all:
        texts.setdefault((promise.source, promise.section), []).append(promise.says)
    for model in edition.models.values():
        passed_over: dict[tuple[str, str], dict[str, None]] = {}
        for rule in model.rules:
            for cited in rule.citations:
                cited_place = (cited.source, cited.section)
                if not speaks_of(model, texts.get(cited_place, ()), edition):
                    name = f"{rule.parameter or 'body'}.{rule.keyword}"
                    passed_over.setdefault(cited_place, {})[name] = None
        for (source, section), rules in passed_over.items():
            where = f"{source}, {section}, which names other models only"
            yield f"{model.name}: {', '.join(rules)} cites {where}"


def speaks_of(model: Model, texts: Sequence[str], edition: Edition) -> bool:
    """Return whether texts name a model or its family, or no model at all."""
    mentions = [named_in(text, edition) for text in texts]
    if not mentions or not all(mentions):  # a sentence that names none is about every model
        return True
    own_names = {model.name, model.family, model.snapshot_of}
    return any(own_names & {*names} for names in mentions)


def named_in(text: str, edition: Edition) -> tuple[str, ...]:
    """Return the models and families that a text names."""
    plain = _FAMILY_WORDS.sub(r"\1-\2", text.lower().translate(_SPELLINGS))
    return tuple(name for name, form in _forms(edition).items() if form.search(plain))


@lru_cache(maxsize=8)
def _forms(edition: Edition) -> Mapping[str, re.Pattern[str]]:
    """Return how each model and family is written: not as the beginning of a longer name."""
    families = {model.family for model in edition.models.values()} | {*edition.families}
    names = {*edition.models, *families}
    return {
        name: re.compile(rf"(?<![\w.-]){re.escape(name)}(?!-?\w|\.\d)") for name in sorted(names)
    }
