"""What providers are asked by: an edition, models and a depth; one reading for every command."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.cases.documented import all_cases, cases_of_retired
from conformance.cases.model import Case, Depth
from conformance.contract import DEFAULT_EDITION, Edition, load_edition
from conformance.contract.loading import editions_with, unknown_model
from conformance.errors import ConformanceError
from conformance.lifecycle import LifecycleState
from conformance.output.globs import globs_of, matches
from conformance.output.shell import quoted
from conformance.providers import Provider, ProviderError, load_provider, provider_names

_NAME = re.compile(r"[^\W_][\w.+-]*")
"""A name is a folder of cassettes, and a part of the names of cases and findings."""


def edition_of(chosen: str | None, providers: Sequence[Provider]) -> str:
    """Return the edition, by id or folder, that was chosen, else the one that the files name.

    The embedded provider keeps whichever the others have. Raises ConformanceError where they
    differ.
    """
    if chosen is not None:
        return chosen
    editions = {
        provider.id: provider.edition or DEFAULT_EDITION
        for provider in providers
        if provider.edition or not provider.embedded
    }
    if len({*editions.values()}) > 1:
        names = ", ".join(f"{name} {edition}" for name, edition in editions.items())
        raise ConformanceError(
            f"these providers have different editions ({names}); run them one by one and put "
            f"the run files into one report, or choose one edition with --edition"
        )
    return next(iter(editions.values()), DEFAULT_EDITION)


def cassette_options(provider: Provider, edition: str, cassettes: Path) -> str:
    """Return the options of a command about cassettes of a provider by an edition, for a shell."""
    words = f"--provider {provider.option}"
    if cassettes != Path("cassettes"):
        words += f" --cassettes {quoted(str(cassettes))}"
    if edition != edition_of(None, [provider]):
        words += f" --edition {quoted(edition)}"
    return words


def addressed(chosen: str | None, provider: str | None) -> tuple[Edition, str]:
    """Return the edition that examples of requests are of, and the provider to which they go.

    Without a provider that is the bundled one after which the edition is called, as in
    cometapi-2026-06, else the reference provider.
    """
    edition = load_edition(edition_of(chosen, [load_provider(provider)] if provider else []))
    namesakes = (name for name in provider_names() if edition.id.startswith(f"{name}-"))
    return edition, provider or next(namesakes, "reference")


def with_asked_models(
    provider: Provider, edition: Edition, pattern: str = "*", day: date = date.max
) -> Provider:
    """Return a provider with all models that it can be asked for; ``pattern`` is `--models`.

    The reference provider has what the edition names, and its file only says in which order. A
    name that a file lacks, but the contract knows, is what the provider calls the model as well.
    What its file names for its dates alone is asked of where the edition knows it, once it has
    ended by the ``day`` of the run. See `_known` for names that the edition does not know.
    """
    models = dict(provider.models)
    # the embedded provider keeps any edition, with all of its models
    if provider.embedded and provider.bundled:
        in_order = [*(name for name in models if name in edition.models), *edition.models]
        models = {name: name for name in in_order}

    def known(names: Iterable[str], table: str) -> list[str]:
        return [*_known(names, provider, edition, table, pattern)]

    unsold = [
        name
        for name in provider.lifecycles
        if name not in models and (edition.find(name) or not editions_with(name))
    ]  # of other editions too, as a file keeps the dates of what it sold years ago
    models = {name: models[name] for name in known(models, "models")}
    models |= {
        name: name
        for name in known(unsold, "lifecycle")
        if provider.lifecycles[name].state(day) is LifecycleState.RETIRED
    }
    models |= {name: name for name in selected(models, pattern, edition) if name not in models}
    if not models:
        raise ProviderError(
            f"{provider.file}: edition {edition.id} has none of its models; they are of edition "
            f"{provider.edition or DEFAULT_EDITION}"
        )
    image, tokens = (
        _with_snapshots({name: prices[name] for name in known(prices, "prices")}, models, edition)
        for prices in (provider.prices.image, provider.prices.tokens)
    )
    prices = replace(provider.prices, image=image, tokens=tokens)
    return replace(provider, models=models, prices=prices)


def depth_of(provider: Provider, chosen: Depth | None) -> Depth:
    """Return the chosen depth; by default thorough where requests are free."""
    return chosen or (Depth.THOROUGH if provider.prices.free else Depth.STANDARD)


def documented_cases(
    edition: Edition, provider: Provider, chosen: Depth | None, retired: Collection[str] = ()
) -> list[Case]:
    """Return the cases for a provider; cases independent of the model go to its first model.

    Of models that have ended it is only asked whether they have.
    """
    depth = depth_of(provider, chosen)
    in_service = [name for name in provider.models if name not in retired]
    cases = [case for case in all_cases(edition, in_service) if depth.includes(case)]
    ended = (name for name in provider.models if name in retired)
    return [*cases, *(case for name in ended for case in cases_of_retired(edition, name))]


def selected(models: Iterable[str], pattern: str, edition: Edition) -> list[str]:
    """Return the models that `--models` selects.

    Where a glob selects none, that is the model that it names, if the contract knows it.
    """
    names, chosen = tuple(models), dict[str, None]()
    for glob in globs_of(pattern):
        is_name = _NAME.fullmatch(glob) and edition.find(glob)
        of_glob = [name for name in names if fnmatchcase(name, glob)]
        chosen |= dict.fromkeys(of_glob or ([glob] if is_name else []))
    return list(chosen)


def check_selected(models: Iterable[str], pattern: str, edition: Edition) -> None:
    """Raise UnknownNameError for a `--models` that selects none of these."""
    names = tuple(models)
    for glob in globs_of(pattern):
        if not selected(names, glob, edition):
            raise unknown_model(edition, glob, other_names=names)


def nothing_selected(provider: str) -> ConformanceError:
    """Return the error for options that select no request to a provider."""
    return ConformanceError(
        f"--clauses, --models and --cases leave nothing of {provider} to judge; widen one of them"
    )


def readings(models: Iterable[str], edition: Edition) -> dict[str, str]:
    """Return as what each model is judged that the edition does not have under its name."""
    known = {name: edition.find(name) for name in models}
    return {name: model.read_as for name, model in known.items() if model and model.read_as}


def _with_snapshots(
    prices: Mapping[str, Mapping[str, float]], models: Iterable[str], edition: Edition
) -> Mapping[str, Mapping[str, float]]:
    """Add to prices by model those of dated snapshots, which cost what their model costs."""
    originals = {name: edition.model(name).snapshot_of or "" for name in {*models} - {*prices}}
    known = {name: original for name, original in originals.items() if original in prices}
    return {**prices, **{name: prices[original] for name, original in known.items()}}


def _known(
    names: Iterable[str], provider: Provider, edition: Edition, table: str, pattern: str
) -> Iterator[str]:
    """Yield the names in a table of a file that the edition knows.

    Others are left out where they are not selected, or are of another edition than the one that
    was chosen in place of the file's. Raises ConformanceError for any other name.
    """
    for name in names:
        location, is_selected = f"{provider.file}: {table}", matches(name, pattern)
        if edition.find(name) is None:
            own_edition = load_edition(provider.edition or DEFAULT_EDITION)
            is_of_another = own_edition.find(name) or editions_with(name)
            if is_selected and (own_edition is edition or not is_of_another):
                raise unknown_model(edition, name, location)
        elif _NAME.fullmatch(name):
            yield name
        elif is_selected:
            raise ProviderError(
                f"{location}: {name!r} cannot name a model here; write letters, digits, '.', '_', "
                f"'+' and '-' only, and what the provider calls it on the right"
            )
