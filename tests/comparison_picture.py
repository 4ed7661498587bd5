"""The picture of the README: what three replayed providers do with the parameters of one model.

``make picture`` writes it, from the committed cassettes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from conformance.reports import render
from conformance.results.run_file import read_run
from tests.browser import chromium, open_page

FILE = Path(__file__).parents[1] / "docs" / "comparison.png"
WINDOW = {"width": 900, "height": 1000}
COLOURS = 64
DIFFERS, TABLE = "#values-differ", "#capabilities"


def draw(run_file: Path, picture: Path) -> None:
    """Open the page of a run, show the values in which providers differ, and take a picture."""
    with TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(render([read_run(run_file)], "html"), encoding="utf-8")
        with (
            chromium() as browser,
            open_page(browser, page, viewport=WINDOW, color_scheme="light") as window,
        ):
            window.page.check(DIFFERS)
            window.page.locator(TABLE).screenshot(path=picture)
    with Image.open(picture) as screenshot:
        screenshot.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), FILE)
    sys.stdout.write(f"wrote {FILE}\n")
