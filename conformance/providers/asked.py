"""What providers are asked by, an edition and its models: one reading for every command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from conformance.contract import DEFAULT_EDITION, Edition
from conformance.errors import ConformanceError, UnknownNameError
from conformance.providers import (
    Provider,
    ProviderError,
    is_loopback,
    load_provider,
    provider_names,
)

_NAME = re.compile(r"[^\W_][\w.+-]*")
"""A name is a folder of cassettes, and a part of the names of cases and findings."""


def edition_of(chosen: str | None, providers: Sequence[Provider]) -> str:
    """Return the edition, by id or folder, that was chosen, else the one that the files name.

    The embedded provider keeps whichever the others have. Raises ConformanceError where they
    differ.
    """
    if chosen is not None:
        return chosen
    named = {
        provider.id: provider.edition or DEFAULT_EDITION
        for provider in providers
        if provider.edition or not provider.embedded
    }
    if len({*named.values()}) > 1:
        listed = ", ".join(f"{name} {edition}" for name, edition in named.items())
        raise ConformanceError(
            f"these providers have different editions ({listed}); run them one by one and put "
            f"the run files into one report, or choose one edition with --edition"
        )
    return next(iter(named.values()), DEFAULT_EDITION)


def provider_of(edition: Edition) -> str:
    """Name the bundled provider to which examples of requests go.

    That is one whose file names the edition, else one with a model of it, else the reference
    provider.
    """
    bundled = [load_provider(name) for name in provider_names()]
    remote = [provider for provider in bundled if not is_loopback(provider.base_url)]
    own = [provider.id for provider in remote if provider.edition == edition.id]
    near = [provider.id for provider in remote if edition.models.keys() & provider.models.keys()]
    return next(iter((*own, *near)), "reference")


def with_asked_models(provider: Provider, edition: Edition, pattern: str = "*") -> Provider:
    """Return a provider with all models that it can be asked for; ``pattern`` is `--models`.

    The reference provider has what the edition names, and its file only says in which order. A
    name that a file lacks, but the contract knows, is what the provider calls the model as well.
    What its file names for its dates alone is asked of where the edition knows it.
    Raises UnknownNameError for a name in the file that the contract does not know.
    """
    models = dict(provider.models)
    if provider.embedded and provider.bundled:
        in_order = [*(name for name in models if name in edition.models), *edition.models]
        models = {name: name for name in in_order}
    for name in models:
        _check(name, edition, f"{provider.file}: models")
    models |= {
        name: name for name in provider.lifecycles if name not in models and edition.find(name)
    }
    for name in (*provider.prices.image, *provider.prices.tokens):
        edition.model(name, f"{provider.file}: prices")
    models |= {name: name for name in selected(models, pattern, edition) if name not in models}
    image, tokens = (
        _with_snapshots(listed, models, edition)
        for listed in (provider.prices.image, provider.prices.tokens)
    )
    prices = replace(provider.prices, image=image, tokens=tokens)
    return replace(provider, models=models, prices=prices)


def selected(models: Iterable[str], pattern: str, edition: Edition) -> list[str]:
    """Return the models that `--models` selects.

    Where that is none, it is the model that the pattern names, if the contract knows the name.
    """
    names = [name for name in models if fnmatchcase(name, pattern)]
    is_name = _NAME.fullmatch(pattern) and edition.find(pattern)
    return names or ([pattern] if is_name else [])


def check_selected(models: Iterable[str], pattern: str, edition: Edition) -> None:
    """Raise UnknownNameError for a `--models` that selects none of these."""
    names = tuple(models)
    if not selected(names, pattern, edition):
        known = {*names, *edition.models}
        raise UnknownNameError("model", pattern, known, f"edition {edition.id}")


def readings(models: Iterable[str], edition: Edition) -> dict[str, str]:
    """Return as what each model is judged that the edition does not have under its name."""
    known = {name: edition.find(name) for name in models}
    return {name: model.read_as for name, model in known.items() if model and model.read_as}


def _with_snapshots(
    listed: Mapping[str, Mapping[str, float]], models: Iterable[str], edition: Edition
) -> Mapping[str, Mapping[str, float]]:
    """Add to prices by model those of dated snapshots, which cost what their model costs."""
    models_of = {name: edition.model(name).snapshot_of or "" for name in {*models} - {*listed}}
    return {**listed, **{name: listed[of] for name, of in models_of.items() if of in listed}}


def _check(name: str, edition: Edition, place: str) -> None:
    edition.model(name, place)
    if not _NAME.fullmatch(name):
        raise ProviderError(
            f"{place}: {name!r} cannot name a model here; write letters, digits, '.', '_', '+' "
            f"and '-' only, and what the provider calls it on the right"
        )
