"""Provider files: ours load, and a mistake in one is named with file, key and what to do."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from conformance.cli import app
from conformance.contract import load_edition
from conformance.errors import UnknownNameError
from conformance.exchange.outcome import Outcome, Result
from conformance.findings import Finding, Verdict
from conformance.providers import (
    MissingKeyError,
    ProviderError,
    load_provider,
    provider_names,
)
from conformance.providers.asked import edition_of
from conformance.results.case_result import CaseResult
from conformance.results.deviations import stale_deviations
from conformance.runner.provider_claims import ProviderClaims

GOOD = """
title = "Mine"
base_url = "http://127.0.0.1:9/v1"
key_variable = "MINE_KEY"
[models]
"dall-e-3" = "their-dall-e"
"""
PRICES = """
[prices]
source = "their page"
date = "2026-01-02"
[prices.image]
"""
DEVIATION = """
[[deviations]]
clause = "count.n-honoured"
reason = "ignores n"
since = "2026-11-01"
expires = "2026-12-01"
"""
TODAY = date(2026, 11, 24)
FINDING = Finding("count.n-honoured", "MUST", Verdict.FAIL, "mine", "dall-e-3", "n-2", "one image")


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", sorted({"reference", "cometapi", "openai", *provider_names()}))
def test_shipped_provider_loads_and_names_models_of_the_edition(name: str) -> None:
    provider = load_provider(name)
    edition = load_edition(edition_of(None, [provider]))
    assert all(edition.find(model) for model in provider.models)
    assert provider.edition or provider.embedded
    assert provider.key_variable


def test_users_own_file_loads_by_path(tmp_path: Path) -> None:
    provider = load_provider(write(tmp_path, GOOD))
    assert (provider.id, provider.models) == ("mine", {"dall-e-3": "their-dall-e"})


MISTAKES = {
    "title": (GOOD.replace("title", "titel"), "unknown key 'titel'; did you mean 'title'"),
    "base_url": (GOOD.replace('"http://', '"ftp://'), "base_url: 'ftp:.*is no http or h"),
    "scheme": (GOOD.replace("http://", ""), r"'127.0.0.1:9/v1' is no http.*as in https://api.exam"),
    "endpoint": (GOOD.replace("/v1", "/v1/images/generations"), "leave that out"),
    "query": (GOOD.replace("9/v1", "9/v1?api-version=2025-04-01"), "base_url has a query or a"),
    "fragment": (GOOD.replace("9/v1", "9/v1#v1"), "base_url has a query or a fragment"),
    "endpoint-slash": (GOOD.replace("/v1", "/v1/images/generations/"), "leave that out"),
    "key": (GOOD.replace("MINE_KEY", "sk-1"), "key_variable: is no name of an environment variab"),
    "dot": (GOOD.replace('"dall-e-3"', "gpt-image-1.5"), 'write "gpt-image-1.5"$'),
    "dot-beside": (
        GOOD + 'gpt-image-1 = "a"\ngpt-image-1.5 = "b"', 'needs quotes, as "gpt-image-1.5"$'),
    "dot-in-prices": (
        GOOD + PRICES + "gpt-image-1.5 = { default = 0.04 }", 'write "gpt-image-1.5"$'),
    "dot-in-tokens": (
        GOOD + PRICES + "[prices.tokens.gpt-image-1.5]\ninput_text = 1", 'e "gpt-image-1.5"$'),
    "dot-in-lifecycle": (
        GOOD + '[lifecycle.gpt-image-1.5]\nuntil = "2026-12-01"', 'write "gpt-image-1.5"$'),
    "price": (
        GOOD + PRICES + '"dall-e-3" = 0.04', r'0.04 is not a table; .*3" = { default = 0.04 }$'),
    "day": (
        GOOD + PRICES.replace("2026-01-02", "May"), "prices.date: 'May' is no date; write it as"),
    "toml": (GOOD + 'a "', "is not TOML"),
    "models": (GOOD.replace('"their-dall-e"', "3"), "models.dall-e-3: 3 is not a text in quotes"),
    "date": (GOOD + DEVIATION.replace("2026-12-01", "2026-13-01"), "deviation of count.n-honoured"),
    "expired": (GOOD + DEVIATION.replace("2026-12", "2025-12"), "on 2025-12-01, before it begins"),
    "bare-date": (GOOD + DEVIATION.replace('"2026-12-01"', "2026-12-01"), 'write "2026-12-01"$'),
    "one-table": (GOOD + DEVIATION.replace("[[", "[").replace("]]", "]"), r"write \[\[devi"),
    "expires": (GOOD + DEVIATION.replace("expires", "expire"), "key 'expire'; did you mean"),
    "default_key": (
        GOOD.replace("127.0.0.1:9", "api.example").replace("key_variable", "default_key"), "loop"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_in_a_file_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ProviderError, match=message) as excinfo:
        load_provider(write(tmp_path, text))
    assert "mine.toml" in str(excinfo.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            DEVIATION.replace("n-honoured", "as-aksed"),
            "'count.as-aksed' in .*mean 'count.as-asked'",
        ),
        (DEVIATION + 'models = ["dall-e3"]', "model 'dall-e3' in .*mean 'dall-e-3'"),
        (DEVIATION + 'cases = ["n-mony"]', "case 'n-mony' in .*mean 'n-many'"),
        ('[[not_claimed]]\nclause = "streem.*"\nreason = "r"', "'streem.*' in .*not_claimed"),
    ],
    ids=["clause", "model", "case", "not-claimed"],
)
def test_name_in_a_file_that_nothing_has_is_told_before_anything_is_sent(
    tmp_path: Path, text: str, message: str
) -> None:
    file = write(tmp_path, GOOD + text.replace("n-honoured", "as-asked"))
    result = CliRunner().invoke(app, ["plan", "--provider", file])
    assert isinstance(result.exception, UnknownNameError)
    assert re.search(message, str(result.exception))


@pytest.mark.parametrize("name", ["...toml", "..toml", ".x.toml", "a\x1b[2J.toml", "a b.toml"])
def test_name_of_a_file_that_names_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ProviderError, match="named as no provider can be") as excinfo:
        load_provider(str(path))
    assert str(excinfo.value).isprintable()


def test_name_without_its_suffix_is_told_the_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownNameError, match=r"did you mean \./mine\.toml\?"):
        load_provider("mine")


def test_name_of_a_provider_of_ours_is_kept_for_its_file_by_any_path(tmp_path: Path) -> None:
    ours, path = load_provider("reference"), tmp_path / "reference.toml"
    path.write_text(GOOD)
    with pytest.raises(ProviderError, match=r"'reference' is the name of.*; rename the file"):
        load_provider(str(path))
    path.unlink()
    path.symlink_to(ours.file)
    assert load_provider(ours.file) == ours
    assert load_provider(str(path)).id == "reference"


ADDRESSES = [
    "https://user:hunter2@api.example/v1", "http://hunter2@127.0.0.1:9/v1",
    "ftp://user:hunter2@api.example/v1", "//user:hunter2@api.example",
    "HTTPS:\\\\\\\\user:hunter2@api.example/v1",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    path = write(tmp_path, GOOD.replace("http://127.0.0.1:9/v1", address))
    with pytest.raises(ProviderError, match=r"base_url has a user name or password") as excinfo:
        load_provider(path)
    assert "hunter2" not in str(excinfo.value)
    with pytest.raises(ProviderError, match="--base-url has a user name or password") as excinfo:
        load_provider(write(tmp_path, GOOD)).at(address)
    assert "hunter2" not in str(excinfo.value)


def test_byte_order_mark_is_read_over_and_at_sign_in_a_path_no_password(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("9/v1", "9/@me/v1"), encoding="utf-8-sig")
    assert load_provider(str(path)).base_url == "http://127.0.0.1:9/@me/v1"


DEFAULT = GOOD.replace('key_variable = "MINE_KEY"', 'default_key = "ab"')
ODD, QUOTED = (
    ("sk-a b", "sk-a\nHost: x", "sk-\xe4", "Bearer sk-a"),
    ("''", '""', "``", "\u201c\u201d"),
)
IN_PATH, SPELT = GOOD.replace("9/v1", "9/*/v1"), ("sk-Mine1", "sk-mine1", "%73k-%4Dine1")
KEYS = [
    *((GOOD, key, key, "MINE_KEY holds spaces or other") for key in ODD),
    *((GOOD, f" {q[0]}sk-a{q[1]}\n", "sk-a", "MINE_KEY holds quotation marks") for q in QUOTED),
    *((IN_PATH.replace("*", key), "sk-Mine1", "ine1", "address.* the key") for key in SPELT),
    (GOOD, "acme777", "acme777", "MINE_KEY.* fewer than 8 characters"),
    (DEFAULT, "acme777", "acme777", "default_key.* fewer than 8 characters"),
]


@pytest.mark.parametrize(("text", "key", "secret", "message"), KEYS, ids=ascii)
def test_key_that_will_not_do_is_told_without_it(
    tmp_path: Path, text: str, key: str, secret: str, message: str
) -> None:
    with pytest.raises(MissingKeyError, match=message) as excinfo:
        load_provider(write(tmp_path, text)).key({"MINE_KEY": key})
    assert secret not in str(excinfo.value)


def test_key_comes_from_the_environment(tmp_path: Path) -> None:
    provider = load_provider(write(tmp_path, GOOD))
    assert provider.key({"MINE_KEY": " sk-mine1 "}) == "sk-mine1"
    with pytest.raises(MissingKeyError, match="MINE_KEY"):
        provider.key({})


@pytest.mark.parametrize("address", ["nonsense", "ftp://host/v1", "http://"])
def test_base_url_must_be_an_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(ProviderError, match="--base-url"):
        load_provider(write(tmp_path, GOOD)).at(address)


@pytest.mark.parametrize(
    ("today", "reason"), [(TODAY, "ignores n"), (date(2026, 12, 2), None)], ids=["since", "expired"]
)
def test_deviation_written_since_counts_for_what_an_earlier_run_judged(
    tmp_path: Path, today: date, reason: str | None
) -> None:
    claims = ProviderClaims(load_provider(write(tmp_path, GOOD + DEVIATION)), today)
    finding = replace(FINDING, deviation="what the file said then")
    result = CaseResult(Outcome("n-2", Result.ACCEPTED, ""), {finding.clause: finding}, (), None)
    assert claims.renew(result).findings == {finding.clause: replace(finding, deviation=reason)}


@pytest.mark.parametrize(
    ("changes", "today", "message"),
    [
        ({"verdict": Verdict.PASS}, TODAY, "no longer occurs"),
        ({"clause": "count.other"}, TODAY, "names nothing"),
        ({}, date(2026, 12, 2), "expired on 2026-12-01"),
        ({"deviation": "ignores n"}, TODAY, ""),
    ],
    ids=["ended", "names-nothing", "expired", "occurs"],
)
def test_deviation_that_is_stale_is_told(
    tmp_path: Path, changes: dict[str, Any], today: date, message: str
) -> None:
    provider = load_provider(write(tmp_path, GOOD + DEVIATION))
    messages = stale_deviations(provider, [replace(FINDING, **changes)], today)
    assert len(messages) == bool(message)
    assert message in "".join(messages)
