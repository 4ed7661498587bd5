"""A headless Chromium that opens pages from disk and remembers what went wrong there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

MISSING = "no Chromium here (Debian: apt-get install chromium), so no page is opened in it"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
FLAGS = [f"--{each}" for each in (*QUIET, "no-sandbox", "disable-component-update", "disable-sync")]


@dataclass(slots=True)
class Opened:
    """A page, what it complained of, and what it asked of the network."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """Give the texts of all elements that a selector finds."""
        return self.page.locator(selector).all_inner_texts()

    def shown(self) -> list[str]:
        """Name the clauses that the matrix shows, from top to bottom."""
        return self.texts("#grid .clause")

    def focused(self) -> str:
        """Give the accessible name, or the text, of what has the focus."""
        name = "document.activeElement.ariaLabel || document.activeElement.textContent"
        return str(self.page.evaluate(name))


def find_chromium() -> str | None:
    """Give the program: the one that the environment variable CHROMIUM names, or Debian's."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; skips, with the reason, where there is none or nothing to drive it."""
    program = find_chromium()
    if program is None:
        pytest.skip(MISSING)
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def _refuse(dialog: Dialog, found: Opened) -> None:
    found.complaints.append(dialog.message)
    dialog.dismiss()


@contextmanager
def opened(browser: Browser, file: Path, fragment: str = "", **options: Any) -> Iterator[Opened]:
    """Open a file in a window of its own."""
    context = browser.new_context(reduced_motion="reduce", **options)
    found = Opened(context.new_page())
    page = found.page
    page.set_default_timeout(10_000)
    page.on("console", lambda said: found.complaints.append(said.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("dialog", lambda dialog: _refuse(dialog, found))
    page.on("request", lambda request: found.requests.append(request.url))
    page.goto(file.as_uri() + fragment)
    try:
        yield found
    finally:
        context.close()


if __name__ == "__main__":  # `make test` says so, because a skip is easily overlooked
    sys.stdout.write(f"page: {'in ' + (find_chromium() or '') if find_chromium() else MISSING}\n")
