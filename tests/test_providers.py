"""Provider files: ours load, and a mistake in one is named with file, key and what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from conformance.contract import load_edition
from conformance.errors import UnknownNameError
from conformance.findings import Finding, Verdict
from conformance.providers import (
    MissingKeyError,
    ProviderError,
    load_provider,
    provider_names,
)
from conformance.providers.asked import edition_of
from conformance.results.deviations import stale_deviations

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
FINDING = Finding("count.n-honoured", "MUST", Verdict.FAIL, "mine", "dall-e-3", "n-2", "one image")


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", provider_names())
def test_shipped_provider_loads_and_names_models_of_the_edition(name: str) -> None:
    provider = load_provider(name)
    edition = load_edition(edition_of(None, [provider]))
    assert all(edition.find(model) for model in provider.models)
    assert provider.edition or provider.embedded
    assert provider.key_variable


def test_shipped_providers_are_those_promised() -> None:
    assert {"reference", "cometapi", "openai", "litellm"} <= set(provider_names())


def test_users_own_file_loads_by_path(tmp_path: Path) -> None:
    provider = load_provider(write(tmp_path, GOOD))
    assert (provider.id, provider.models) == ("mine", {"dall-e-3": "their-dall-e"})


def test_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'litellm'"):
        load_provider("litelm")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("title", "titel"), r"unknown key 'titel'; did you mean 'title'"),
        (
            GOOD.replace('base_url = "http://', 'base_url = "ftp://'),
            "base_url: 'ftp:.*is no http or h",
        ),
        (GOOD.replace("http://", ""), r"'127.0.0.1:9/v1' is no http.*as in https://api.example"),
        (GOOD.replace("MINE_KEY", "sk-1"), "key_variable: is no name of an environment variable"),
        (GOOD.replace('"dall-e-3"', "gpt-image-1.5"), 'write "gpt-image-1.5"$'),
        (GOOD + 'gpt-image-1 = "a"\ngpt-image-1.5 = "b"', 'needs quotes, as "gpt-image-1.5"$'),
        (GOOD + PRICES + "gpt-image-1.5 = { default = 0.04 }", 'write "gpt-image-1.5"$'),
        (GOOD + PRICES + "[prices.tokens.gpt-image-1.5]\ninput_text = 1", 'e "gpt-image-1.5"$'),
        (GOOD + '[lifecycle.gpt-image-1.5]\nuntil = "2026-12-01"', 'write "gpt-image-1.5"$'),
        (GOOD + PRICES + '"dall-e-3" = 0.04', r'0.04 is not a table; .*3" = { default = 0.04 }$'),
        (GOOD + PRICES.replace("2026-01-02", "May"), "prices.date: 'May' is no date; write it as"),
        (GOOD + 'a "', "is not TOML"),
        (GOOD.replace('"their-dall-e"', "3"), "models.dall-e-3: 3 is not a text in quotes"),
        (GOOD + DEVIATION.replace("2026-12-01", "2026-13-01"), "deviation of count.n-honoured"),
        (GOOD + DEVIATION.replace("expires", "expire"), "unknown key 'expire'; did you mean"),
        (GOOD.replace("127.0.0.1:9", "api.example").replace("key_variable", "default_key"), "loop"),
    ],
    ids=[
        "title",
        "base_url",
        "scheme",
        "key",
        "dot",
        "dot-beside",
        "dot-in-prices",
        "dot-in-tokens",
        "dot-in-lifecycle",
        "price",
        "day",
        "toml",
        "models",
        "date",
        "expires",
        "default_key",
    ],
)
def test_mistake_in_a_file_names_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProviderError, match=said) as raised:
        load_provider(write(tmp_path, text))
    assert "mine.toml" in str(raised.value)


@pytest.mark.parametrize("name", ["...toml", "..toml", ".x.toml", "a\x1b[2J.toml", "a b.toml"])
def test_name_of_a_file_that_names_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(ProviderError, match="named as no provider can be") as caught:
        load_provider(str(path))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["reference", "cometapi"])
def test_file_named_as_a_provider_of_ours_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.toml").write_text(GOOD)
    with pytest.raises(ProviderError, match=f"{name!r} is the name of.*; rename the file"):
        load_provider(str(tmp_path / f"{name}.toml"))


def test_file_of_a_provider_of_ours_is_itself_by_any_path(tmp_path: Path) -> None:
    ours = load_provider("reference")
    assert load_provider(ours.file) == ours
    (tmp_path / "reference.toml").symlink_to(ours.file)
    assert load_provider(str(tmp_path / "reference.toml")).id == "reference"


ADDRESSES = [
    "https://user:hunter2@api.example/v1",
    "http://hunter2@127.0.0.1:9/v1",
    "ftp://user:hunter2@api.example/v1",
    "//user:hunter2@api.example",
    "HTTPS:\\\\\\\\user:hunter2@api.example/v1",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    path = write(tmp_path, GOOD.replace("http://127.0.0.1:9/v1", address))
    with pytest.raises(ProviderError, match=r"base_url has a user name or password") as told:
        load_provider(path)
    assert "hunter2" not in str(told.value)
    with pytest.raises(ProviderError, match="--base-url has a user name or password") as told:
        load_provider(write(tmp_path, GOOD)).at(address)
    assert "hunter2" not in str(told.value)


def test_at_sign_in_a_path_is_no_password(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("9/v1", "9/@me/v1"))
    assert load_provider(path).base_url == "http://127.0.0.1:9/@me/v1"


def test_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8-sig")
    assert load_provider(str(tmp_path / "mine.toml")).title == "Mine"


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"nowhere\.toml: cannot be read"):
        load_provider(str(tmp_path / "nowhere.toml"))


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nHost: x", "sk-ä", "Bearer sk-a"], ids=ascii)
def test_key_that_no_header_can_carry_is_told_without_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(MissingKeyError, match="MINE_KEY holds spaces or other") as told:
        load_provider(write(tmp_path, GOOD)).key({"MINE_KEY": key})
    assert key not in str(told.value)


@pytest.mark.parametrize(
    "key", ['"sk-a"', "'sk-a'", ' "sk-a"\n', "`sk-a`", "\u201csk-a\u201d"], ids=ascii
)
def test_quotes_around_a_key_are_told_without_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(MissingKeyError, match="MINE_KEY holds quotation marks") as told:
        load_provider(write(tmp_path, GOOD)).key({"MINE_KEY": key})
    assert "sk-a" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [(GOOD, "MINE_KEY"), (GOOD.replace('key_variable = "MINE_KEY"', 'default_key = "ab"'), "defa")],
    ids=["key_variable", "default_key"],
)
def test_key_too_short_to_be_redacted_is_refused(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(MissingKeyError, match=f"{name}.* fewer than 8 characters") as told:
        load_provider(write(tmp_path, text)).key({"MINE_KEY": "acme777"})
    assert "acme777" not in str(told.value)


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
    ("verdict", "clause", "today", "said"),
    [
        (Verdict.PASS, "count.n-honoured", date(2026, 11, 24), "no longer occurs"),
        (Verdict.FAIL, "count.other", date(2026, 11, 24), "names nothing"),
        (Verdict.FAIL, "count.n-honoured", date(2026, 12, 2), "expired on 2026-12-01"),
    ],
    ids=["ended", "names-nothing", "expired"],
)
def test_stale_deviation_is_told(
    tmp_path: Path, verdict: Verdict, clause: str, today: date, said: str
) -> None:
    provider = load_provider(write(tmp_path, GOOD + DEVIATION))
    finding = replace(FINDING, verdict=verdict, clause=clause)
    (told,) = stale_deviations(provider, [finding], today)
    assert said in told


def test_deviation_that_occurs_is_not_stale(tmp_path: Path) -> None:
    provider = load_provider(write(tmp_path, GOOD + DEVIATION))
    known = replace(FINDING, deviation="ignores n")
    assert stale_deviations(provider, [known], date(2026, 11, 24)) == []


@pytest.mark.parametrize("end", ["?api-version=2025-04-01", "#v1"], ids=["query", "fragment"])
def test_address_with_a_query_or_a_fragment_is_refused(tmp_path: Path, end: str) -> None:
    path = write(tmp_path, GOOD.replace("9/v1", f"9/v1{end}"))
    with pytest.raises(ProviderError, match="base_url has a query or a fragment"):
        load_provider(path)
    with pytest.raises(ProviderError, match="--base-url has a query or a fragment"):
        load_provider(write(tmp_path, GOOD)).at(f"http://127.0.0.1:9/v1{end}")


@pytest.mark.parametrize("end", ["/images/generations", "/images/generations/"])
def test_base_url_with_the_endpoint_in_it_is_refused(tmp_path: Path, end: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("/v1", f"/v1{end}"))
    with pytest.raises(ProviderError, match="leave that out"):
        load_provider(str(path))
