"""The documentation site: complete, linked, valid, the same bytes twice, and readable offline."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import html5lib
import pytest
from typer.testing import CliRunner

from conformance.clauses import clauses_of
from conformance.cli import app
from conformance.contract import Edition, load_edition
from conformance.documentation.build import broken, build_site, spans
from conformance.documentation.examples import body_text, failure_modes, laid_out
from conformance.errors import ConformanceError
from conformance.proof.proving import Proof
from conformance.reference.defects import defects
from conformance.reports.templating import prose
from tests.browser import LoadedPage, open_page
from tests.extent import sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser


FOLDERS = ("clauses", "models")
HTML = "{http://www.w3.org/1999/xhtml}"


PICK = {"count.as-asked", "url.https", "url.public-host", "envelope.not-html", "stream.completed"}
"""The clauses whose pages are read below, besides one of a size of which no lie can be served."""
DEFECTS = {
    name: defect
    for name, defect in defects().items()
    if name in sample(defects(), 21) or not PICK.isdisjoint(defect.claims) or "size-pattern" in name
}
"""The defects whose failures the pages of clauses have: in `make long`, all of them."""


@pytest.fixture(scope="session")
def site(proof: Proof, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.documentation.examples.Proof", lambda _: nullcontext(proof))
        patch.setattr("conformance.documentation.examples.defects", lambda _: DEFECTS)
        build_site(proof.edition, folder, "cometapi")
    return folder


@pytest.fixture(scope="session")
def trees(site: Path) -> dict[Path, Any]:
    """Parse pages strictly, of the clauses a sample: what is not valid HTML raises."""
    parser = html5lib.HTMLParser(strict=True)
    paths = [path for path in site.rglob("*.html") if path.parent.name != "clauses"]
    paths += sample(sorted((site / "clauses").iterdir()), 36)
    return {path: parser.parse(path.read_text("utf-8")) for path in paths}


def links_of(tree: Any) -> list[Any]:
    """Return the address of everything that a page links or loads, split."""
    addresses = (node.get("href") or node.get("src") for node in tree.iter())
    return [urlsplit(address) for address in addresses if address]


def ids_of(tree: Any) -> list[str]:
    return [node.get("id") for node in tree.iter() if node.get("id")]


def text_of(site: Path, name: str) -> str:
    return (site / name).read_text("utf-8")


def test_every_clause_model_and_family_has_one_page(site: Path, edition: Edition) -> None:
    pages = {folder: {path.stem for path in (site / folder).iterdir()} for folder in FOLDERS}
    assert pages["clauses"] == {clause.id for clause in clauses_of(edition)}
    assert pages["models"] == {"index", *edition.models, *edition.families}


def test_no_internal_link_is_dead(trees: dict[Path, Any]) -> None:
    ids = {path.resolve(): set(ids_of(tree)) for path, tree in trees.items()}
    for path, tree in trees.items():
        for parts in links_of(tree):
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            assert target.is_file(), (path, parts)
            if parts.fragment and target in ids:
                assert parts.fragment in ids[target], (path, parts)


def test_every_page_can_be_reached_from_the_first(site: Path, trees: dict[Path, Any]) -> None:
    visited, frontier = set[Path](), {(site / "index.html").resolve()}
    while frontier:
        visited |= frontier
        links = {
            (path.parent / link.path).resolve()
            for path in frontier & trees.keys()
            for link in links_of(trees[path])
            if not link.scheme and link.path
        }
        frontier = {path for path in links if path.suffix == ".html"} - visited
    assert visited == {path.resolve() for path in site.rglob("*.html")}


def test_no_page_needs_the_network_or_has_an_id_twice(trees: dict[Path, Any]) -> None:
    for path, tree in trees.items():
        addresses = [node.get("src") for node in tree.iter() if node.get("src")]
        addresses += [node.get("href") for node in tree.iter(f"{HTML}link")]
        assert not any(urlsplit(url).scheme or url.startswith("//") for url in addresses), path
        assert "url(" not in path.read_text("utf-8"), path
        assert [name for name, count in Counter(ids_of(tree)).items() if count > 1] == [], path


def test_page_has_statement_sources_and_a_real_failure(site: Path, edition: Edition) -> None:
    for clause in clauses_of(edition):
        page = text_of(site, f"clauses/{clause.id}.html")
        assert prose(clause.statement) in page
        assert all(edition.sources[citation.source].url in page for citation in clause.citations)
        lies = [lie for lie in DEFECTS.values() if clause.id in lie.claims and not lie.silent]
        assert bool(re.search(r'class="verdict">✗ (fail|deviates)<', page)) is bool(lies)
        section = page.partition('id="proof"')[2].partition('id="reproduce"')[0]
        assert all(f'defects.html#{defect.id}"' in section for defect in lies), clause.id
        # what bills is not started without a budget, so the command could not be pasted
        assert ("cometapi --live" in page) is ("cometapi --live --budget USD" in page), clause.id


def test_failure_is_what_the_lying_provider_really_answered(site: Path) -> None:
    page = text_of(site, "clauses/count.as-asked.html")
    assert "image-conformance serve --defect count." in page
    assert "http://127.0.0.1:18001/v1/images/generations" in page
    assert re.search(r"<dt>expected</dt><dd>2\b", page)


@pytest.mark.parametrize("name", ["url.https", "url.public-host", "parameters.size-pattern"])
def test_page_says_so_where_serving_the_lie_would_show_nothing(site: Path, name: str) -> None:
    page = text_of(site, f"clauses/{name}.html")
    assert "cannot show the failure above" in page
    assert "serve --defect" not in page


def test_foreign_text_is_escaped(site: Path) -> None:
    page = text_of(site, "clauses/envelope.not-html.html")
    assert "&lt;html" in page.lower()
    assert page.lower().count("<html") == 1
    assert prose("a `<b>` & <i>") == "a <code>&lt;b&gt;</code> &amp; &lt;i&gt;"


def test_no_page_has_a_key_or_a_moment_of_its_making(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = path.read_text("utf-8")
        assert not re.search(r"req_[0-9a-f]{8}|openai-processing-ms: \d", page), path
        assert not re.search(r"(?<!\bta)sk-(?!(reference-)?conformance)", page), path


@pytest.mark.long
def test_site_is_the_same_bytes_when_built_again(site: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "conformance.cli", "docs", "--output", str(tmp_path)]
    subprocess.run(words, env={**os.environ, "PYTHONHASHSEED": "1"}, check=True, timeout=300)
    first = {path.relative_to(site): path.read_bytes() for path in site.rglob("*.*")}
    second = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert first == second


def test_failure_modes_name_clauses_that_there_are_reports_and_every_mode_of_a_defect() -> None:
    clauses = {clause.id for clause in clauses_of(load_edition())}
    sightings = [sighting for mode in failure_modes().values() for sighting in mode.seen]
    assert {name for sighting in sightings for name in sighting.clauses} <= clauses
    shape = re.compile(r"[\w.-]+/[\w.-]+/(issues|pull)/\d+")
    paths = [path for sighting in sightings for path in (*sighting.read, *sighting.excerpt)]
    assert [path for path in paths if not shape.fullmatch(path)] == []
    assert all(sighting.read or sighting.excerpt for sighting in sightings)
    modes = {mode for defect in defects().values() for mode in defect.modes}
    assert {mode for mode in modes if re.fullmatch(r"D\d+", mode)} == {*failure_modes()}


def test_body_is_laid_out_only_where_that_hides_no_lie() -> None:
    assert laid_out('{"a":[1]}') == '{\n  "a": [\n    1\n  ]\n}'
    for body in ('{"a":1,"a":2}', "<p>"):
        assert laid_out(body) == body


def test_events_of_a_stream_stand_on_lines_of_their_own(site: Path) -> None:
    page = text_of(site, "clauses/stream.completed.html")
    assert re.search(r"^event: \S+\ndata: \{", page, re.MULTILINE)
    assert body_text(b"a\x1b\n" * 3).count("\n") == 3
    assert "\n" not in body_text(b"a\n" * 1000)


def test_lines_of_a_page_are_told_as_spans() -> None:
    assert spans(frozenset({2, 3, 4, 9})) == "2 to 4, 9"


def test_curl_is_broken_before_its_headers_and_nowhere_in_its_body() -> None:
    line = "curl -X POST 'u' -H 'a: b' --data-raw '{\"prompt\":\"x -H y\"}'"
    lines = broken(line).split(" \\\n  ")
    assert lines == ["curl -X POST 'u'", "-H 'a: b'", '--data-raw \'{"prompt":"x -H y"}\'']


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--edition", "cometapi-2026-03-13"], "did you mean 'cometapi-2026-03-12'"),
        (["--provider", "cometap"], "did you mean 'cometapi'"),
        (["--output", "/proc/nowhere"], "/proc/nowhere: cannot be created"),
    ],
    ids=["edition", "provider", "folder"],
)
def test_mistake_is_one_sentence(tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(ConformanceError, match=re.escape(message)):
        CliRunner().invoke(app, ["docs", "--output", str(tmp_path), *words], catch_exceptions=False)


def rows(page: LoadedPage, hidden: bool) -> set[str]:
    """Return the ids, or the first links' texts, of the rows that the filter shows or hides."""
    script = """hidden => [...document.querySelectorAll("[data-row]")]
        .filter(row => row.hidden === hidden)
        .map(row => row.id || row.querySelector("a").textContent)"""
    return set(page.page.evaluate(script, hidden))


