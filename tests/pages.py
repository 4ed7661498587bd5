"""Pages that tests open in a browser, and the fixtures that open them; a plugin of pytest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import to_builtins

from conformance.reports import render
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run
from tests import runs
from tests.browser import LoadedPage, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CELL = "#cell=format.url-only/relay/dall-e-3"
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # noqa: E501 - one picture
SOURCE = {
    "source": "document",
    "section": "response_format",
    "title": "The document",
    "url": "https://contract.test/images",
    "edition": "2026-01-01",
    "retrieved": "2026-01-02",
}
ENTRY = {
    "clause": "count.n-images",
    "models": ["*"],
    "cases": ["n-*"],
    "reason": "It always answers base64.",
    "link": "https://relay.test/issues/1",
    "since": "2026-01-01",
    "expires": "2026-07-01",
}


def rich() -> Run:
    """A run of three providers in which everything that a page can show occurs."""
    run = runs.messy()
    head = to_builtins(run.header)
    head["edition"] = {**runs.EDITION, "families": {"dall-e-3": "dall-e", "dall-e-2": "dall-e"}}
    head["providers"][1].update({"deviations": [ENTRY], "key_variable": "COMETAPI_KEY"})
    clauses = [{**clause, "citations": [SOURCE]} for clause in head["clauses"]]
    runs.change_header(run, **{**head, "seed": 42, "clauses": clauses})
    for name in run.exchanges:
        about = {"target": "https://recorded.test/v1", "cassette": f"cassettes/{name}.yaml"}
        runs.change_exchange(run, name, **about)
    add_refused(run)
    return run


def add_refused(run: Run) -> None:
    """Add a refused request beside its control, with a picture in the control's answer."""
    where: dict[str, Any] = {"provider": "relay", "model": "dall-e-3"}
    picture = {"index": 0, "member": "url", "type": "png", "width": 512, "height": 512}
    more = {"alpha": True, "frames": 1, "complete": True, "bytes": 1200, "sha256": "ab" * 32}
    request = runs.exchange("relay")["request"]
    runs.change_exchange(
        run,
        "relay/dall-e-3/baseline",
        images=[{**picture, **more, "thumbnail": PIXEL}],
        request=request | {"body": '{"prompt":"A kite","size":"1024x1024"}'},
    )
    exchange = runs.exchange("relay", "dall-e-3", "n-7", "cassette")
    exchange["response"] = {"status": 500, "headers": [["server", "x"]], "body": "{}", "bytes": 2}
    run.add(runs.read_record(exchange, ExchangeRecord))
    run.add(runs.broken_must(case="n-7", control="baseline", **where))


def write_page(folder: Path, *all_runs: Run) -> Path:
    """Write the page of some runs."""
    (folder / "index.html").write_text(render(all_runs, "html"), encoding="utf-8")
    return folder / "index.html"


def columns(page: LoadedPage) -> list[str]:
    """Name the models that the matrix shows, from left to right."""
    return page.texts("#grid thead .model")


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of that run, which no test changes."""
    return write_page(tmp_path_factory.mktemp("page"), rich())


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[LoadedPage]:
    """The page, opened; nothing may have gone wrong there, nor been asked of the network."""
    with open_page(browser, file) as window:
        yield window
        assert window.complaints == []
        assert {request.split(":")[0] for request in window.requests} <= {"file", "data"}
