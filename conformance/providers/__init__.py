"""The providers under test: one TOML file each, bundled or the user's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema import Draft202012Validator
from msgspec import ValidationError, convert

from conformance.cases.model import GENERATED, SHORTEST_KEY
from conformance.contract import Edition, schemas_directory
from conformance.errors import ConformanceError, UnknownNameError, nearest
from conformance.exchange.transport.special_addresses import is_loopback
from conformance.findings import BROKEN, UNDECIDED, Finding
from conformance.lifecycle import ENDLESS, Lifecycle, LifecycleState, lifecycle_in, read_lifecycle
from conformance.output.printing import printable
from conformance.output.shell import quoted
from conformance.parsing.toml_text import MOST_BYTES, TOMLFaultError, load_toml
from conformance.providers.faults import explain, rank
from conformance.providers.prices import Prices

HOME = Path(__file__).parent
_NAME = re.compile(r"[^\W_][\w.\-]{0,99}")
# also with backslashes or without a scheme, where urlsplit sees no user and some clients do
_CREDENTIALS = re.compile(r"\s*(?:[a-z][a-z\d+.-]*:)?[/\\]*[^/?#]*@", re.IGNORECASE)
_VISIBLE = re.compile(r"[!-~]+")
_CLASH = "Cannot overwrite a value"
"""Says tomllib where `gpt-image-1` is a text, and `gpt-image-1.5` without quotes a table of it."""
_ANOTHER_VARIABLE = "name another variable with --key-variable"  # of a provider without a file
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"


class ProviderError(ConformanceError):
    """A provider file that cannot be used; the message names file and key."""


class MissingKeyError(ConformanceError):
    """A live run without the provider's API key."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise that a provider does not claim to keep."""

    clause: str
    reason: str
    models: tuple[str, ...] = ("*",)

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is about this promise."""
        return fnmatchcase(finding.clause, self.clause) and _one_of(finding.model, self.models)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known, dated and expiring disagreement of a provider with a clause."""

    clause: str
    reason: str
    since: date
    expires: date
    models: tuple[str, ...] = ("*",)
    cases: tuple[str, ...] = ("*",)
    link: str = ""

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding matches this deviation."""
        return (
            fnmatchcase(finding.clause, self.clause)
            and _one_of(finding.model, self.models)
            and _one_of(finding.case, self.cases)
        )

    def explains(self, finding: Finding) -> bool:
        """Return whether it excuses a finding.

        It excuses an undecided finding only if it names the cases (ARCHITECTURE 5): an outage
        elsewhere must not hide behind it.
        """
        is_broken = finding.verdict in BROKEN
        is_of_named_case = finding.verdict in UNDECIDED and self.cases != ("*",)
        return (is_broken or is_of_named_case) and self.covers(finding)

    def is_about_only(self, models: Iterable[str], some: Collection[str]) -> bool:
        """Return whether it names no model of a provider but some of them."""
        own_models = {model for model in models if _one_of(model, self.models)}
        return bool(own_models) and own_models <= set(some)

    def expired(self, today: date) -> bool:
        """Return whether it has expired; then it no longer excuses anything."""
        return today > self.expires

    @property
    def of_generated(self) -> bool:
        """Return whether it is about generated requests only."""
        return self.cases == (GENERATED,)

    @property
    def name(self) -> str:
        """Its name in reports."""
        everywhere = ("*",)
        models = "" if self.models == everywhere else f" on {', '.join(self.models)}"
        cases = "" if self.cases == everywhere else f" in {', '.join(self.cases)}"
        return f"{self.clause}{models}{cases}"


@dataclass(frozen=True, slots=True)
class Provider:
    """An endpoint under test."""

    id: str
    title: str
    base_url: str
    models: Mapping[str, str]
    key_variable: str | None = None
    default_key: str | None = field(default=None, repr=False)
    embedded: bool = False
    edition: str | None = None
    notes: str = ""
    requests_per_minute: float | None = None
    prices: Prices = field(default_factory=Prices)
    not_claimed: tuple[Claim, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)
    """The dates of its own models; what an edition says besides is of the document's provider.

    A model with an end may be named here alone: it is sold no more, once that day has come.
    """
    file: str = ""

    def key(self, environment: Mapping[str, str] = os.environ) -> str:
        """Read the API key; raises `MissingKeyError` naming the variable when it holds none."""
        value = environment.get(self.key_variable or "", "").strip()
        if value:
            _check_key(self.key_variable or "", value)
            if value.lower() in unquote(self.base_url).lower():
                raise MissingKeyError(
                    f"the address of provider {self.id!r} has the key of {self.key_variable} in "
                    f"it, which every report would show; take it out"
                )
            return value
        where = self.file or "its file"
        if self.default_key and self.is_local:
            _check_key(f"default_key in {where}", self.default_key)
            return self.default_key
        if self.key_variable:
            instead = "replay cassettes without --live" if self.file else _ANOTHER_VARIABLE
            variable = f"environment variable {self.key_variable}; set it, or {instead}"
            needed = f"its API key in the {variable}"
        else:
            needed = f"an API key; name the variable that holds it with key_variable in {where}"
        local = f", or write default_key into {where}, for a server that takes any key"
        aside = local if self.is_local else ""
        raise MissingKeyError(f"provider {self.id!r} needs {needed}{aside}")

    @property
    def is_local(self) -> bool:
        """Return whether it is on this machine, where nobody bills."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def key_place(self) -> str:
        """Where a key that was refused comes from, and what to do where the variable holds none."""
        name = self.key_variable
        if not name or os.environ.get(name, "").strip():
            return name or "its file"
        another = _ANOTHER_VARIABLE if not self.file else f"mend default_key in {self.file}"
        return f"{name}, which is not set; set it, or {another}"

    @property
    def option(self) -> str:
        """Return what `--provider` takes for it in a shell: its name, or the path of its file."""
        if self.bundled or not self.file:
            return self.id
        return quoted(self.file if "/" in self.file else f"./{self.file}")

    @property
    def bundled(self) -> bool:
        """Return whether it comes with the suite."""
        return Path(self.file).parent == HOME

    def is_known(self, model: str, case: str) -> bool:
        """Return whether a deviation names a case, so that it may stay undecided."""
        with_cases = (deviation for deviation in self.deviations if deviation.cases != ("*",))
        return any(
            _one_of(model, deviation.models) and _one_of(case, deviation.cases)
            for deviation in with_cases
        )

    def lifecycle(self, model: str, edition: Edition) -> Lifecycle:
        """Return when a model begins and ends here: the provider's own dates, else the edition's.

        The embedded provider keeps an edition as it was published, and ends nothing by itself.
        """
        own_dates = lifecycle_in(self.lifecycles, model)
        edition_dates = None if self.embedded else lifecycle_in(edition.lifecycles, model)
        return own_dates or edition_dates or ENDLESS

    def retired(self, edition: Edition, day: date) -> tuple[str, ...]:
        """Name the models that have ended by a day."""
        dates = {name: self.lifecycle(name, edition) for name in self.models}
        return tuple(
            name
            for name, lifecycle in dates.items()
            if lifecycle.state(day) is LifecycleState.RETIRED
        )

    def at(self, base_url: str, option: str = "--base-url") -> Provider:
        """Return the same provider at another address; `option` is where it comes from."""
        _check_address(option, base_url)
        if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
            raise ProviderError(
                f"{option} {base_url!r} is not an http or https address; write it as in "
                f"https://api.example.com/v1"
            )
        moved = replace(self, base_url=base_url.rstrip("/"))
        # what is free on this machine may be billed elsewhere
        free = self.prices.free and moved.is_local
        return replace(moved, prices=replace(self.prices, free=free))


