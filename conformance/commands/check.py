"""`image-conformance check`: a first look at an address, without a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.options import EditionName, Quiet, RunFile
from conformance.errors import ConformanceError

if TYPE_CHECKING:
    from conformance.contract import Edition
    from conformance.providers import Provider

REQUESTS = 12
_FREE_ONLY = ", those that nobody is billed for; --budget USD adds images"


def check(
    url: Annotated[str, typer.Argument(metavar="URL", help="The base URL, as clients have it.")],
    models: Annotated[
        str,
        typer.Option(
            metavar="NAMES", help="Models, with commas; name=served where the provider renames one."
        ),
    ] = "",
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="USD",
            help="Ask for images too, and spend no more. Else only what "
            "nobody is billed for is sent; on loopback all is free.",
        ),
    ] = None,
    price: Annotated[
        float | None, typer.Option(metavar="USD", min=0, help="What one image costs there.")
    ] = None,
    key_variable: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Another environment variable of the API key."),
    ] = None,
    max_requests: Annotated[
        int, typer.Option(metavar="N", min=1, help="Send no more requests a model.")
    ] = REQUESTS,
    edition: EditionName = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Write the provider's file here, not beside the run file."
        ),
    ] = None,
    output: RunFile = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Resume the check of this run file.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Send a dozen requests to an address, and say which promises they show to be broken.

    They are chosen to reach the most promises. The key is read from the environment: from
    IMAGE_API_KEY, or the variable of a provider that comes with the suite and is at this host.
    """
    from dataclasses import replace

    from conformance.contract import DEFAULT_EDITION, edition_ids, load_edition, model_named
    from conformance.live.budget import read_budget
    from conformance.providers.ad_hoc import provider_at, toml_of
    from conformance.providers.asked import documented_cases, edition_of, with_asked_models
    from conformance.providers.prices import Prices
    from conformance.runner.options import Options
    from conformance.runner.output_path import default_output
    from conformance.runner.shortlist import cannot_be_billed, shortlist
    from conformance.suite.command import run_promises

    provider = provider_at(url, models or "any", key_variable, price)
    edition = edition_of(edition, [provider])
    loaded = load_edition(edition)
    if edition != (provider.edition or DEFAULT_EDITION):  # so that the saved file goes on by it
        is_ours = loaded.id in edition_ids()
        provider = replace(provider, edition=loaded.id if is_ours else str(loaded.folder))
    if not models:
        raise ConformanceError(f"name a model with --models; {_served_models(provider, loaded)}")
    for name in provider.models:
        model_named(loaded, name, "--models")
    provider = with_asked_models(provider, loaded)
    usd = None if budget is None else read_budget(budget)
    all_cases = documented_cases(loaded, provider, None)
    tested, candidates = provider, all_cases
    if usd is None and not provider.prices.free:
        candidates = [case for case in all_cases if cannot_be_billed(case)]
        # nothing of what is left can be billed, so that the run asks for no budget
        tested = replace(provider, prices=Prices(free=True))
    selected = shortlist(
        candidates, loaded, tested, max_requests, float("inf") if usd is None else usd
    )
    if not selected:
        lack = "no request is free" if budget is None else f"--budget {budget} pays for no request"
        raise ConformanceError(f"{lack} there; allow more with --budget USD")
    if save is not None:
        _save(save, toml_of(provider))
    options = Options(
        provider=tested,
        edition=edition,
        models=",".join(provider.models),  # `--resume` wants the same
        paths=frozenset(case.path for case in selected),
        live=True,
        budget=usd,
        output=output,
        resume=resume,
    )
    code = run_promises(options, replay=False, workers=None, quiet=quiet)
    remark = "" if tested is provider else _FREE_ONLY
    if save is None:  # so that the command below can be pasted as it stands
        save = _write_beside((output or default_output([])).parent, provider.id, toml_of(provider))
    typer.echo(_next(provider, len(selected), len(all_cases), save, remark))
    raise typer.Exit(code)


def _served_models(provider: Provider, edition: Edition) -> str:
    """Return what a provider serves of what the edition knows, or why that cannot be said."""
    from conformance.cases.model import Case, Operation
    from conformance.cases.valid import MODELS_LIST
    from conformance.clauses.subject import Subject
    from conformance.exchange.source import Client, Target
    from conformance.exchange.transport.addresses import AddressPolicy
    from conformance.exchange.transport.limits import Limits
    from conformance.exchange.transport.transport import Transport
    from conformance.output.printing import printable

    target = Target(provider.id, provider.base_url, provider.key(), {})
    with Transport(Limits(), AddressPolicy.for_provider(provider.base_url)) as transport:
        case = Case(MODELS_LIST, "", Operation.LIST_MODELS, method="GET", content_type=None)
        outcome = Subject(Client(target, transport).exchange(case), edition).outcome
    if outcome.listed is None:
        key = f"; look at the key in {provider.key_place}" if outcome.cause == "key" else ""
        return f"{provider.base_url}/models names none: {printable(outcome.reason, 300)}{key}"
    known = sorted(name for name in outcome.listed if edition.find(name))
    if not known:
        return f"{provider.base_url}/models lists none that edition {edition.id} knows"
    return f"served there: {printable(', '.join(known), 500)}"


def _write_beside(folder: Path, name: str, text: str) -> Path:
    """Write a provider's text to a file of a folder; no other one that is there is touched."""
    from itertools import count

    from conformance.output.files import write_text

    path, numbers = folder / f"{name}.toml", count(2)
    while path.exists() and not (path.is_file() and path.read_text("utf-8", "replace") == text):
        path = folder / f"{name}-{next(numbers)}.toml"
    write_text(path, text)
    return path


def _save(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConformanceError(f"{path}: is there already; name another file with --save") from None
    except OSError as error:
        raise ConformanceError(f"{path}: cannot be written: {error.strerror}") from None


def _next(provider: Provider, sent: int, planned: int, file: Path, remark: str) -> str:
    """Say how to go on."""
    from conformance.output.shell import quoted

    saved = quoted(str(file))
    path = saved if "/" in saved else f"./{saved}"
    budget = "" if provider.prices.free else " --budget USD"
    how = f"image-conformance run --provider {path} --live{budget}"
    return f"{sent} of {planned} requests were chosen here{remark}; for the rest: {how}"
