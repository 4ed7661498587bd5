"""A provider that is known by its address alone, for a first look without a file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from conformance.errors import ConformanceError
from conformance.providers import Provider, load_provider, provider_names
from conformance.providers.faults import NO_VARIABLE
from conformance.providers.prices import Prices

KEY_VARIABLE = "IMAGE_API_KEY"
"""Where the key is looked for, unless the host is that of a provider that comes with the suite.

No other variable is tried: the key of one service must not be sent to another.
"""
_ANY_KEY = "sk-no-key"  # for servers on loopback that check none


class AddressError(ConformanceError):
    """What the command line says of a provider in no form that can be read."""


def provider_at(
    base_url: str, models: str, key_variable: str | None = None, usd_per_image: float | None = None
) -> Provider:
    """Return a provider for an address; `models` are names, with commas, or `name=served name`.

    On loopback nothing is billed. A host that a bundled provider has brings its key variable and
    its prices along. Raises `ProviderError` for an address that cannot be used, and
    `AddressError` for models and the name of a variable.
    """
    model_names = _models(models)
    if key_variable is not None and not (key_variable.isascii() and key_variable.isidentifier()):
        raise AddressError(f"--key-variable {NO_VARIABLE}")
    # `at` checks the address, in the words of the option that it was given by
    nameless = Provider("provider", base_url, "http://127.0.0.1/v1", model_names)
    addressed = nameless.at(base_url, "URL")
    free = addressed.is_local
    bundled = None if free else _bundled(addressed.base_url)
    prices = bundled.prices if bundled else Prices(free=free)
    if usd_per_image is not None and not free:
        image = {name: {"default": usd_per_image} for name in model_names}
        prices = Prices("the command line", f"{date.today()}", image)
    return replace(
        addressed,
        id=_name_of(base_url),
        prices=prices,
        key_variable=key_variable or (bundled.key_variable if bundled else None) or KEY_VARIABLE,
        default_key=_ANY_KEY if free else None,
        edition=bundled.edition if bundled else None,
        requests_per_minute=bundled.requests_per_minute if bundled else None,
    )


def toml_of(provider: Provider) -> str:
    """Return the file that says of a provider what the command line did."""
    lines = [
        f"title = {_quoted(urlsplit(provider.base_url).netloc)}",
        f"base_url = {_quoted(provider.base_url)}",
        f"key_variable = {_quoted(provider.key_variable or KEY_VARIABLE)}",
    ]
    lines += ["free = true"] if provider.prices.free else []
    lines += [f"edition = {_quoted(provider.edition)}"] if provider.edition else []
    lines += ["", "[models]"]
    lines += [f"{_quoted(name)} = {_quoted(served)}" for name, served in provider.models.items()]
    if provider.prices.image:
        lines += ["", "[prices]", f"source = {_quoted(provider.prices.source)}"]
        lines += [f"date = {_quoted(provider.prices.date)}", "", "[prices.image]"]
        for name in provider.models:
            prices = provider.prices.image.get(name, {})
            inner = ", ".join(f"{_quoted(key)} = {usd:g}" for key, usd in prices.items())
            lines += [f"{_quoted(name)} = {{{inner}}}"] if prices else []
    return "\n".join(lines) + "\n"


def _models(text: str) -> Mapping[str, str]:
    served_names: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, served = (text.strip() for text in part.partition("="))
        if not name or (equals and not served):
            raise AddressError(
                f"--models {text!r}: {part!r} is no model; write its name, or name=served name, "
                f"with commas between models, as in dall-e-3=openai/dall-e-3,gpt-image-1.5"
            )
        served_names[name] = served or name
    if not served_names:
        raise AddressError("--models names no model; write one, as in --models gpt-image-1.5")
    return served_names


def _name_of(base_url: str) -> str:
    """Return the host, and the port where there is one: the name of a column and of a file."""
    host = re.sub(r"[^\w.]+", "-", urlsplit(base_url).netloc.rpartition("@")[2])
    return host.strip("-._") or "provider"


def _bundled(base_url: str) -> Provider | None:
    host = urlsplit(base_url).hostname
    bundled = (load_provider(name) for name in provider_names())
    return next(
        (provider for provider in bundled if urlsplit(provider.base_url).hostname == host), None
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a basic string of TOML has the escapes of JSON