def provider_names() -> tuple[str, ...]:
    """List the providers that come with the suite."""
    return tuple(sorted(path.stem for path in HOME.glob("*.toml")))


def load_provider(name: str) -> Provider:
    """Load a bundled provider by name, or any provider by the path of its file.

    Raises `UnknownNameError` for an unknown name and `ProviderError` for a file that is
    missing, is not TOML, or breaks `schemas/provider.schema.json`.
    """
    if "://" in name:
        raise ProviderError(
            f"--provider {name!r} is an address; `image-conformance check` makes a provider's "
            f"file of it, or name the address of another one with --base-url"
        )
    if not (name.endswith(".toml") or "/" in name):
        if name not in provider_names():
            own = Path(f"{name}.toml")
            hint = f"did you mean ./{own}?" if own.is_file() else ""
            raise UnknownNameError("provider", name, provider_names(), "the suite", hint)
        return _load_file(HOME / f"{name}.toml")
    path, bundled = Path(name), HOME / f"{Path(name).stem}.toml"
    if path.exists() and bundled.exists() and not path.samefile(bundled):  # the name is the id
        raise ProviderError(
            f"{path}: {path.stem!r} is the name of a provider that comes with the suite, and "
            f"reports would take one for the other; rename the file"
        )
    return _load_file(path)


