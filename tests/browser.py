"""A headless Chromium that opens pages from disk and remembers what went wrong there.

It is a plugin of pytest: its fixture is the browser that tests share.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

MISSING = "no Chromium here (Debian: apt-get install chromium), so no page is opened in it"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
FLAGS = [f"--{flag}" for flag in (*QUIET, "no-sandbox", "disable-component-update", "disable-sync")]

STARTED = pytest.StashKey[tuple["Browser", ExitStack]]()


@dataclass(slots=True)
class LoadedPage:
    """A page, what it complained of, and what it asked of the network."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements that a selector finds."""
        texts: list[str] = self.page.locator(selector).all_inner_texts()
        return texts

    def shown(self) -> list[str]:
        """Name the clauses that the matrix shows, from top to bottom."""
        return self.texts("#grid .clause")

    def focused(self) -> str:
        """Return the accessible name, or the text, of what has the focus."""
        name = "document.activeElement.ariaLabel || document.activeElement.textContent"
        return str(self.page.evaluate(name))


def find_chromium() -> str | None:
    """Return the program: the one that the environment variable CHROMIUM names, or Debian's."""
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


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Browser:
    """The browser that stays open as long as tests that need one follow each other."""
    session = request.session
    if STARTED not in session.stash:
        with ExitStack() as stack:
            handle = stack.enter_context(chromium())
            session.stash[STARTED] = handle, stack.pop_all()
        session.addfinalizer(lambda: _close(session))
    return session.stash[STARTED][0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """Close the browser before a test that needs none: its driver leaves an event loop running."""
    try:
        return (yield)
    finally:
        if "browser" not in getattr(nextitem, "fixturenames", ()):
            _close(item.session)


def _close(session: pytest.Session) -> None:
    if STARTED in session.stash:
        _, stack = session.stash[STARTED]
        del session.stash[STARTED]
        stack.close()


def _refuse(dialog: Dialog, window: LoadedPage) -> None:
    window.complaints.append(dialog.message)
    dialog.dismiss()


WIDE = {"width": 1280, "height": 720}


@contextmanager
def open_page(
    browser: Browser,
    file: Path,
    fragment: str = "",
    viewport: Any = WIDE,
    color_scheme: Any = "light",
    scripts: bool = True,
) -> Iterator[LoadedPage]:
    """Open a file in the window that tests share, or without scripts in a window of its own."""
    # a new window takes Chromium longer than everything that a test does in it
    contexts = browser.contexts if scripts else []
    context = contexts[0] if contexts else browser.new_context(java_script_enabled=scripts)
    page = context.pages[0] if contexts else context.new_page()
    page.set_default_timeout(10_000)
    page.goto("about:blank")  # a file that differs in its fragment alone would not be loaded
    page.set_viewport_size(viewport)
    page.emulate_media(media="null", color_scheme=color_scheme, reduced_motion="reduce")
    window = LoadedPage(page)
    listeners: dict[Any, Callable[[Any], None]] = {
        "console": lambda said: window.complaints.append(said.text),
        "pageerror": lambda error: window.complaints.append(str(error)),
        "dialog": lambda dialog: _refuse(dialog, window),
        "request": lambda request: window.requests.append(request.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    clean = False
    try:
        page.goto(file.as_uri() + fragment)
        yield window
        clean = scripts
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
        if not clean:  # what a test that failed leaves is not to fail the next
            context.close()


if __name__ == "__main__":  # `make test` says so, because a skip is easily overlooked
    sys.stdout.write(f"page: {'in ' + (find_chromium() or '') if find_chromium() else MISSING}\n")