def test_filter_shows_what_the_address_asks_for(site: Path, browser: Browser) -> None:
    clauses = {clause.id: clause.level for clause in clauses_of(load_edition())}
    with open_page(browser, site / "index.html") as page:
        assert (rows(page, False), rows(page, True)) == (set(clauses), set())
        assert f"{len(clauses)} clauses" in page.page.content()
    query = "?text=url+https&level=SHOULD&model=dall-e-3"
    with open_page(browser, site / "index.html", query) as page:
        visible, hidden_rows = rows(page, False), rows(page, True)
    assert "url.https" in visible
    assert {"url.absolute", "count.as-asked"} <= hidden_rows
    assert visible < {name for name, level in clauses.items() if level == "SHOULD"}


@pytest.mark.parametrize(
    ("name", "query", "row"),
    [
        ("defects.html", "?text=checkerboard", "image.fake-checkerboard"),
        ("traceability.html", "?state=open&text=retry", "retry.429"),
    ],
    ids=["defects", "promises"],
)
def test_other_lists_have_the_filter_too(
    site: Path, browser: Browser, name: str, query: str, row: str
) -> None:
    with open_page(browser, site / name, query) as page:
        assert row in rows(page, False)
        assert len(rows(page, False)) < 10 < len(rows(page, True))