def _load_file(path: Path) -> Provider:
    try:
        with path.open("rb") as file:
            document = load_toml(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise ProviderError(f"{path}: cannot be read: {error.strerror}") from None
    except TOMLFaultError as error:
        why = printable(str(error))
        torn = '; a name with a dot needs quotes, as "gpt-image-1.5"' if _CLASH in why else ""
        raise ProviderError(f"{path}: {why}{torn}") from None
    _check_address(f"{path}: base_url", str(document.get("base_url", "")))
    fault = next(iter(sorted(_validator().iter_errors(document), key=rank)), None)
    if fault is not None:
        raise ProviderError(f"{path}: {explain(fault)}")
    return _provider(path, document)


def _check_address(where: str, url: str) -> None:
    """Refuse credentials, which every report would show, and what belongs to the requests."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read only now
    except ValueError as error:
        raise ProviderError(f"{where} is not an http or https address: {error}") from None
    if parts.path.rstrip("/").endswith("/images/generations"):
        raise ProviderError(
            f"{where} ends in /images/generations; leave that out: it is the part before, as in "
            f"https://api.example.com/v1"
        )
    if "?" in url or "#" in url:
        raise ProviderError(
            f"{where} has a query or a fragment, behind which no path can stand; leave it out"
        )
    if _CREDENTIALS.match(url):
        raise ProviderError(
            f"{where} has a user name or password in it, which every report would show; "
            f"take it out, and name the variable of the API key with key_variable"
        )


def _check_key(variable: str, value: str) -> None:
    """Raise `MissingKeyError` for a key that cannot be sent or redacted, without showing it."""
    if len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES:
        raise MissingKeyError(
            f"{variable} holds quotation marks around the API key, which the provider would be "
            f"sent; set it to the key alone"
        )
    if not _VISIBLE.fullmatch(value):
        raise MissingKeyError(
            f"{variable} holds spaces or other characters that no API key has; "
            f"set it to the key alone"
        )
    if len(value) < SHORTEST_KEY:
        raise MissingKeyError(
            f"{variable} holds a key of fewer than {SHORTEST_KEY} characters; it cannot be told "
            "from ordinary words, nor be kept out of cassettes and reports: use a longer one"
        )


def _provider(path: Path, document: dict[str, Any]) -> Provider:
    if not _NAME.fullmatch(path.stem):
        raise ProviderError(
            f"{printable(str(path))}: the file is named as no provider can be; let its name begin "
            "with a letter or digit, and be letters, digits, '.', '_' and '-': it names a folder"
        )
    not_claimed = convert(document.pop("not_claimed", []), tuple[Claim, ...])
    deviations = tuple(_deviation(path, entry) for entry in document.pop("deviations", []))
    document["base_url"] = document["base_url"].rstrip("/")
    free = document.pop("free", False) or document.get("embedded", False)
    prices = Prices(**document.pop("prices", {}), free=free)
    lifecycles = _lifecycles(path, document.pop("lifecycle", {}), document["models"])
    if "/" in document.get("edition", ""):
        document["edition"] = os.path.abspath(path.parent / document["edition"])
    provider = Provider(
        id=path.stem,
        file=str(path),
        prices=prices,
        not_claimed=not_claimed,
        deviations=deviations,
        lifecycles=lifecycles,
        **document,
    )
    if provider.default_key and not provider.is_local:
        raise ProviderError(f"{path}: default_key is for loopback servers only; use key_variable")
    return provider


def _deviation(path: Path, entry: dict[str, Any]) -> Deviation:
    where = f"{path}: deviation of {entry['clause']}"
    try:
        deviation = convert(entry, Deviation)
    except ValidationError as error:  # a day that no calendar has
        raise ProviderError(f"{where}: {error}") from None
    if deviation.expires < deviation.since:
        raise ProviderError(
            f"{where}: it expires on {deviation.expires}, before it begins on {deviation.since}; "
            f"correct one of them"
        )
    return deviation


def _lifecycles(
    path: Path, entries: dict[str, Any], models: Mapping[str, str]
) -> dict[str, Lifecycle]:
    lifecycles: dict[str, Lifecycle] = {}
    for name, entry in entries.items():
        if name not in models and "until" not in entry:
            raise ProviderError(
                f"{path}: lifecycle.{name}: [models] lacks it, and no `until` says when it ended; "
                f"add one of them; {nearest(name, models)}"
            )
        try:
            lifecycles[name] = read_lifecycle(entry, entry["source"], entry["retrieved"])
        except ValueError as error:
            raise ProviderError(f"{path}: lifecycle.{name}: {error}") from None
    return lifecycles


@cache
def _validator() -> Draft202012Validator:
    text = (schemas_directory() / "provider.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
